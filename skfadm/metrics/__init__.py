"""How fair predictions and tables are: ratios, a scorer, an audit of groups."""

from ._audit import GroupAudit, audit_groups
from ._rates import GroupRatesDisplay
from ._ratios import demographic_parity_ratio, equal_opportunity_ratio
from ._scorer import FairnessScorer
from ._tradeoff_display import FairnessTradeoffDisplay

__all__ = [
    "FairnessScorer",
    "FairnessTradeoffDisplay",
    "GroupAudit",
    "GroupRatesDisplay",
    "audit_groups",
    "demographic_parity_ratio",
    "equal_opportunity_ratio",
]
