"""The rising bar: one arm in memory, measured against a number that only rises."""

from typing import Any

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Key

from ..sweep import simulator
from . import outcome, streams

OUTPUTS = {**outcome.OUTPUTS, "bar_first": (), "bar_last": ()}


def check_bar(
    means: Any, stage_pulls: Any, rise: Any, horizon: Any, sigma: Any = 0.5
) -> str | None:
    """What is wrong with a game of the rising bar."""
    return outcome.complaints(
        outcome.bad_game(means, horizon),
        outcome.not_increasing("stage_pulls", stage_pulls, pads=True),
        outcome.not_positive(rise=rise, sigma=sigma),
    )


@simulator(outputs=OUTPUTS, check=check_bar, dtype="float64", quantum=64, tile=64)
def simulate_bar(
    key: Key[Array, ""],
    means: Float[Array, " arms"],
    stage_pulls: Float[Array, " stages"],
    rise: Float[Array, ""],
    horizon: Float[Array, ""],
    sigma: Float[Array, ""] | float = 0.5,
    *,
    per_arm: bool = False,
) -> dict[str, Array]:
    r"""Drop an arm at the first stage whose mean is below θ + h; else it is king.

    Every (arm, stage) has its own batch; only those that are looked at are charged, so
    that the law is that of the sequential algorithm (SB-1, counterfactual tape).

    Args:
        key: Random key.
        means: Means in order of arrival; −∞ marks absent arms (not the first).
        stage_pulls: Cumulative pulls $n_1 < … < n_L$; repeats of $n_L$ pad it.
        rise: $h > 0$, the improvement that is required.
        horizon: $T$; exploration that reaches it is cut off.
        sigma: Standard deviation of a reward.
        per_arm: Return `pulls_per_arm` too.

    Returns:
        `regret, loss, chosen, explored, accepts, peak_memory` and `bar_first`,
        `bar_last`: θ after the first and the last accepted arm, relative to μ*.

    Claim:
        SB-9.
    """
    outcome.refuse(
        check_bar,
        means=means,
        stage_pulls=stage_pulls,
        rise=rise,
        horizon=horizon,
        sigma=sigma,
    )
    shape = (*means.shape, *stage_pulls.shape)
    tape = jax.random.normal(key, shape, means.dtype)
    return bar_from_tape(
        tape, means, stage_pulls, rise, horizon, sigma, per_arm=per_arm
    )


def bar_from_tape(
    tape: Float[Array, "arms stages"],
    means: Float[Array, " arms"],
    stage_pulls: Float[Array, " stages"],
    rise: Float[Array, ""],
    horizon: Float[Array, ""],
    sigma: Float[Array, ""] | float = 0.5,
    *,
    per_arm: bool = False,
) -> dict[str, Array]:
    r"""The rising bar on given standard normals, one per (arm, stage).

    Args:
        tape: Normals; stage ℓ of an arm adds $n_\ell - n_{\ell-1}$ pulls.
        means: Means in order of arrival.
        stage_pulls: Cumulative pulls.
        rise: $h$.
        horizon: $T$.
        sigma: Standard deviation of a reward.
        per_arm: Return `pulls_per_arm` too.

    Returns:
        As `simulate_bar`.
    """
    gaps = streams.gaps_of(means)
    steps = jnp.diff(stage_pulls, prepend=jnp.zeros_like(stage_pulls[:1]))
    sums = jnp.cumsum(jnp.sqrt(steps)[None] * tape, axis=1)
    lowest = jax.lax.cummin(sigma * sums / stage_pulls[None], axis=1) - gaps[:, None]
    final = sigma * sums[:, -1] / stage_pulls[-1] - gaps

    def arrive(
        bar: Float[Array, ""], arm: tuple[Array, Array]
    ) -> tuple[Float[Array, ""], Float[Array, ""]]:
        worst, last = arm
        return jnp.where(worst >= bar + rise, last, bar), bar

    start = jnp.full_like(final[0], -jnp.inf)
    _, bars = jax.lax.scan(arrive, start, (lowest[:, -1], final))
    passed = lowest >= (bars + rise)[:, None]
    wanted = steps[0] + passed[:, :-1].astype(steps.dtype) @ steps[1:]
    wanted = jnp.where(jnp.isfinite(gaps), wanted, 0.0)
    kings = passed[:, -1] & (jnp.cumsum(wanted) <= horizon)
    order = jnp.arange(gaps.shape[0])
    chosen = jnp.max(jnp.where(kings, order, 0))
    result = outcome.settle(
        gaps,
        outcome.truncate(wanted, horizon),
        chosen,
        horizon,
        accepts=jnp.maximum(jnp.sum(kings), 1),
        per_arm=per_arm,
    )
    return {**result, "bar_first": final[0], "bar_last": final[chosen]}
