"""What is generated for a label of few rows: ``python -m``.

Of a large table, a thousand rows are learned of which few have the rare label. A
classifier of other rows of the same table, half of them of the rare label, judges the
rows that are generated for it. A second classifier is trained on generated rows, half
of them of the rare label, and judged on real ones.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.datasets import make_classification
from sklearn.metrics import roc_auc_score

from skfadm import FairDiffusionGenerator
from skfadm.datasets import fetch_adult, make_biased_domains
from skfadm.diffusion import guidance
from skfadm.metrics._downstream import default_classifier

from ._running import Row, Unit, asked, collect, new_parser

TABLES = ("biased", "two", "three", "adult")
#: Rows that are learned, that are generated, and real ones of each kind that judge, and
#: on which the second classifier is judged, at most.
N_TRAIN, N_GENERATED, N_JUDGES, N_TEST = 1000, 1000, 8000, 1500

Table = tuple[pd.DataFrame, NDArray[Any]]


def main(argv: Sequence[str] | None = None) -> int:
    """Print means over the seeds."""
    parser = new_parser("benchmarks.rare_labels", __doc__, seeds=5)
    parser.add_argument("--tables", nargs="+", choices=TABLES, default=TABLES)
    parser.add_argument("--rare", type=int, default=10, help="rows of the rare label")
    parser.add_argument(
        "--shrinkages",
        nargs="+",
        type=float,
        default=[0.0, guidance.SHRINKAGE],
        help="what is taken of rare labels: 0 adds nothing for them",
    )
    parser.add_argument("--max-iter", type=int)
    args = parser.parse_args(argv)

    def compute(name: str, seed: int) -> Iterator[Row]:
        X, y = make_table(name, seed, args.data)
        params = {} if args.max_iter is None else {"max_iter": args.max_iter}
        experiment = RareLabel(X, y, args.rare, seed, **params)
        for shrinkage in args.shrinkages:
            yield {"shrinkage": shrinkage, **experiment.measure(shrinkage)}

    options = asked(args, "max_iter", "shrinkages")
    units: Iterator[Unit] = (
        (
            {"table": name, "rare": args.rare, "seed": seed, **options},
            partial(compute, name, seed),
        )
        for seed in range(args.seeds)
        for name in args.tables
    )
    rows = collect(units, args.out)
    means = rows.drop(columns="seed").groupby(["table", "rare", "shrinkage"])
    print(means.mean(numeric_only=True).round(3).to_string())
    return 0


def make_table(name: str, seed: int, data_home: Path | None) -> Table:
    """Return a large table and its labels, of which 1 is made rare."""
    if name == "adult":
        adult = fetch_adult(data_home=data_home)
        labels = np.asarray(adult.target)
        return adult.data.reset_index(drop=True), (labels == labels.max()).astype(int)
    if name == "biased":
        biased = make_biased_domains(
            20_000, n_domains=1, bias=0.3, as_frame=True, random_state=seed
        )
        return biased.data, np.asarray(biased.target)
    params = {
        "two": dict(n_samples=20_000, n_informative=5, class_sep=1.2, flip_y=0.0),
        "three": dict(
            n_samples=30_000,
            n_informative=6,
            n_redundant=1,
            n_classes=3,
            n_clusters_per_class=1,
            flip_y=0.02,
        ),
    }
    X, y = make_classification(n_features=8, random_state=seed, **params[name])
    return pd.DataFrame(X, columns=list("abcdefgh")), y


class RareLabel:
    """A generator that was fitted on few rows of a label, and real rows that judge it.

    Parameters
    ----------
    X : DataFrame of shape (n, n_features)
        The large table.
    y : ndarray of shape (n,)
        Its labels; 1 is made rare.
    n_rare : int
        How many rows of it are learned.
    seed : int
        Decides which, and all that is random.
    **params
        Of the generator.
    """

    def __init__(
        self, X: pd.DataFrame, y: NDArray[Any], n_rare: int, seed: int, **params: Any
    ):
        rng = np.random.default_rng(seed + 100)
        rare = rng.permutation(np.flatnonzero(y == 1))
        other = rng.permutation(np.flatnonzero(y != 1))
        n_other = N_TRAIN - n_rare
        learned = rng.permutation(np.concatenate([rare[:n_rare], other[:n_other]]))
        rare, other = rare[n_rare:], other[n_other:]
        n = min(len(rare), len(other), N_JUDGES)
        judging = np.concatenate([rare[: n // 2], other[: n // 2]])
        self.rare, self.other = (X.iloc[r[n // 2 : n]] for r in (rare, other))
        self.seed = seed
        self.judge = self._taught(X.iloc[judging], y[judging])
        real = X.iloc[learned], y[learned]
        self.real = {
            "real_resemble": float(self.judge.predict(self.rare).mean()),
            "real_frequent_resemble": float(1 - self.judge.predict(self.other).mean()),
            "real_auc": self._auc(self._taught(*real, class_weight="balanced")),
        }
        others, counts = np.unique(y[other[n // 2 : n]], return_counts=True)
        self.frequent = dict(zip(others.tolist(), counts / counts.sum(), strict=True))
        self.generator = FairDiffusionGenerator(random_state=seed, **params).fit(*real)

    def measure(self, shrinkage: float) -> dict[str, float]:
        """Return what is generated, and what real rows give.

        Parameters
        ----------
        shrinkage : float
            As in `skfadm.diffusion.guidance`; 0 adds nothing for rare labels.

        Returns
        -------
        dict of str to float
            Shares of rows that the judge gives the label asked for, of the rare and
            of frequent labels; AUC of a classifier of generated rows. "real_" is before
            what real rows give: those held out, and those that were learned.
        """
        guidance.SHRINKAGE = shrinkage
        half = {label: share / 2 for label, share in self.frequent.items()} | {1: 0.5}
        rare, both, frequent = (
            self.generator.sample(n, labels, random_state=self.seed + k)
            for n, labels, k in (
                (N_GENERATED, 1, 7),
                (2 * N_GENERATED, half, 8),
                (N_GENERATED, self.frequent, 9),
            )
        )
        return self.real | {
            "resemble": float(self.judge.predict(rare[0]).mean()),
            "frequent_resemble": float(1 - self.judge.predict(frequent[0]).mean()),
            "auc": self._auc(self._taught(*both)),
        }

    def _taught(self, X: pd.DataFrame, y: Any, **params: Any) -> Any:
        model = default_classifier()
        model[-1].set_params(random_state=self.seed, **params)
        return model.fit(X, np.asarray(y) == 1)

    def _auc(self, model: Any) -> float:
        rare, other = self.rare[:N_TEST], self.other[:N_TEST]
        y = np.repeat([1, 0], [len(rare), len(other)])
        p = model.predict_proba(pd.concat([rare, other]))[:, 1]
        return float(roc_auc_score(y, p))


if __name__ == "__main__":
    sys.exit(main())
