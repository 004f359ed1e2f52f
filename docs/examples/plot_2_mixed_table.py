"""
A mixed table with missing values and times
===========================================

Numbers, words, categories, truth values, times and gaps come back as they came.
"""

# %%
# The table
# ---------
#
# Stays in a hospital. Older patients stay longer, weight is often missing in the
# emergency ward, and a third of the patients has no insurer on file. The end of a stay
# is given as its length, so that no generated stay can end before it begins.

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd

from skfadm import FairDiffusionGenerator, QualityDisplay, quality_report

rng = np.random.default_rng(0)
n = 1200
sex = pd.Series(rng.choice(["female", "male"], n), name="sex")
ward = rng.choice(["emergency", "surgery", "medicine"], n, p=[0.4, 0.25, 0.35])
age = rng.normal(58, 16, n).clip(18, 95).round().astype(int)
hours = rng.gamma(2, 10 + age / 2)
admitted = pd.Timestamp("2024-01-01") + pd.to_timedelta(
    rng.integers(0, 366 * 24 * 60, n), unit="min"
)
weight = rng.normal(np.where(sex == "male", 84, 71), 11).round(1)
stays = pd.DataFrame(
    {
        "age": age,
        "weight": np.where(
            (ward == "emergency") & (rng.random(n) < 0.5), np.nan, weight
        ),
        "ward": pd.Categorical(ward),
        "insurer": pd.Series(rng.choice(["Alba", "Boreas", None], n)),
        "smoker": rng.random(n) < 0.25,
        "admitted": admitted,
        "stayed": pd.to_timedelta(hours, unit="h").floor("h"),
    }
)
risk = 0.03 * (age - 58) + 0.9 * stays["smoker"] + 0.5 * (sex == "male") - 0.6
returned = pd.Series(np.where(rng.logistic(risk) > 0, "yes", "no"), name="returned")
stays.head()

# %%
# Learn it
# --------
#
# The table goes in as it is: no encoding, no imputation, no scaling.

generator = FairDiffusionGenerator(
    max_iter=600,
    batch_size=256,
    hidden_width=128,
    n_blocks=2,
    pos_label="yes",
    random_state=0,
)
generator.fit(stays, returned, z=sex)
new_stays, new_returned = generator.sample(n)
new_stays.head()

# %%
# Types are the same, and values are missing as often, in the same wards.

summary = pd.DataFrame(
    {
        "real type": stays.dtypes,
        "generated type": new_stays.dtypes,
        "real missing": stays.isna().mean(),
        "generated missing": new_stays.isna().mean(),
    }
)
summary.round(2)

# %%
pd.DataFrame(
    {
        name: table["weight"].isna().groupby(table["ward"], observed=True).mean()
        for name, table in {"real": stays, "generated": new_stays}.items()
    }
).round(2)

# %%
# Columns go together as in the real table: the old stay longer.

bands = [18, 45, 65, 95]
pd.DataFrame(
    {
        name: table["stayed"]
        .groupby(pd.cut(table["age"], bands), observed=True)
        .median()
        for name, table in {"real": stays, "generated": new_stays}.items()
    }
).rename_axis("age")

# %%
# See whether it is a good copy
# -----------------------------
#
# Grey is real, green is generated. A score of 1 is a perfect match.

report = quality_report(stays, new_stays, random_state=0)
QualityDisplay.from_report(report)
plt.show()
