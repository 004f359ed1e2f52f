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
from skfadm._base import EncodedTable
from skfadm.datasets import fetch_adult, make_biased_domains
from skfadm.diffusion.batches import DomainBatches
from skfadm.diffusion.layers import deal_dropout
from skfadm.diffusion.losses import (
    MIN_NOISE_LEVEL,
    fill_numbers,
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

    table: EncodedTable
    source: NDArray[np.bool_]

    @property
    def sizes(self) -> NetworkSizes:
        """The default's sizes of networks."""
        encoder = self.table.encoder
        categories = tuple(encoder.category_sizes_)
        return NetworkSizes(encoder.n_numbers_, categories, 2, (2,), 256, 3)

    def learned(self) -> Sequence[NDArray[Any]]:
        """Return rows, labels, groups and domains of the source."""
        table, own = self.table, self.source
        domains = np.unique(table.domains[own], return_inverse=True)[1]
        return table.rows[own], table.labels[own], table.groups[own], domains


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
        compute = partial(distances, args.data, first, args.max_iter)
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
    own = coded(args.data, target, seed if target == "beyond" else 0)
    return [losses(own, setting, args.max_iter, seed)]


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
def coded(folder: Path | None, target: str, seed: int) -> Coded:
    """Return Adult with one race held out.

    Of "beyond" five domains in a line, two deviations apart; the last is held out.
    """
    if target == "beyond":
        data = make_biased_domains(
            5000, n_domains=5, shift=2.0, as_frame=True, random_state=seed
        )
        target = "domain_4"
    else:
        data = fetch_adult(data_home=folder)
    # All rows: the encoder refuses categories that it has not seen.
    table = FairDiffusionGenerator()._encode(*as_table(data), 0)
    return Coded(table, np.asarray(data.domains != target))


def trained(own: Coded, setting: Setting, max_iter: int, seed: int) -> Objective:
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
    rows, y, z, domains = own.learned()
    found = train(rows, y, z, domains, own.sizes, recipe, settings, seed)
    return restore(own.sizes, recipe, found.weights, "cpu")


def losses(own: Coded, setting: Setting, max_iter: int, seed: int) -> dict[str, float]:
    """Return log-losses of labels and groups, on the held-out domain and the source."""
    networks = trained(own, setting, max_iter, seed)
    classifiers = {"label": networks.y, "group": networks.z}
    codes = {"label": own.table.labels, "group": own.table.groups[:, 0]}
    t = VPSDE().time(torch.tensor([[MIN_NOISE_LEVEL]]))
    out = {}
    for name, chosen in (("", ~own.source), (" on source", own.source)):
        rows = torch.from_numpy(own.table.rows[chosen])
        clean = fill_numbers(rows, Generator().manual_seed(seed))
        x = networks.score.layout.expand(clean)
        for what, classifier in classifiers.items():
            assert classifier is not None
            with torch.no_grad():
                (log_p,) = classifier(x, t)
            at = torch.from_numpy(codes[what][chosen]).unsqueeze(1)
            out[f"{what}{name}"] = float(-log_p.gather(1, at).mean())
    return out


def distances(folder: Path | None, target: str, max_iter: int) -> Iterator[Row]:
    """Yield how far the meta gradient is from the plain one, relative to that.

    The median over pairs of batches, by network, inner step and order, after ten
    and after `max_iter` iterations of plain training.
    """
    own, keys = coded(folder, target, 0), ["network", "alpha", "second_order"]
    *arrays, domains = own.learned()
    rows, y, z = (torch.from_numpy(a) for a in arrays)
    for iterations in (10, max_iter):
        networks = trained(own, PLAIN, iterations, seed=0).train().requires_grad_()
        generator = Generator().manual_seed(0)
        deal_dropout(networks, generator)

        def batch(index: Tensor, weight: Any, networks: Any = networks) -> Batch:
            times = networks.recipe.training_times
            noised = noise_rows(rows[index], networks.evidence, times, generator)  # noqa: B023
            return Batch(noised, y[index, None], z[index], None, weight)

        for weighed in (True, False):
            far: list[Row] = []
            for _ in range(N_PAIRS):
                drawn = DomainBatches(domains, BATCH, generator).draw()
                parts = [batch(at, share if weighed else 1.0) for at, share in drawn]
                far += _far(networks, parts, generator)
            medians = pd.DataFrame(far).groupby(keys)["distance"].median()
            for found in medians.reset_index().to_dict("records"):
                yield {"iterations": iterations, "weighed": weighed, **found}


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
