"""The command `skfadm demo`: the main job on real data that comes with scikit-learn."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.datasets import load_diabetes
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import accuracy_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skfadm._files import check_can_write, check_installed, write_csv, written_whole
from skfadm._text import names_of

from .picture import DPI, before_after_figure

if TYPE_CHECKING:
    from skfadm.generator import FairDiffusionGenerator

#: Small networks and batches: there are 339 rows to learn from, and two minutes.
TRAINING: dict[str, Any] = {
    "max_iter": 1500,
    "batch_size": 128,
    "hidden_width": 128,
    "n_blocks": 2,
}
WITHOUT_CONTROL: dict[str, Any] = {"lambda_yz": 0.0}
#: The ratio of the four-fifths rule.
TARGET = 0.8
WITH_CONTROL: dict[str, Any] = {"lambda_yz": "auto", "fairness_target": TARGET}
FAVOURABLE = "slow"
N_ROWS, N_TABLES = 2000, 5

Scores = dict[str, list[float]]
Array = NDArray[Any]


@dataclass
class Diabetes:
    """Features, label, sex and age band of each patient, and who is held out."""

    X: pd.DataFrame
    y: pd.Series
    z: pd.Series
    bands: pd.Series

    @property
    def is_held_out(self) -> pd.Series:
        """Which patients are of the oldest band."""
        return self.bands == self.bands.max()


def load_table() -> Diabetes:
    """Return the diabetes data as a biased table with domains.

    Sex is the sensitive attribute and the quarters of age are the domains; neither is
    a feature.
    """
    bunch = load_diabetes(scaled=False, as_frame=True)
    X = bunch.data.drop(columns=["sex", "age"])
    is_fast = bunch.target > bunch.target.median()
    y = pd.Series(np.where(is_fast, "fast", FAVOURABLE), name="progression")
    quarter = pd.qcut(bunch.data["age"], 4, labels=False)
    edges = bunch.data["age"].astype(int).groupby(quarter).agg(["min", "max"])
    names = [f"{low}-{high}" for low, high in edges.itertuples(index=False)]
    bands = quarter.map(dict(enumerate(names)))
    return Diabetes(X, y, bunch.data["sex"].astype(int), bands)


def demo(folder: Path) -> None:
    """Write ``synthetic.csv`` and ``before-after.png`` to a folder, made if need be."""
    check_installed("matplotlib", "the picture of the demo")
    folder.mkdir(parents=True, exist_ok=True)
    table_path, picture_path = folder / "synthetic.csv", folder / "before-after.png"
    check_can_write(table_path)
    data = load_table()
    _introduce(data)

    # Imports torch, which takes seconds: not before all of the above is right.
    from skfadm.generator import FairDiffusionGenerator

    known = ~data.is_held_out
    X, y, z = data.X[known], data.y[known], data.z[known]
    generator = FairDiffusionGenerator(
        **TRAINING, pos_label=FAVOURABLE, verbose=1, random_state=0
    )
    generator.fit(X, y, z, data.bands[known])

    with warnings.catch_warnings(record=True) as notes:
        warnings.simplefilter("always", UserWarning)
        fair = _tables(generator.set_params(**WITH_CONTROL))
    answers = {
        "real rows": _answers([(X, y)], data),
        "generated, no fair control": _answers(
            _tables(generator.set_params(**WITHOUT_CONTROL)), data
        ),
        "generated, fair control": _answers(fair, data),
    }
    scores = {name: _scores(given, data) for name, given in answers.items()}
    _print_scores(scores, int(data.is_held_out.sum()))
    for note in dict.fromkeys(str(note.message) for note in notes):
        print(f"note: {note}")

    X_fair, y_fair = fair[0]
    table = X_fair.assign(**{str(y.name): y_fair})
    write_csv(table, table_path)
    figure = before_after_figure(
        {
            "real rows": (X, y),
            # As many as there are real ones, so that the eye compares like with like.
            "generated, fair control": (X_fair[: len(X)], y_fair[: len(X)]),
        },
        features=("bmi", "s5"),
        group_rates={name: _rates(given, data) for name, given in answers.items()},
        label=f"{y.name} = {FAVOURABLE}",
        scores=scores,
        target=TARGET,
    )
    with written_whole(picture_path) as file:
        figure.savefig(file, dpi=DPI, format="png")
    print(f"wrote {table_path} ({len(X_fair)} rows) and {picture_path}")


def _tables(
    generator: FairDiffusionGenerator,
) -> list[tuple[pd.DataFrame, pd.Series]]:
    return [generator.sample(N_ROWS, random_state=seed) for seed in range(N_TABLES)]


def _answers(
    tables: list[tuple[pd.DataFrame, pd.Series]], data: Diabetes
) -> list[Array]:
    """Train a classifier on each table and ask it about the band held out."""
    model = make_pipeline(StandardScaler(), LogisticRegression(max_iter=1000))
    held_out = data.X[data.is_held_out]
    return [model.fit(table, labels).predict(held_out) for table, labels in tables]


def _scores(answers: list[Array], data: Diabetes) -> Scores:
    from skfadm.metrics import demographic_parity_ratio, equal_opportunity_ratio

    held_out = data.is_held_out
    y, z = data.y[held_out], data.z[held_out]
    fairness = {"z": z, "pos_label": FAVOURABLE}
    measures = {
        "accuracy": accuracy_score,
        "parity": partial(demographic_parity_ratio, **fairness),
        "opportunity": partial(equal_opportunity_ratio, **fairness),
    }
    return {
        name: [measure(y, predicted) for predicted in answers]
        for name, measure in measures.items()
    }


def _rates(answers: list[Array], data: Diabetes) -> dict[str, float]:
    """Return how often each sex is given the label, in all tables together."""
    z = data.z[data.is_held_out]
    given = np.mean([predicted == FAVOURABLE for predicted in answers], axis=0)
    sexes = np.unique(z)
    rates = [float(given[z == sex].mean()) for sex in sexes]
    return dict(zip(names_of("sex", sexes), rates, strict=True))


def _introduce(data: Diabetes) -> None:
    bands = sorted(data.bands.unique())
    held_out = data.is_held_out
    print(
        f"""\
The diabetes table of scikit-learn, {len(data.X)} patients:
  features   {", ".join(data.X.columns)}
  label      progression after a year: {FAVOURABLE} (which is good) or fast
  sensitive  sex, coded 1 and 2 in the source; left out of the features
  domains    bands of age, {", ".join(bands)}; left out of the features
Learning from the {(~held_out).sum()} patients of {bands[0]} to {bands[-2]}; the \
{held_out.sum()} of {bands[-1]} are held out.
Fair control aims at a parity of {TARGET}: four fifths.""",
        flush=True,
    )


def _print_scores(scores: dict[str, Scores], n_held_out: int) -> None:
    width = max(map(len, scores))
    print("\nA logistic regression, asked about the patients held out:\n")
    heads = "".join(f"  {measure:<15}" for measure in scores["real rows"])
    print(f"{'trained on':<{width}}{heads}".rstrip())
    for name, by_measure in scores.items():
        cells = "".join(map(_mean_and_spread, by_measure.values()))
        print(f"{name:<{width}}{cells}".rstrip())
    real, fair = (
        {measure: float(np.mean(values)) for measure, values in by_measure.items()}
        for by_measure in (scores["real rows"], scores["generated, fair control"])
    )
    changes = ", ".join(f"{m} from {real[m]:.2f} to {fair[m]:.2f}" for m in real)
    print(
        f"""
accuracy     share of right answers
parity       share of one sex that is answered "{FAVOURABLE}" over that of the other,
             the smaller over the larger: 1 is equal treatment
opportunity  the same among patients whose progression is {FAVOURABLE}
Mean +/- standard deviation over {N_TABLES} tables of {N_ROWS} rows, one training; \
with {n_held_out}
patients held out, ratios that differ by less than about 0.1 should not be told apart.

With fair control, which aimed at a parity of {TARGET}:
{changes}.
""",
        flush=True,
    )


def _mean_and_spread(values: list[float]) -> str:
    spread = f" +/- {np.std(values, ddof=1):.3f}" if len(values) > 1 else " " * 10
    return f"  {np.mean(values):.3f}{spread}"
