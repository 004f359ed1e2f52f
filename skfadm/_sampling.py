"""From a request to a table: rows by diffusion, labels by the fair posterior."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ._base import LabelFormat, Labels, Table
from ._parallel import generate_rows
from ._requests import Request
from .diffusion.generation import RowGenerator
from .diffusion.row_streams import RowStreams
from .encoding import TabularEncoder
from .fair_control.control import FairControl
from .fair_control.labels import FairLabels, Proposal, draw

Codes = NDArray[np.int64]

#: Streams of random numbers for labels, away from those of the rows.
LABEL_STREAM = 1 << 32
#: How often a row is generated for a label that is asked for, at most.
MAX_ATTEMPTS = 64
#: A label that so few rows are given is refused when it is asked for.
MIN_ACCEPTANCE = 0.02


@dataclass(frozen=True)
class TableSampler:
    """Generates tables for several strengths of fair labels.

    Parameters
    ----------
    generator : RowGenerator
        Makes compact rows for label codes.
    encoder : TabularEncoder
        Decodes them.
    control : FairControl or None
        Without it labels are those that rows are made for.
    fair : FairLabels or None
        The fair posterior of each strength.
    strengths : sequence of float
        One table each.
    classes : ndarray of shape (n_labels,)
        The labels, for messages.
    label_format : LabelFormat
        How labels go out.
    n_jobs : int or None
        As for joblib.
    """

    generator: RowGenerator
    encoder: TabularEncoder
    control: FairControl | None
    fair: FairLabels | None
    strengths: Sequence[float]
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
        return [(X, self.label_format.restore(codes)) for X, codes in tables]

    def _with_codes(
        self, request: Request, index: Codes, codes: NDArray[np.integer]
    ) -> list[tuple[Table, NDArray[np.integer]]]:
        drawn = [s for s in self.strengths if s and self.control is not None]
        if request.is_asked and drawn:
            return [self._asked(request, index, codes, s) for s in self.strengths]
        rows = generate_rows(
            self.generator, codes, request.seed, index, n_jobs=self.n_jobs
        )
        X = self.encoder.decode(rows, seed=request.seed, first=int(index[0]))
        if not drawn or self.control is None or self.fair is None:
            return [(X.copy(), codes) for _ in self.strengths]
        p = self.control.posteriors.predict(X)
        u = RowStreams(request.seed, index, LABEL_STREAM).uniform(1).numpy()[:, 0]
        return [
            (X.copy(), draw(self.fair.posterior(p, s), u) if s else codes)
            for s in self.strengths
        ]

    def _asked(
        self,
        request: Request,
        index: Codes,
        codes: NDArray[np.integer],
        strength: float,
    ) -> tuple[Table, NDArray[np.integer]]:
        """Return rows whose labels are those asked for, by rejection."""
        assert self.control is not None and self.fair is not None
        prior = self.control.prior
        proposals = self._proposals(np.unique(codes), strength)
        epsilon = np.array([p.epsilon if p else 0.0 for p in proposals])
        rows = np.empty((len(codes), self.generator.layout.n_columns), np.float32)
        best = np.full(len(codes), -np.inf)
        pending = np.arange(len(codes))
        for attempt in range(MAX_ATTEMPTS):
            y, at = codes[pending], index[pending]
            stream = RowStreams(request.seed, at, LABEL_STREAM + attempt)
            u = stream.uniform(4).clamp(1e-7, 1 - 1e-7).numpy()
            for_any = u[:, 0] < epsilon[y]
            proposed = np.where(for_any, draw(prior[np.newaxis], u[:, 1]), y)
            new = generate_rows(
                self.generator, proposed, request.seed, at, attempt, self.n_jobs
            )
            p = self.control.posteriors.predict(self.encoder.inverse_transform(new))
            q = self.fair.posterior(p, strength)
            log_accept = np.empty(len(y))
            for label in np.unique(y):
                of_label, proposal = y == label, proposals[label]
                assert proposal is not None
                log_accept[of_label] = proposal.log_acceptance(
                    p.label[of_label, label], q[of_label, label], prior[label]
                )
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
        first = int(index[0])
        return self.encoder.decode(rows, seed=request.seed, first=first), codes

    def _proposals(
        self, asked: NDArray[np.integer], strength: float
    ) -> list[Proposal | None]:
        """Return how to propose rows for each label that is asked for."""
        assert self.control is not None and self.fair is not None
        p = self.control.sources
        q = self.fair.posterior(p, strength)
        proposals: list[Proposal | None] = [None] * len(self.classes)
        for y in asked:
            proposal = Proposal.best(p.label[:, y], q[:, y], self.control.prior[y])
            if proposal.acceptance < MIN_ACCEPTANCE:
                raise ValueError(
                    f"y asks for the label {self.classes[y]!r}, which fair labels of "
                    f"strength {strength:g} give to {100 * q[:, y].mean():.2g} % of "
                    "the rows; expected labels that are given more often. Lower "
                    "lambda_yz, or ask for others."
                )
            proposals[y] = proposal
        return proposals
