"""How good a synthetic table is: fidelity, usefulness and privacy in one call.

Only tables go in, so that the rows of any generator of any package can be judged.

- :func:`quality_report` measures, and returns a :class:`QualityReport`.
- :class:`QualityDisplay` draws the marginals and the differences of pair trends.
"""

from ._display import QualityDisplay
from ._measure import quality_report
from ._report import QualityReport

__all__ = ["QualityDisplay", "QualityReport", "quality_report"]
