"""The command line: `skfadm demo`, `generate` and `report`."""

from __future__ import annotations

import os
import signal
import sys
import threading
import traceback
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import NoReturn

from skfadm._files import UserError, own_version

from .arguments import parser
from .terminal import drop_output, in_options, say

#: With this set in the environment, errors show where they come from.
DEBUG = "SKFADM_DEBUG"


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line.

    Parameters
    ----------
    argv : sequence of str, default=None
        The arguments; ``None`` means those of the process.

    Returns
    -------
    int
        The exit code: 0, 2 for an error of the user, 70 for one of skfadm, 130 after
        Ctrl-C, 141 where nobody reads the output any more. SIGTERM and SIGHUP exit
        with 143 and 129.

    Examples
    --------
    >>> from skfadm.cli import main
    >>> main(["generate", "no-such-table.csv", "--label", "income", "-o", "fair.csv"])
    2
    """
    try:
        return _run(argv)
    except BrokenPipeError:
        drop_output()
        return 141
    except KeyboardInterrupt:
        say("interrupted")
        return 130
    except Exception as error:
        if os.environ.get(DEBUG):
            traceback.print_exc()
        say(f"error: {_what_happened(error)}")
        return 2 if isinstance(error, UserError | OSError | MemoryError) else 70


def _what_happened(error: Exception) -> str:
    if isinstance(error, OSError) and error.strerror:
        where = f"{error.filename}: " if error.filename else ""
        return where + error.strerror
    if isinstance(error, UserError | OSError):
        return str(error)
    if isinstance(error, MemoryError):
        return "there is not enough memory; try fewer rows, of the table or by -n"
    return (
        f"this is a fault of skfadm {own_version()}: {type(error).__name__}: {error}; "
        f"please report it to its developers with the command and what {DEBUG}=1 adds"
    )


def _run(argv: Sequence[str] | None) -> int:
    options = parser()
    if "_ARGCOMPLETE" in os.environ:  # the shell asks what a word may go on with
        import argcomplete

        argcomplete.autocomplete(options)
    args = options.parse_args(argv)
    if args.command is None:
        options.print_help(sys.stderr)
        return 2
    with _orderly_end(), _warnings_as_notes(getattr(args, "quiet", False)):
        # Each command brings its own imports, so that --help and errors come at once.
        if args.command == "demo":
            from .demo import demo

            demo(args.out)
        elif args.command == "report":
            from .report import report

            report(args)
        else:
            from .generate import generate

            generate(args)
    sys.stdout.flush()
    return 0


@contextmanager
def _orderly_end() -> Iterator[None]:
    """Let SIGTERM and SIGHUP unwind the stack, so that nothing half done is left."""

    def end(number: int, frame: object) -> NoReturn:
        say("ended from outside")
        sys.exit(128 + number)

    is_main = threading.current_thread() is threading.main_thread()
    numbers = [getattr(signal, name, 0) for name in ("SIGTERM", "SIGHUP") if is_main]
    # Others' handlers stay, as does that a signal is ignored (nohup).
    numbers = [n for n in numbers if n and signal.getsignal(n) is signal.SIG_DFL]
    for number in numbers:
        signal.signal(number, end)
    try:
        yield
    finally:
        for number in numbers:
            signal.signal(number, signal.SIG_DFL)


@contextmanager
def _warnings_as_notes(quiet: bool) -> Iterator[None]:
    """Show skfadm's own warnings in a line each, or none; other packages' never."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        if not quiet:
            warnings.filterwarnings("always", category=UserWarning, module="skfadm")
        shown: set[str] = set()

        def show(message: Warning | str, *_: object, **__: object) -> None:
            text = in_options(str(message))
            if text not in shown:
                say(f"note: {text}")
                shown.add(text)

        warnings.showwarning = show
        yield
