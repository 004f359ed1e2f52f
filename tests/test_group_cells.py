"""Cells of rows: their tree against its definition, their tilt as exact reweighing."""

import numpy as np
import pytest
import torch

from skfadm._group_cells import fit_group_cells
from skfadm.datasets import make_biased_domains


@pytest.fixture(scope="module")
def biased():
    return make_biased_domains(60_000, n_domains=1, bias=0.6, random_state=0)


@pytest.fixture(scope="module")
def posteriors(biased):
    return biased.model.posterior_y(biased.data), biased.model.posterior_z(biased.data)


def pmi_of_rows(cells, *p_z):
    return cells.coupling([torch.as_tensor(p).log() for p in p_z]).numpy()


def test_pmi_of_a_row_is_that_of_the_rows_in_its_cell(posteriors):
    p_y, p_z = posteriors
    pmi = pmi_of_rows(fit_group_cells(p_y, p_z), p_z)
    of_cell = np.unique(pmi[:, 1])
    assert 2 < len(of_cell) <= 12
    for value in of_cell:
        members = pmi[:, 1] == value
        expected = np.log(p_y[members].mean(0) / p_y.mean(0))
        np.testing.assert_allclose(pmi[members][0], expected, atol=0.05)


def test_rows_of_a_cell_tell_the_same_of_their_group(posteriors):
    p_y, p_z = posteriors
    pmi = pmi_of_rows(fit_group_cells(p_y, p_z), p_z)[:, 1]
    changes = np.flatnonzero(np.diff(pmi[np.argsort(p_z[:, 0])]))
    assert len(changes) == len(np.unique(pmi)) - 1


def test_strength_one_reweighs_labels_to_independence_of_the_cell(biased, posteriors):
    """Exactly, whatever the features tell of the group, and with Z_y = 1."""
    y, (p_y, p_z) = biased.target, posteriors
    pmi = pmi_of_rows(fit_group_cells(p_y, p_z), p_z)
    weights = np.exp(-pmi[np.arange(len(y)), y])
    cells = [pmi[:, 1] == value for value in np.unique(pmi[:, 1])]
    before = [y[cell].mean() for cell in cells]
    after = [np.average(y[cell], weights=weights[cell]) for cell in cells]
    assert np.ptp(before) > 0.4
    np.testing.assert_allclose(after, y.mean(), atol=0.03)
    for label in (0, 1):
        assert weights[y == label].mean() == pytest.approx(1.0, abs=0.02)


def test_cells_of_many_labels_and_of_several_attributes_are_bounded():
    rng = np.random.default_rng(0)
    p_y = rng.dirichlet(np.full(4, 0.1), size=500)
    p_z = [rng.dirichlet(np.ones(k), size=500) for k in (2, 3)]
    cells = fit_group_cells(p_y, np.hstack(p_z))
    pmi = pmi_of_rows(cells, *p_z)
    assert pmi.shape == (500, 4)
    assert np.isfinite(pmi).all()
    assert (pmi >= cells.lowest - 1e-12).all()
    np.testing.assert_allclose(pmi.min(0), cells.lowest)


@pytest.mark.parametrize("n", [1, 30, 500])
def test_there_is_one_cell_where_nothing_tells_the_group_or_rows_are_few(n):
    rng = np.random.default_rng(0)
    p_z = np.full((n, 2), 0.5) if n > 30 else rng.dirichlet([1, 1], size=n)
    cells = fit_group_cells(rng.dirichlet([1, 1, 1], size=n), p_z)
    np.testing.assert_allclose(pmi_of_rows(cells, p_z), 0.0, atol=1e-12)


def test_a_label_that_no_row_has_gives_finite_numbers():
    rng = np.random.default_rng(0)
    p_z = rng.dirichlet([1, 1], size=300)
    p_y = np.column_stack([p_z, np.zeros(300)])
    pmi = pmi_of_rows(fit_group_cells(p_y, p_z), p_z)
    assert np.isfinite(pmi).all()
    np.testing.assert_allclose(pmi[:, 2], 0.0, atol=1e-12)
