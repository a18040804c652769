"""Claims on paths: rescaled gaps, least-squares identities, concentration.

HK-4, HK-4b, HK-5 and HK-6.
"""

import functools
from collections.abc import Mapping
from dataclasses import replace

import jax
import numpy as np
from xarray import DataArray

from ...sims import hawkes as sims
from ...sims.sweep import Sweep
from ...theory import hawkes as theory
from ..harness import Claim, Design, Mutant, Provenance, Tolerance, kinds
from .covariances import LOOSE
from .networks import (
    BETA,
    Data,
    circulant,
    complete,
    evaluated,
    moments_sweep,
    seeds_first,
    swept,
    table,
)

TEN = circulant(10, (1, 4), 0.3)
WINDOW, CLOSING = 300.0, 50.0  # closing: 20 over the baseline rate


def gaps_sweep(
    model: np.ndarray = TEN, model_mu: float = 0.4, delay_shape: float = 1.0
) -> Sweep:
    """Gaps of ten nodes, s=2, w=.3, rate 1, T=300, under a model of the events."""
    return Sweep(
        sim=sims.rescaled_gaps,
        static={
            "stages": [sims.plan_stages(10 * 0.4 * (WINDOW + CLOSING), 0.6)],
            "num_events": [4480],
        },
        dynamic={
            "T": [WINDOW],
            "closing": [CLOSING],
            "beta": [BETA],
            "delay_shape": [delay_shape],
        },
        derive={
            "mu": lambda **_: np.full(10, 0.4),
            "weights": lambda **_: TEN,
            "model_mu": lambda **_: np.full(10, model_mu),
            "model_weights": lambda **_: model,
        },
    )


def _gaps(data: Data) -> DataArray:
    """All gaps that start before T, pooled over nodes and paths."""
    found = complete(data["gaps"])
    gaps, counted = (seeds_first(found[name], "event") for name in ("gaps", "counted"))
    return table(gaps[counted > 0][:, None])


def rescaling() -> Design:
    """HK-4: rescaled gaps are exponential."""
    return Design(
        sweeps={"gaps": gaps_sweep()},
        observe=_gaps,
        claimed=0.0,
        tol=Tolerance(0.01, "sup-distance; weakest mutant at .018"),
    )


HK_4 = Claim(
    id="HK-4",
    title="Time rescaling",
    statement=r"Gaps $\int\lambda_i\,dt$ between consecutive events of a node are "
    r"independent and exponential with mean one",
    provenance=Provenance("classical", "Watanabe, Meyer; Ogata 1988"),
    kind=kinds.law(cdf=lambda x: -np.expm1(-np.maximum(x, 0.0))),
    design=rescaling,
    sizes={"quick": {"seeds": 64}, "paper": {"seeds": 512}},
    mutants=(
        Mutant("W transposed", lambda d: swept(d, gaps=gaps_sweep(TEN.T)), shift=0.023),
        Mutant(
            "weights times .85",
            lambda d: swept(d, gaps=gaps_sweep(0.85 * TEN)),
            shift=0.035,
        ),
        Mutant(
            "no edges, same rates",
            lambda d: swept(d, gaps=gaps_sweep(0 * TEN, model_mu=1.0)),
            shift=0.018,
        ),
    ),
)


def residual() -> Design:
    """HK-4b: the filtered residual has mean zero."""
    return Design(
        sweeps={"gaps": gaps_sweep()},
        observe=lambda data: table(
            seeds_first(complete(data["gaps"]).residual)[:, None]
        ),
        claimed=0.0,
        tol=Tolerance(0.03, "half the deviation of interest, .06"),
        interest=0.06,
    )


HK_4B = Claim(
    id="HK-4b",
    title="Filtered residual",
    statement=r"$\mathbb{E}\sum_{j\to i}[\sum_{t\in N_i} z_j(t-) - \int z_j\lambda_i"
    r"\,dt] = 0$ for the state $z$ of decay $4\beta$",
    provenance=Provenance("classical", "martingale of a predictable weight"),
    kind=kinds.value(),
    design=residual,
    sizes={"quick": {"seeds": 128}, "paper": {"seeds": 512}},
    mutants=(
        Mutant(
            "Gamma(2) delays of the same mean",
            lambda d: swept(d, gaps=gaps_sweep(delay_shape=2.0)),
            shift=-0.11,
        ),
        Mutant(
            "weights times .9",
            lambda d: swept(d, gaps=gaps_sweep(0.9 * TEN)),
            shift=0.083,
        ),
        Mutant("W transposed", lambda d: swept(d, gaps=gaps_sweep(TEN.T)), shift=0.24),
    ),
)


def arbitrary_events(number: int = 600, num_nodes: int = 5) -> tuple[np.ndarray, ...]:
    """A fixed clustered list of events: the identity holds for every list."""
    index = np.arange(1, number + 1)
    waits = 0.02 + 0.3 * (index * 0.6180339887 % 1) ** 4
    nodes = np.floor(num_nodes * (index * 0.7548776662 % 1)).astype(np.int32)
    return np.cumsum(waits), nodes


def _sequential(
    times: np.ndarray, nodes: np.ndarray, d: int, T: float
) -> Mapping[str, np.ndarray]:
    """R, the exact integral of the products of states, and the final state."""
    state, last = np.zeros(d), 0.0
    cross, gram = np.zeros((d, d)), np.zeros((d, d))
    for time, node in zip([*times, T], [*nodes, -1], strict=True):
        wait = time - last
        gram += np.outer(state, state) * -np.expm1(-2 * BETA * wait) / (2 * BETA)
        state = state * np.exp(-BETA * wait)
        last = time
        if node >= 0:
            cross[node] += state
            state[node] += BETA
    return {"cross": cross, "gram": gram, "end_state": state}


def _identity(*, diagonal: bool = True, counts_itself: bool = False):
    """Relative deviations of the fast sums from the sequential ones."""

    def observe(_: Data) -> DataArray:
        times, nodes = arbitrary_events()
        d, width = 5, 0.5
        num_bins = int(np.ceil(times[-1] / width)) + 1
        exact = _sequential(times, nodes, d, num_bins * width)
        with jax.enable_x64(True):
            crossed = functools.partial(
                sims.event_cross, num_nodes=d, num_bins=num_bins, max_per_bin=32
            )
            sums = jax.jit(crossed)(times, nodes, BETA, width)
            cross, counts, end_state, overflow = map(np.asarray, sums)
        if overflow:
            raise RuntimeError("a bin holds more events than `max_per_bin`")
        cross = cross + BETA * counts_itself * np.diag(counts)
        gram = evaluated(theory.state_gram, cross, counts, end_state, BETA)
        gram = gram - (0 if diagonal else BETA / 2 * np.diag(counts))
        gaps = [
            abs(gram - exact["gram"]).max() / abs(exact["gram"]).max(),
            abs(cross - exact["cross"]).max() / abs(exact["cross"]).max(),
        ]
        rows = table(np.array(gaps), ("point",), sums=["Gram", "event products"])
        rows.attrs["error"] = 1e-12
        return rows

    return observe


def least_squares_identity() -> Design:
    """HK-5: the Gram matrix from event sums alone."""
    return Design(
        observe=_identity(),
        claimed=0.0,
        tol=Tolerance(1e-9, "float64 sums of 600 events; prototype 2e-13"),
    )


HK_5 = Claim(
    id="HK-5",
    title="Least squares from one matrix",
    statement=r"$\int_0^T xx^\top dt = \frac{R + R^\top}{2} + \frac\beta2 "
    r"\mathrm{diag}(N) - \frac{x(T)x(T)^\top}{2\beta}$",
    provenance=Provenance("derived", "integrating d(x x') over a path"),
    kind=kinds.identity(),
    design=least_squares_identity,
    sizes={"quick": {}, "paper": {}, "gpu": {}},
    mutants=(
        Mutant(
            "without the diagonal term",
            lambda d: replace(d, observe=_identity(diagonal=False)),
            shift=0.1,
        ),
        Mutant(
            "events that see themselves",
            lambda d: replace(d, observe=_identity(counts_itself=True)),
            shift=0.1,
        ),
    ),
)

PAIR = (0, 1)
DEVIATIONS = (0.1, 0.2, 0.3)


def tails_sweep() -> Sweep:
    """Counts clipped at 2 of two copies of six nodes, w=.2, mu=.6, T=100."""
    return moments_sweep(LOOSE, 0.6, bin_width=0.5, T=100.0, clip=2.0)


def _exceedances(data: Data) -> DataArray:
    """Whether F = sum of X_i(k+1) X_j(k) leaves its mean by t T, on either side.

    The mean over the rows stands for E F: its error at 512 rows is .005 T, a twentieth
    of the smallest deviation.
    """
    found = complete(data["moments"])
    products = seeds_first(found.clipped_lag1, "child", "parent")[:, *PAIR]
    per_time = products * (100.0 / 0.5 - 1) / 100.0
    away = per_time - per_time.mean()
    sides = [sign * away >= t for t in DEVIATIONS for sign in (1, -1)]
    labels = [side for _ in DEVIATIONS for side in ("above", "below")]
    deviations = [t for t in DEVIATIONS for _ in range(2)]
    rows = np.stack(sides, axis=1).astype(float)
    return table(rows, deviation=deviations, side=labels)


def concentration() -> Design:
    """HK-6: tails of a sum of clipped products."""
    mu, members = np.full(12, 0.6), np.isin(np.arange(12), PAIR).astype(float)
    rates = [
        float(evaluated(theory.concentration_rate, t, mu, LOOSE, members, 2.0))
        for t in DEVIATIONS
    ]
    return Design(
        sweeps={"moments": tails_sweep()},
        observe=_exceedances,
        claimed=np.exp(-100.0 * np.repeat(rates, 2)),
        tol=Tolerance(0.0, "a bound"),
    )


HK_6 = Claim(
    id="HK-6",
    title="Concentration from clusters",
    statement=r"$P(\pm(F - \mathbb{E}F) \ge tT) \le e^{-T I_J(t; L)}$ for "
    r"$F = \sum_k X_i(k+1)X_j(k)$, counts clipped at $L$",
    provenance=Provenance("derived", "modified log-Sobolev inequality, Wu 2000"),
    kind=kinds.upper_bound(evidence="frequency"),
    design=concentration,
    sizes={"quick": {"seeds": 512}, "paper": {"seeds": 8192}},
    mutants=(
        Mutant("bound/100", lambda d: replace(d, claimed=np.asarray(d.claimed) / 100)),
    ),
)

CLAIMS = (HK_4, HK_4B, HK_5, HK_6)
