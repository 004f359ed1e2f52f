"""What generators that are guided diffusion models share: training, and their rows."""

from __future__ import annotations

import warnings
from abc import abstractmethod
from typing import Any, ClassVar

import sklearn
import torch

from ._base import EncodedTable, TableGenerator
from ._files import cached
from ._progress import show_progress
from .diffusion.devices import has_fast_bfloat16, resolve_device
from .diffusion.generation import Guidance, RowGenerator, emphasis_of
from .diffusion.objective import NetworkSizes, Recipe, restore
from .diffusion.training import Trained, TrainingSettings, train

#: Rows that are seen more often than this begin to be memorised: on 3,540 rows of
#: Adult, 200 times gave a DCR share of 0.57, 100 times 0.53 (0.5 is best) ...
MAX_EPOCHS = 100
#: ... but fewer iterations than this teach too little, however small the table.
MIN_ITER = 200


#: What decides the result of a training beside its arguments, for `memory`. The number
#: is raised whenever the same data and seed give other weights or classifiers.
CODE = (5, torch.__version__, sklearn.__version__)


class DiffusionGenerator(TableGenerator):
    """Base class of the generators whose rows come from a guided diffusion."""

    #: How its networks are trained and its rows sampled.
    _recipe: ClassVar[Recipe]

    lambda_y: float
    lambda_z: float
    n_steps: int
    hidden_width: int
    n_blocks: int
    max_iter: int
    batch_size: int
    device: str
    memory: Any
    n_jobs: int | None
    verbose: int

    @abstractmethod
    def _rates(self, network: str) -> tuple[float, float, float]:
        """Return alpha, beta and learning rate of "score", "y" or "z"."""

    def _memory(self) -> Any:
        """Return what keeps results of training."""
        if self.memory is None or self.random_state is not None:
            return self.memory
        warnings.warn(
            "memory keeps nothing, because random_state is None: no two trainings are "
            "alike, so that what is kept would never be found again. Expected an "
            "integer as random_state.",
            UserWarning,
            stacklevel=4,
        )
        return None

    def _train(
        self, table: EncodedTable, seed: int, memory: Any
    ) -> tuple[NetworkSizes, Trained]:
        """Train the networks, or take them from the cache; nothing is set."""
        device = resolve_device(self.device)
        sizes = NetworkSizes(
            n_numbers=table.encoder.n_numbers_,
            category_sizes=tuple(table.encoder.category_sizes_),
            n_classes=len(table.classes),
            n_groups=table.n_groups,
            width=self.hidden_width,
            n_blocks=self.n_blocks,
        )
        settings = self._settings(len(table.rows), bool(table.n_groups), device)
        with show_progress(settings.max_iter, self.verbose) as report:
            trained = cached(memory, train, CODE)(
                table.rows,
                table.labels,
                table.groups,
                table.domains,
                sizes,
                self._recipe,
                settings,
                seed,
                device=device,
                report=report,
            )
        return sizes, trained

    def _settings(self, n_rows: int, has_groups: bool, device: str) -> TrainingSettings:
        y, z = () if self._recipe.conditional else ("y",), ("z",) if has_groups else ()
        networks = ("score", *y, *z)
        batch_size = min(self.batch_size, max(n_rows, 2))
        epochs = max(MIN_ITER, MAX_EPOCHS * n_rows // batch_size)
        rates = {network: self._rates(network) for network in networks}
        alpha, beta, learning_rate = (
            {network: rates[network][i] for network in networks} for i in range(3)
        )
        return TrainingSettings(
            max_iter=min(self.max_iter, epochs),
            batch_size=batch_size,
            alpha=alpha,
            beta=beta,
            learning_rate=learning_rate,
            half=self._recipe.half and has_fast_bfloat16(device),
        )

    def _remember_training(
        self, table: EncodedTable, sizes: NetworkSizes, trained: Trained
    ) -> None:
        """Set all fitted attributes of table and training."""
        self._remember(table)
        self.class_count_ = table.label_counts
        self.sizes_ = sizes
        self.history_, self.n_iter_ = trained.history, trained.n_iter
        self.weights_ = trained.weights

    def _row_generator(self) -> RowGenerator:
        """Return what makes rows with the strengths that are set."""
        recipe, device = self._recipe, resolve_device(self.device)
        networks = restore(self.sizes_, recipe, self.weights_, device)
        if has_fast_bfloat16(device):
            # On Adult twice as fast, and no figure of fidelity moves by 0.001.
            networks.score.network.halve()
        sde, strengths = networks.score.sde, (self.lambda_y, self.lambda_z)
        emphasis = emphasis_of(self.class_count_)
        return RowGenerator(
            networks.score,
            networks.score.layout,
            Guidance(networks.y, networks.z, *strengths, emphasis),
            sde,
            recipe.sampling_times(self.n_steps, sde),
            recipe.solver,
            device,
            draw_categories=recipe.categorical,
        )

    def _check_has_groups(self, has_groups: bool, *names: str) -> None:
        """Refuse strengths that have nothing to act on."""
        for name in names:
            value = getattr(self, name)
            if not has_groups and value != "auto" and value > 0:
                raise ValueError(
                    f"{name} is {value!r} but fit is given no sensitive attribute to "
                    f"act on; expected z, or {name}=0."
                )
