"""The estimator that the baselines are: fit, sample, labels by rejection."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from numbers import Integral, Real
from types import SimpleNamespace
from typing import Any, ClassVar, Self

import numpy as np
import pandas as pd
import torch
from numpy.typing import ArrayLike, NDArray
from sklearn.base import _fit_context
from sklearn.utils._param_validation import Interval

from skfadm._base import EncodedTable, Labels, Table, TableGenerator, new_seed
from skfadm._progress import show_progress
from skfadm._sampling import requested_codes
from skfadm._validation import new_random_state
from skfadm.diffusion.devices import has_fast_bfloat16
from skfadm.diffusion.layers import draw_weights
from skfadm.diffusion.layout import Layout
from skfadm.diffusion.networks import ResidualMLP
from skfadm.diffusion.row_streams import RowStreams, spawn_seeds

from ._training import Groups, Networks, train

COUNT = [Interval(Integral, 1, None, closed="left")]
NON_NEGATIVE = [Interval(Real, 0, None, closed="left")]
POSITIVE = [Interval(Real, 0, None, closed="neither")]
#: Rows that are generated at a time.
BLOCK = 256
#: Rows are drawn up to so many times what the labels' shares in training ask for.
PATIENCE = 20


class Baseline(TableGenerator):
    """A generator that trains by `_learn` and makes rows by `_rows`."""

    #: Whether the model draws labels itself, unless it is asked for some.
    _draws_labels: ClassVar[bool] = True

    @_fit_context(prefer_skip_nested_validation=True)
    def fit(
        self,
        X: ArrayLike | pd.DataFrame,
        y: ArrayLike,
        z: ArrayLike | None = None,
        domains: ArrayLike | None = None,
    ) -> Self:
        """Train the networks.

        Parameters
        ----------
        X, y
            As for `FairDiffusionGenerator.fit`.
        z : array-like of shape (n_samples,) or (n_samples, n_attributes), default=None
            Sensitive attributes, each with two groups or more. Only a method that is
            about fairness uses them; all check them.
        domains : array-like of shape (n_samples,), default=None
            Domain of each row. All check them, `FADM` alone uses them: the other
            methods pool all rows.

        Returns
        -------
        self : object

        Raises
        ------
        ValueError, TypeError
            Before any training, naming the argument, as `FairDiffusionGenerator.fit`.
        FloatingPointError
            If the training diverged.
        """
        seed = new_seed(new_random_state(self.random_state))
        self._learn(self._encode(X, y, z, domains, seed), seed)
        return self

    def sample(
        self, n_samples: int = 1, y: object = None, *, random_state: Any = None
    ) -> tuple[Table, Labels]:
        """Generate rows and their labels.

        `FADM` makes rows for labels. The other models draw rows and labels together and
        cannot be given a label: rows of the labels asked for are found by rejection,
        the first ones with each label of rows that are drawn in a fixed order.

        Parameters
        ----------
        n_samples, y, random_state
            As for `FairDiffusionGenerator.sample`, but that ``y=None`` leaves labels to
            a model that draws them; their shares are only about those in training. How
            many rows are drawn does not change the first ones of each label.

        Returns
        -------
        X, y
            As of `FairDiffusionGenerator.sample`.

        Raises
        ------
        ValueError, TypeError, NotFittedError
            As `FairDiffusionGenerator.sample`.
        RuntimeError
            If a label that is asked for is hardly ever drawn: 20 times as many rows as
            its share in training asks for do not hold enough of it.
        """
        n_rows, seed, rng = self._begin_sampling(n_samples, random_state)
        codes: NDArray[Any] | None = None
        if y is not None or not self._draws_labels:
            codes = requested_codes(y, n_rows, self.classes_, self.class_prior_, rng)
        return self._decode(*self._rows(n_rows, codes, seed), seed)

    @abstractmethod
    def _learn(self, table: EncodedTable, seed: int) -> None:
        """Train on a checked table, and set the fitted attributes."""

    @abstractmethod
    def _rows(
        self, n_rows: int, codes: NDArray[Any] | None, seed: int
    ) -> tuple[NDArray[np.float32], NDArray[Any]]:
        """Return compact rows and their label codes: those asked for, if any are."""


@dataclass(kw_only=True, eq=False, repr=False)
class BaselineGenerator(Baseline):
    """A generator of (x, y) jointly: the label is one more category column.

    A subclass names its networks, which take its parameters that are not about the
    training.
    """

    _networks: ClassVar[type[Networks]]
    #: What z is needed for; without it z is checked and not used.
    _needs_z: ClassVar[str] = ""
    #: Of the parameters here, and of those that several subclasses have.
    _parameter_constraints: ClassVar[dict] = {
        **dict.fromkeys(("max_iter", "batch_size", "hidden_width", "n_layers"), COUNT),
        **dict.fromkeys(("n_blocks", "n_steps", "noise_size", "latent_size"), COUNT),
        **dict.fromkeys(("lambda_fair", "gradient_penalty"), NON_NEGATIVE),
        "learning_rate": POSITIVE,
        "verbose": ["verbose"],
        "random_state": ["random_state"],
    }

    max_iter: int = 3000
    batch_size: int = 256
    learning_rate: float = 1e-3
    verbose: int = 0
    random_state: Any = None

    def _learn(self, table: EncodedTable, seed: int) -> None:
        if self._needs_z and not table.sensitive_classes:
            raise ValueError(
                f"z is None, but {type(self).__name__} {self._needs_z}; expected z of "
                "shape (n_samples,) or (n_samples, n_attributes)."
            )
        params = self._network_params(table)
        networks = self._build(table.encoder, table.classes, params)
        of_weights, of_training = spawn_seeds(seed, 2)
        draw_weights(networks, torch.Generator().manual_seed(of_weights))
        rows = np.column_stack([table.rows, table.labels]).astype(np.float32)
        n_iter = self.max_iter * len(networks.stages)
        with show_progress(n_iter, self.verbose) as report:
            trained = train(
                networks,
                rows,
                table.groups,
                max_iter=self.max_iter,
                batch_size=self.batch_size,
                learning_rate=self.learning_rate,
                seed=of_training,
                report=report,
            )
        # Only now, so that an interrupted fit leaves nothing that looks fitted.
        self._remember(table)
        self.network_params_ = params
        self.history_, self.n_iter_ = trained.history, trained.n_iter
        self.weights_ = trained.weights

    def _rows(
        self, n_rows: int, codes: NDArray[Any] | None, seed: int
    ) -> tuple[NDArray[np.float32], NDArray[Any]]:
        networks = self._trained_networks()

        # Always a whole block: its bits then do not depend on how many rows are drawn.
        def draw(block: int) -> NDArray[np.float32]:
            streams = RowStreams(seed, block * BLOCK + np.arange(BLOCK))
            with torch.no_grad():
                return networks.generate(streams).numpy()

        if codes is None:
            blocks = [draw(i) for i in range(-(-n_rows // BLOCK))]
            rows = np.concatenate(blocks)[:n_rows]
        else:
            rows = rows_with_labels(draw, codes, self.classes_, self.class_prior_)
        return rows[:, :-1], rows[:, -1].astype(np.int64)

    def _network_params(self, table: EncodedTable) -> dict[str, Any]:
        """Return what the networks are built with, besides the layout."""
        of_training = BaselineGenerator._get_param_names()
        params = self.get_params(deep=False)
        params = {name: params[name] for name in params if name not in of_training}
        groups = Groups.of(table.groups, table.n_groups) if self._needs_z else None
        return {**params, "groups": groups}

    def _build(self, encoder: Any, classes: Any, params: dict[str, Any]) -> Networks:
        sizes = (*encoder.category_sizes_, len(classes))
        layout = Layout(encoder.n_numbers_, sizes)
        return self._networks(layout, params["groups"], SimpleNamespace(**params))

    def _trained_networks(self) -> Networks:
        networks = self._build(self.encoder_, self.classes_, self.network_params_)
        networks.load_state_dict(
            {k: torch.from_numpy(v) for k, v in self.weights_.items()}
        )
        if has_fast_bfloat16("cpu"):
            # As in `FairDiffusionGenerator`, for those that are diffusion models.
            for network in networks.modules():
                if isinstance(network, ResidualMLP):
                    network.halve()
        return networks.eval().requires_grad_(False)


def rows_with_labels(
    draw: Callable[[int], NDArray[np.float32]],
    codes: NDArray[Any],
    classes: NDArray[Any],
    prior: NDArray[np.float64],
) -> NDArray[np.float32]:
    """Return one row for each label code: the first ones that have it, in order.

    `draw` returns the i-th block of rows, label codes last. RuntimeError if `PATIENCE`
    times as many rows as a label's share in training asks for do not hold enough of it.
    """
    wanted = np.bincount(codes, minlength=len(classes))
    limits = np.ceil(PATIENCE * wanted / prior)
    counts = np.zeros_like(wanted)
    kept: list[NDArray[np.float32]] = []
    n_drawn = n_blocks = 0
    while (counts < wanted).any():
        given_up = np.flatnonzero((counts < wanted) & (limits <= n_drawn))
        if len(given_up):
            c = given_up[0]
            raise RuntimeError(
                f"y asks for {wanted[c]} rows of label {classes.tolist()[c]!r}, but "
                f"only {counts[c]} of {n_drawn} generated rows have it: a share of "
                f"{counts[c] / n_drawn:.2g}, where training has {prior[c]:.2g}. This "
                "model draws labels at random and cannot be steered; train it for "
                "longer, or ask for fewer rows or another label."
            )
        block = draw(n_blocks)
        labels = block[:, -1].astype(np.int64)
        n_blocks, n_drawn = n_blocks + 1, n_drawn + len(block)
        counts += np.bincount(labels, minlength=len(classes))
        kept.append(block[wanted[labels] > 0])
    pool = np.concatenate(kept)
    rows = np.empty((len(codes), pool.shape[1]), dtype=np.float32)
    for c in np.flatnonzero(wanted):
        rows[codes == c] = pool[pool[:, -1] == c][: wanted[c]]
    return rows
