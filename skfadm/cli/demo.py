"""The command `skfadm demo`: the main job on real data that comes with scikit-learn."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from sklearn.datasets import load_diabetes
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import accuracy_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skfadm._figures import REAL, SYNTHETIC
from skfadm._files import check_can_write, check_installed, write_csv, written_whole
from skfadm._text import names_of

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

#: Small networks and batches: there are 339 rows to learn from, and two minutes.
TRAINING: dict[str, Any] = {
    "max_iter": 1500,
    "batch_size": 128,
    "hidden_width": 128,
    "n_blocks": 2,
}
#: The parity that is aimed at: above four fifths, since predictions are uncertain.
TARGET = 0.9
FAVOURABLE = "slow"
N_ROWS, N_TABLES = 2000, 5
#: What classifiers are trained on, in the order of the answers.
_NAMES = ("real rows", "generated, no fair control", "generated, fair control")
#: Told apart by people who are colour-blind, and in grey by lightness.
_COLOURS = (REAL, "#ddaa33", SYNTHETIC)
#: 720 pixels wide: text is as large as that around it on a phone, which shows half.
_SIZE, DPI = (4.5, 7.8), 160


def load_table() -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return the features of the diabetes data, and label, sex and age band.

    Sex is the sensitive attribute and the quarters of age are the domains; neither is
    a feature.
    """
    bunch = load_diabetes(scaled=False, as_frame=True)
    is_fast = bunch.target > bunch.target.median()
    quarter = pd.qcut(bunch.data["age"], 4, labels=False)
    edges = bunch.data["age"].astype(int).groupby(quarter).agg(["min", "max"])
    names = [f"{low}-{high}" for low, high in edges.itertuples(index=False)]
    roles = {
        "progression": np.where(is_fast, "fast", FAVOURABLE),
        "sex": bunch.data["sex"].astype(int),
        "band": quarter.map(dict(enumerate(names))),
    }
    return bunch.data.drop(columns=["sex", "age"]), pd.DataFrame(roles)


def demo(folder: Path) -> None:
    """Write ``synthetic.csv`` and ``before-after.png`` to a folder, made if need be."""
    check_installed("matplotlib", "the picture of the demo")
    folder.mkdir(parents=True, exist_ok=True)
    table_path, picture_path = folder / "synthetic.csv", folder / "before-after.png"
    check_can_write(table_path)
    X, roles = load_table()
    is_held_out = roles["band"] == roles["band"].max()
    _introduce(X, roles, is_held_out)

    # Imports torch, which takes seconds: not before all of the above is right.
    from skfadm.generator import FairDiffusionGenerator

    known = roles[~is_held_out]
    real = X[~is_held_out], known["progression"]
    generator = FairDiffusionGenerator(
        **TRAINING, pos_label=FAVOURABLE, verbose=1, random_state=0
    )
    generator.fit(*real, known["sex"], known["band"])

    def tables(**strengths: Any) -> list[tuple[pd.DataFrame, pd.Series]]:
        generator.set_params(**strengths)
        return [generator.sample(N_ROWS, random_state=seed) for seed in range(N_TABLES)]

    with warnings.catch_warnings(record=True) as notes:
        warnings.simplefilter("always", UserWarning)
        fair = tables(fairness_target=TARGET)
    model = make_pipeline(StandardScaler(), LogisticRegression(max_iter=1000))
    scores, rates = {}, {}
    for name, taught in zip(_NAMES, ([real], tables(lambda_yz=0.0), fair), strict=True):
        answers = [model.fit(*table).predict(X[is_held_out]) for table in taught]
        scores[name] = _scores(answers, roles[is_held_out])
        favoured = np.mean([given == FAVOURABLE for given in answers], axis=0)
        rates[name] = (
            pd.Series(favoured).groupby(roles["sex"][is_held_out].array).mean()
        )
    _print_scores(scores, int(is_held_out.sum()))
    for note in dict.fromkeys(str(note.message) for note in notes):
        print(f"note: {note}")

    X_fair, y_fair = fair[0]
    write_csv(X_fair.assign(progression=y_fair), table_path)
    few = X_fair[: len(known)], y_fair[: len(known)]  # to compare like with like
    figure = before_after(real, few, pd.DataFrame(rates), scores)
    with written_whole(picture_path) as file:
        figure.savefig(file, dpi=DPI, format="png")
    print(f"wrote {table_path} ({len(X_fair)} rows) and {picture_path}")


def _scores(answers: list[Any], truth: pd.DataFrame) -> pd.DataFrame:
    """Return the measures of answers, a row each."""
    from skfadm.metrics import demographic_parity_ratio, equal_opportunity_ratio

    y = truth["progression"]
    fairness = {"z": truth["sex"], "pos_label": FAVOURABLE}
    return pd.DataFrame(
        {
            "accuracy": accuracy_score(y, given),
            "parity": demographic_parity_ratio(y, given, **fairness),
            "opportunity": equal_opportunity_ratio(y, given, **fairness),
        }
        for given in answers
    )


def _introduce(X: pd.DataFrame, roles: pd.DataFrame, is_held_out: pd.Series) -> None:
    bands = sorted(roles["band"].unique())
    print(
        f"""\
The diabetes table of scikit-learn, {len(X)} patients:
  features   {", ".join(X.columns)}
  label      progression after a year: {FAVOURABLE} (which is good) or fast
  sensitive  sex, coded 1 and 2 in the source; left out of the features
  domains    bands of age, {", ".join(bands)}; left out of the features
Learning from the {(~is_held_out).sum()} patients of {bands[0]} to {bands[-2]}; the \
{is_held_out.sum()} of {bands[-1]} are held out.
Fair control aims at a parity of {TARGET}; four fifths is a usual floor.""",
        flush=True,
    )


def _print_scores(scores: dict[str, pd.DataFrame], n_held_out: int) -> None:
    shown = {
        name: [
            f"{mean:.3f} +/- {spread:.3f}" if len(found) > 1 else f"{mean:.3f}"
            for mean, spread in zip(found.mean(), found.std(), strict=True)
        ]
        for name, found in scores.items()
    }
    table = pd.DataFrame(shown, index=scores[_NAMES[0]].columns).T
    print("\nA logistic regression, asked about the patients held out:\n")
    print(table.rename_axis("trained on", axis=1).to_string())
    real, fair = scores[_NAMES[0]].mean(), scores[_NAMES[2]].mean()
    changes = ", ".join(f"{m} from {real[m]:.2f} to {fair[m]:.2f}" for m in real.index)
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


def before_after(
    real: tuple[pd.DataFrame, pd.Series],
    made: tuple[pd.DataFrame, pd.Series],
    rates: pd.DataFrame,
    scores: dict[str, pd.DataFrame],
) -> Figure:
    """Draw real and generated rows, and what classifiers learn from each table.

    `rates` says how often a sex, a row, is given the favourable label by what was
    learnt from a table, a column.
    """
    from matplotlib.figure import Figure

    figure = Figure(figsize=_SIZE, layout="constrained")
    grid = figure.add_gridspec(3, 2, height_ratios=(1.1, 1.1, 1.5))
    first = figure.add_subplot(grid[0, 0], xlabel="bmi", ylabel="s5", title=_NAMES[0])
    second = figure.add_subplot(grid[0, 1], sharex=first, sharey=first, xlabel="bmi")
    second.set_title(_NAMES[2])
    second.tick_params(labelleft=False)
    style: dict[str, Any] = {"s": 12, "alpha": 0.6, "linewidths": 0}
    for ax, (X, y) in ((first, real), (second, made)):
        for label, colour, marker in (
            ("fast", "#004488", "o"),
            ("slow", "#ddaa33", "^"),
        ):
            rows = X[y == label]
            points = rows["bmi"], rows["s5"]
            ax.scatter(*points, color=colour, marker=marker, label=label, **style)
        ax.title.set_fontsize("medium")
    first.legend(loc="lower right", fontsize="small", handletextpad=0.1, borderpad=0.2)
    ax = figure.add_subplot(grid[1, :], title=f"Who is given \u201c{FAVOURABLE}\u201d")
    _bars(ax, rates.set_axis(names_of("sex", rates.index)), "{:.0%}")
    ax.set_xlabel("share of the group, rows held out")
    ax = figure.add_subplot(grid[2, :], title="What is learnt from them")
    means = pd.DataFrame({name: found.mean() for name, found in scores.items()})
    _bars(ax, means, "{:.2f}")
    ax.set_xlabel("on the rows held out (1 is best)")
    parity = means.index.get_loc("parity")
    ends = [parity - 0.45, parity + 0.45]
    ax.plot([TARGET] * 2, ends, color="black", label=f"target {TARGET:g}")
    ax.legend(loc="upper center", bbox_to_anchor=(0.4, -0.25), frameon=False)
    return figure


def _bars(ax: Axes, values: pd.DataFrame, fmt: str) -> None:
    """Draw bars of a row side by side; a column has a colour."""
    places = np.arange(len(values))
    for k, (name, column) in enumerate(values.items()):
        style: dict[str, Any] = {"color": _COLOURS[k], "label": name}
        bars = ax.barh(places + 0.27 * (k - 1), column, 0.25, **style)
        box = {"facecolor": "white", "linewidth": 0, "pad": 1}
        ax.bar_label(bars, fmt=fmt, padding=3, zorder=3, bbox=box)
    # The whole range, so that differences look as large as they are.
    ax.set(xlim=(0, 1.15), xticks=np.linspace(0, 1, 6))
    ax.set_yticks(places, values.index)
    ax.invert_yaxis()
