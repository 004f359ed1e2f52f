"""Fair synthetic tables by score-based diffusion with meta-learning (FADM)."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .classifier import SyntheticDataClassifier
    from .generator import FairDiffusionGenerator
    from .metrics import (
        FairnessScorer,
        FairnessTradeoffDisplay,
        audit_groups,
        demographic_parity_ratio,
        equal_opportunity_ratio,
    )
    from .model_selection import LeaveOneDomainOut
    from .report import QualityDisplay, fairness_report, quality_report

__version__ = "0.1.0"

__all__ = [
    "FairDiffusionGenerator",
    "FairnessScorer",
    "FairnessTradeoffDisplay",
    "LeaveOneDomainOut",
    "QualityDisplay",
    "SyntheticDataClassifier",
    "audit_groups",
    "demographic_parity_ratio",
    "equal_opportunity_ratio",
    "fairness_report",
    "quality_report",
]

# Imported when asked for: torch takes seconds, and the command line checks its
# arguments before it needs any of this.
_HOMES = {
    "FairDiffusionGenerator": "generator",
    "LeaveOneDomainOut": "model_selection",
    "SyntheticDataClassifier": "classifier",
} | dict.fromkeys(("QualityDisplay", "fairness_report", "quality_report"), "report")
_SUBMODULES = ("baselines", "datasets", "metrics", "model_selection", "report")


def __getattr__(name: str) -> Any:
    if name in _SUBMODULES:
        return import_module(f".{name}", __name__)
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f".{_HOMES.get(name, 'metrics')}", __name__), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__, *_SUBMODULES})
