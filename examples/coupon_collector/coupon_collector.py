"""The coupon collector, from nothing to a verdict: a paper for limen in one file.

A collector draws one of n coupons at a time, uniformly, until all have been seen. With
T the number of draws, E T = n H_n, and (T − n log n)/n converges to a Gumbel law.
"""

from dataclasses import replace

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Key
from limen.checks.harness import (
    Claim,
    Design,
    Mutant,
    Provenance,
    Tolerance,
    kinds,
    lanes,
    rows,
)
from limen.figures import style
from limen.figures.figure import Data, Figure
from limen.paper_repro.paper import Paper
from limen.sims.sweep import Sweep, simulator
from matplotlib.figure import Figure as Canvas

SOURCE = "Erdős and Rényi 1961"


# Theory: what is true.
def mean_draws(coupons: int) -> float:
    """E T = n H_n, the harmonic number summed term by term."""
    return coupons * float(np.sum(1.0 / np.arange(1, coupons + 1)))


def gumbel_cdf(x: Float[np.ndarray, "*n"]) -> Float[np.ndarray, "*n"]:
    """Limit law of (T − n log n)/n."""
    return np.exp(-np.exp(-x))


# Simulation: one collector. Whoever is not done after `draws` draws counts as `draws`.
def collected(key: Key[Array, ""], coupons: int, draws: int, kinds_drawn: int) -> dict:
    """Draws until `coupons` coupons are complete, when `kinds_drawn` are printed."""
    drawn = jax.random.randint(key, (draws,), 0, kinds_drawn)
    first = jnp.full(coupons, draws - 1).at[drawn].min(jnp.arange(draws), mode="drop")
    total = (first.max() + 1).astype(jnp.float32)
    return {"total": total, "scaled": (total - coupons * np.log(coupons)) / coupons}


@simulator(outputs={"total": (), "scaled": ()})
def collect(key: Key[Array, ""], *, coupons: int, draws: int) -> dict:
    """Number of draws, and the same centred and scaled."""
    return collected(key, coupons, draws, coupons)


@simulator(outputs={"total": (), "scaled": ()})
def collect_with_blanks(key: Key[Array, ""], *, coupons: int, draws: int) -> dict:
    """Wrong on purpose: an eighth of the packets is empty."""
    return collected(key, coupons, draws, coupons + coupons // 8)


# Checks: where the two meet.
def sweep(coupons: int) -> Sweep:
    """16 collectors per seed; e^-12 is the share that would not be done in time."""
    draws = int(coupons * (np.log(coupons) + 12))
    return Sweep(
        sim=collect, static={"coupons": [coupons], "draws": [draws]}, replicas=16
    )


def mean_design(*, coupons: int) -> Design:
    """CC-1 at definite sizes."""
    exact = mean_draws(coupons)
    return Design(
        sweeps={"collect": sweep(coupons)},
        observe=lambda data: rows(data["collect"].total),
        claimed=np.array([exact]),
        tol=Tolerance(0.02 * exact, "the smallest difference of interest"),
    )


def law_design(*, coupons: int) -> Design:
    """CC-2 at definite sizes."""
    return Design(
        sweeps={"collect": sweep(coupons)},
        observe=lambda data: lanes(data["collect"].scaled),
        claimed=np.array([0.0]),
        tol=Tolerance(0.05, "0.01 finite size at n = 128, the rest is the interval"),
    )


def with_blanks(design: Design) -> Design:
    """The collector who buys empty packets."""
    wrong = replace(design.sweeps["collect"], sim=collect_with_blanks)
    return replace(design, sweeps={"collect": wrong})


MEAN = Claim(
    id="CC-1",
    title="Mean number of draws",
    statement=r"$\mathbb{E}\,T = n H_n$",
    provenance=Provenance("classical", SOURCE),
    kind=kinds.value(),
    design=mean_design,
    sizes={"quick": {"seeds": 2048, "coupons": 128}},
    mutants=(
        Mutant("n log n", lambda d: replace(d, claimed=np.array([128 * np.log(128)]))),
        Mutant("empty packets", with_blanks),
    ),
)
LAW = Claim(
    id="CC-2",
    title="Gumbel law of the last coupon",
    statement=r"$(T - n \log n)/n \to$ Gumbel",
    provenance=Provenance("classical", SOURCE),
    kind=kinds.law(gumbel_cdf),
    design=law_design,
    sizes={"quick": {"seeds": 1024, "coupons": 128}},
    mutants=(Mutant("empty packets", with_blanks, shift=0.2),),
)


def draw(data: Data) -> Canvas:
    """Empirical distribution function on the Gumbel law."""
    sample = np.sort(data["CC-2"]["collect"].scaled.values.ravel())
    figure, panels = style.canvas()
    x = np.linspace(-2.5, 7, 200)
    style.theory(panels[0, 0], x, gumbel_cdf(x), "Gumbel")
    share = np.arange(1, sample.size + 1) / sample.size
    step = max(1, sample.size // 40)
    style.points(panels[0, 0], sample[::step], share[::step], None, "n = 128", 1)
    panels[0, 0].set(xlabel="(T − n log n)/n", ylabel="distribution function")
    panels[0, 0].legend()
    return figure


PAPER = Paper(
    id="coupon_collector",
    title="The coupon collector's problem",
    bibkey="erdos1961",
    summary="How many draws until every one of $n$ coupons has been seen?",
    claims=(MEAN, LAW),
    figures=(Figure(name="law", caption="Law of $T$.", claims=("CC-2",), draw=draw),),
)
