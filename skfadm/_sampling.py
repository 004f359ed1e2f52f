"""From a request to a table: rows by diffusion, labels by the fair posterior."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache, partial
from typing import Any

import numpy as np
import pandas as pd
import torch
from joblib import effective_n_jobs
from numpy.typing import NDArray
from sklearn.utils.parallel import Parallel, delayed
from threadpoolctl import ThreadpoolController

from ._base import LabelFormat, Labels, Table
from ._validation import as_columns, factorize
from .diffusion.generation import RowGenerator
from .diffusion.row_streams import RowStreams
from .encoding import TabularEncoder
from .fair_control.control import FairControl
from .fair_control.labels import FairLabels, draw
from .fair_control.posteriors import Posteriors

Array = NDArray[np.float64]
Codes = NDArray[np.int64]

#: Streams of random numbers for labels, away from those of the rows.
LABEL_STREAM = 1 << 32
#: How often a row is generated for a label that is asked for, at most.
MAX_ATTEMPTS = 64
#: A label that so few rows are given is refused when it is asked for.
MIN_ACCEPTANCE = 0.02
#: Of the rows for a label that is asked for, so many are made for any label, since p
#: and q may differ: of four shares on Adult this had the most rows accepted.
ANY = 0.2
#: Labels that are drawn at a time.
_PIECE = 1 << 16
#: Rows that are computed at a time: enough to be fast, few enough to stay in the cache.
#: Chunks are cut alike however many workers there are, so that rows have the same bits.
CHUNK_SIZE = 1024
#: A GPU computes more of them at a time, at most, and fewer where a row has more than
#: 128 channels, so that they fit into its memory.
GPU_CHUNK_SIZE = 65_536


@dataclass(frozen=True)
class Request:
    """Rows to generate."""

    #: Label code of each row.
    codes: NDArray[np.integer]
    #: Whether the user asks for these labels; otherwise they only make the rows.
    is_asked: bool
    #: Of the whole table.
    seed: int


@dataclass(frozen=True)
class TableSampler:
    """Generates tables for several strengths of fair labels."""

    generator: RowGenerator
    encoder: TabularEncoder
    #: Labels of strength 0 are drawn from its p(y | x); without it they are those that
    #: rows are made for, and so are labels that are asked for.
    posteriors: Posteriors | None
    #: Without it there is strength 0 alone.
    control: FairControl | None
    fair: FairLabels | None
    #: Shares of the labels in training.
    prior: NDArray[np.float64]
    strengths: Sequence[float]
    #: The labels, for messages.
    classes: NDArray[Any]
    label_format: LabelFormat
    n_jobs: int | None

    def __call__(
        self, request: Request, start: int = 0, stop: int | None = None
    ) -> list[tuple[Table, Labels]]:
        """Return rows [start, stop) of each table, with their labels."""
        codes = request.codes[start:stop]
        index = start + np.arange(len(codes))
        tables = self._with_codes(request, index, codes)
        return [
            (self.encoder.restore(X), self.label_format.restore(codes))
            for X, codes in tables
        ]

    def _with_codes(
        self, request: Request, index: Codes, codes: NDArray[np.integer]
    ) -> list[tuple[Table, NDArray[np.integer]]]:
        strengths = [s if self.control is not None else 0.0 for s in self.strengths]
        if request.is_asked:
            return [(self._asked(request, index, codes, s), codes) for s in strengths]
        rows = generate_rows(
            self.generator, codes, request.seed, index, n_jobs=self.n_jobs
        )
        X = self.encoder.decode(rows, seed=request.seed, first=int(index[0]))
        u = RowStreams(request.seed, index, LABEL_STREAM).uniform(1).numpy()[:, 0]
        p = p_label = None
        if self.control is not None and any(strengths):
            p = self.control.predict(X)
        if self.posteriors is not None and not all(strengths):
            p_label = (
                self.posteriors.predict(X, groups=False) if p is None else p
            ).label

        def labels(strength: float) -> NDArray[np.integer]:
            if strength and p is not None and self.fair is not None:
                return draw(self.fair.posterior(p, strength), u)
            return codes if p_label is None else draw(p_label, u)

        return [(X.copy(), labels(s)) for s in strengths]

    def _asked(
        self,
        request: Request,
        index: Codes,
        codes: NDArray[np.integer],
        strength: float,
    ) -> Table:
        """Return rows for the labels that are asked for; by rejection, if made fair."""
        decode = partial(self.encoder.decode, seed=request.seed)
        first = int(index[0])
        if not strength or self.control is None or self.fair is None:
            made = generate_rows(
                self.generator, codes, request.seed, index, n_jobs=self.n_jobs
            )
            return decode(made, first=first)
        bounds = self._bounds(self.control, self.fair, np.unique(codes), strength)
        rows = np.empty((len(codes), self.generator.layout.n_columns), np.float32)
        best = np.full(len(codes), -np.inf)
        pending = np.arange(len(codes))
        for attempt in range(MAX_ATTEMPTS):
            y, at = codes[pending], index[pending]
            stream = RowStreams(request.seed, at, LABEL_STREAM + attempt)
            u = stream.uniform(4).clamp(1e-7, 1 - 1e-7).numpy()
            for_any = draw(self.prior[np.newaxis], u[:, 1])
            proposed = np.where(u[:, 0] < ANY, for_any, y)
            new = generate_rows(
                self.generator, proposed, request.seed, at, attempt, self.n_jobs
            )
            p = self.control.predict(decode(new))
            q = self.fair.posterior(p, strength)
            own = np.arange(len(y)), y
            w = _importance(p.label[own], q[own], self.prior[y])
            log_accept = np.minimum(np.log(w / bounds[y]), 0.0)
            # A row that is never accepted becomes one of its attempts: the largest of
            # log w + Gumbel noise is a draw with weights w.
            key = log_accept - np.log(-np.log(u[:, 3]))
            accepted = np.log(u[:, 2]) < log_accept
            taken = accepted | (key > best[pending])
            rows[pending[taken]] = new[taken]
            best[pending] = np.maximum(best[pending], key)
            pending = pending[~accepted]
            if not len(pending):
                break
        return decode(rows, first=first)

    def _bounds(
        self,
        control: FairControl,
        fair: FairLabels,
        asked: NDArray[np.integer],
        strength: float,
    ) -> NDArray[np.float64]:
        """Return bounds of the importance of rows for labels that are asked for."""
        p, q = control.sources.label, fair.posterior(control.sources, strength)
        bounds = np.ones(len(self.classes))
        for y in asked:
            bounds[y], accepted = _acceptance(p[:, y], q[:, y], self.prior[y])
            if accepted < MIN_ACCEPTANCE:
                raise ValueError(
                    f"y asks for the label {self.classes[y]!r}, which fair labels of "
                    f"strength {strength:g} give to {100 * q[:, y].mean():.2g} % of "
                    "the rows; expected labels that are given more often. Lower "
                    "lambda_yz, or ask for others."
                )
        return bounds


def _importance(
    p: NDArray[np.float64], q: NDArray[np.float64], prior: float | NDArray[np.float64]
) -> NDArray[np.float64]:
    r"""Return how much rows count that are proposed for a label, shape (n,).

    A row is made for the label itself or, with probability :math:`\epsilon`, for one
    of the label's shares, and accepted in proportion to

    .. math:: w(x) = \frac{q(y | x)}{(1 - \epsilon)\, p(y | x) / p(y) + \epsilon}.
    """
    return q / ((1 - ANY) * p / prior + ANY)


def _acceptance(
    p: NDArray[np.float64], q: NDArray[np.float64], prior: float
) -> tuple[float, float]:
    """Return a bound on the importance, and how much of what is proposed it accepts.

    The importance exceeds it for 1 % of what is proposed.
    """
    w, proposed = _importance(p, q, prior), (1 - ANY) * p / prior + ANY
    order = np.argsort(w)
    mass = proposed[order].cumsum()
    bound = float(w[order][np.searchsorted(mass, 0.99 * mass[-1])])
    return bound, float(np.average(np.minimum(w / bound, 1.0), weights=proposed))


def requested_codes(
    y: object,
    n_samples: int,
    classes: NDArray[Any],
    prior: NDArray[np.float64],
    rng: np.random.RandomState,
) -> NDArray[np.unsignedinteger]:
    """Return the label code of each row that is asked for, in the smallest dtype.

    `y` is None (drawn from `prior`), one label, one label a row, or a mapping of labels
    to shares, which are met to the nearest row.
    """
    dtype = np.min_scalar_type(len(classes) - 1)
    if y is None:
        drawn = np.empty(n_samples, dtype)
        # In pieces, which take the same random numbers as one draw and less memory.
        for piece in np.split(drawn, range(_PIECE, n_samples, _PIECE)):
            piece[:] = rng.choice(len(classes), size=len(piece), p=prior)
        return drawn
    if isinstance(y, Mapping):
        return _codes_of_shares(y, n_samples, classes, rng, dtype)
    if not pd.api.types.is_list_like(y):
        label = y[()] if isinstance(y, np.ndarray) else y
        return np.full(n_samples, _codes([label], classes)[0], dtype)
    columns = as_columns("y", y)  # type: ignore[arg-type]
    shape = (len(columns[0]), len(columns))[: 1 + (len(columns) > 1)]
    if shape != (n_samples,):
        raise ValueError(
            f"y has shape {shape} but n_samples is {n_samples}; expected one label, "
            f"one label a row (shape ({n_samples},)) or a mapping of shares."
        )
    rows, asked = factorize("y", columns[0])
    return _codes(asked, classes)[rows].astype(dtype)


def _codes(labels: Any, classes: NDArray[Any]) -> NDArray[np.int64]:
    """Return the code of each label, by equality: 1, 1.0 and True are the same."""
    # By way of pandas, because NumPy makes integers of times.
    known, asked = (
        [v.item() if isinstance(v, np.generic) else v for v in pd.Series(values)]
        for values in (classes, labels)
    )
    lookup = {label: code for code, label in enumerate(known)}
    is_known = [pd.api.types.is_hashable(v) and v in lookup for v in asked]
    unknown = sorted({repr(v) for v, k in zip(asked, is_known, strict=True) if not k})
    if unknown:
        raise ValueError(
            f"y asks for unknown labels {', '.join(unknown)}; the labels seen in fit "
            f"are {known}."
        )
    return np.array([lookup[v] for v in asked], dtype=np.int64)


def _codes_of_shares(
    shares: Mapping[Any, Any],
    n_samples: int,
    classes: NDArray[Any],
    rng: np.random.RandomState,
    dtype: np.dtype,
) -> NDArray[np.unsignedinteger]:
    codes = _codes(list(shares), classes)
    try:
        values = np.array([float(v) for v in shares.values()])
    except (TypeError, ValueError) as error:
        raise TypeError(
            f"y maps labels to {list(shares.values())!r}; expected shares as numbers."
        ) from error
    if not (np.isfinite(values).all() and (values >= 0).all()):
        raise ValueError(
            f"y holds shares {values.tolist()}; expected numbers that are not negative."
        )
    if abs(values.sum() - 1.0) > 1e-6:
        raise ValueError(f"y holds shares that sum to {values.sum():g}; expected 1.")
    # Largest remainders: the counts are the shares to the nearest row and sum to n.
    exact = values / values.sum() * n_samples
    counts = np.floor(exact).astype(np.int64)
    counts[np.argsort(counts - exact, kind="stable")[: n_samples - counts.sum()]] += 1
    return rng.permutation(np.repeat(codes.astype(dtype), counts))


def generate_rows(
    generator: RowGenerator,
    codes: NDArray[np.integer],
    seed: int,
    index: NDArray[np.int64],
    attempt: int = 0,
    n_jobs: int | None = None,
) -> NDArray[np.float32]:
    """Generate a compact row for each label code, in chunks that joblib runs.

    `seed` is that of the whole table, in which the rows have the indices `index`. With
    `n_jobs` None there are as many workers as torch has threads, unless a
    `joblib.parallel_config` asks for more than one.
    """
    # By label, which is cheaper to tell to a chunk of rows that share it.
    order = np.argsort(codes, kind="stable")
    size = _chunk_size(generator.device, generator.layout.width)
    chunks = np.split(order, range(size, len(order), size))
    n_workers = _n_workers(n_jobs, generator.device) if len(chunks) > 1 else 1
    found = Parallel(n_jobs=n_workers, prefer="threads")(
        delayed(_chunk)(
            generator, codes[rows].astype(np.int64), seed, index[rows], attempt
        )
        for rows in chunks
    )
    return np.concatenate(found)[np.argsort(order)]


def _chunk_size(device: str, width: int) -> int:
    """Return how many rows of so many channels a device computes at a time."""
    if torch.device(device).type == "cpu":
        return CHUNK_SIZE
    return min(GPU_CHUNK_SIZE, max(CHUNK_SIZE, 128 * GPU_CHUNK_SIZE // max(1, width)))


def _chunk(generator: RowGenerator, *args: Any) -> NDArray[np.float32]:
    """Generate a chunk with one thread.

    Chunks wait for nobody, while threads that share a chunk wait for each other after
    each of its operations. The limit is this thread's own: it holds for no other.
    """
    torch.get_num_threads()  # sets up the thread, which would undo the limit later
    with _openmp().limit(limits=1):
        return generator.generate(*args)


@cache
def _openmp() -> ThreadpoolController:
    """Return what limits OpenMP; looking for its libraries takes milliseconds."""
    return ThreadpoolController().select(user_api="openmp")


def _n_workers(n_jobs: int | None, device: str) -> int:
    if n_jobs is not None:
        return n_jobs
    configured = effective_n_jobs(None)
    is_free = configured == 1 and torch.device(device).type == "cpu"
    return torch.get_num_threads() if is_free else configured
