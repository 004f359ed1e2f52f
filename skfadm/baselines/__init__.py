"""Generators to compare with: VAE, GAN, DDPM, FairGAN, DECAF and FLDGM."""

from ._ddpm import DDPM
from ._decaf import DECAF
from ._fairgan import FairGAN
from ._fldgm import FLDGM
from ._gan import GAN
from ._vae import VAE

__all__ = ["DDPM", "DECAF", "FLDGM", "GAN", "VAE", "FairGAN"]
