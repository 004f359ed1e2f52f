"""Whether meta-learning acts and what it brings: ``python -m`` this module.

For each setting of Algorithm 1, the two classifiers, of labels and of groups, are
trained without one domain, and their log-losses on the rows of that domain are noted:
on Adult with a race held out, and on `make_biased_domains` with domains that are moved
apart and one that lies beyond them. With ``--gradients``, also how far the meta
gradient is from the plain one. Started again with the same ``--out``, it goes on where
it was interrupted.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache, partial
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import torch
from numpy.typing import NDArray
from torch import Generator, Tensor, nn

from skfadm._validation import encode_labels
from skfadm.baselines._training import Cosine
from skfadm.datasets import fetch_adult, make_biased_domains
from skfadm.diffusion.batches import DomainBatches
from skfadm.diffusion.layers import deal_dropout, draw_weights
from skfadm.diffusion.losses import (
    MIN_NOISE_LEVEL,
    classification_loss,
    fill_numbers,
    label_condition,
    lognormal_times,
    noise_rows,
)
from skfadm.diffusion.meta_learning import meta_gradients, network_of
from skfadm.diffusion.objective import Batch, NetworkSizes, Objective
from skfadm.diffusion.recipe import DEFAULT
from skfadm.diffusion.sde import VPSDE
from skfadm.encoding import TabularEncoder

from ._running import Row, Unit, collect, half_width, new_parser

BATCH = 1024
#: Of the classifiers, and of the score network.
LEARNING_RATE, SCORE_LEARNING_RATE = 1e-3, 3e-3
ALPHAS, BETAS = (0.001, 0.01, 0.1, 0.5), (0.5, 1.0, 2.0)
#: Inner steps whose gradients are compared.
STEPS = (0.001, 0.01, 0.1, 0.5, 1.0, 5.0)


@dataclass(frozen=True)
class Setting:
    """A setting of Algorithm 1; `weighed` losses count as B_in and B_out have rows."""

    alpha: float
    beta: float
    second_order: bool
    weighed: bool


#: Plain training of all rows, as it all but is by default; the same with larger inner
#: steps; Algorithm 1. Without an inner step both orders are the same.
SETTINGS = [
    Setting(0.0, 1.0, False, True),
    *(Setting(a, 1.0, order, True) for order, a in product((True, False), (0.1, 0.5))),
    *(Setting(0.0, beta, False, False) for beta in BETAS),
    *(
        Setting(alpha, beta, order, False)
        for order, alpha, beta in product((True, False), ALPHAS, BETAS)
    ),
]


@dataclass(frozen=True)
class Coded:
    """Rows as codes, and which of them are learned from."""

    rows: NDArray[np.float32]
    y: NDArray[np.int64]
    z: NDArray[np.int64]
    domains: NDArray[np.int64]
    source: NDArray[np.bool_]
    sizes: NetworkSizes


def main(argv: Sequence[str] | None = None) -> int:
    """Print losses, and how far they are from those of plain training."""
    parser = new_parser("benchmarks.meta_learning", __doc__, seeds=5)
    parser.add_argument("--gradients", type=Path, metavar="CSV")
    parser.add_argument("--target", nargs="+", default=["White"], metavar="RACE")
    parser.add_argument("--max-iter", type=int, default=600, metavar="N")
    args = parser.parse_args(argv)
    if args.gradients is not None and not args.gradients.exists():
        coded = adult(args.data, args.target[0])
        found = pd.DataFrame(distances(coded, args.max_iter))
        found.to_csv(args.gradients, index=False)
        print(found.round(6).to_string(index=False))
    print(summary(collect(_units(args), args.out)).round(4).to_string())
    return 0


def _units(args: argparse.Namespace) -> Iterator[Unit]:
    for seed in range(args.seeds):
        for target in [*args.target, "beyond"]:
            name = "biased" if target == "beyond" else "adult"

            @cache
            def coded(target: str = target, seed: int = seed) -> Coded:
                return biased(seed) if target == "beyond" else adult(args.data, target)

            def compute(
                setting: Setting, coded: Any = coded, seed: int = seed
            ) -> list[Row]:
                return [losses(coded(), setting, args.max_iter, seed)]

            for setting in SETTINGS:
                about = {"table": name, "target": target, "seed": seed}
                about |= {**setting.__dict__, "max_iter": args.max_iter}
                yield about, partial(compute, setting)


def summary(table: pd.DataFrame) -> pd.DataFrame:
    """Return log-losses less those of plain training, with half their 95 % intervals.

    Parameters
    ----------
    table : DataFrame
        Rows as `main` writes them.

    Returns
    -------
    DataFrame
        Indexed by table, target and setting; differences are taken within a seed.
    """
    of_losses = ["label", "group"]
    where = ["table", "target", "seed", "max_iter"]
    is_plain = table["weighed"] & (table["alpha"] == 0.0)
    plain = table[is_plain].set_index(where)[of_losses]
    others = table.set_index([*where, *Setting.__dataclass_fields__])[of_losses]
    differences = others.sub(plain.reindex(others.droplevel([4, 5, 6, 7]).index).values)
    levels = ["table", "target", *Setting.__dataclass_fields__]
    grouped = differences.groupby(level=levels, sort=False)
    means = others.groupby(level=levels, sort=False).mean()
    return means.join(grouped.mean().add_suffix(" - plain")).join(
        grouped.agg(half_width).add_suffix(" +-")
    )


def adult(folder: Path, target: str) -> Coded:
    """Return Adult with one race held out."""
    data = fetch_adult(data_home=folder)
    held_out = np.asarray(data.domains == target)
    return _coded(data.data, data.target, data.z, data.domains, ~held_out)


def biased(seed: int) -> Coded:
    """Return five domains in a line, two deviations apart; the last is held out."""
    data = make_biased_domains(
        5000, n_domains=5, shift=2.0, as_frame=True, random_state=seed
    )
    source = np.asarray(data.domains != "domain_4")
    return _coded(data.data, data.target, data.z, data.domains, source)


def _coded(X: pd.DataFrame, y: Any, z: Any, domains: Any, source: Any) -> Coded:
    # On all rows: the encoder refuses categories that it has not seen.
    encoder = TabularEncoder(random_state=0).fit(X)
    codes = [encode_labels(a, len(X))[0] for a in (y, z)]
    sizes = NetworkSizes(
        n_numbers=encoder.n_numbers_,
        category_sizes=tuple(encoder.category_sizes_),
        n_classes=2,
        n_groups=(2,),
        width=256,
        n_blocks=3,
    )
    # Domains of the source alone are numbered.
    _, of_domain = np.unique(np.asarray(domains)[source], return_inverse=True)
    whole = np.zeros(len(X), dtype=np.int64)
    whole[source] = of_domain
    rows = encoder.transform(X)
    return Coded(rows, codes[0], codes[1][:, None], whole, source, sizes)


class Classifiers(nn.Module):
    """The two classifiers of an `Objective`, and their losses."""

    def __init__(self, objective: Objective):
        super().__init__()
        assert objective.z is not None
        self.y, self.z = objective.y, objective.z

    def forward(self, batch: Batch) -> dict[str, Tensor]:
        """Return the loss of each, a scalar."""
        parts = {"y": (self.y, batch.y), "z": (self.z, batch.z)}
        return {
            name: classification_loss(network, batch.rows, codes).mean() * batch.weight
            for name, (network, codes) in parts.items()
        }


class Trainer:
    """Trains an objective by Algorithm 1 on the source rows of a table."""

    def __init__(self, coded: Coded, seed: int, whole: bool):
        sde, source = VPSDE(), coded.source
        self.generator = Generator().manual_seed(seed)
        self.networks = Objective(coded.sizes, DEFAULT, sde)
        draw_weights(self.networks, self.generator)
        deal_dropout(self.networks, self.generator)
        self.networks.evidence.set_prior(coded.rows[source])
        self.objective = self.networks if whole else Classifiers(self.networks)
        self.batches = DomainBatches(coded.domains[source], BATCH, self.generator)
        arrays = (coded.rows, coded.y[:, None], coded.z)
        self.data = [torch.from_numpy(a[source]) for a in arrays]
        self.parameters = dict(self.objective.named_parameters())
        self.rates = [
            SCORE_LEARNING_RATE if network_of(name) == "score" else LEARNING_RATE
            for name in self.parameters
        ]
        self.optimiser = torch.optim.AdamW(
            [{"params": [p]} for p in self.parameters.values()],
            betas=(0.9, 0.99),
            weight_decay=0.0,
        )
        self.average = {n: p.detach().clone() for n, p in self.parameters.items()}

    def draw(self, weighed: bool) -> list[Batch]:
        """Return B_in and B_out."""
        return [
            self._batch(i, share if weighed else 1.0)
            for i, share in self.batches.draw()
        ]

    def _batch(self, index: Tensor, weight: float | Tensor) -> Batch:
        rows, y, z = (a[index] for a in self.data)
        noised = noise_rows(
            rows, self.networks.evidence, lognormal_times, self.generator
        )
        condition = label_condition(self.networks.score, y[:, 0], self.generator)
        return Batch(noised, y, z, condition, weight)

    def gradients(self, batches: list[Batch], setting: Setting) -> dict[str, Tensor]:
        """Return the gradients of Algorithm 1."""
        names = ("score", "y", "z")
        return meta_gradients(
            self.objective,
            *batches,
            alpha=dict.fromkeys(names, setting.alpha),
            beta=dict.fromkeys(names, setting.beta),
            second_order=setting.second_order,
        )[0]

    def train(self, setting: Setting, max_iter: int) -> None:
        """Train, and put the running average of the weights in their place."""
        schedule = Cosine(max_iter)
        for iteration in range(max_iter):
            gradients = self.gradients(self.draw(setting.weighed), setting)
            factor = schedule.factor(iteration)
            for group, rate in zip(
                self.optimiser.param_groups, self.rates, strict=True
            ):
                group["lr"] = rate * factor
            for name, parameter in self.parameters.items():
                parameter.grad = gradients[name]
            self.optimiser.step()
            decay = min(0.998, (1 + iteration) / (10 + iteration))
            with torch.no_grad():
                for name, parameter in self.parameters.items():
                    self.average[name].lerp_(parameter, 1.0 - decay)
        with torch.no_grad():
            for name, parameter in self.parameters.items():
                parameter.copy_(self.average[name])


def losses(
    coded: Coded, setting: Setting, max_iter: int, seed: int
) -> dict[str, float]:
    """Return log-losses of labels and groups, on the held-out domain and the source.

    Parameters
    ----------
    coded : Coded
        The table.
    setting : Setting
        Of Algorithm 1.
    max_iter : int
        Iterations of 1,024 rows.
    seed : int
        Decides everything that is random.
    """
    start = time.perf_counter()
    trainer = Trainer(coded, seed, whole=False)
    trainer.train(setting, max_iter)
    networks = trainer.networks.eval()
    assert networks.z is not None
    t = VPSDE().time(torch.tensor([[MIN_NOISE_LEVEL]]))
    out = {}
    for name, chosen in (("", ~coded.source), (" on source", coded.source)):
        rows, codes = coded.rows[chosen], (coded.y[chosen], coded.z[chosen, 0])
        clean = fill_numbers(torch.from_numpy(rows), Generator().manual_seed(seed))
        x = networks.score.layout.expand(clean)
        pairs = zip(("label", "group"), (networks.y, networks.z), codes, strict=True)
        for what, classifier, own in pairs:
            with torch.no_grad():
                (log_p,) = classifier(x, t)
            at = torch.from_numpy(own).unsqueeze(1)
            out[f"{what}{name}"] = float(-log_p.gather(1, at).mean())
    return {**out, "seconds": round(time.perf_counter() - start, 1)}


def distances(coded: Coded, max_iter: int) -> Iterator[dict[str, Any]]:
    """Yield how far the meta gradient is from the plain one, relative to that.

    Parameters
    ----------
    coded : Coded
        The table.
    max_iter : int
        Iterations of plain training before the second look; the first is at the start
        of training.

    Yields
    ------
    dict
        The median over ten pairs of batches, by network, inner step and order.
    """
    for iterations in (10, max_iter):
        trainer = Trainer(coded, 0, whole=True)
        trainer.train(Setting(0.0, 1.0, False, True), iterations)
        for weighed in (True, False):
            found = [
                {"network": network, "alpha": alpha, "second_order": order, "x": far}
                for _ in range(10)
                for (network, alpha, order), far in _far(trainer, weighed).items()
            ]
            groups = pd.DataFrame(found).groupby(["network", "alpha", "second_order"])
            for key, far in groups["x"].median().items():
                about = dict(
                    zip(("network", "alpha", "second_order"), key, strict=True)
                )
                yield {
                    "iterations": iterations,
                    "weighed": weighed,
                    **about,
                    "distance": far,
                }


def _far(trainer: Trainer, weighed: bool) -> dict[tuple[str, float, bool], float]:
    batches = trainer.draw(weighed)
    out = {}
    # The same units are left out for every inner step.
    state = trainer.generator.get_state()

    def of(setting: Setting) -> dict[str, Tensor]:
        trainer.generator.set_state(state)
        return trainer.gradients(batches, setting)

    plain = of(Setting(0.0, 1.0, False, weighed))
    for order, alpha in product((False, True), STEPS):
        moved = of(Setting(alpha, 1.0, order, weighed))
        for network in ("score", "y", "z"):
            own = [name for name in plain if network_of(name) == network]
            far = sum(float((moved[n] - plain[n]).square().sum()) for n in own)
            norm = sum(float(plain[n].square().sum()) for n in own)
            out[network, alpha, order] = (far / norm) ** 0.5
    return out


if __name__ == "__main__":
    sys.exit(main())
