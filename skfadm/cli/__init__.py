"""The command line: `skfadm demo`, `skfadm generate` and `skfadm report`."""

from .main import main

__all__ = ["main"]
