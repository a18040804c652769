"""Small denoisers of images on a torus, and the flow that generates from them."""

from collections.abc import Callable

import jax
import jax.numpy as jnp
from flax import nnx
from jaxtyping import Array, Float

FREQUENCIES = 4
LEVELS = (20.0, 0.05)
FLOW_STEPS = 24

Images = Float[Array, "batch side side"]


def noise_features(level: Float[Array, " batch"]) -> Float[Array, "batch features"]:
    """Sines and cosines of the logarithm of the noise level."""
    angle = jnp.log(level)[:, None] * jnp.arange(1.0, FREQUENCIES + 1)[None] / 4
    return jnp.concatenate([jnp.sin(angle), jnp.cos(angle)], axis=1)


def neighbours(
    images: Float[Array, "batch side side channels"],
) -> Float[Array, "batch side side 9*channels"]:
    """Every pixel's 3 x 3 neighbourhood on the torus, concatenated as channels.

    With a dense layer it is a circular convolution; the gradient of a convolution
    inside a scan is ten times slower on a CPU.
    """
    shifts = [(i, j) for i in (-1, 0, 1) for j in (-1, 0, 1)]
    return jnp.concatenate([jnp.roll(images, s, (1, 2)) for s in shifts], axis=-1)


class Denoiser(nnx.Module):
    """Preconditioned denoiser: circular convolutions, perhaps a global bottleneck."""

    def __init__(
        self, side: int, channels: int, layers: int, rank: int, *, rngs: nnx.Rngs
    ):
        """Draw the initial weights; `rank` 0 leaves the global path out."""
        sizes = (1, *(channels,) * layers)
        self.convolutions = nnx.List(
            [nnx.Linear(9 * size, channels, rngs=rngs) for size in sizes[:-1]]
        )
        self.modulations = nnx.List(
            [nnx.Linear(2 * FREQUENCIES, 2 * channels, rngs=rngs) for _ in sizes[1:]]
        )
        small = nnx.initializers.variance_scaling(0.01, "fan_in", "normal")
        self.readout = nnx.Linear(9 * channels, 1, kernel_init=small, rngs=rngs)
        self.rank = rank
        if rank:
            self.encode = nnx.Linear(side**2, rank, rngs=rngs)
            self.gate = nnx.Linear(2 * FREQUENCIES, rank, rngs=rngs)
            self.decode = nnx.Linear(rank, side**2, kernel_init=small, rngs=rngs)

    def __call__(self, noisy: Images, level: Float[Array, " batch"]) -> Images:
        """The denoised images at noise levels `level`."""
        scale = jnp.sqrt(1 + level**2)[:, None, None]
        correction = self._network(noisy / scale, noise_features(level))
        return noisy / scale**2 + level[:, None, None] / scale * correction

    def _network(self, images, features):
        hidden = images[..., None]
        for convolve, modulate in zip(self.convolutions, self.modulations, strict=True):
            gain, offset = jnp.split(modulate(features)[:, None, None, :], 2, axis=-1)
            hidden = jax.nn.gelu(convolve(neighbours(hidden)) * (1 + gain) + offset)
        local = self.readout(neighbours(hidden))[..., 0]
        if not self.rank:
            return local
        units = self.encode(images.reshape(len(images), -1)) * (1 + self.gate(features))
        return local + self.decode(units).reshape(images.shape)


def generate(
    denoise: Callable[[Images, Float[Array, ""]], Images], noise: Images
) -> Images:
    """Heun steps of the probability flow, from the largest noise level down.

    Args:
        denoise: Function of noisy images and one level.
        noise: Standard normal images.

    Returns:
        Generated images.
    """
    top, bottom = LEVELS
    step_ratio = (bottom / top) ** (1 / FLOW_STEPS)

    def slope(images, level):
        return (images - denoise(images, level)) / level

    def step(carry, _):
        images, level = carry
        below = level * step_ratio
        first = slope(images, level)
        ahead = images + (below - level) * first
        images += (below - level) * (first + slope(ahead, below)) / 2
        return (images, below), None

    start = (top * noise, jnp.asarray(top, noise.dtype))
    (images, _), _ = jax.lax.scan(step, start, length=FLOW_STEPS)
    return images
