"""Experiments that measure the package: run them with ``python -m``."""
