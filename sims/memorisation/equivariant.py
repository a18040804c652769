"""Translation-equivariant linear models: covariances that are circulant on a torus."""

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Key

from ..draws import normals
from ..sweep import simulator
from .draws import Number, check_samples, row_mask


def _check(power, num_samples, max_samples):
    if power.ndim != 2 or power.shape[0] != power.shape[1]:
        return f"`power` must be a square array, got shape {power.shape}"
    if not (power > 0).all():
        return "`power` must be positive"
    return check_samples(num_samples, max_samples)


@simulator({"cross": (), "self": ()}, check=_check, dtype="float64")
def simulate_equivariant(
    key: Key[Array, ""],
    power: Float[Array, "side side"],
    num_samples: Number,
    *,
    max_samples: int,
) -> dict[str, Array]:
    """Learn the spectrum of stationary fields twice, from independent fields.

    Args:
        key: Random key.
        power: Variance of every Fourier mode, symmetric under k -> -k.
        num_samples: n fields per model.
        max_samples: Fields in the program, at least n.

    Returns:
        `cross` = tr G1 G2 and `self` = (tr G1^2 + tr G2^2)/2.
    """
    side = power.shape[0]
    number = jnp.asarray(num_samples)
    spectra = [
        _learnt(jax.random.fold_in(key, model), power, number, max_samples)
        for model in (0, 1)
    ]
    first, second = (spectrum / side**2 for spectrum in spectra)
    return {
        "cross": jnp.sum(jnp.sqrt(first * second)),
        "self": jnp.sum(first + second) / 2,
    }


def _learnt(key, power, number, max_samples):
    """Mean over the fields of the squared modulus of every mode."""
    shape = (max_samples, *power.shape)
    fields = normals(key, shape, power.dtype)
    modes = jnp.abs(jnp.fft.fft2(fields)) ** 2 * power[None]
    mask = row_mask(number, max_samples)[:, :, None]
    return jnp.sum(jnp.where(mask, modes, 0.0), axis=0) / number.astype(power.dtype)
