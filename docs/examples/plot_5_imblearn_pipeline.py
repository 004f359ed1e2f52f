"""
In an imbalanced-learn pipeline
===============================

A generator is a resampler: in a pipeline, ``fit`` trains the classifier on generated
rows, and ``predict`` takes real rows as they are.
"""

# %%
# The pipeline
# ------------
#
# The steps after the generator see generated rows only. ``z`` reaches the generator by
# scikit-learn's metadata routing.

import matplotlib.pyplot as plt
import pandas as pd
from imblearn.pipeline import make_pipeline
from sklearn import config_context
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import accuracy_score
from sklearn.model_selection import train_test_split
from sklearn.preprocessing import StandardScaler

from skfadm import (
    FairDiffusionGenerator,
    demographic_parity_ratio,
    equal_opportunity_ratio,
)
from skfadm.datasets import make_biased_domains

data = make_biased_domains(4000, bias=0.3, as_frame=True, random_state=2)
X, X_test, y, y_test, z, z_test = train_test_split(
    data.data, data.target, data.z, test_size=0.6, random_state=0
)
generator = FairDiffusionGenerator(
    fairness_target=0.8,
    max_iter=400,
    batch_size=256,
    hidden_width=128,
    n_blocks=2,
    random_state=0,
)
with config_context(enable_metadata_routing=True):
    fair = make_pipeline(generator, StandardScaler(), LogisticRegression())
    fair.fit(X, y, z=z)
fair

# %%
# Beside the same pipeline without the generator
# ----------------------------------------------

plain = make_pipeline(StandardScaler(), LogisticRegression()).fit(X, y)
predicted = {
    "without the generator": plain.predict(X_test),
    "with it": fair.predict(X_test),
}
pd.DataFrame(
    {
        name: {
            "accuracy": accuracy_score(y_test, labels),
            "demographic parity": demographic_parity_ratio(y_test, labels, z=z_test),
            "equal opportunity": equal_opportunity_ratio(y_test, labels, z=z_test),
        }
        for name, labels in predicted.items()
    }
).T.round(2)

# %%
# The selection rates behind these ratios:

rates = pd.DataFrame(predicted, index=z_test.index).groupby(z_test).mean()
ax = rates.T.plot.barh(color=["#8b95a1", "#0f766e"], figsize=(7, 2.4))
ax.set(xlim=(0, 1), xlabel="share that gets label 1")
ax.invert_yaxis()
ax.legend(title="group", loc="upper left", bbox_to_anchor=(1, 1), frameon=False)
ax.figure.tight_layout()
plt.show()
