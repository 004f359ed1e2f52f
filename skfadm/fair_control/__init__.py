"""Fair control: which label a generated row gets.

`posteriors` tells p(y | x) and p(z | x) of rows, `multipliers` solves for the shift
that makes decisions alike, `labels` has the posterior and the rates that result.
"""
