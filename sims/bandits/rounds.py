"""Several passes over the stream with one arm in memory between them."""

from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Int, Key

from ..draws import normals
from ..sweep import simulator
from . import outcome, streams


class Record(NamedTuple):
    """What is carried from pass to pass: king, reference θ, pulls so far."""

    king: Int[Array, ""]
    bar: Float[Array, ""]
    used: Float[Array, ""]


def check_multipass(
    means: Any, grid: Any, conf: Any, horizon: Any, sigma: Any = 0.5
) -> str | None:
    """What is wrong with a multi-pass game."""
    finite = np.asarray(grid)[np.isfinite(np.asarray(grid))]
    if not finite.size:
        return "`grid` must have at least one pass."
    return outcome.complaints(
        outcome.bad_game(means, horizon),
        outcome.not_increasing("grid", finite),
        outcome.not_positive(conf=conf, sigma=sigma),
    )


@simulator(
    outputs=outcome.OUTPUTS, check=check_multipass, dtype="float64", quantum=64, tile=64
)
def simulate_multipass(
    key: Key[Array, ""],
    means: Float[Array, " arms"],
    grid: Float[Array, " passes"],
    conf: Float[Array, ""],
    horizon: Float[Array, ""],
    sigma: Float[Array, ""] | float = 0.5,
    *,
    per_arm: bool = False,
) -> dict[str, Array]:
    r"""Pass p pulls an arm up to $m_p$, dropping it where it falls behind θ.

    At stage q < p an arm is dropped if its mean is below θ − w(m_q),
    $w(n) = \sigma\sqrt{2\,\mathrm{conf}/n}$; the best survivor becomes king and θ rises
    to its mean minus w(m_p). Pulls are fresh in every pass.

    Args:
        key: Random key.
        means: Means in order of arrival.
        grid: $m_1 < … < m_B$; infinite entries at the end are passes not made.
        conf: Confidence of the widths.
        horizon: $T$; exploration that reaches it is cut off.
        sigma: Standard deviation of a reward.
        per_arm: Return `pulls_per_arm` too.

    Returns:
        `regret, loss, chosen, explored, accepts, peak_memory`.

    Claim:
        SB-12.
    """
    outcome.refuse(
        check_multipass,
        means=means,
        grid=grid,
        conf=conf,
        horizon=horizon,
        sigma=sigma,
    )
    gaps = streams.gaps_of(means)
    zero = jnp.zeros_like(gaps[0])
    record = Record(jnp.int32(0), zero - jnp.inf, zero)
    pulls = jnp.zeros_like(gaps)
    for count in range(1, grid.shape[0] + 1):
        made = jnp.isfinite(grid[count - 1])
        unused = jnp.arange(1, count + 1, dtype=grid.dtype)
        stages = jnp.where(made, grid[:count], unused)
        noise = normals(
            jax.random.fold_in(key, count), (*gaps.shape, count), gaps.dtype
        )
        wanted, passed = one_pass(noise, gaps, stages, record, conf, sigma)
        spent = outcome.truncate(jnp.where(made, wanted, 0.0), horizon - record.used)
        valid = made & (record.used + jnp.sum(wanted) <= horizon)
        record = Record(
            jnp.where(valid, passed.king, record.king),
            jnp.where(valid, passed.bar, record.bar),
            record.used + jnp.sum(spent),
        )
        pulls += spent
    return outcome.settle(gaps, pulls, record.king, horizon, per_arm=per_arm)


def one_pass(
    noise: Float[Array, "arms stages"],
    gaps: Float[Array, " arms"],
    stages: Float[Array, " stages"],
    record: Record,
    conf: Float[Array, ""],
    sigma: Float[Array, ""] | float,
) -> tuple[Float[Array, " arms"], Record]:
    """Pulls every arm would get in one pass, and the record after it.

    Args:
        noise: Standard normals, one per (arm, stage).
        gaps: Gaps of the arms.
        stages: Cumulative pulls $m_1 … m_p$ of this pass.
        record: King and reference before the pass.
        conf: Confidence of the widths.
        sigma: Standard deviation of a reward.

    Returns:
        `(pulls, record)`.
    """
    steps = jnp.diff(stages, prepend=jnp.zeros_like(stages[:1]))
    sums = jnp.cumsum(jnp.sqrt(steps)[None] * noise, axis=1)
    means = sigma * sums / stages[None] - gaps[:, None]
    width = sigma * jnp.sqrt(2 * conf / stages)
    passes = means[:, :-1] >= (record.bar - width[:-1])[None]
    alive = jnp.cumprod(passes.astype(steps.dtype), axis=1)
    pulls = jnp.where(jnp.isfinite(gaps), steps[0] + alive @ steps[1:], 0.0)
    survives = jnp.all(passes, axis=1) & jnp.isfinite(gaps)
    best = jnp.where(survives, means[:, -1], -jnp.inf)
    leader = jnp.argmax(best).astype(jnp.int32)
    king = jnp.where(jnp.any(survives), leader, record.king)
    bar = jnp.maximum(record.bar, jnp.max(best) - width[-1])
    return pulls, Record(king, bar, record.used)
