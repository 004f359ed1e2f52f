"""
Adapt to a new hospital
=======================

Three hospitals have labelled rows. In the fourth, where the model will be used, nobody
has labels and nobody knows the groups. Its features are enough to make labels fair
there.
"""

# %%
# Four hospitals
# --------------
#
# They differ in their patients and in how biased their labels are.

import matplotlib.pyplot as plt
import pandas as pd
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import accuracy_score

from skfadm import FairDiffusionGenerator, demographic_parity_ratio
from skfadm.datasets import make_biased_domains

data = make_biased_domains(
    3500,
    n_domains=4,
    domain_shares=[0.2, 0.2, 0.2, 0.4],
    bias=[0.3, 0.4, 0.5, 0.4],
    as_frame=True,
    random_state=1,
)
hospital = data.domains.str.replace("domain_", "hospital ")
is_new = hospital == "hospital 3"
X, y, z = data.data[~is_new], data.target[~is_new], data.z[~is_new]
X_new, y_new, z_new = data.data[is_new], data.target[is_new], data.z[is_new]
pd.crosstab(hospital, data.target, normalize="index").round(2)

# %%
# Learn from the three
# --------------------

generator = FairDiffusionGenerator(
    max_iter=400, batch_size=256, hidden_width=128, n_blocks=2, random_state=0
)
generator.fit(X, y, z=z, domains=hospital[~is_new])


def scores(tables):
    """Train on each table, predict the new hospital, and return a row for each."""
    found = []
    for rows, labels in tables:
        predicted = LogisticRegression().fit(rows, labels).predict(X_new)
        ratio = demographic_parity_ratio(y_new, predicted, z=z_new)
        found.append((accuracy_score(y_new, predicted), ratio))
    return pd.DataFrame(found, columns=["accuracy", "demographic parity"])


def draw():
    """Sample five tables."""
    return [generator.sample(2000, random_state=seed) for seed in range(5)]


results = {"real rows": scores([(X, y)]), "generated": scores(draw())}

# %%
# Adapt
# -----
#
# ``adapt`` takes the features of the new hospital alone. It takes seconds: no network
# is trained again. ``tradeoff_`` is then predicted for the new hospital.

generator.set_params(fairness_target=0.9).adapt(X_new)
generator.tradeoff_

# %%
results["adapted, target 0.9"] = scores(draw())
pd.concat(results).groupby(level=0, sort=False).agg(["mean", "std"]).round(3)

# %%
# The target of 0.9 is missed. The full strength is taken, and 0.89 is predicted for it,
# with 0.77 to 1.00 around it; 0.84 is measured. Nobody knows the groups here: features
# tell them, not without errors. The price is high too, 7 points of accuracy.
#
# Labels and groups of the new hospital served these scores alone. Each point is one of
# five generated tables of one training.

fig, ax = plt.subplots(figsize=(7, 4), layout="constrained")
colours = ["#333a42", "#8b95a1", "#0f766e"]
for (name, found), colour in zip(results.items(), colours, strict=True):
    ax.scatter(
        found["demographic parity"], found["accuracy"], label=name, color=colour, s=50
    )
ax.axvline(0.8, color="#c2410c", linestyle="--", linewidth=1, label="four fifths")
ax.set(
    xlabel="ratio of demographic parity in the new hospital",
    ylabel="accuracy",
    xlim=(0, 1.02),
)
ax.legend(frameon=False)
plt.show()
