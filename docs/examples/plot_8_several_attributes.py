"""
Several sensitive attributes
============================

Sex and age band at once. Give both as columns of ``z``; each is made fair.
"""

# %%
# The table
# ---------
#
# Applications for a loan. Women and the young get less credit for the same income.

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import train_test_split

from skfadm import FairDiffusionGenerator, audit_groups, demographic_parity_ratio

rng = np.random.default_rng(0)
n = 4500
z = pd.DataFrame(
    {
        "sex": rng.choice(["female", "male"], n),
        "age": rng.choice(["young", "old"], n, p=[0.4, 0.6]),
    }
)
male, old = z["sex"] == "male", z["age"] == "old"
X = pd.DataFrame(
    {
        "income": rng.normal(30, 8, n) + 4 * male + 3 * old,
        "savings": rng.gamma(2, 4, n) + 5 * old,
        "hours": rng.normal(36, 5, n) + 4 * male,
        "debts": rng.gamma(2, 3, n),
    }
)
merit = 0.12 * (X["income"] - 34) + 0.05 * X["savings"] - 0.15 * X["debts"]
y = pd.Series(
    np.where(rng.logistic(merit + 0.5 * male + 0.4 * old) > 0, "granted", "refused"),
    name="loan",
)
y.eq("granted").groupby([z["sex"], z["age"]]).mean().unstack().round(2)

# %%
# Fit with both
# -------------

X, X_test, y, y_test, z, z_test = train_test_split(
    X, y, z, test_size=2 / 3, random_state=0
)
generator = FairDiffusionGenerator(
    fairness_target=0.9,
    pos_label="granted",
    max_iter=400,
    batch_size=256,
    hidden_width=128,
    n_blocks=2,
    random_state=0,
)
generator.fit(X, y, z=z)
X_new, y_new = generator.sample(len(X))

# %%
# Audit the labels
# ----------------
#
# Generated rows have no group. ``audit_groups`` estimates rates from what the features
# suggest of the group, for real and generated rows alike.

audit = audit_groups((X, y), (X_new, y_new), z, pos_label="granted")
audit.summary.round(2)

# %%
audit.plot()
plt.show()

# %%
# Audit a classifier
# ------------------
#
# Rows held out have their true groups. The last line is the ratio of the four
# combinations; with so many groups it is lower by chance alone.

scores = {}
for name, (rows, labels) in {"real": (X, y), "generated": (X_new, y_new)}.items():
    predicted = LogisticRegression(max_iter=1000).fit(rows, labels).predict(X_test)
    scores[f"trained on {name} rows"] = {
        what: demographic_parity_ratio(y_test, predicted, z=of, pos_label="granted")
        for what, of in {
            "sex": z_test["sex"],
            "age": z_test["age"],
            "sex and age": z_test,
        }.items()
    }
pd.DataFrame(scores).round(2)
