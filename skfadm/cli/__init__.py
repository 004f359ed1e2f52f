"""The command line: `skfadm demo`, `skfadm generate` and `skfadm table1`."""

from .main import main

__all__ = ["main"]
