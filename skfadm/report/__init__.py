"""Judge a synthetic table: fidelity, usefulness, privacy, and what it does to groups.

Only tables go in, so that the rows of any generator of any package can be judged.

- :func:`quality_report` measures fidelity, usefulness and privacy.
- :func:`fairness_report` adds what classifiers of the rows do to groups.
- Both reports print as text, and ``save_html`` writes them as a page.
- :func:`data_card` says what goes with a generated table.
- :class:`QualityDisplay` draws the marginals and the differences of pair trends.
"""

from ._card import DataCard, data_card
from ._display import QualityDisplay
from ._fairness import fairness_report
from ._quality import quality_report
from ._quality_report import QualityReport
from ._report import FairnessReport

__all__ = [
    "DataCard",
    "FairnessReport",
    "QualityDisplay",
    "QualityReport",
    "data_card",
    "fairness_report",
    "quality_report",
]
