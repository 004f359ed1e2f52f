"""Fair control on tables where everything is known: ``python -m benchmarks.biased``.

Tables of :func:`~skfadm.datasets.make_biased_domains`: three groups and three labels;
groups that hardly go along with labels, where fair control must do no harm; groups in
the proportion of 98 to 2; four groups that features hardly tell; and domains two
deviations apart, of which the last lies beyond the others. A generator is fitted with
its defaults on all domains but the last, and classifiers of its rows are asked about
the last: without fair control, by default, and adapted to a ratio of 0.8.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator, Sequence
from functools import partial

from skfadm import FairDiffusionGenerator
from skfadm.datasets import make_biased_domains

from ._running import Row, add_set, asked, collect, count, half_width, new_parser, units
from ._tables import as_table, hold_out
from .adult import over_settings
from .downstream import MEASURES

#: What all tables share, and what is different in each.
SHARED: Row = {"n_domains": 4, "domain_shares": [0.1, 0.15, 0.25, 0.5]}
TABLES: dict[str, Row] = {
    "three groups, three labels": {"n_classes": 3, "n_groups": 3},
    "groups hardly matter": {"bias": 0.03},
    "groups 98 : 2": {"group_shares": [0.98, 0.02]},
    "features hardly tell the group": {"n_groups": 4, "group_sep": 0.2, "bias": 0.3},
    "a domain beyond the others": {"shift": 2.0},
}
KEYS = ["table", "setting", "classifier"]


def main(argv: Sequence[str] | None = None) -> int:
    """Print means over seeds, and half their 95 % intervals."""
    parser = new_parser("biased", __doc__, seeds=5)
    parser.add_argument("--rows", type=count, default=4000)
    add_set(parser)
    args = parser.parse_args(argv)
    axes = {"seed": range(args.seeds), "table": TABLES}
    work = units(partial(run, args), asked(args, "rows", "set"), **axes)
    grouped = collect(work, args.out).groupby(KEYS, sort=False)
    more = ["lambda_yz", "predicted_ACC", "predicted_R_DP", "warned"]
    means = grouped[[*MEASURES, *more]].mean()
    table = means.join(grouped[list(MEASURES)].agg(half_width).add_suffix(" +-"))
    print(table.round(3).to_string())
    return 0


def run(args: argparse.Namespace, seed: int, name: str) -> Iterator[Row]:
    """Yield a row for each setting and classifier; "real" are the source rows.

    The source domains have `args.rows` rows, the held-out one about as many.
    """
    data = make_biased_domains(
        2 * args.rows, as_frame=True, random_state=seed, **SHARED, **TABLES[name]
    )
    sources, test = hold_out(as_table(data), data.domains.max())
    generator = FairDiffusionGenerator(random_state=seed, **dict(args.set))
    settings: list[tuple[str, Row, int | None]] = [
        ("0", {"lambda_yz": 0.0}, 0),
        ("auto", {"lambda_yz": "auto", "fairness_target": None}, 0),
        ("adapted, 0.8", {"lambda_yz": "auto", "fairness_target": 0.8}, None),
    ]
    positive = data.target.max() if data.target.nunique() == 2 else None
    how = {"pos_label": positive, "random_state": seed}
    n_rows = len(sources.X)
    for _, row in over_settings(generator, settings, sources, test, n_rows, **how):
        for own in row.pop("scores"):
            yield {**row, **own}


if __name__ == "__main__":
    sys.exit(main())
