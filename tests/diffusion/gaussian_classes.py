"""A Gaussian mixture whose noised score and posteriors are known in closed form."""

import torch
from torch import Tensor

from skfadm.diffusion.sde import VPSDE


class GaussianClasses:
    """Components of equal covariance, each with a weight, a label and a group."""

    def __init__(self, weights, means, covariance, labels, groups, sde=None):
        self.weights = torch.tensor(weights, dtype=torch.float64)
        self.means = torch.tensor(means, dtype=torch.float64)
        self.covariance = torch.tensor(covariance, dtype=torch.float64)
        self.labels = torch.tensor(labels)
        self.groups = torch.tensor(groups)
        self.sde = sde or VPSDE()

    def log_joint(self, x: Tensor, t: Tensor) -> Tensor:
        """Return log p_t(x, component), shape (n, n_components)."""
        alpha, sigma = self.sde.marginal(t.double().reshape(()))
        eye = torch.eye(len(self.covariance), dtype=torch.float64)
        covariance = alpha**2 * self.covariance + sigma**2 * eye
        normal = torch.distributions.MultivariateNormal(
            alpha * self.means, covariance_matrix=covariance
        )
        return self.weights.log() + normal.log_prob(x.double().unsqueeze(1))

    def score(self, x: Tensor, t: Tensor) -> Tensor:
        """Return grad log p_t(x) by differentiating the density."""
        with torch.enable_grad():
            x = x.detach().double().requires_grad_()
            log_p = self.log_joint(x, t).logsumexp(1).sum()
            return torch.autograd.grad(log_p, x)[0]

    def denoiser(self, x: Tensor, t: Tensor) -> Tensor:
        """Return E[x_0 | x_t] by Tweedie's formula."""
        alpha, sigma = self.sde.marginal(t.double())
        return ((x + sigma**2 * self.score(x, t)) / alpha).to(x.dtype)

    def posterior(self, codes: Tensor, x: Tensor, t: Tensor) -> tuple[Tensor]:
        """Return (log p_t(c | x),) for the components' `codes`."""
        joint = self.log_joint(x, t)
        parts = [joint[:, codes == c].logsumexp(1) for c in codes.unique()]
        return (torch.stack(parts, 1).log_softmax(1).to(x.dtype),)

    def label_classifier(self, x: Tensor, t: Tensor) -> tuple[Tensor]:
        return self.posterior(self.labels, x, t)

    def sensitive_classifier(self, x: Tensor, t: Tensor) -> tuple[Tensor]:
        return self.posterior(self.groups, x, t)
