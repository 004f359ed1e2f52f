"""Mixed-type tables as rows of numbers and codes, and back."""

from ._encoder import TabularEncoder

__all__ = ["TabularEncoder"]
