"""Generators to compare with: VAE, GAN, DDPM and FairGAN."""

from ._ddpm import DDPM
from ._fairgan import FairGAN
from ._gan import GAN
from ._vae import VAE

__all__ = ["DDPM", "GAN", "VAE", "FairGAN"]
