"""
Quick start
===========

Learn a biased table, generate a fair one, and see what a classifier learns from each.
"""

# %%
# A biased table
# --------------
#
# Label 1 is more frequent in group 1, and the features tell the groups apart. Two
# thirds of the rows are held out: nothing is trained on them.

import matplotlib.pyplot as plt
import pandas as pd
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import accuracy_score
from sklearn.model_selection import train_test_split

from skfadm import (
    FairDiffusionGenerator,
    demographic_parity_ratio,
)
from skfadm.datasets import make_biased_domains

data = make_biased_domains(4500, bias=0.4, as_frame=True, random_state=0)
X, X_test, y, y_test, z, z_test = train_test_split(
    data.data, data.target, data.z, test_size=2 / 3, random_state=0
)
y.groupby(z).mean().rename("share of label 1")

# %%
# Fit and sample
# --------------
#
# ``sample`` gives rows with the columns and types of ``X``, and their labels.

generator = FairDiffusionGenerator(
    max_iter=500, batch_size=256, hidden_width=128, n_blocks=2, random_state=0
)
generator.fit(X, y, z=z)
X_new, y_new = generator.sample(len(X))
X_new.assign(label=y_new).head()

# %%
# What fairness costs
# -------------------
#
# ``fit`` has predicted accuracy and ratios for each strength of fair control. The
# default, "auto", goes toward equal rates until that costs two points of accuracy.

generator.tradeoff_

# %%
generator.tradeoff_.plot()
plt.show()

# %%
# What classifiers learn
# ----------------------
#
# The ratio is the smaller selection rate over the larger; 1 means equal rates. A target
# is set after ``fit``: nothing is trained again.

tables = {
    "real rows": (X, y),
    "generated, default": (X_new, y_new),
    "generated, target 0.8": generator.set_params(fairness_target=0.8).sample(len(X)),
}
scores = {}
for name, (rows, labels) in tables.items():
    predicted = LogisticRegression().fit(rows, labels).predict(X_test)
    scores[name] = {
        "accuracy": accuracy_score(y_test, predicted),
        "demographic parity": demographic_parity_ratio(y_test, predicted, z=z_test),
    }
scores = pd.DataFrame(scores).T.rename_axis("trained on")
scores.round(2)

# %%
# More equal rates cost accuracy, since the labels of the test rows are biased too.

ax = scores.plot.barh(color=["#8b95a1", "#0f766e"], figsize=(7, 2.8))
ax.axvline(0.8, color="#c2410c", linestyle="--", linewidth=1)
ax.set(xlim=(0, 1), ylabel="", title="Dashed: four fifths")
ax.invert_yaxis()
ax.legend(loc="upper left", bbox_to_anchor=(1, 1), frameon=False)
ax.figure.tight_layout()
plt.show()
