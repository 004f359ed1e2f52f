"""
A table too big for memory
==========================

Learn from a sample of a long Parquet file, and write a long synthetic one batch by
batch.
"""

# %%
# A long file
# -----------
#
# Stands for one that you cannot load: 100,000 rows here.

from pathlib import Path
from tempfile import TemporaryDirectory

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from skfadm import FairDiffusionGenerator
from skfadm.datasets import make_biased_domains

folder = TemporaryDirectory()
real_path, new_path = (Path(folder.name, f"{n}.parquet") for n in ("real", "new"))
data = make_biased_domains(100_000, bias=0.4, as_frame=True, random_state=0)
pd.concat([data.data, data.target, data.z], axis=1).to_parquet(
    real_path, row_group_size=20_000
)
del data

# %%
# Learn from a sample
# -------------------
#
# Three percent of each batch is a random sample of the file.

file = pq.ParquetFile(real_path)
sample = pd.concat(
    batch.to_pandas().sample(frac=0.03, random_state=i)
    for i, batch in enumerate(file.iter_batches(batch_size=20_000))
)
generator = FairDiffusionGenerator(
    max_iter=400, batch_size=256, hidden_width=128, n_blocks=2, random_state=0
)
generator.fit(sample.drop(columns=["y", "z"]), sample["y"], z=sample["z"])
len(sample)

# %%
# Write batch by batch
# --------------------
#
# ``sample_batches`` yields the rows that ``sample`` would return at once. Memory holds
# one batch, however long the file becomes.

writer, largest = None, 0
for X, y in generator.sample_batches(50_000, batch_size=10_000):
    batch = pa.Table.from_pandas(X.assign(y=y), preserve_index=False)
    writer = writer or pq.ParquetWriter(new_path, batch.schema)
    writer.write_table(batch)
    largest = max(largest, batch.nbytes)
writer.close()
print(f"{pq.ParquetFile(new_path).metadata.num_rows:,} rows written")
print(f"{new_path.stat().st_size / 1e6:.1f} MB on disk, {largest / 1e6:.1f} MB held")

# %%
# Compare the files, one batch at a time
# --------------------------------------

edges = np.linspace(-5, 5, 41)
fig, axes = plt.subplots(1, 3, figsize=(9, 2.8), layout="constrained")
for ax, name in zip(axes, ["feature_0", "feature_1", "feature_2"], strict=True):
    for path, colour, fill in (
        (real_path, "#8b95a1", True),
        (new_path, "#0f766e", False),
    ):
        counts = sum(
            np.histogram(batch.column(name), bins=edges)[0]
            for batch in pq.ParquetFile(path).iter_batches(columns=[name])
        )
        ax.stairs(
            counts / counts.sum(), edges, color=colour, fill=fill, label=path.stem
        )
    ax.set(title=name, yticks=[])
axes[0].legend(frameon=False)
plt.show()
folder.cleanup()
