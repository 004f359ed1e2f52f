"""
Search over settings
====================

Find the most accurate setting whose ratio is 0.8 or more, with whole domains held out.
"""

# %%
# The search
# ----------
#
# Each source domain is left out in turn. Strengths act while sampling, so with
# ``memory`` six candidates share one training a fold: four trainings in all, with the
# last on all rows.

from tempfile import TemporaryDirectory

import matplotlib.pyplot as plt
import pandas as pd
from sklearn import config_context
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV

from skfadm import FairDiffusionGenerator, FairnessScorer, LeaveOneDomainOut
from skfadm.datasets import make_biased_domains
from skfadm.model_selection import refit_fair

data = make_biased_domains(900, bias=0.3, as_frame=True, random_state=0)
cache = TemporaryDirectory()
generator = FairDiffusionGenerator(
    max_iter=300,
    batch_size=128,
    hidden_width=64,
    n_blocks=2,
    memory=cache.name,
    random_state=0,
)
search = GridSearchCV(
    generator,
    {"lambda_y": [1.0, 2.0], "lambda_yz": [0.0, 0.5, 1.0]},
    cv=LeaveOneDomainOut(),
    scoring=FairnessScorer(
        metric=("accuracy", "demographic_parity_ratio"),
        classifier=LogisticRegression(),
        n_samples=2000,
        adapt=True,  # to the features of the domain that is left out
    ),
    refit=refit_fair(0.8),
    error_score="raise",
)
with config_context(enable_metadata_routing=True):
    search.fit(data.data, data.target, z=data.z, domains=data.domains)
cache.cleanup()
print("taken:", search.best_params_)

# %%
# What it found
# -------------
#
# Scores are means over the domains that were left out.

results = pd.DataFrame(search.cv_results_)
results = results.rename(columns=lambda name: name.removeprefix("param_"))
results[
    [
        "lambda_y",
        "lambda_yz",
        "mean_test_accuracy",
        "mean_test_demographic_parity_ratio",
    ]
].round(3)

# %%
fig, ax = plt.subplots(figsize=(6.5, 4), layout="constrained")
for strength, rows in results.groupby("lambda_y"):
    ax.plot(
        rows["mean_test_demographic_parity_ratio"],
        rows["mean_test_accuracy"],
        marker="o",
        label=f"lambda_y = {strength:g}",
    )
for _, row in results.iterrows():
    ax.annotate(
        f"{row['lambda_yz']:g}",
        (row["mean_test_demographic_parity_ratio"], row["mean_test_accuracy"]),
        xytext=(5, 5),
        textcoords="offset points",
    )
best = results.loc[search.best_index_]
ax.scatter(
    best["mean_test_demographic_parity_ratio"],
    best["mean_test_accuracy"],
    s=200,
    facecolors="none",
    edgecolors="#c2410c",
    label="taken",
)
ax.axvline(0.8, color="#c2410c", linestyle="--", linewidth=1)
ax.set(
    xlabel="ratio of demographic parity",
    ylabel="accuracy",
    title="Numbers are values of lambda_yz; dashed: four fifths",
)
ax.legend(frameon=False)
plt.show()
