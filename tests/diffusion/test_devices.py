import pytest
import torch

from skfadm.diffusion.devices import resolve_device


@pytest.fixture(params=[False, True], ids=["no GPU", "GPU"])
def has_cuda(request, monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: request.param)
    return request.param


def test_auto_is_a_gpu_where_there_is_one(has_cuda):
    assert resolve_device("auto") == ("cuda" if has_cuda else "cpu")


@pytest.mark.parametrize("device", ["cpu", "cpu:0", "cpu:1"])
def test_the_processor_goes_by_one_name(device):
    assert resolve_device(device) == "cpu"


@pytest.mark.parametrize("device", ["abacus", "cpu:-1", "cuda:99", "meta", "mps"])
def test_what_cannot_work_is_refused_with_what_can(device, has_cuda, monkeypatch):
    if device == "mps":  # as on a Mac, where torch does make such tensors
        monkeypatch.setattr(torch, "empty", lambda *size, device: None)
    expected = "'auto', 'cuda' or 'cpu'" if has_cuda else "'auto' or 'cpu'"
    with pytest.raises(ValueError, match=f"device is '{device}'.*expected {expected}"):
        resolve_device(device)
