"""Data with a known bias, and data that people use to study one."""

from ._adult import fetch_adult
from ._biased import BiasedDomains, make_biased_domains

__all__ = ["BiasedDomains", "fetch_adult", "make_biased_domains"]
