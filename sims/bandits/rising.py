"""The rising bar: one arm in memory, measured against a number that only rises."""

from collections.abc import Callable
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Int, Key

from ..draws import normals
from ..sweep import simulator
from . import outcome, streams

OUTPUTS = {**outcome.OUTPUTS, "bar_first": (), "bar_last": ()}
NORMALS = 2**14  # drawn at a time: they and all that follows stay in the cache
Noise = Callable[[Int[Array, ""]], Float[Array, "block stages"]]


class Reign(NamedTuple):
    """The game so far: θ, king with gap and last mean, sums, θ after the first arm."""

    bar: Float[Array, ""]
    king: Int[Array, ""]
    loss: Float[Array, ""]
    final: Float[Array, ""]
    accepts: Int[Array, ""]
    explored: Float[Array, ""]
    paid: Float[Array, ""]
    first: Float[Array, ""]


class Block(NamedTuple):
    """Consecutive arms: gaps, last mean, lowest mean up to each stage, first arm.

    The first `played` of them were in the block before.
    """

    gaps: Float[Array, " block"]
    final: Float[Array, " block"]
    lowest: Float[Array, "stages block"]
    start: Int[Array, ""]
    played: Int[Array, ""]


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
    shape = _block(means, stage_pulls), stage_pulls.shape[0]

    def noise(index: Int[Array, ""]) -> Float[Array, "block stages"]:
        return normals(jax.random.fold_in(key, index), shape, means.dtype)

    rules = stage_pulls, rise, horizon, sigma
    return _play(noise, streams.gaps_of(means), rules, per_arm)


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
    arms, block = means.shape[0], _block(means, stage_pulls)

    def noise(index: Int[Array, ""]) -> Float[Array, "block stages"]:
        start = jnp.minimum(index * block, arms - block)
        return jax.lax.dynamic_slice_in_dim(tape, start, block)

    rules = stage_pulls, rise, horizon, sigma
    return _play(noise, streams.gaps_of(means), rules, per_arm)


def _play(
    noise: Noise, gaps: Float[Array, " arms"], rules: tuple[Any, ...], per_arm: bool
) -> dict[str, Array]:
    """The game, block by block; the last block reaches back to arms that have played.

    Args:
        noise: Number of a block to the normals of its arms.
        gaps: Gaps; infinite for absent arms.
        rules: Stages, rise, horizon and standard deviation.
        per_arm: Return `pulls_per_arm` too.
    """
    stage_pulls, rise, horizon, sigma = rules
    arms, block = gaps.shape[0], _block(gaps, stage_pulls)
    steps = jnp.diff(stage_pulls, prepend=jnp.zeros_like(stage_pulls[:1]))
    scales = sigma * jnp.sqrt(steps)

    def play(reign: Reign, index: Int[Array, ""]) -> tuple[Reign, Array | None]:
        played = index * block
        start = jnp.minimum(played, arms - block)
        here = jax.lax.dynamic_slice_in_dim(gaps, start, block)
        lowest, final = _stage_means(noise(index), here, scales, stage_pulls)
        opening = reign._replace(first=final[0], final=final[0])
        reign = jax.tree.map(lambda a, b: jnp.where(index == 0, a, b), opening, reign)
        seen = Block(here, final, lowest, start, played - start)
        reign, pulls = _judge(reign, seen, steps, rise, horizon)
        return reign, pulls if per_arm else None

    blocks = jnp.arange(-(-arms // block), dtype=jnp.int32)
    reign, pulls = jax.lax.scan(play, _throne(gaps[0]), blocks)
    result = outcome.conclude(
        (reign.explored, reign.paid),
        reign.loss,
        reign.king,
        horizon,
        accepts=jnp.maximum(reign.accepts, 1),
    )
    if pulls is not None:
        spent = jnp.append(pulls[:-1], pulls[-1, len(blocks) * block - arms :])
        rest = jnp.maximum(horizon - reign.explored, 0.0)
        result["pulls_per_arm"] = spent.at[reign.king].add(rest)
    return {**result, "bar_first": reign.first, "bar_last": reign.final}


def _block(arms: Array, stages: Array) -> int:
    """Arms that are played at a time."""
    return min(arms.shape[0], max(NORMALS // stages.shape[0], 1))


def _throne(gap: Float[Array, ""]) -> Reign:
    """Before the first arm, which is king whatever comes."""
    zero, none = jnp.zeros_like(gap), jnp.int32(0)
    bar = jnp.full_like(gap, -jnp.inf)
    return Reign(bar, none, gap, zero, none, zero, zero, zero)


def _stage_means(
    noise: Float[Array, "block stages"],
    gaps: Float[Array, " block"],
    scales: Float[Array, " stages"],
    stage_pulls: Float[Array, " stages"],
) -> tuple[Float[Array, "stages block"], Float[Array, " block"]]:
    """The lowest mean up to each stage, and the mean at the last one."""

    def add(
        state: tuple[Array, Array, Array], stage: tuple[Array, Array, Array]
    ) -> tuple[tuple[Array, Array, Array], Array]:
        total, worst, _ = state
        normals, scale, pulls = stage
        total = total + scale * normals
        mean = total / pulls - gaps
        worst = jnp.minimum(worst, mean)
        return (total, worst, mean), worst

    zero = jnp.zeros_like(gaps)
    start = zero, zero + jnp.inf, zero
    (_, _, final), lowest = jax.lax.scan(add, start, (noise.T, scales, stage_pulls))
    return lowest, final


def _bars(
    bar: Float[Array, ""], block: Block, rise: Float[Array, ""]
) -> tuple[Float[Array, ""], Float[Array, " block"]]:
    """θ after the block, and before each of its arms: from one accept to the next."""
    size = block.gaps.shape[0]
    index = jnp.arange(size, dtype=jnp.int32)

    def look(search: tuple[Array, ...]) -> tuple[Array, ...]:
        place, bar, bars, _ = search
        passes = (block.lowest[-1] >= bar + rise) & (index > place)
        accepted = jnp.min(jnp.where(passes, index, size))
        found = accepted < size
        bar = jnp.where(found, block.final[jnp.minimum(accepted, size - 1)], bar)
        return accepted, bar, jnp.where(index > accepted, bar, bars), found

    start = block.played - 1, bar, jnp.full_like(block.gaps, bar), jnp.array(True)
    _, bar, bars, _ = jax.lax.while_loop(lambda search: search[3], look, start)
    return bar, bars


def _judge(
    reign: Reign,
    block: Block,
    steps: Float[Array, " stages"],
    rise: Float[Array, ""],
    horizon: Float[Array, ""],
) -> tuple[Reign, Float[Array, " block"]]:
    """The game after a block, and the pulls of its arms."""
    bar, bars = _bars(reign.bar, block, rise)
    index = jnp.arange(block.gaps.shape[0], dtype=jnp.int32)
    arrives = (index >= block.played) & jnp.isfinite(block.gaps)
    passed = block.lowest >= (bars + rise)[None]
    later = jnp.where(passed[:-1], steps[1:, None], 0.0)
    wanted = jnp.where(arrives, steps[0] + jnp.sum(later, axis=0), 0.0)
    after = reign.explored + jnp.cumsum(wanted)
    pulls = jnp.clip(horizon - (after - wanted), 0.0, wanted)
    kings = arrives & passed[-1] & (after <= horizon)
    last = jnp.max(jnp.where(kings, index, -1))
    crowned, place = last >= 0, jnp.maximum(last, 0)
    after_block = Reign(
        bar,
        jnp.where(crowned, block.start + place, reign.king),
        jnp.where(crowned, block.gaps[place], reign.loss),
        jnp.where(crowned, block.final[place], reign.final),
        reign.accepts + jnp.sum(kings, dtype=jnp.int32),
        reign.explored + jnp.sum(pulls),
        reign.paid + jnp.sum(outcome.charge(block.gaps) * pulls),
        reign.first,
    )
    return after_block, pulls
