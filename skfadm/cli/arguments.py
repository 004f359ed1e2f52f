"""The arguments of the command line, without what is heavy to import."""

from __future__ import annotations

import argparse
import math
from collections.abc import Callable
from pathlib import Path
from typing import NoReturn, TypeVar

from skfadm import __version__
from skfadm._files import UserError

_DEMO = """\
Learn the diabetes table of scikit-learn (442 rows) from three age bands, generate
tables with and without fair control, and compare classifiers trained on real and on
generated rows in the age band that was held out. Writes synthetic.csv and
before-after.png.
"""
_GENERATE = """\
Learn a table and write a synthetic one. The new rows look like the real
ones, and models that are trained on them treat the groups of the sensitive
columns more alike.

The sensitive columns and the domain column steer the generator. They are no
features, so they are not written.
"""
_EXAMPLES = """\
examples:
  skfadm generate adult.csv --label income --sensitive sex -o fair.csv
  skfadm generate adult.csv --label income --sensitive sex --domain race \\
      -n 20000 --report report.html -o fair.csv
  skfadm generate adult.csv --label income --sensitive sex \\
      --model fair.skops -o fair.csv           # keep the fitted model ...
  skfadm generate --model fair.skops -n 100 --lambda-yz 1 --ask '>50K' -o more.csv
                                               # ... and sample from it again
  zcat adult.csv.gz | skfadm generate - --label income -o - | head

pip install "skfadm[plot]" for --report, "skfadm[models]" for --model,
"skfadm[parquet]" for Parquet.
"""
_REPORT = """\
Say on one page what a synthetic table does for fairness, at which price, and
whether it is faithful and private. Any generator may have made it.

One classifier is trained on the real rows and one on the synthetic rows. Both
are judged by how they treat the groups of the sensitive columns, on held-out
rows where there are some.
"""
_REPORT_EXAMPLES = """\
examples:
  skfadm report adult.csv fair.csv --label income --sensitive sex \\
      -o report.html
  skfadm report train.csv fair.csv --label income --sensitive sex \\
      --sensitive race --domain state --holdout test.csv --positive '>50K' \\
      -o report.html

The page needs: pip install "skfadm[plot]"
"""

#: Separators that have a name.
_SEPARATORS = {"tab": "\t", "\\t": "\t", "comma": ",", "semicolon": ";", "space": " "}
T = TypeVar("T", int, float)


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        raise UserError(f"{message} (see {self.prog} --help)")


def parser() -> argparse.ArgumentParser:
    """Return the parser of all commands; it raises `UserError` for what is wrong."""
    parser = _Parser(
        prog="skfadm", description="Fair synthetic tables (FADM) from the command line."
    )
    parser.add_argument("--version", action="version", version=f"skfadm {__version__}")
    commands = parser.add_subparsers(dest="command", metavar="COMMAND")
    demo = commands.add_parser(
        "demo",
        help="show on a small real table what it does, in seconds",
        description=_DEMO,
    )
    demo.add_argument(
        "--out",
        type=Path,
        default=Path("skfadm-demo"),
        metavar="DIR",
        help="folder to write to, made if need be (default: %(default)s)",
    )
    generate = commands.add_parser(
        "generate",
        help="generate a fair table from your own",
        description=_GENERATE,
        epilog=_EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    _add_files(generate)
    _add_columns(generate)
    _add_sampling(generate)
    judging = generate.add_argument_group("judging")
    _add_judging(judging)
    judging.add_argument(
        "--report",
        type=Path,
        metavar="PAGE.html",
        help="page to write on how fair, faithful and private the table is",
    )
    report = commands.add_parser(
        "report",
        help="say how fair, faithful and private a table is",
        description=_REPORT,
        epilog=_REPORT_EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    report.add_argument("real", type=Path, help="table that the generator learnt from")
    report.add_argument("synthetic", type=Path, help="table that it has made")
    _add_roles(report, "where rows come from: each is judged alone")
    _add_judging(report)
    report.add_argument(
        "-o",
        "--output",
        dest="report",
        type=Path,
        required=True,
        metavar="PAGE.html",
        help="page to write",
    )
    report.add_argument(
        "--seed",
        type=_seed,
        default=0,
        metavar="N",
        help="seed of folds and classifiers (default: %(default)s)",
    )
    _add_quiet(report)
    _add_reading(report.add_argument_group("reading"))
    return parser


def _add_roles(group: argparse._ActionsContainer, domain: str) -> None:
    """Add the columns that have a role; `domain` says what that of domains does."""
    group.add_argument("--label", metavar="COLUMN", help="the label to predict")
    group.add_argument(
        "--sensitive",
        metavar="COLUMN",
        action="append",
        default=[],
        help="sensitive attribute to be fair about; may be repeated",
    )
    group.add_argument("--domain", metavar="COLUMN", help=domain)


def _add_judging(group: argparse._ActionsContainer) -> None:
    """Add what both commands need to judge a table."""
    group.add_argument(
        "--holdout",
        type=Path,
        metavar="TABLE",
        help="real rows that were not learnt from, to judge by; without them the rows "
        "learnt from are used, and membership is not measured",
    )
    group.add_argument(
        "--positive",
        metavar="LABEL",
        help="the label that is good to get (default: the larger of two labels; of "
        "more, each in turn)",
    )


def _add_quiet(group: argparse._ActionsContainer) -> None:
    group.add_argument(
        "-q", "--quiet", action="store_true", help="print nothing but errors"
    )


def _add_files(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group("files (.csv, .tsv, either with .gz, .parquet)")
    group.add_argument(
        "table",
        nargs="?",
        type=Path,
        help="table to learn from; - is CSV on standard input",
    )
    group.add_argument(
        "--data", type=Path, metavar="TABLE", help="the same, as an option"
    )
    group.add_argument(
        "-o",
        "--output",
        type=Path,
        required=True,
        help="synthetic table to write; - is CSV on standard output",
    )
    group.add_argument(
        "--model",
        type=Path,
        metavar="FILE.skops",
        help="with a table: keep the fitted model here; without: sample from it",
    )
    _add_reading(group)


def _add_reading(group: argparse._ActionsContainer) -> None:
    """Add what is to be said of files that cannot be seen from them."""
    group.add_argument(
        "--sep",
        type=_separator,
        metavar="CHAR",
        help="what separates the fields of the table, such as ';' or tab (default: "
        "recognised from its lines)",
    )
    group.add_argument(
        "--encoding",
        metavar="NAME",
        help="encoding of the table, such as cp1252 or latin-1 (default: UTF-8, or "
        "UTF-16 where the file begins like it)",
    )
    group.add_argument(
        "--missing",
        metavar="MARK",
        action="append",
        default=[],
        help="what stands for a missing value, beside the empty field; may be repeated "
        "(default: NA, null and the like in columns of numbers and of times)",
    )
    group.add_argument(
        "--drop-missing",
        action="store_true",
        help="leave out rows in which a label, a sensitive attribute or the domain is "
        "missing",
    )


def _add_columns(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group("learning")
    _add_roles(
        group,
        "where rows come from (hospital, state, year): training prepares for domains "
        "that it does not see",
    )
    group.add_argument(
        "--identifiers",
        type=_identifiers,
        metavar="[COLUMN=]RULE",
        action="append",
        default=[],
        help="what names, numbers of accounts and free text come back as: synthetic "
        "(the default: new ones of the same pattern), missing or keep (the real ones); "
        "for one column with its name, and then repeated",
    )
    group.add_argument(
        "--min-frequency",
        type=_count,
        metavar="N",
        help="categories, rare numbers and ends of ranges that fewer than N rows have "
        "are not generated (default: 5; 1 gives all back)",
    )
    group.add_argument(
        "--max-iter",
        type=_count,
        metavar="N",
        help="training iterations at most; small tables stop earlier",
    )


def _add_sampling(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group("sampling")
    group.add_argument(
        "-n",
        "--rows",
        type=_count,
        metavar="N",
        help="rows to generate (default: as many as were learnt from)",
    )
    group.add_argument(
        "--ask",
        metavar="LABEL[=SHARE]",
        action="append",
        default=[],
        help="generate this label only, or, repeated, labels in these shares: "
        "--ask yes=0.5 --ask no=0.5 (default: as in the table)",
    )
    group.add_argument(
        "--lambda-y",
        type=_strength,
        metavar="X",
        help="how typical rows are of their label, 0 (not at all) or more (default: "
        "1, as in the table)",
    )
    group.add_argument(
        "--lambda-z",
        type=_strength,
        metavar="X",
        help="strength of the paper's entropy guidance (default: none)",
    )
    group.add_argument(
        "--lambda-yz",
        type=_share_or_auto,
        metavar="X",
        help="strength of fair labels, 0 (none) to 1 (default: auto, the least that is "
        "predicted to meet --fairness-target)",
    )
    group.add_argument(
        "--fairness-target",
        type=_target,
        metavar="T",
        help="what auto aims at: a ratio of demographic parity such as 0.8, or with it "
        "one of equal opportunity, 0.9/0.75 (default: toward parity until that "
        "costs 2 points of accuracy)",
    )
    group.add_argument(
        "--adapt",
        type=Path,
        metavar="TABLE",
        help="unlabelled rows of the domain where models will be used; labels are made "
        "fair for it",
    )
    group.add_argument(
        "--keep-sensitive",
        action="store_true",
        help="write the sensitive columns too, drawn from what the other columns tell "
        "of them",
    )
    group.add_argument(
        "--seed",
        type=_seed,
        metavar="N",
        help="same seed, same table (default: drawn and printed)",
    )
    _add_quiet(group)


def _number(
    convert: Callable[[str], T], accepts: Callable[[T], bool], what: str
) -> Callable[[str], T]:
    """Return what reads a number from an argument, and refuses all others."""

    def read(text: str) -> T:
        try:
            value = convert(text)
        except ValueError:
            value = None
        if value is None or not accepts(value):
            raise argparse.ArgumentTypeError(f"{text!r} is {what}")
        return value

    return read


_count = _number(int, lambda n: n >= 1, "not a whole number of 1 or more")
_seed = _number(
    int, lambda n: 0 <= n < 2**32, "not a whole number from 0 to 4294967295"
)
_strength = _number(float, lambda x: 0 <= x < math.inf, "not a number of 0 or more")
_share = _number(float, lambda x: 0 <= x <= 1, "neither auto nor a number from 0 to 1")


def _identifiers(text: str) -> tuple[str | None, str]:
    column, _, rule = text.rpartition("=")
    if rule not in ("synthetic", "missing", "keep"):
        raise argparse.ArgumentTypeError(
            f"{text!r} ends in no rule; give synthetic, missing or keep, for one "
            "column as COLUMN=keep"
        )
    return column or None, rule


def _separator(text: str) -> str:
    sep = _SEPARATORS.get(text.lower(), text)
    if len(sep) != 1 or sep in '"\r\n\0':
        raise argparse.ArgumentTypeError(
            f"{text!r} is no separator; give one character, or tab"
        )
    return sep


def _share_or_auto(text: str) -> float | str:
    return text if text == "auto" else _share(text)


def _target(text: str) -> float | dict[str, float]:
    parts = text.split("/")
    try:
        ratios = [float(part) for part in parts]
    except ValueError:
        ratios = [math.nan]
    if len(ratios) > 2 or not all(0 < ratio <= 1 for ratio in ratios):
        raise argparse.ArgumentTypeError(
            f"{text!r} is not a ratio above 0 and up to 1, nor two such as 0.9/0.75"
        )
    measures = ("demographic_parity", "equal_opportunity")
    return dict(zip(measures, ratios, strict=True)) if ratios[1:] else ratios[0]
