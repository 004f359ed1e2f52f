"""What the command line prints: lines that do no harm, in terms of its options."""

from __future__ import annotations

import os
import re
import sys
from contextlib import suppress
from shutil import get_terminal_size
from textwrap import fill

from skfadm._text import printable

#: What messages call arguments and parameters, and what these are here.
_WORDS = {
    "X": "the table",
    "y": "the column of --label",
    "z": "--sensitive",
    "domains": "--domain",
    "lambda_y": "--lambda-y",
    "lambda_z": "--lambda-z",
    "lambda_yz": "--lambda-yz",
    "fairness_target": "--fairness-target",
    "pos_label": "--positive",
    "max_iter": "--max-iter",
    "min_frequency": "--min-frequency",
    "adapt": "--adapt",
}
_PARAMETERS = "|".join(name for name in _WORDS if "_" in name)
#: A parameter, perhaps with the value, or a rule for a column, that it is to have.
_SETTING = re.compile(
    rf"(?<![-\w])(?:({_PARAMETERS})(?![-\w])(?:=([^\s,;]*\w'?))?"
    r"|identifiers=\{(.*?): '(\w+)'\})"
)


def say(text: str) -> None:
    """Print a note or an error on standard error: a line, wrapped in a terminal."""
    line = printable(f"skfadm: {' '.join(text.split())}")
    if sys.stderr is not None and sys.stderr.isatty():
        width = get_terminal_size().columns
        # Paths and options are not cut.
        line = fill(line, width, break_long_words=False, break_on_hyphens=False)
    with suppress(BrokenPipeError):
        print(line, file=sys.stderr)


def tell(text: str, *, aside: bool = False) -> None:
    """Print lines on standard output or, aside, on standard error.

    Where nobody reads them any more, as behind a pipe to head, they are dropped.
    """
    stream = sys.stderr if aside else sys.stdout
    encoding = getattr(stream, "encoding", None) or "utf-8"
    lines = "\n".join(map(printable, text.split("\n")))
    lines = lines.encode(encoding, "backslashreplace").decode(encoding)
    try:
        print(lines, file=stream, flush=True)
    except BrokenPipeError:
        drop_output()


def drop_output() -> None:
    """Send what is still to be printed nowhere, after its reader went away."""
    with suppress(OSError, ValueError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def problem_of(error: Exception) -> str:
    """Say of an option what an error says of an argument."""
    if problem := getattr(error, "problem", None):
        return in_options(f"{error.argument} {problem}")  # type: ignore[attr-defined]
    return in_options(str(error))


def in_options(message: str) -> str:
    """Name options where a message names an argument, first of all, or parameters."""
    first, _, rest = message.partition(" ")
    if first in _WORDS:
        message = f"{_WORDS[first]} {rest}"
    message = re.sub(r"`(\w+)`", lambda m: _WORDS.get(m[1], m[1]), message)
    return _SETTING.sub(_option, message)


def _option(setting: re.Match[str]) -> str:
    name, value, column, rule = setting.groups()
    if rule:
        return f"--identifiers '{column.strip(chr(39))}={rule}'"
    return _WORDS[name] + (f" {value}" if value else "")
