"""Notes and errors, in terms of the command line."""

from __future__ import annotations

import re
import sys
from shutil import get_terminal_size
from textwrap import fill

from skfadm._text import printable

#: Parameters and the options that set them.
_OPTIONS = {
    "lambda_yz": "--lambda-yz",
    "lambda_y": "--lambda-y",
    "lambda_z": "--lambda-z",
    "fairness_target": "--fairness-target",
    "pos_label": "--positive",
    "max_iter": "--max-iter",
    "adapt": "--adapt",
}


def say(text: str) -> None:
    """Print a note or an error on standard error: a line, wrapped in a terminal."""
    line = f"skfadm: {printable(' '.join(text.split()))}"
    if sys.stderr is not None and sys.stderr.isatty():
        width = get_terminal_size().columns
        # Paths and options are not cut.
        line = fill(line, width, break_long_words=False, break_on_hyphens=False)
    print(line, file=sys.stderr)


#: What messages call the table and its labels.
_TABLE = {
    r"^X holds": "the table holds",
    r"^y holds": "the column of --label holds",
    r", for example by \.astype\(\w+\) or \.astype\(\w+\)": "",
}
_IDENTIFIERS = re.compile(
    r"Say identifiers=\{'(.*)': 'synthetic'\} to have new words in the whole column, "
    "'missing' to have none, 'keep' to have the real ones"
)
_IDENTIFIER_OPTIONS = (
    r"Say --identifiers '\1=synthetic' to have new words in the whole column, "
    r"'\1=missing' to have none, '\1=keep' to have the real ones"
)


def in_options(message: str) -> str:
    """Say of an option what a message says of the parameter that it sets."""
    message = _IDENTIFIERS.sub(_IDENTIFIER_OPTIONS, message)
    for pattern, words in _TABLE.items():
        message = re.sub(pattern, words, message)
    found = re.fullmatch(
        r"The '(\w+)' parameter of \w+ must be (.*)\. Got (.*) instead\.", message
    )
    if found and found[1] in _OPTIONS:
        return f"{_OPTIONS[found[1]]} is {found[3]}; expected {found[2]}"
    for name, option in _OPTIONS.items():
        if name == "adapt":
            message = message.replace("`adapt`", option)
            continue
        message = re.sub(rf"\b{name}=(\S*\w'?)", rf"{option} \1", message)
        message = re.sub(rf"(?<!-)\b{name}\b", option, message)
    return message
