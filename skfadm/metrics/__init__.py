"""How fair predictions and tables are: ratios, a scorer, an audit of groups."""

from ._audit import audit_groups
from ._ratios import demographic_parity_ratio, equal_opportunity_ratio
from ._scorer import FairnessScorer

__all__ = [
    "FairnessScorer",
    "audit_groups",
    "demographic_parity_ratio",
    "equal_opportunity_ratio",
]
