"""Fair control: which label a generated row gets.

`posteriors` tells p(y | x) and p(z | x) of rows, `multipliers` solves for the shift
that makes decisions alike, `labels` draws from the posterior that results, `rates` and
`tradeoff` predict what it brings and costs.
"""
