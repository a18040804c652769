"""Claims MF-4 and MF-5: the linear anchor, exact at every width and step."""

import functools
from typing import Any

import jax
import numpy as np
from scipy import linalg
from xarray import DataArray

from ...sims import meanfield as sims
from ...sims.sweep import Sweep
from ...theory import meanfield as theory
from ...theory.maths import gaussians
from ..harness import Claim, Design, Mutant, Provenance, Tolerance, kinds, rows
from .common import Data, claiming, computed, double, fixed, instead, number

CURVATURE, TARGET, START = (
    np.array([1.0, 0.25]),
    np.array([0.5, 0.2]),
    np.array([0.4, -0.3]),
)
LAM, TAU, STEP, INIT_VAR = 0.5, 0.2, 0.5, 1.0
STEPS, EVERY = 12, 4
COUNTS = np.arange(EVERY, STEPS + 1, EVERY).astype(np.float64)


def particles(
    *,
    widths: tuple[int, ...],
    lams: tuple[float, ...] = (LAM,),
    noise: str = "shared",
    curvature: np.ndarray = CURVATURE,
    target: np.ndarray = TARGET,
) -> Sweep:
    """Coupled linear neurons, sixteen replicas in a row."""
    return Sweep(
        sim=sims.linear_coupled,
        static={
            "width": widths,
            "num_steps": [STEPS],
            "save_every": [EVERY],
            "noise": [noise],
        },
        dynamic={"lam": lams},
        derive=fixed(
            curvature=curvature,
            target=target,
            tau=TAU,
            step=STEP,
            init_mean=START,
            init_var=INIT_VAR,
        ),
        replicas=16,
    )


def spreads(
    rate_of_q: float = LAM, *, is_discrete: bool = True
) -> tuple[np.ndarray, ...]:
    """Variances C and Q (checkpoints, directions); Q with s plus the given rate."""
    counts = COUNTS[:, None] * np.ones((1, 2))
    slow, fast = LAM + 0 * CURVATURE, CURVATURE + rate_of_q
    slow, fast = (np.broadcast_to(r, counts.shape) for r in (slow, fast))
    if is_discrete:
        return tuple(
            number(theory.linear_variance_discrete, counts, STEP, r, TAU, INIT_VAR)
            for r in (slow, fast)
        )
    return tuple(
        number(theory.linear_variance, counts * STEP, r, TAU, INIT_VAR)
        for r in (slow, fast)
    )


def closure(*, width: int) -> Design:
    """MF-4: both variances over their exact values, three times, two directions."""
    slow, fast = spreads()
    counts = COUNTS[:, None] * np.ones((1, 2))
    ones = np.ones_like(counts)
    mean = number(
        theory.linear_mean_discrete,
        counts,
        STEP,
        CURVATURE * ones,
        TARGET * ones,
        LAM,
        START * ones,
    )

    def observe(data: Data) -> DataArray:
        found = data["particles"].squeeze(drop=True)
        centre = DataArray(mean, dims=("checkpoint", "direction"))
        Q = DataArray(fast, dims=("checkpoint", "direction"))
        V = DataArray(slow + (fast - slow) / width, dims=("checkpoint", "direction"))
        parts = [width * (found["mean"] - centre) ** 2 / Q, found["variance"] / V]
        return _side_by_side(parts, ("centre of mass", "particles"))

    size = counts.size
    return Design(
        sweeps={"particles": particles(widths=(width,))},
        observe=observe,
        claimed=np.ones(2 * size),
        tol=Tolerance(
            np.repeat([0.1, 0.05], size), "Monte Carlo only: the law is exact"
        ),
    )


def _side_by_side(parts: list[DataArray], names: tuple[str, ...]) -> DataArray:
    """Several statistics of the same rows, named by the coordinate `statistic`."""
    tables = [rows(part) for part in parts]
    labels = [
        n for n, t in zip(names, tables, strict=True) for _ in range(t.sizes["point"])
    ]
    values = np.concatenate([table.values for table in tables], axis=1)
    return DataArray(
        values, dims=("seed", "point"), coords={"statistic": ("point", labels)}
    )


def _closure_claims(Q: np.ndarray, C: np.ndarray, width: int) -> np.ndarray:
    slow, fast = spreads()
    mixed = C + (Q - C) / width
    return np.concatenate(
        [(Q / fast).ravel(), (mixed / (slow + (fast - slow) / width)).ravel()]
    )


def _wrong_rate() -> np.ndarray:
    C, Q = spreads(0.0)
    return _closure_claims(Q, C, 16)


def _continuous() -> np.ndarray:
    C, Q = spreads(is_discrete=False)
    return _closure_claims(Q, C, 16)


def coupling_constants(
    lams: tuple[float, ...] = (LAM, 0.0), *, how: str = "discrete"
) -> np.ndarray:
    """N·E|e|² summed over directions, (lam, checkpoint)."""
    lam = np.array(lams)[:, None, None]
    counts = COUNTS[None, :, None] * np.ones((len(lams), 1, 2))
    s, lam = CURVATURE + 0 * counts, lam + 0 * counts
    if how == "discrete":
        args = (counts, STEP, s, lam, TAU, INIT_VAR)
        return number(theory.linear_coupling_discrete, *args).sum(-1)
    if how == "continuous":
        args = (counts * STEP, s, lam, TAU, INIT_VAR)
        return number(theory.linear_coupling, *args).sum(-1)
    confined = np.full_like(counts, LAM)
    return number(theory.linear_coupling_limit, s, confined, TAU).sum(-1)


def coupling(*, widths: tuple[int, ...], noise: str = "shared") -> Design:
    """MF-5a′: N·|e|² at two widths, with and without confinement, three times."""
    lams = (LAM, 0.0)
    exact = coupling_constants(lams)

    def observe(data: Data) -> DataArray:
        found = data["particles"].coupling_error
        constant = DataArray(exact, dims=("lam", "checkpoint"))
        squeezed = found.squeeze(("num_steps", "save_every", "noise"), drop=True)
        return rows(squeezed * found.width / constant)

    return Design(
        sweeps={"particles": particles(widths=widths, lams=lams, noise=noise)},
        observe=observe,
        claimed=np.ones(len(widths) * exact.size),
        tol=Tolerance(0.1, "Monte Carlo only: the law is exact"),
    )


def spread(*, noise: str = "shared") -> Design:
    """MF-5a: every e_i is the same, in float64."""
    run = functools.partial(
        sims.linear_coupled.function,
        width=16,
        num_steps=20,
        save_every=5,
        noise=noise,
    )

    def seeded(seed: Any, *args: Any) -> Any:
        return run(jax.random.key(seed), *args)["coupling_spread"]

    args = (CURVATURE, TARGET, LAM, TAU, STEP, START, INIT_VAR)
    return computed(double(seeded, 5, *args), 0.0, 1e-12)


def finite_width(*, width: int = 5) -> Design:
    """MF-5bcd: closed forms against the dense covariance of five neurons."""
    s, found, expected = 1.0, [], []
    drift = LAM * np.eye(width) + s / width
    stationary = TAU * np.linalg.inv(drift)
    for time in (0.3, 1.0, 4.0):
        decay = linalg.expm(-drift * time)
        start = INIT_VAR * np.eye(width) - stationary
        dense = decay @ start @ decay.T + stationary
        single = number(theory.linear_variance, time, LAM, TAU, INIT_VAR)
        product = single * np.eye(width)
        found.append(number(gaussians.bures_wasserstein, dense, product))
        one = number(gaussians.bures_wasserstein, dense[:1, :1], product[:1, :1])
        found.append(one)
        args = (time, s, LAM, TAU, INIT_VAR)
        expected.append(number(theory.linear_w2_joint, *args))
        expected.append(number(theory.linear_w2_marginal, *args, width))
    product = TAU / LAM * np.eye(width)
    found.append(number(gaussians.gaussian_kl, stationary, product))
    expected.append(number(theory.linear_relative_entropy, s, LAM))
    found.append(TAU / 2 * (np.linalg.slogdet(drift)[1] - width * np.log(LAM)))
    expected.append(number(theory.linear_free_energy_gap, s, LAM, TAU))
    names = ["joint", "marginal"] * 3 + ["relative entropy", "free energy"]
    return computed(
        found,
        expected,
        1e-10,
        "eigendecompositions in float64",
        error=1e-13,
        at={"quantity": names},
    )


def _exchanged() -> np.ndarray:
    """KL(m_*^N | m^N) instead of KL(m^N | m_*^N), the rest unchanged."""
    claimed = np.array(finite_width().claimed)
    z = 1.0 / LAM
    claimed[6] = (z - np.log1p(z)) / 2
    return claimed


def _slow_marginal() -> np.ndarray:
    """A marginal distance that falls like 1/N: the joint one per particle."""
    claimed = np.array(finite_width().claimed)
    claimed[1:6:2] = claimed[0:6:2] / 5
    return claimed


CLAIMS = (
    Claim(
        id="MF-4",
        title="Gaussian closure of linear neurons",
        statement=r"$\sqrt N(\bar u_N-u)$ has variance $Q$ (rate $s+\lambda$), one "
        r"neuron $C+(Q-C)/N$ ($C$ at rate $\lambda$), exactly at every $N$ and step.",
        provenance=Provenance("derived", "McKean–Vlasov Ornstein–Uhlenbeck"),
        kind=kinds.value(),
        design=closure,
        sizes={
            "quick": {"seeds": 512, "width": 16},
            "paper": {"seeds": 4096, "width": 16},
        },
        mutants=(
            Mutant("rate s in place of s + λ", claiming(_wrong_rate)),
            Mutant("continuous time at h = ½", claiming(_continuous)),
        ),
    ),
    Claim(
        id="MF-5a",
        title="Linear coupling errors are all the same",
        statement=r"$\theta_i-\bar\theta_i$ does not depend on $i$, path by path.",
        provenance=Provenance("derived", "the drift is linear"),
        kind=kinds.identity(),
        design=spread,
        sizes={"quick": {}, "paper": {}},
        mutants=(
            Mutant("independent noises", instead(spread, noise="independent"), 1.0),
        ),
    ),
    Claim(
        id="MF-5a.rate",
        title="Coupling constant of linear neurons",
        statement=r"$N\,\mathbb{E}|e_k|^2=c_0(A^k-B^k)^2+2\tau h\sum_{j<k}"
        r"(A^j-B^j)^2$; it grows without bound if $\lambda=0$.",
        provenance=Provenance("derived", "exact recursion; mirrors the paper's O(1/N)"),
        kind=kinds.value(),
        design=coupling,
        sizes={
            "quick": {"seeds": 512, "widths": (4, 16)},
            "paper": {"seeds": 4096, "widths": (4, 16, 64)},
        },
        mutants=(
            Mutant(
                "the limit at λ > 0 for a run at λ = 0",
                lambda d: claiming(lambda: _tiled(d, "limit"))(d),
            ),
            Mutant(
                "continuous time at h = ½",
                lambda d: claiming(lambda: _tiled(d, "continuous"))(d),
            ),
            Mutant(
                "independent noises",
                lambda d: coupling(widths=_widths(d)[:1], noise="independent"),
                1.0,
            ),
        ),
    ),
    Claim(
        id="MF-5bcd",
        title="Joint, marginal and stationary distances to chaos",
        statement=r"$W_2^2(m^N,m^{\otimes N})=(\sqrt Q-\sqrt C)^2$; the marginal's is "
        r"$O(N^{-2})$; $\mathrm{KL}=\frac12(\log(1+z)-\frac z{1+z})$, $z=s/\lambda$.",
        provenance=Provenance("derived", "dense covariance; marginal rate Lacker 2023"),
        kind=kinds.identity(),
        design=finite_width,
        sizes={"quick": {}, "paper": {}},
        mutants=(
            Mutant("Q and C exchanged in the entropy", claiming(_exchanged)),
            Mutant("marginal at rate 1/N", claiming(_slow_marginal)),
        ),
    ),
)


def _widths(design: Design) -> tuple[int, ...]:
    return tuple(design.sweeps["particles"].static["width"])


def _tiled(design: Design, how: str) -> np.ndarray:
    """Claims of another formula, for as many widths as the design has."""
    ratio = coupling_constants(how=how) / coupling_constants()
    if how == "limit":
        ratio[0] = 1.0  # only the run without confinement is compared wrongly
    return np.tile(ratio.ravel(), design.claimed.size // ratio.size)
