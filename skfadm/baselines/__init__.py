"""Generators to compare with: VAE, GAN, DDPM, FairGAN, DECAF, FLDGM and FADM."""

from ._ddpm import DDPM
from ._decaf import DECAF
from ._fadm import FADM
from ._fldgm import FLDGM
from ._gan import GAN, FairGAN
from ._vae import VAE

__all__ = ["DDPM", "DECAF", "FADM", "FLDGM", "GAN", "VAE", "FairGAN"]
