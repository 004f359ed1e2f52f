"""Mixed-type tables as rows of numbers and codes, and back, and as features."""

from ._encoder import TabularEncoder
from ._features import ClassifierFeatures

__all__ = ["ClassifierFeatures", "TabularEncoder"]
