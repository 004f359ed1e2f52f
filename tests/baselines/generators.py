"""Baselines that train in a fraction of a second."""

from types import SimpleNamespace

import numpy as np
import torch

from skfadm.baselines import DDPM, DECAF, FADM, FLDGM, GAN, VAE, FairGAN
from skfadm.baselines._training import Batch
from skfadm.diffusion.layers import draw_weights

SMALL = {"hidden_width": 16, "max_iter": 5, "batch_size": 16, "random_state": 0}
TINY = {
    VAE: {**SMALL, "n_layers": 1, "latent_size": 4},
    GAN: {**SMALL, "n_layers": 1, "noise_size": 4},
    FairGAN: {**SMALL, "n_layers": 1, "noise_size": 4},
    DDPM: {**SMALL, "n_blocks": 1, "n_steps": 3},
    DECAF: {**SMALL, "n_layers": 1, "noise_size": 2},
    FLDGM: {**SMALL, "n_layers": 1, "latent_size": 4, "n_steps": 3},
    FADM: {**SMALL, "n_blocks": 1, "n_steps": 3},
}
BASELINES = list(TINY)
#: Those that cannot do without z.
FAIR_BASELINES = [FairGAN, DECAF, FLDGM]


def tiny(baseline, **params):
    return baseline(**{**TINY[baseline], **params})


def networks_with(kind, layout, groups=None, **params):
    """Return networks of one layer of eight units, as at the start of a training."""
    p = SimpleNamespace(**{"hidden_width": 8, "n_layers": 1, **params})
    networks = kind(layout, groups, p)
    draw_weights(networks, torch.Generator().manual_seed(0))
    return networks


def losses_of(networks, rows, groups=None, seed=0):
    """Return the losses that a step would lower, by network; nothing is updated."""
    losses = {}
    groups = torch.empty(len(rows), 0) if groups is None else groups
    generator = torch.Generator().manual_seed(seed)
    networks.step(Batch(rows, groups, generator), losses.__setitem__)
    return losses


def networks_of(fitted):
    """Return what a fitted baseline samples with, which has no public name."""
    return fitted._trained_networks()


def never_the_last_label(fitted):
    """Make the last label one that a fitted GAN never generates; return the GAN."""
    # The label is the last column, but blocks are ordered by size.
    channel = networks_of(fitted).layout.offsets[-1] + len(fitted.classes_) - 1
    name = "generator.network.2.bias"
    fitted.weights_[name] = fitted.weights_[name].copy()
    fitted.weights_[name][channel] = np.float32(-1e4)
    return fitted
