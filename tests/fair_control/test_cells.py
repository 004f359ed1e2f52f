"""Cells of rows: their tree and their pmi against its definition."""

import numpy as np
import pytest
import torch

from skfadm.datasets import make_biased_domains
from skfadm.fair_control._cells import fit_group_cells, pmi_with_cells


@pytest.fixture(scope="module")
def posteriors():
    biased = make_biased_domains(60_000, n_domains=1, bias=0.6, random_state=0)
    return biased.model.posterior_y(biased.data), biased.model.posterior_z(biased.data)


def assigned(cells, *p_z):
    return cells.assign([torch.as_tensor(p).log() for p in p_z]).numpy()


def test_rows_of_a_cell_tell_the_same_of_their_group(posteriors):
    p_y, p_z = posteriors
    cells = fit_group_cells(p_y, p_z)
    cell = assigned(cells, p_z)
    assert 2 < cells.n_cells <= 12
    assert np.unique(cell).tolist() == list(range(cells.n_cells))
    changes = np.flatnonzero(np.diff(cell[np.argsort(p_z[:, 0])]))
    assert len(changes) == cells.n_cells - 1


def test_cells_differ_in_their_labels(posteriors):
    p_y, p_z = posteriors
    cell = assigned(fit_group_cells(p_y, p_z), p_z)
    means = [p_y[cell == c, 1].mean() for c in range(cell.max() + 1)]
    assert np.ptp(means) > 0.4


def test_cells_of_several_attributes_see_them_all():
    rng = np.random.default_rng(0)
    p_z = [rng.dirichlet(np.ones(k), size=2000) for k in (2, 3)]
    p = p_z[0][:, 0] * p_z[1][:, 2]
    cells = fit_group_cells(np.column_stack([p, 1 - p]), np.hstack(p_z))
    cell = assigned(cells, *p_z)
    within = sum(p[cell == c].var() * np.mean(cell == c) for c in range(cells.n_cells))
    assert cells.n_cells <= 30
    assert within < 0.05 * p.var()
    assert {0, 1} & set(cells.feature) and {2, 3, 4} & set(cells.feature)


@pytest.mark.parametrize("n", [1, 30, 500])
def test_there_is_one_cell_where_nothing_tells_the_group_or_rows_are_few(n):
    rng = np.random.default_rng(0)
    p_z = np.full((n, 2), 0.5) if n > 30 else rng.dirichlet([1, 1], size=n)
    cells = fit_group_cells(rng.dirichlet([1, 1, 1], size=n), p_z)
    assert cells.n_cells == 1
    assert assigned(cells, p_z).tolist() == [0] * n


def test_pmi_agrees_with_the_definition_on_plenty_of_rows():
    joint = np.array([[0.1, 0.25], [0.3, 0.05], [0.1, 0.2]])
    codes = np.repeat(np.arange(6), (joint.ravel() * 200_000).astype(int))
    actual = pmi_with_cells(codes % 2, codes // 2, n_classes=2, n_cells=3)
    expected = np.log(joint / joint.sum(1, keepdims=True) / joint.sum(0))
    np.testing.assert_allclose(actual, expected, atol=1e-3)


def test_pmi_of_few_rows_leans_to_zero_and_that_of_no_rows_is_zero():
    y, cell = np.repeat([0, 1], [600, 400]), np.repeat([0, 1, 2], [500, 498, 2])
    pmi = pmi_with_cells(y, cell, n_classes=3, n_cells=4)
    assert np.isfinite(pmi).all()
    assert 0 < pmi[2, 1] < 0.3 < pmi[1, 1]
    np.testing.assert_allclose(pmi[3], 0.0, atol=1e-12)
    np.testing.assert_allclose(pmi[:, 2].max(), 0.0, atol=0.05)
