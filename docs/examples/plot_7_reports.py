"""
Reports on quality and fairness
===============================

Is a synthetic table faithful, useful, private and fair? Two reports tell. They take
tables only, so any generator may have made the rows.
"""

# %%
# A table and two synthetic ones
# ------------------------------
#
# 442 patients with diabetes; the label is a progression above the median. One synthetic
# table is generated. The other is a fake: it permutes each column, so that columns look
# right and go together wrongly.

import matplotlib.pyplot as plt
import numpy as np
from sklearn.datasets import load_diabetes

from skfadm import (
    FairDiffusionGenerator,
    QualityDisplay,
    fairness_report,
    quality_report,
)

table = load_diabetes(as_frame=True, scaled=False).frame
target = table.pop("target")
table_y = (
    target.gt(target.median()).map({True: "high", False: "low"}).rename("progression")
)
table_z = table.pop("sex").astype(int).astype(str)
rng = np.random.default_rng(0)
seen = rng.permutation(len(table)) < 300
X, y, z = table[seen], table_y[seen], table_z[seen]
X_test, y_test, z_test = table[~seen], table_y[~seen], table_z[~seen]

generator = FairDiffusionGenerator(
    fairness_target=0.9,
    pos_label="high",
    max_iter=500,
    batch_size=128,
    hidden_width=128,
    n_blocks=2,
    random_state=0,
)
generator.fit(X, y, z=z)
X_new, y_new = generator.sample(1000)
shuffled = X.apply(lambda column: rng.permutation(column))

# %%
# The generated table
# -------------------
#
# Rows that were held out tell whether the generator copies what it was trained on.

print(quality_report(X, X_new, holdout=X_test, random_state=0))

# %%
# The fake
# --------
#
# Its columns are perfect and its pairs are wrong. The heatmap shows which.

fake = quality_report(X, shuffled, holdout=X_test, random_state=0)
print(fake)

# %%
QualityDisplay.from_report(fake)
plt.show()

# %%
# Fairness
# --------
#
# One classifier is trained on the real rows and one on the generated rows. Both predict
# the rows that were held out.

report = fairness_report(
    X,
    X_new,
    y,
    y_new,
    z,
    holdout=X_test,
    y_holdout=y_test,
    z_holdout=z_test,
    pos_label="high",
    generator=generator,
)
print(report)

# %%
# ``report.save_html("report.html")`` writes the same as a page for colleagues, with
# pictures. :doc:`/user_guide/report` shows it. The rates of each group, with intervals:

report.rates.round(2)
