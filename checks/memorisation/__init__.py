"""Claims on memorisation, convergence and latent recovery."""

from . import convergence, copying, denoising, distances, exponents, latents, networks

CLAIMS = (
    *convergence.CLAIMS,
    *latents.CLAIMS,
    *distances.CLAIMS,
    *copying.CLAIMS,
    *denoising.CLAIMS,
    *exponents.CLAIMS,
    *networks.CLAIMS,
)
