"""Fair synthetic tables by score-based diffusion with meta-learning (FADM)."""

from .classifier import SyntheticDataClassifier
from .generator import FairDiffusionGenerator
from .metrics import (
    FairnessScorer,
    demographic_parity_ratio,
    equal_opportunity_ratio,
)
from .model_selection import LeaveOneDomainOut

__version__ = "0.1.0"

__all__ = [
    "FairDiffusionGenerator",
    "FairnessScorer",
    "LeaveOneDomainOut",
    "SyntheticDataClassifier",
    "demographic_parity_ratio",
    "equal_opportunity_ratio",
]
