"""What SDMetrics says of the same tables."""

import pandas as pd

KINDS = {
    "age": "numerical",
    "gain": "numerical",
    "job": "categorical",
    "member": "boolean",
    "since": "datetime",
}


def metadata(columns):
    kinds = KINDS | dict.fromkeys(set(columns) - set(KINDS), "numerical")
    return {"columns": {name: {"sdtype": kinds[name]} for name in columns}}


def quality(real: pd.DataFrame, synthetic: pd.DataFrame):
    from sdmetrics.reports.single_table import QualityReport

    report = QualityReport()
    # Recent versions leave out pairs with a weak trend; published figures have all.
    report.real_correlation_threshold = report.real_association_threshold = 0
    report.generate(real, synthetic, metadata(real), verbose=False)
    return report
