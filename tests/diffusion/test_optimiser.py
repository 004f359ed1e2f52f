import pytest
import torch
from torch import nn

from skfadm.diffusion.optimiser import (
    LABEL_SPEED,
    Muon,
    adam,
    muon_and_adam,
    orthogonalise,
)


def drawn(*shape, seed=0):
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed))


@pytest.mark.parametrize("shape", [(3, 8, 8), (2, 6, 20), (2, 20, 6)])
def test_orthogonalised_matrices_keep_their_directions_with_singular_values_near_1(
    shape,
):
    matrices = drawn(*shape)
    u, _, v = torch.linalg.svd(matrices, full_matrices=False)
    # In the bases of the singular vectors it is a diagonal matrix.
    found = u.mT @ orthogonalise(matrices) @ v.mT
    values = found.diagonal(dim1=1, dim2=2)
    torch.testing.assert_close(found, values.diag_embed(), atol=1e-4, rtol=0)
    assert values.min() > 0.5 and values.max() < 1.3


@pytest.mark.skipif(not hasattr(torch.optim, "Muon"), reason="torch before 2.9")
def test_muon_takes_the_steps_of_torch():
    ours = [nn.Parameter(drawn(*shape)) for shape in [(16, 16), (16, 16), (24, 8)]]
    theirs = [nn.Parameter(p.detach().clone()) for p in ours]
    muon = Muon([{"params": ours, "lr": 0.02}], dtype=torch.bfloat16)
    reference = torch.optim.Muon(
        theirs, lr=0.02, weight_decay=0.0, adjust_lr_fn="match_rms_adamw"
    )
    for step in range(4):
        for j, (a, b) in enumerate(zip(ours, theirs, strict=True)):
            a.grad = drawn(*a.shape, seed=10 * step + j)
            b.grad = a.grad.clone()
        muon.step()
        reference.step()
    for a, b in zip(ours, theirs, strict=True):
        torch.testing.assert_close(a, b, atol=2e-3, rtol=0)


def test_muon_has_the_matrices_of_the_score_network_but_for_those_of_labels():
    shapes = {
        "score.inputs.weight": (3, 3),
        "score.labels.weight": (3, 2),
        "score.outputs.bias": (3,),
        "y.inputs.weight": (3, 3),
    }
    parameters = {n: nn.Parameter(torch.zeros(s)) for n, s in shapes.items()}
    by_adam, muon = muon_and_adam(parameters, torch.float32)
    (of_muon,) = muon.param_groups
    assert of_muon["params"] == [parameters["score.inputs.weight"]]
    groups = {g["params"][0]: (g["network"], g["speed"]) for g in by_adam.param_groups}
    assert groups == {
        parameters["score.labels.weight"]: ("score", LABEL_SPEED),
        parameters["score.outputs.bias"]: ("score", 1.0),
        parameters["y.inputs.weight"]: ("y", 1.0),
    }
    (alone,) = adam(parameters)
    assert [g["network"] for g in alone.param_groups] == ["score", "y"]
    assert [len(g["params"]) for g in alone.param_groups] == [3, 1]
