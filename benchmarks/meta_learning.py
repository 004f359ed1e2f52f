"""Whether meta-learning acts, and what it brings: ``python -m`` this module.

For each setting of Algorithm 1, the networks are trained without one domain, and the
log-losses of the two classifiers, of labels and of groups, are noted on the rows of
that domain: on Adult with a race held out, and on `make_biased_domains` with domains
that are moved apart and one that lies beyond them. With ``--gradients``, also how far
the meta gradient is from the plain one.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from functools import cache, partial
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import torch
from numpy.typing import NDArray
from torch import Generator, Tensor

from skfadm import FairDiffusionGenerator
from skfadm.datasets import fetch_adult, make_biased_domains
from skfadm.diffusion.batches import DomainBatches
from skfadm.diffusion.layers import deal_dropout
from skfadm.diffusion.losses import (
    MIN_NOISE_LEVEL,
    fill_numbers,
    label_condition,
    noise_rows,
)
from skfadm.diffusion.meta_learning import meta_gradients, network_of
from skfadm.diffusion.objective import DEFAULT, Batch, NetworkSizes, Objective, restore
from skfadm.diffusion.sde import VPSDE
from skfadm.diffusion.training import TrainingSettings, train

from ._running import Row, Unit, asked, collect, count, half_width, new_parser
from ._tables import as_table

BATCH = 1024
LEARNING_RATES = {"score": 3e-3, "y": 1e-3, "z": 1e-3}
ALPHAS, BETAS = (0.001, 0.01, 0.1, 0.5), (0.5, 1.0, 2.0)
#: Inner steps whose gradients are compared.
STEPS = (0.001, 0.01, 0.1, 0.5, 1.0, 5.0)
#: Pairs of batches whose median distance is taken.
N_PAIRS = 10


@dataclass(frozen=True)
class Setting:
    """A setting of Algorithm 1; `weighed` losses count as B_in and B_out have rows."""

    alpha: float
    beta: float
    second_order: bool
    weighed: bool


PLAIN = Setting(0.0, 1.0, False, True)
#: Plain training, the default with larger inner steps, Algorithm 1 as printed. Without
#: an inner step both orders are the same.
SETTINGS = [
    PLAIN,
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
    parser = new_parser("meta_learning", __doc__, seeds=5)
    parser.add_argument("--gradients", type=Path, metavar="CSV")
    parser.add_argument("--target", nargs="+", default=["White"], metavar="RACE")
    parser.add_argument("--max-iter", type=count, default=600, metavar="N")
    args = parser.parse_args(argv)
    options = asked(args, "max_iter")
    if args.gradients is not None:
        first = args.target[0]
        compute = partial(_distances, args, first)
        found = collect([({"target": first, **options}, compute)], args.gradients)
        print(found.round(6).to_string(index=False))
    work: list[Unit] = [
        ({"target": target, "seed": seed, **asdict(setting), **options}, compute)
        for seed in range(args.seeds)
        for target in [*args.target, "beyond"]
        for setting in SETTINGS
        for compute in [partial(_losses, args, target, setting, seed)]
    ]
    print(summary(collect(work, args.out)).round(4).to_string())
    return 0


def _losses(
    args: argparse.Namespace, target: str, setting: Setting, seed: int
) -> list[Row]:
    coded = biased(seed) if target == "beyond" else adult(args.data, target)
    return [losses(coded, setting, args.max_iter, seed)]


def _distances(args: argparse.Namespace, target: str) -> Iterator[Row]:
    return distances(adult(args.data, target), args.max_iter)


def summary(table: pd.DataFrame) -> pd.DataFrame:
    """Return log-losses less those of plain training of a seed, with intervals."""
    table = table.assign(table=np.where(table["target"] == "beyond", "biased", "Adult"))
    keys = ["target", "seed"]
    names = ["label", "group"]
    is_plain = table["weighed"] & (table["alpha"] == 0.0)
    plain = table[is_plain].set_index(keys)[names]
    own = table.set_index(keys)[names]
    differences = (own - plain.reindex(own.index)).add_suffix(" - plain")
    table = pd.concat([table, differences.set_axis(table.index)], axis=1)
    # First over the targets of a table, then over seeds.
    levels = ["table", *Setting.__dataclass_fields__]
    by_seed = table.groupby([*levels, "seed"], sort=False)
    by_seed = by_seed[[*names, *differences]].mean()
    grouped = by_seed.groupby(levels, sort=False)
    widths = grouped[list(differences)].agg(half_width).add_suffix(" +-")
    return grouped.mean().join(widths)


@cache
def adult(folder: Path, target: str) -> Coded:
    """Return Adult with one race held out."""
    return _coded(fetch_adult(data_home=folder), target)


@cache
def biased(seed: int) -> Coded:
    """Return five domains in a line, two deviations apart; the last is held out."""
    data = make_biased_domains(
        5000, n_domains=5, shift=2.0, as_frame=True, random_state=seed
    )
    return _coded(data, "domain_4")


def _coded(data: Any, target: str) -> Coded:
    # All rows: the encoder refuses categories that it has not seen.
    table = FairDiffusionGenerator()._encode(*as_table(data), 0)
    sizes = NetworkSizes(
        n_numbers=table.encoder.n_numbers_,
        category_sizes=tuple(table.encoder.category_sizes_),
        n_classes=2,
        n_groups=(2,),
        width=256,
        n_blocks=3,
    )
    source = np.asarray(data.domains != target)
    codes = (table.labels, table.groups, table.domains)
    return Coded(table.rows, *codes, source, sizes)


def trained(coded: Coded, setting: Setting, max_iter: int, seed: int) -> Objective:
    """Return the networks, trained on the source rows."""
    # A score network that is not given labels has a label network beside it.
    recipe = replace(
        DEFAULT,
        weighted=setting.weighed,
        conditional=False,
        second_order=setting.second_order,
    )
    settings = TrainingSettings(
        max_iter=max_iter,
        batch_size=BATCH,
        alpha=dict.fromkeys(LEARNING_RATES, setting.alpha),
        beta=dict.fromkeys(LEARNING_RATES, setting.beta),
        learning_rate=LEARNING_RATES,
    )
    # Domains of the source alone are numbered.
    domains = np.unique(coded.domains[coded.source], return_inverse=True)[1]
    own = coded.source
    data = (coded.rows[own], coded.y[own], coded.z[own], domains)
    found = train(*data, coded.sizes, recipe, settings, seed)
    return restore(coded.sizes, recipe, found.weights, "cpu")


def losses(
    coded: Coded, setting: Setting, max_iter: int, seed: int
) -> dict[str, float]:
    """Return log-losses of labels and groups, on the held-out domain and the source."""
    networks = trained(coded, setting, max_iter, seed)
    assert networks.y is not None and networks.z is not None
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
    return out


def distances(coded: Coded, max_iter: int) -> Iterator[Row]:
    """Yield how far the meta gradient is from the plain one, relative to that.

    The median over pairs of batches, by network, inner step and order, after ten
    and after `max_iter` iterations of plain training.
    """
    keys = ["network", "alpha", "second_order"]
    for iterations in (10, max_iter):
        networks = trained(coded, PLAIN, iterations, seed=0).train().requires_grad_()
        generator = Generator().manual_seed(0)
        deal_dropout(networks, generator)
        for weighed in (True, False):
            far: list[Row] = []
            for _ in range(N_PAIRS):
                far += _far(
                    networks, _batches(networks, coded, weighed, generator), generator
                )
            medians = pd.DataFrame(far).groupby(keys)["distance"].median()
            for own in medians.reset_index().to_dict("records"):
                yield {"iterations": iterations, "weighed": weighed, **own}


def _batches(
    networks: Objective, coded: Coded, weighed: bool, generator: Generator
) -> list[Batch]:
    """Return B_in and B_out."""
    domains = np.unique(coded.domains[coded.source], return_inverse=True)[1]
    arrays = (coded.rows, coded.y[:, None], coded.z)
    data = [torch.from_numpy(a[coded.source]) for a in arrays]
    out = []
    for index, share in DomainBatches(domains, BATCH, generator).draw():
        rows, y, z = (a[index] for a in data)
        times = networks.recipe.training_times
        noised = noise_rows(rows, networks.evidence, times, generator)
        condition = label_condition(networks.score, y[:, 0], generator)
        out.append(Batch(noised, y, z, condition, share if weighed else 1.0))
    return out


def _far(
    networks: Objective, batches: list[Batch], generator: Generator
) -> Iterator[Row]:
    # The same units are left out for every inner step.
    state = generator.get_state()

    def gradients(alpha: float, order: bool) -> dict[str, Tensor]:
        generator.set_state(state)
        return meta_gradients(
            networks,
            *batches,
            alpha=dict.fromkeys(LEARNING_RATES, alpha),
            beta=dict.fromkeys(LEARNING_RATES, 1.0),
            second_order=order,
        )[0]

    plain = gradients(0.0, False)
    for order, alpha in product((False, True), STEPS):
        moved = gradients(alpha, order)
        for network in LEARNING_RATES:
            own = [name for name in plain if network_of(name) == network]
            far = sum(float((moved[n] - plain[n]).square().sum()) for n in own)
            norm = sum(float(plain[n].square().sum()) for n in own)
            about = {"network": network, "alpha": alpha, "second_order": order}
            yield {**about, "distance": (far / norm) ** 0.5}


if __name__ == "__main__":
    sys.exit(main())
