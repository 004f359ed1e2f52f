"""The arguments of the command line, without what is heavy to import."""

from __future__ import annotations

import argparse
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any, NoReturn, TypeVar

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
    as_is: dict[str, Any] = {"formatter_class": argparse.RawDescriptionHelpFormatter}
    text = "show on a small real table what it does, in seconds"
    demo = commands.add_parser("demo", help=text, description=_DEMO)
    text = "folder to write to, made if need be (default: %(default)s)"
    _add(demo, "--out", "DIR", text, type=Path, default=Path("skfadm-demo"))

    text = "generate a fair table from your own"
    generate = commands.add_parser(
        "generate", help=text, description=_GENERATE, epilog=_EXAMPLES, **as_is
    )
    _add_files(generate)
    _add_learning(generate)
    _add_sampling(generate)
    judging = generate.add_argument_group("judging")
    _add_judging(judging)
    text = "page to write on how fair, faithful and private the table is"
    _add(judging, "--report", "PAGE.html", text, type=Path)
    text = "data card to hand on with the table, .json or .md"
    _add(judging, "--card", "CARD", text, type=Path)

    text = "say how fair, faithful and private a table is"
    report = commands.add_parser(
        "report", help=text, description=_REPORT, epilog=_REPORT_EXAMPLES, **as_is
    )
    report.add_argument("real", type=Path, help="table that the generator learnt from")
    report.add_argument("synthetic", type=Path, help="table that it has made")
    _add_roles(report, "where rows come from: each is judged alone")
    _add_judging(report)
    page = {"dest": "report", "type": Path, "required": True}
    _add(report, ("-o", "--output"), "PAGE.html", "page to write", **page)
    text = "seed of folds and classifiers (default: %(default)s)"
    _add(report, "--seed", "N", text, type=_seed, default=0)
    report.add_argument(
        "-q", "--quiet", action="store_true", help="print nothing but errors"
    )
    _add_reading(report.add_argument_group("reading"))
    return parser


def _add(
    group: argparse._ActionsContainer,
    names: str | tuple[str, ...],
    metavar: str,
    text: str,
    **options: Any,
) -> None:
    """Add an option with a value."""
    names = (names,) if isinstance(names, str) else names
    group.add_argument(*names, metavar=metavar, help=text, **options)


_REPEATED: dict[str, Any] = {"action": "append", "default": []}


def _add_roles(group: argparse._ActionsContainer, domain: str) -> None:
    """Add the columns that have a role; `domain` says what that of domains does."""
    _add(group, "--label", "COLUMN", "the label to predict")
    text = "sensitive attribute to be fair about; may be repeated"
    _add(group, "--sensitive", "COLUMN", text, **_REPEATED)
    _add(group, "--domain", "COLUMN", domain)


def _add_judging(group: argparse._ActionsContainer) -> None:
    """Add what both commands need to judge a table."""
    text = "real rows not learnt from, to judge by; without them nothing is attacked"
    _add(group, "--holdout", "TABLE", text, type=Path)
    text = "the label that is good to get (default: guessed; of three and more, each)"
    _add(group, "--positive", "LABEL", text)


def _add_files(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group("files (.csv, .tsv, either with .gz, .parquet)")
    text = "table to learn from; - is CSV on standard input"
    group.add_argument("table", nargs="?", type=Path, help=text)
    _add(group, "--data", "TABLE", "the same, as an option", type=Path)
    text = "synthetic table to write; - is CSV on standard output"
    _add(group, ("-o", "--output"), "OUTPUT", text, type=Path, required=True)
    text = "with a table: keep the fitted model here; without: sample from it"
    _add(group, "--model", "FILE.skops", text, type=Path)
    _add_reading(group)


def _add_reading(group: argparse._ActionsContainer) -> None:
    """Add what is to be said of files that cannot be seen from them."""
    text = "what separates fields, such as ';' or tab (default: recognised)"
    _add(group, "--sep", "CHAR", text, type=_separator)
    text = "encoding, such as cp1252 (default: UTF-8, or UTF-16 with its mark)"
    _add(group, "--encoding", "NAME", text)
    text = (
        "what stands for a missing value, beside the empty field; may be repeated "
        "(default: NA, null and the like, but not among words)"
    )
    _add(group, "--missing", "MARK", text, **_REPEATED)
    text = (
        "leave out rows where a label, a sensitive attribute or the domain is missing"
    )
    group.add_argument("--drop-missing", action="store_true", help=text)


def _add_learning(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group("learning")
    _add_roles(group, "where rows come from (hospital, state), to prepare for new ones")
    text = (
        "what names, numbers of accounts and free text come back as: synthetic (the "
        "default: new ones of the same pattern), missing or keep (the real ones); for "
        "one column with its name, and then repeated"
    )
    rule = {"type": _identifiers, **_REPEATED}
    _add(group, "--identifiers", "[COLUMN=]RULE", text, **rule)
    text = (
        "categories, rare numbers and ends of ranges that fewer than N rows have are "
        "not generated (default: 5; 1 gives all back)"
    )
    _add(group, "--min-frequency", "N", text, type=_count)
    text = "training iterations at most; small tables stop earlier"
    _add(group, "--max-iter", "N", text, type=_count)


def _add_sampling(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group("sampling")
    text = "rows to generate (default: as many as were learnt from)"
    _add(group, ("-n", "--rows"), "N", text, type=_count)
    text = (
        "generate this label only, or, repeated, labels in these shares: "
        "--ask yes=0.5 --ask no=0.5 (default: as in the table)"
    )
    _add(group, "--ask", "LABEL[=SHARE]", text, **_REPEATED)
    text = "how typical rows are of their label (default: 1, as in the table)"
    _add(group, "--lambda-y", "X", text, type=_strength)
    text = "strength of the paper's entropy guidance (default: none)"
    _add(group, "--lambda-z", "X", text, type=_strength)
    text = (
        "strength of fair labels, 0 (none) to 1 (default: auto, the least that is "
        "predicted to meet --fairness-target)"
    )
    _add(group, "--lambda-yz", "X", text, type=_share_or_auto)
    text = (
        "what auto aims at: a ratio of demographic parity such as 0.8, or with it one "
        "of equal opportunity, 0.9/0.75 (default: toward parity until that costs 2 "
        "points of accuracy)"
    )
    _add(group, "--fairness-target", "T", text, type=_target)
    text = "unlabelled rows of the domain for which labels are to be fair"
    _add(group, "--adapt", "TABLE", text, type=Path)
    text = "write the sensitive columns too, as the other columns tell of them"
    group.add_argument("--keep-sensitive", action="store_true", help=text)
    text = "same seed, same table (default: drawn and printed)"
    _add(group, "--seed", "N", text, type=_seed)
    group.add_argument(
        "-q", "--quiet", action="store_true", help="print nothing but errors"
    )


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
_ratio = _number(
    float, lambda x: 0 < x <= 1, "not a ratio above 0 and up to 1, nor two: 0.9/0.75"
)


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
    parity, both, opportunity = text.partition("/")
    if not both:
        return _ratio(parity)
    measures = ("demographic_parity", "equal_opportunity")
    return dict(zip(measures, (_ratio(parity), _ratio(opportunity)), strict=True))
