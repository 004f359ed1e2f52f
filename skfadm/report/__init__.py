"""One page on a synthetic table: fair or not, at which price, faithful and private.

Only tables go in, so that the rows of any generator of any package can be judged.

- :func:`fairness_report` measures, and returns a :class:`FairnessReport`.
- :meth:`FairnessReport.save_html` writes it as a page for people who do not program.
"""

from ._measure import fairness_report
from ._report import FairnessReport

__all__ = ["FairnessReport", "fairness_report"]
