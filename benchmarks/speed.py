"""Seconds beside what the arithmetic alone takes: ``python -m benchmarks.speed``.

The floor is the time that the matrix products alone would take at the rate at which
this machine multiplies bare matrices of the default's sizes, of float32 or bfloat16 as
they are, measured in the same run. A GPU, if there is one, stands beside the processor.
"""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import Any

import torch
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils.flop_counter import flop_registry

from skfadm import FairDiffusionGenerator
from skfadm.report import quality_report

from ._running import Row, asked, collect, new_parser, timed, units
from ._tables import Table, adult


def main(argv: Sequence[str] | None = None) -> int:
    """Print the figures, a column for each part."""
    parser = new_parser("speed", __doc__, seeds=1)
    parser.add_argument("--parts", nargs="+", choices=list(PARTS), default=list(PARTS))
    args = parser.parse_args(argv)
    table = adult(args.data)
    parts = [p for p in args.parts if p != "gpu" or torch.cuda.is_available()]
    work = units(partial(run, table), asked(args), part=parts, seed=range(args.seeds))
    rows = collect(work, args.out)
    means = rows.groupby("part", sort=False).mean(numeric_only=True)
    print(means.drop(columns="seed").T.round(4).to_string(na_rep=""))
    return 0


def run(table: Table, part: str, seed: int) -> Iterator[Row]:
    """Yield the figures of one part."""
    return PARTS[part](table, seed)


def training(table: Table, seed: int) -> Iterator[Row]:
    """Yield an iteration's seconds over their floor."""

    def train(n: int) -> None:
        generator = FairDiffusionGenerator(max_iter=n, lambda_yz=0, random_state=seed)
        generator.fit(*table)

    least = (floor(lambda: train(21)) - floor(lambda: train(1))) / 20
    step = (seconds(lambda: train(150)) - seconds(lambda: train(50))) / 100
    yield {"iteration_s": step, "floor_s": least, "ratio": step / least}


def sampling(table: Table, seed: int) -> Iterator[Row]:
    """Yield seconds for 20,000 rows over their floor, also with guidance."""
    generator = FairDiffusionGenerator(max_iter=50, random_state=seed).fit(*table)
    out: Row = {}
    for lambda_y, suffix in ((1.0, ""), (1.5, " guided")):
        generator.set_params(lambda_yz=0.0, lambda_y=lambda_y)
        least = 20_000 / 1024 * floor(lambda: generator.sample(1024))
        took = seconds(lambda: generator.sample(20_000))
        out |= {f"sample_s{suffix}": took, f"floor_s{suffix}": least}
        out |= {f"ratio{suffix}": took / least}
    yield out


def gpu(table: Table, seed: int) -> Iterator[Row]:
    """Yield seconds and quality on a GPU and on the processor."""

    def fit(device: str, **params: Any) -> FairDiffusionGenerator:
        params |= {"device": device, "lambda_yz": 0, "random_state": seed}
        return FairDiffusionGenerator(**params).fit(*table)

    fit("cuda", max_iter=2).sample(100)  # what is set up once
    out: Row = {"threads": torch.get_num_threads()}
    for device in ("cpu", "cuda"):
        fitted, out[f"fit_{device}_s"] = timed(partial(fit, device))
        out[f"iterations_{device}"] = fitted.n_iter_
        out[f"sample_{device}_s"] = seconds(partial(fitted.sample, 20_000))
        sampled: Any = fitted.sample(len(table[0]))
        quality = quality_report(table[0], sampled[0], random_state=seed)
        out[f"c2st_auc_{device}"] = quality.c2st_auc
        out[f"pair_trends_{device}"] = quality.pair_trends_sdmetrics
    out["sample_million_cuda_s"] = seconds(lambda: fitted.sample(1_000_000), 1)
    yield out


PARTS: dict[str, Callable[[Table, int], Iterator[Row]]] = {
    "training": training,
    "sampling": sampling,
    "gpu": gpu,
}


def seconds(run: Callable[[], object], repeats: int = 3) -> float:
    """Return the shortest time of a few runs."""
    return min(timed(run)[1] for _ in range(repeats))


class Operations(TorchDispatchMode):
    """Counts the floating-point operations of matrix products by their dtype."""

    # Not torch's FlopCounterMode, which cannot see through gradients of inputs.
    def __init__(self) -> None:
        super().__init__()
        self.counts: Counter[torch.dtype] = Counter()

    def __torch_dispatch__(
        self, func: Any, types: Any, args: Any = (), kwargs: Any = None
    ) -> Any:
        """Run an operation, and count it if it is a product."""
        out = func(*args, **(kwargs or {}))
        count = flop_registry.get(func._overloadpacket)
        if count is not None:
            self.counts[out.dtype] += count(*args, **(kwargs or {}), out_val=out)
        return out


def floor(run: Callable[[], object]) -> float:
    """Return the seconds that the matrix products in `run` take by themselves."""
    with Operations() as counter:
        run()
    return sum(n / products_per_second(dtype) for dtype, n in counter.counts.items())


def products_per_second(dtype: torch.dtype) -> float:
    """Return the floating-point operations of bare matrix products in a second."""
    rates = []
    random = partial(torch.randn, generator=torch.Generator().manual_seed(0))
    for n, k in [(1024, 256), (1024, 1024)]:
        a, b = random(n, k).to(dtype), random(k, k).to(dtype)

        def multiply(a: Any = a, b: Any = b) -> None:
            for _ in range(100):
                a @ b

        rates.append(100 * 2 * n * k * k / seconds(multiply, 5))
    return max(rates)


if __name__ == "__main__":
    sys.exit(main())
