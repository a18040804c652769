"""Images on a torus: a stationary Gaussian field and one localised latent."""

from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Key

from ..draws import normals

IMAGE_EXPONENT = 1.0


class Truth(NamedTuple):
    """The law of the images.

    Attributes:
        power: Variance of every Fourier mode of the background, mean 1.
        latent: The localised direction, unit norm.
        spike: Its excess variance.
    """

    power: Float[Array, "side side"]
    latent: Float[Array, "side side"]
    spike: Float[Array, ""]


def texture_truth(spike: Float[Array, ""], side: int) -> Truth:
    """A background with spectrum 1/(1 + |k|^2) and a localised checkerboard.

    The checkerboard has little power in the background.

    Args:
        spike: Variance of the latent relative to that of a pixel of the background.
        side: L.

    Returns:
        The law.
    """
    wave = np.fft.fftfreq(side, 1 / side)
    power = (1 + np.add.outer(wave**2, wave**2)) ** -IMAGE_EXPONENT
    place = np.arange(side) - side // 2
    bump = np.exp(-np.add.outer(place**2, place**2) / (2 * (side / 5) ** 2))
    board = bump * (-1.0) ** np.add.outer(np.arange(side), np.arange(side))
    return Truth(
        power=jnp.asarray(power / power.mean(), spike.dtype),
        latent=jnp.asarray(board / np.linalg.norm(board), spike.dtype),
        spike=spike,
    )


def draw_textures(
    key: Key[Array, ""], truth: Truth, number: int
) -> Float[Array, "number side side"]:
    """Independent images of unit mean variance per pixel."""
    field_key, latent_key = jax.random.split(key)
    side = truth.power.shape[0]
    white = normals(field_key, (number, side, side), truth.power.dtype)
    modes = jnp.fft.fft2(white)
    modes *= jnp.sqrt(truth.power)[None].astype(modes.dtype)
    strength = normals(latent_key, (number, 1, 1), truth.power.dtype)
    latent = jnp.sqrt(truth.spike) * strength * truth.latent[None]
    return (jnp.fft.ifft2(modes).real + latent) / jnp.sqrt(_pixel_variance(truth))


def texture_covariance(truth: Truth) -> Float[Array, "pixels pixels"]:
    """Covariance of the flattened images."""
    side = truth.power.shape[0]
    kernel = jnp.fft.ifft2(truth.power).real
    shift = (jnp.arange(side)[:, None] - jnp.arange(side)[None, :]) % side
    background = kernel[shift[:, None, :, None], shift[None, :, None, :]]
    latent = truth.latent.reshape(-1)
    covariance = background.reshape(side**2, side**2)
    spiked = covariance + truth.spike * latent[:, None] * latent[None, :]
    return spiked / _pixel_variance(truth)


def _pixel_variance(truth):
    return 1 + truth.spike / truth.power.size
