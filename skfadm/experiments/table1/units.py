"""The units of work: one training, its scores, one small file."""

from __future__ import annotations

import json
import platform
import time
import warnings
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any
from urllib.parse import quote

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.exceptions import ConvergenceWarning

from skfadm import __version__
from skfadm._files import written_whole
from skfadm.experiments.downstream import always, fit_classifiers, score_classifiers

from .methods import METHODS
from .names import CLASSIFIERS, MEASURES

#: Of Adult: the label whose rates are compared.
POSITIVE = ">50K"
SELECTION, FINAL = "selection", "final"


@dataclass(frozen=True)
class Protocol:
    """What holds for all units of a run.

    Parameters
    ----------
    n_generated : int, default=20000
        Rows that each generator makes, for classifiers to be trained on.
    max_rows : int or None, default=None
        Source rows that are learned from at most, drawn at random; None is all.
    max_iter : int or None, default=None
        Iterations of training; None leaves each generator its own default.
    has_selection : bool, default=True
        Whether hyperparameters are chosen; if not, the first candidates are taken.
    """

    n_generated: int = 20_000
    max_rows: int | None = None
    max_iter: int | None = None
    has_selection: bool = True

    @property
    def is_quick(self) -> bool:
        """Whether this is no more than a trial: nothing is chosen."""
        return not self.has_selection


FULL = Protocol()
QUICK = Protocol(n_generated=4000, max_rows=4000, max_iter=200, has_selection=False)


@dataclass(frozen=True)
class Unit:
    """One training: of a candidate of a method, on all domains but the held-out ones.

    In selection two domains are held out, the target and the one that is reserved for
    validation. Which is which does not matter to the training, so that it serves both
    targets.
    """

    stage: str
    method: str
    candidate: int
    held_out: tuple[str, ...]
    seed: int

    @property
    def file_name(self) -> str:
        """The name of the file that holds its rows."""
        held_out = "+".join(quote(domain, safe="") for domain in self.held_out)
        parts = (self.stage, self.method, self.candidate, held_out, self.seed)
        return "-".join(map(str, parts)) + ".csv"

    def __str__(self) -> str:
        n_candidates = len(METHODS[self.method].grid)
        which = f" {self.candidate + 1} of {n_candidates}" if n_candidates > 1 else ""
        without = " and ".join(self.held_out)
        return f"{self.stage} {self.method}{which}, without {without}, seed {self.seed}"


def compute(unit: Unit, data: Any, protocol: Protocol, folder: Path) -> float:
    """Do a unit's work and write its file, whole or not at all.

    Parameters
    ----------
    unit : Unit
        The work.
    data : Bunch
        Of `fetch_adult`.
    protocol : Protocol
        What holds for all units.
    folder : Path
        Where to write the file.

    Returns
    -------
    float
        Seconds that it took.
    """
    start = time.perf_counter()
    rows = measure(unit, data, protocol)
    with written_whole(folder / unit.file_name) as file:
        rows.to_csv(file, index=False, mode="wb")
    return time.perf_counter() - start


def measure(unit: Unit, data: Any, protocol: Protocol) -> pd.DataFrame:
    """Train once, and score on each held-out domain.

    Parameters
    ----------
    unit, data, protocol
        As for `compute`.

    Returns
    -------
    DataFrame
        A row for each held-out domain and downstream classifier. A training that
        diverged has NaN for scores, and says so in the column "error".
    """
    table = pd.DataFrame({"y": data.target, "z": data.z, "domain": data.domains})
    source = np.flatnonzero(~table["domain"].isin(unit.held_out))
    if protocol.max_rows is not None and len(source) > protocol.max_rows:
        rng = np.random.default_rng(unit.seed)
        source = np.sort(rng.choice(source, protocol.max_rows, replace=False))
    train = data.data.iloc[source], table.iloc[source]
    about = {
        "stage": unit.stage,
        "method": unit.method,
        "candidate": unit.candidate,
        "held_out": "+".join(unit.held_out),
        "seed": unit.seed,
        "n_source": len(source),
    }
    took: dict[str, float] = {}
    error = ""
    try:
        with warnings.catch_warnings():
            # Classifiers that are stopped by their iterations are the same for all.
            warnings.simplefilter("ignore", ConvergenceWarning)
            models = _taught(unit, train, protocol, took)
    except FloatingPointError as diverged:
        models, error = None, str(diverged)
    rows = []
    for domain in unit.held_out:
        index = np.flatnonzero(table["domain"] == domain)
        test = data.data.iloc[index], table["y"].iloc[index], table["z"].iloc[index]
        for scores in _scored(models, test):
            rows.append({**about, "scored_on": domain, **scores, **took})
    settings = _settings(unit, protocol)
    return pd.DataFrame(rows).assign(error=error, settings=settings, **versions())


def _taught(
    unit: Unit,
    train: tuple[pd.DataFrame, pd.DataFrame],
    protocol: Protocol,
    took: dict[str, float],
) -> dict[str, Any]:
    """Return classifiers trained on what a method makes of the source rows."""
    X, table = train
    weights = None
    y: Any = table["y"]
    if unit.method == "majority":
        return dict.fromkeys(CLASSIFIERS, always(y.mode()[0]))
    if unit.method == "reweighed":
        weights = reweighing(y, table["z"])
    elif unit.method != "real":
        params = {} if protocol.max_iter is None else {"max_iter": protocol.max_iter}
        method = METHODS[unit.method]
        generator = method.build(unit.candidate, random_state=unit.seed, **params)
        with _timed(took, "fit_s"):
            generator.fit(X, y, table["z"], table["domain"])
        with _timed(took, "sample_s"):
            X, y = generator.sample(protocol.n_generated)
    with _timed(took, "teach_s"):
        return fit_classifiers(X, y, random_state=unit.seed, sample_weight=weights)


def reweighing(y: pd.Series, z: pd.Series) -> NDArray[np.float64]:
    r"""Return the weights that make label and group independent.

    :math:`w(y, z) = p(y)\, p(z) / p(y, z)` (Kamiran and Calders 2012).

    Parameters
    ----------
    y, z : Series of shape (n_samples,)
        Labels and groups.

    Returns
    -------
    ndarray of shape (n_samples,)
        Weights of mean 1.
    """
    of_y, labels = pd.factorize(np.asarray(y))
    of_z, groups = pd.factorize(np.asarray(z))
    joint = np.zeros((len(labels), len(groups)))
    np.add.at(joint, (of_y, of_z), 1.0 / len(of_y))
    expected = joint.sum(1, keepdims=True) * joint.sum(0, keepdims=True)
    return expected[of_y, of_z] / joint[of_y, of_z]


def versions() -> dict[str, str]:
    """Return the versions that results depend on."""
    packages = ("numpy", "pandas", "scikit-learn", "torch")
    return {
        "skfadm": __version__,
        "python": platform.python_version(),
        **{name: version(name) for name in packages},
    }


def _scored(models: dict[str, Any] | None, test: tuple[Any, Any, Any]) -> list[dict]:
    if models is None:
        nothing = dict.fromkeys(MEASURES, np.nan)
        return [{"classifier": name, **nothing} for name in CLASSIFIERS]
    return score_classifiers(models, test, pos_label=POSITIVE)


def _settings(unit: Unit, protocol: Protocol) -> str:
    """Return what differs from the generator's defaults."""
    method = METHODS[unit.method]
    params = {**method.fixed, **method.grid[unit.candidate]}
    if method.generator is not None and protocol.max_iter is not None:
        params["max_iter"] = protocol.max_iter
    params.pop("graph", None)  # The same for all, and long.
    return json.dumps(params)


class _timed:
    """Add how long a block takes to a dict, under a name."""

    def __init__(self, took: dict[str, float], name: str):
        self.took, self.name = took, name

    def __enter__(self) -> None:
        self.start = time.perf_counter()

    def __exit__(self, *_: object) -> None:
        self.took[self.name] = round(time.perf_counter() - self.start, 2)
