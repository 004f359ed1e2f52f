"""
Compare generators
==================

Every generator has the same ``fit`` and ``sample``, so one loop compares them: how
faithful the rows are, and how equally a classifier trained on them treats the groups.

With so little training this page shows how to compare, not who wins. See
:doc:`/user_guide/table1` for a comparison on Adult.
"""

# %%
# Fit each on the same rows
# -------------------------

import matplotlib.pyplot as plt
import pandas as pd
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import accuracy_score
from sklearn.model_selection import train_test_split

from skfadm import (
    FairDiffusionGenerator,
    demographic_parity_ratio,
    quality_report,
)
from skfadm.baselines import DDPM, GAN, VAE
from skfadm.datasets import make_biased_domains

data = make_biased_domains(1500, bias=0.4, as_frame=True, random_state=0)
X, X_test, y, y_test, z, z_test = train_test_split(
    data.data, data.target, data.z, test_size=1 / 3, random_state=0
)
quick = {"max_iter": 300, "batch_size": 128, "random_state": 0}
generators = {
    "VAE": VAE(**quick),
    "GAN": GAN(**quick),
    "DDPM": DDPM(**quick),
    "skfadm": FairDiffusionGenerator(hidden_width=128, n_blocks=2, **quick),
}
tables = {}
for name, generator in generators.items():
    tables[name] = generator.fit(X, y, z=z).sample(len(X))
generator.set_params(fairness_target=0.8)  # of skfadm: needs no new training
tables["skfadm, target 0.8"] = generator.sample(len(X))

# %%
# Measure each table
# ------------------
#
# An AUC of 0.5 means that a classifier cannot tell generated rows from held-out real
# ones.

found = {}
for name, (rows, labels) in tables.items():
    quality = quality_report(X, rows, holdout=X_test, random_state=0)
    predicted = LogisticRegression().fit(rows, labels).predict(X_test)
    found[name] = {
        "real-or-generated AUC": quality.c2st_auc_holdout,
        "pair trends": quality.pair_trends,
        "DCR share": quality.dcr_share,
        "accuracy": accuracy_score(y_test, predicted),
        "demographic parity": demographic_parity_ratio(y_test, predicted, z=z_test),
    }
found = pd.DataFrame(found).T
found.round(2)

# %%
# Fidelity against fairness
# -------------------------

fig, ax = plt.subplots(figsize=(7, 4), layout="constrained")
ax.scatter(found["demographic parity"], found["real-or-generated AUC"], color="#0f766e")
for name, row in found.iterrows():
    ax.annotate(
        name,
        (row["demographic parity"], row["real-or-generated AUC"]),
        xytext=(0, 7),
        textcoords="offset points",
        ha="center",
    )
ax.set(
    xlim=(0, 1.05),
    ylim=(1.02, 0.4),
    xlabel="ratio of demographic parity (right: fairer)",
    ylabel="real-or-generated AUC (up: more faithful)",
)
plt.show()
