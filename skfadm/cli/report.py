"""The command `skfadm report`, and the verdict that `skfadm generate` ends with."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace, RawDescriptionHelpFormatter
from collections.abc import Collection
from pathlib import Path
from typing import TYPE_CHECKING, Any

from skfadm._files import UserError, check_can_write, check_installed, written_whole

from .roles import Roles, Rows
from .tables import ReadOptions, Table, TableForm, check_table_path, read_table
from .words import say

if TYPE_CHECKING:
    import pandas as pd

    from skfadm.report import FairnessReport

DESCRIPTION = """\
Say on one page what a synthetic table does for fairness, at which price, and
whether it is faithful and private. Any generator may have made it.

One classifier is trained on the real rows and one on the synthetic rows. Both
are judged by how they treat the groups of the sensitive columns, on held-out
rows where there are some.
"""
EXAMPLES = """\
examples:
  skfadm report adult.csv fair.csv --label income --sensitive sex \\
      -o report.html
  skfadm report train.csv fair.csv --label income --sensitive sex \\
      --sensitive race --domain state --holdout test.csv --positive '>50K' \\
      -o report.html
"""
#: Rows of each table that the verdict of `generate` looks at: seconds, not minutes.
VERDICT_ROWS = 10_000


def add_arguments(parser: ArgumentParser) -> None:
    """Add the arguments of `skfadm report`."""
    parser.description, parser.epilog = DESCRIPTION, EXAMPLES
    parser.formatter_class = RawDescriptionHelpFormatter
    parser.add_argument("real", type=Path, help="table that the generator learnt from")
    parser.add_argument("synthetic", type=Path, help="table that it has made")
    add_roles(parser, "where rows come from: each is judged alone")
    add_judging(parser)
    parser.add_argument(
        "-o",
        "--output",
        dest="report",
        type=Path,
        required=True,
        metavar="PAGE.html",
        help="page to write",
    )
    parser.add_argument(
        "--seed",
        type=int,
        default=0,
        metavar="N",
        help="seed of folds and classifiers (default: %(default)s)",
    )
    parser.add_argument(
        "-q", "--quiet", action="store_true", help="print nothing but errors"
    )


def add_roles(parser: Any, domain: str) -> None:
    """Add the columns that have a role; `domain` says what that of domains does."""
    parser.add_argument("--label", metavar="COLUMN", help="the label to predict")
    parser.add_argument(
        "--sensitive",
        metavar="COLUMN",
        action="append",
        default=[],
        help="sensitive attribute to be fair about; may be repeated",
    )
    parser.add_argument("--domain", metavar="COLUMN", help=domain)


def add_judging(parser: Any) -> None:
    """Add what both commands need to judge a table."""
    parser.add_argument(
        "--holdout",
        type=Path,
        metavar="TABLE",
        help="real rows that were not learnt from, to judge by; without them the rows "
        "learnt from are used, and membership is not measured",
    )
    parser.add_argument(
        "--positive",
        metavar="LABEL",
        help="the label that is good to get (default: the larger of two labels; of "
        "more, each in turn)",
    )


def report(args: Namespace) -> None:
    """Run the command; where something has to be changed, nothing is written."""
    roles = Roles.of(args)
    if not roles.sensitive:
        raise UserError("say with --sensitive between which groups to compare")
    check_page_path(args.report)
    for path in (args.real, args.synthetic, args.holdout):
        if path is not None:
            check_table_path(path, exists=True)
    table = read_noted(args.real, args, roles.names)
    real, form = roles.rows(table.frame), table.form
    made = read_noted(args.synthetic, args, roles.names, form).frame
    if roles.label not in made:
        raise UserError(f"{args.synthetic}: has no column {roles.label!r} (--label)")
    # Sensitive columns may have been kept, and are no features.
    made = made.drop(columns=[name for name in roles.left_out if name in made])
    synthetic = Rows(made.drop(columns=roles.label), made[roles.label])
    found = judge(
        real,
        synthetic,
        read_holdout(args, roles, form),
        pos_label=label_of(args.positive, real.y, form),
        seed=args.seed,
        settings={"real rows": args.real.name, "synthetic rows": args.synthetic.name},
    )
    save_page(found, args.report)
    if not args.quiet:
        print(found.to_text(f"open {args.report} in a browser."))


def check_page_path(path: Path) -> None:
    """Check that a page can be written to this path, and drawn."""
    if path.suffix.lower() not in (".html", ".htm"):
        raise UserError(f"{path}: the report is a page; name the file .html")
    check_installed("matplotlib", f"{path}: the report")
    check_can_write(path)


def read_holdout(args: Namespace, roles: Roles, like: TableForm) -> Rows | None:
    """Read the held-out rows, if there are some, as the table that was learnt from."""
    if args.holdout is None:
        return None
    return roles.rows(read_noted(args.holdout, args, roles.names, like).frame)


def read_noted(
    path: Path,
    args: Namespace,
    labels: Collection[str] = (),
    like: TableForm | None = None,
) -> Table:
    """Read a table as the options say, and tell what is worth telling of that."""
    options = ReadOptions(args.sep, args.encoding, args.missing, labels)
    table = read_table(path, options, like=like)
    if not args.quiet:
        for note in table.notes:
            say(f"note: {path}: {note}")
    return table


def judge(
    real: Rows,
    synthetic: Rows,
    holdout: Rows | None,
    *,
    seed: int,
    **params: Any,
) -> FairnessReport:
    """Judge tables as :func:`skfadm.report.fairness_report` does."""
    from skfadm.report import fairness_report

    if holdout is not None:
        params |= {"holdout": holdout.X, "y_holdout": holdout.y, "z_holdout": holdout.z}
        params["domains_holdout"] = holdout.domains
    try:
        return fairness_report(
            real.X,
            synthetic.X,
            real.y,
            synthetic.y,
            real.z,
            domains=real.domains,
            random_state=seed,
            **params,
        )
    except (TypeError, ValueError) as error:
        raise UserError(str(error)) from error


def label_of(positive: str | None, y: pd.Series, form: TableForm) -> Any:
    """Return the label that stands in the file as `positive`."""
    if positive is None:
        return None
    labels = y.drop_duplicates()
    texts = form.columns[str(y.name)].texts(labels)
    by_text = dict(zip(texts, labels.tolist(), strict=True))
    if positive not in by_text:
        raise UserError(
            f"--positive {positive}: there is no such label; the labels are "
            f"{', '.join(map(repr, sorted(by_text)))}"
        )
    return by_text[positive]


def save_page(found: FairnessReport, path: Path) -> None:
    """Write the page, whole or not at all."""
    with written_whole(path) as file:
        file.write(found.to_html().encode())
