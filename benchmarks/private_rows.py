"""Fair labels on rows that are differentially private: ``python -m`` this module.

Needs ``pip install mbi``, which is no dependency. What is computed from private rows is
as private as they are. So all of skfadm may learn from the rows of a private generator:
here marginals of Adult with Gaussian noise, in a tree of columns under the label. A
fifth of Adult is held out; classifiers, C2ST and membership are judged on it.
"""

from __future__ import annotations

import sys
import warnings
from collections.abc import Iterator, Sequence
from functools import partial
from itertools import combinations
from typing import Any

import numpy as np
import pandas as pd

from skfadm import FairDiffusionGenerator, quality_report
from skfadm.datasets import fetch_adult

from ._running import collect, new_parser, units
from ._tables import Table
from .downstream import teach

POSITIVE, LABEL, GROUP, OTHER = ">50K", "the label", "the group", "?"
DELTA = 1e-5
#: Ends of bins that are chosen without a look at the rows; words are those that the
#: documentation of the table lists.
BINS = {
    "age": [17, 20, 23, 26, 29, 32, 35, 38, 41, 44, 47, 50, 55, 60, 65, 75, 91],
    "education-num": list(range(1, 18)),
    "capital-gain": [0, 1, 2000, 4000, 6000, 8000, 12000, 20000, 100000],
    "capital-loss": [0, 1, 1400, 1600, 1800, 2000, 2400, 4357],
    "hours-per-week": [1, 10, 20, 30, 35, 40, 41, 45, 50, 55, 60, 100],
}


def main(argv: Sequence[str] | None = None) -> int:
    """Print accuracy, ratios, C2ST and membership for each epsilon."""
    parser = new_parser("private_rows", __doc__, seeds=1)
    parser.add_argument("--epsilon", type=float, nargs="*", default=[1, 3, 10, np.inf])
    args = parser.parse_args(argv)
    data = fetch_adult(data_home=args.data)
    axes = {"seed": range(args.seeds), "epsilon": args.epsilon}
    found = collect(units(partial(run, data), {}, **axes), args.out)
    print(found.groupby(["epsilon", "rows"], sort=False).mean(numeric_only=True).T)
    return 0


def run(data: Any, seed: int, epsilon: float) -> Iterator[dict[str, Any]]:
    """Yield the figures of private rows, and of skfadm's rows that learned from them.

    An infinite epsilon stands for the real rows.
    """
    warnings.simplefilter("ignore")
    table = data.data.assign(
        **{LABEL: np.asarray(data.target), GROUP: np.asarray(data.z)}
    ).reset_index(drop=True)
    test, train = Table(table, table[LABEL]).split(len(table) // 5, seed=seed)
    words = {c: _words(table[c]) for c in table if c not in BINS}
    rows = train.X
    if np.isfinite(epsilon):
        codes = _private(_coded(rows, words), words, epsilon, seed)
        made = _decoded(codes, words, seed)[list(rows)]
        rows = made.astype(rows.dtypes.to_dict())
        yield {"rows": "as they are", **_judged(rows, train.X, test.X, seed)}
    for name, target in (("skfadm", None), ("skfadm, target 1", 1.0)):
        if target is None:
            generator = FairDiffusionGenerator(random_state=seed).fit(
                rows.drop(columns=[LABEL, GROUP]), rows[LABEL], rows[GROUP]
            )
        generator.set_params(fairness_target=target)
        X, y = generator.sample(len(rows))
        made = X.assign(**{LABEL: np.asarray(y)})
        yield {"rows": name, **_judged(made, train.X, test.X, seed)}


def _judged(
    rows: pd.DataFrame, train: pd.DataFrame, test: pd.DataFrame, seed: int
) -> dict[str, float]:
    hidden = [LABEL, GROUP]
    X, real, fresh = (
        t.drop(columns=hidden, errors="ignore") for t in (rows, train, test)
    )
    asked = (fresh, test[LABEL], test[GROUP])
    (scores,) = teach(
        (X, rows[LABEL]), asked, pos_label=POSITIVE, random_state=seed, names=["GB"]
    )
    report = quality_report(real, X, holdout=fresh, random_state=seed)
    kept = {name: scores[name] for name in ("ACC", "R_DP", "R_EOp")}
    figures = ("c2st_auc", "pair_trends", "membership_auc", "membership_tpr")
    return kept | {f: float(getattr(report, f, np.nan)) for f in figures}


# The documentation of Adult lists the same words: they are public.
def _words(column: pd.Series) -> list[str]:
    gap = [OTHER] * bool(column.isna().any())
    return gap + sorted(column.dropna().astype(str).unique())


def _coded(table: pd.DataFrame, words: dict[str, list[str]]) -> dict[str, Any]:
    codes: dict[str, Any] = {}
    for name in table:
        if name in BINS:
            codes[name] = np.digitize(table[name], BINS[name][1:-1])
        else:
            as_text = table[name].astype(object).where(table[name].notna(), OTHER)
            codes[name] = pd.Index(words[name]).get_indexer(as_text.astype(str))
    return codes


def _decoded(codes: dict[str, Any], words: Any, seed: int) -> pd.DataFrame:
    rng, columns = np.random.default_rng(seed), {}
    for name, code in codes.items():
        if name in BINS:
            low, high = (
                np.array(BINS[name][s])[code] for s in (slice(-1), slice(1, None))
            )
            columns[name] = rng.integers(low, high)
        else:
            values = np.array(words[name], dtype=object)[code]
            columns[name] = np.where(values == OTHER, None, values)
    return pd.DataFrame(columns)


def _private(
    codes: dict[str, Any], words: dict[str, list[Any]], epsilon: float, seed: int
) -> dict[str, Any]:
    """Return as many rows of a model of noisy marginals, (epsilon, 1e-5)-private.

    The number of rows is public. By zero-concentrated privacy [1]_ a third of the
    budget measures columns, a third chooses a tree of pairs, and a third measures each
    pair with the label.

    References
    ----------
    .. [1] R. McKenna et al., "Winning the NIST Contest", 2021, arXiv:2108.04978.
    """
    from mbi import (  # type: ignore[import-not-found]
        Dataset,
        Domain,
        LinearMeasurement,
    )
    from mbi.estimation import MirrorDescent  # type: ignore[import-not-found]

    rng = np.random.default_rng(seed)
    sizes = {c: len(words[c]) if c in words else len(BINS[c]) - 1 for c in codes}
    domain = Domain.fromdict(sizes)
    real, n = Dataset(codes, domain), len(codes[LABEL])
    spread = np.sqrt(np.log(1 / DELTA) + epsilon) - np.sqrt(np.log(1 / DELTA))
    rho = spread**2 / 3
    measured = []

    def measure(cliques: Sequence[tuple[str, ...]]) -> None:
        sigma = np.sqrt(len(cliques) / (2 * rho))
        for clique in cliques:
            counts = np.asarray(real.project(clique).datavector())
            noisy = counts + sigma * rng.standard_normal(counts.shape)
            measured.append(LinearMeasurement(noisy, clique, stddev=sigma))

    measure([(name,) for name in sizes])
    model = MirrorDescent().estimate(domain, measured, known_total=n, iters=500)
    features = [name for name in sizes if name != LABEL]
    weights = {
        pair: np.abs(
            np.asarray(real.project(pair).datavector())
            - np.asarray(model.project(pair).datavector())
        ).sum()
        for pair in combinations(features, 2)
    }
    # The exponential mechanism for each edge; a row moves a distance by one at most.
    strength = np.sqrt(8 * rho / (len(features) - 1))
    parts = {name: {name} for name in features}
    edges: list[tuple[str, str]] = []
    while len(edges) < len(features) - 1:
        open_ = [pair for pair in weights if parts[pair[0]] is not parts[pair[1]]]
        scores = [strength * weights[pair] / 2 for pair in open_]
        a, b = open_[int(np.argmax(scores + rng.gumbel(size=len(open_))))]
        edges.append((a, b))
        joined = parts[a] | parts[b]
        parts.update(dict.fromkeys(joined, joined))
    measure([(LABEL, a, b) for a, b in edges])
    model = MirrorDescent().estimate(domain, measured, known_total=n, iters=1500)
    return {c: np.asarray(v) for c, v in model.synthetic_data(rows=n).to_dict().items()}


if __name__ == "__main__":
    sys.exit(main())
