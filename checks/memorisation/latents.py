"""Claims on the recovery of leading directions."""

from dataclasses import replace

import numpy as np

from ...sims import memorisation as sims
from ...sims.sweep import Policy, Sweep, zip_
from ...theory import memorisation as theory
from ..harness import Claim, Design, Mutant, Provenance, Tolerance, kinds, rows
from .cells import cell, counts, pairs, same_data, samples, says, scales

# (load, spike): above the threshold far, above, below; and many dimensions per sample
ABOVE, SPARSE, BELOW = ((1.0, 1.5), (8.0, 0.5)), ((0.25, 3.0),), ((2.0, 0.5),)
# both sides of the threshold over the phase diagram, none on it
PHASES = tuple(
    (load, spike)
    for load in (0.25, 0.5, 1.0, 2.0, 4.0, 8.0)
    for spike in (0.25, 0.6, 2.5, 4.0)
)
BBP = Provenance("classical", "Baik-Ben Arous-Peche 2005, Paul 2007")


def spikes(points, dim):
    """The sweep over single models with one spike."""
    loads, sizes = zip(*points, strict=True)
    return Sweep(
        sim=sims.simulate_spike,
        static={"dim": [dim]},
        dynamic=zip_(load=loads, spike=sizes),
        derive={"num_samples": samples},
        policy=Policy(effort="full"),
    )


def _of_spikes(output, function, tolerance, origin):
    """A design that holds one output of `simulate_spike` against a function."""

    def design(*, dim, points):
        """C5, C8: one output at (load, spike) in white data."""
        sweep = spikes(points, dim)
        claimed = sweep.map(function)
        return Design(
            sweeps={"spike": sweep},
            observe=lambda data: rows(data["spike"][output]),
            claimed=claimed,
            tol=Tolerance(tolerance(claimed, dim), origin),
        )

    return design


overlap = _of_spikes(
    "overlap",
    theory.spiked_overlap,
    lambda claimed, dim: 0.02 + 30 / dim,
    "target 0.02 and size 30/d: measured between -0.013 and 0.008 at d = 2000",
)
eigenvalue = _of_spikes(
    "eigenvalue",
    theory.spiked_eigenvalue,
    lambda claimed, dim: 0.02 * claimed,
    "target: 2 %",
)
distance = _of_spikes(
    "latent_distance",
    theory.latent_distance,
    lambda claimed, dim: np.full_like(claimed, 0.08),
    "size: fluctuations of the overlap enter by their square root",
)


def threshold(*, dims, ratios, spike):
    """C5t: where half of the realisations know the latent."""
    sweep = Sweep(
        sim=sims.simulate_spike,
        static={"dim": list(dims)},
        dynamic={"ratio": list(ratios), "spike": [spike]},
        derive={"num_samples": lambda ratio, spike, dim: round(ratio * dim / spike**2)},
    )

    def observe(data):
        found = data["spike"].overlap
        return rows((found > found.dim ** (-1 / 3) / 2).astype(float))

    return Design(
        sweeps={"spike": sweep},
        observe=observe,
        claimed=1.0,
        tol=Tolerance(0.05, "target: 5 % of the threshold"),
    )


def pair_overlap(*, dim, points):
    """C6: two models agree about a latent like each with the truth, squared."""
    sweep = pairs([cell(load=load, spike=spike) for load, spike in points], dim)

    def observe(data):
        found = data["pair"]
        product = found.overlap * found.overlap_second
        return rows((found.overlap_pair - product).isel(latent=0))

    return Design(
        sweeps={"pair": sweep},
        observe=observe,
        claimed=np.zeros(len(points)),
        tol=Tolerance(0.03, "size: measured 0.013 and 0.001 at d = 96"),
    )


def operator_norm(*, dim, points):
    """C8: the second distance that sees latents."""
    sweep = pairs([cell(load=load, spike=spike) for load, spike in points], dim)
    claimed = sweep.map(theory.operator_norm_error)
    return Design(
        sweeps={"pair": sweep},
        observe=lambda data: rows(data["pair"].operator_norm),
        claimed=claimed,
        tol=Tolerance(0.06 * claimed, "size: edge fluctuations at d = 400"),
    )


ISOLATED_CELLS = ((0.7, 4.0), (1.5, 1.0), (1.5, 4.0))  # exponent, load
DOMAIN = 0.7  # overlaps below it feel the neighbouring eigenvalues
FOLLOWED, KEPT = 6, 12  # directions with a formula, directions in a stored row


def isolated(*, dim):
    """MEM-6 for a general bulk: 1 − Q of every isolated leading direction."""
    sweep = pairs([cell(*place) for place in ISOLATED_CELLS], dim, latents=KEPT)
    overlaps = sweep.map(_leading_overlaps)
    place, index = np.nonzero(overlaps > DOMAIN)
    claimed = 1 - overlaps[place, index]
    return Design(
        sweeps={"pair": sweep},
        observe=lambda data: (
            1 - rows(data["pair"].overlap).isel(point=KEPT * place + index)
        ),
        claimed=claimed,
        tol=Tolerance(0.25 * claimed, "target: a quarter of what is missing to 1"),
    )


def _leading_overlaps(variances, num_samples):
    """Q_i of the leading directions by the formula for isolated eigenvalues."""
    parts = variances, counts(variances), num_samples
    return np.array([float(theory.latent_overlap(*parts, i)) for i in range(FOLLOWED)])


def _claims_overlaps(name, function):
    """A mutant of theory: other overlaps at the same isolated directions."""

    def change(design):
        sweep = design.sweeps["pair"]
        is_isolated = sweep.map(_leading_overlaps) > DOMAIN
        return replace(design, claimed=1 - sweep.map(function)[is_isolated])

    return Mutant(name, change)


def _twice_the_samples(variances, num_samples):
    return _leading_overlaps(variances, 2 * num_samples)


def _without_the_denominator(variances, num_samples):
    gaps = variances[:FOLLOWED, None] - variances[None, :]
    safe = np.where(gaps == 0, np.inf, gaps)
    return 1 - np.sum((variances[None, :] / safe) ** 2, axis=1) / num_samples


COUNT_SIZES = tuple(50 * 2**k for k in range(7))


def latent_count(*, dim, exponent, latents):
    """C15k: overlaps of the leading directions at every number of samples."""
    cells = [cell(exponent, n / dim) for n in COUNT_SIZES]
    sweep = pairs(cells, dim, latents=latents, top_load=COUNT_SIZES[-1] / dim)
    return Design(
        sweeps={"pair": sweep},
        observe=lambda data: rows(data["pair"].overlap.rename(latent="column")),
        claimed=0.5,
        tol=Tolerance(0.1, "size: interpolated crossings at 7 sizes"),
    )


def count_slope(table: np.ndarray) -> np.ndarray:
    """Slope in log n of the first crossing of 1/2 by the mean overlaps.

    Args:
        table: Overlaps (seed, size, latent).
    """
    crossings = [first_crossing(overlaps) for overlaps in table.mean(0)]
    return np.polyfit(np.log(COUNT_SIZES), np.log(crossings), 1)[:1]


def first_crossing(overlaps):
    """Interpolated number of leading overlaps before they first fall below 1/2."""
    below = int(np.argmax(overlaps < 0.5))
    before = overlaps[below - 1] if below else 1.0
    return below + (before - 0.5) / (before - overlaps[below])


def _threshold_at_inverse_spike(spike, load):
    ratio = 1 / (load * spike)
    return max(0.0, 1 - ratio) / (1 + ratio)


def _without_denominator(spike, load):
    return max(0.0, 1 - 1 / (load * spike**2))


def _relative(spike, load):
    return float(theory.spiked_eigenvalue(spike, load)) / (1 + spike)


def _overlap_itself(spike, load):
    known = float(theory.spiked_overlap(spike, load))
    return known * (1 - known)


def _leading_eigenvalue(spike, load):
    """How far the top eigenvalue alone is from its own."""
    return float(theory.spiked_eigenvalue(spike, load)) - (1 + spike)


CLAIMS = (
    Claim(
        id="MEM-6.overlap",
        title="A latent is recovered beyond a sharp threshold",
        statement=r"$Q = (1 - c/\beta^2) / (1 + c/\beta)$ for $\gamma > "
        r"1/\beta^2$, else 0",
        provenance=BBP,
        kind=kinds.value(),
        design=overlap,
        sizes={
            "quick": {"seeds": 256, "dim": 2000, "points": ABOVE + BELOW + SPARSE},
            "paper": {"seeds": 256, "dim": 20000, "points": ABOVE + BELOW + SPARSE},
            "gpu": {"seeds": 4096, "dim": 16384, "points": PHASES},
        },
        mutants=(
            says("threshold 1/beta", _threshold_at_inverse_spike, "spike"),
            says("without the denominator", _without_denominator, "spike"),
        ),
    ),
    Claim(
        id="MEM-6.eigenvalue",
        title="The top eigenvalue leaves the bulk",
        statement=r"Top eigenvalue $(1+\beta)(1+c/\beta)$ for $\gamma > "
        r"1/\beta^2$, else $(1+\sqrt c)^2$",
        provenance=BBP,
        kind=kinds.value(),
        design=eigenvalue,
        sizes={
            "quick": {"seeds": 256, "dim": 2000, "points": ABOVE + BELOW + SPARSE},
            "paper": {"seeds": 256, "dim": 20000, "points": ABOVE + BELOW + SPARSE},
            "gpu": {"seeds": 4096, "dim": 16384, "points": PHASES},
        },
        mutants=(says("that of the truth", lambda spike: 1 + spike, "spike"),),
    ),
    Claim(
        id="MEM-6.threshold",
        title="Half of the data sets know the latent at the threshold",
        statement=r"$\Pr[Q > d^{-1/3}/2]$ crosses 1/2 at $\gamma\beta^2 \to 1$",
        provenance=BBP,
        kind=kinds.threshold("ratio", size="dim", omega=(1 / 3, 2 / 3)),
        design=threshold,
        sizes={
            "paper": {
                "seeds": 256,
                "dims": (125, 250, 500, 1000, 2000),
                "ratios": (0.6, 0.7, 0.8, 0.9, 1.0, 1.1, 1.2, 1.35, 1.5),
                "spike": 1.5,
            }
        },
        mutants=(scales("threshold 1/beta", lambda claimed: 1.5 * claimed),),
    ),
    Claim(
        id="MEM-6.isolated",
        title="Overlap of isolated directions of a power law",
        statement=r"$Q_i = [1 - \frac1n \sum_j \sigma_j^2 / (\sigma_i - \sigma_j)^2] / "
        r"[1 + \frac1n \sum_j \sigma_j / (\sigma_i - \sigma_j)]$ wherever it exceeds "
        r"0.7; below, neighbouring eigenvalues mix and the formula does not hold",
        provenance=Provenance("classical", "Benaych-Georges and Nadakuditi 2011"),
        kind=kinds.value(),
        design=isolated,
        sizes={"paper": {"seeds": 256, "dim": 96}},
        mutants=(
            _claims_overlaps("twice the samples", _twice_the_samples),
            _claims_overlaps("without the denominator", _without_the_denominator),
        ),
    ),
    Claim(
        id="MEM-6.pair",
        title="Latent agreement is observable without the truth",
        statement=r"$Q_{\mathrm{pair}} = Q^{(1)} Q^{(2)}$ on average",
        provenance=Provenance("derived", "residuals of two models are independent"),
        kind=kinds.value(),
        design=pair_overlap,
        sizes={
            "quick": {"seeds": 128, "dim": 96, "points": ((4.0, 1.5), (1.0, 3.0))},
            "paper": {"seeds": 128, "dim": 384, "points": ((4.0, 1.5), (1.0, 3.0))},
        },
        mutants=(
            says("overlap of the pair equals that with the truth", _overlap_itself),
            same_data(),
        ),
    ),
    Claim(
        id="MEM-7.latent",
        title="A distance that sees the latent",
        statement=r"$W_{\mathrm{lat}} = 1 + R - 2\sqrt{RQ}$, $R$ the top "
        r"eigenvalue over $1+\beta$",
        provenance=Provenance("derived", "rank-one truncations"),
        kind=kinds.value(),
        design=distance,
        sizes={
            "quick": {"seeds": 256, "dim": 2000, "points": ABOVE},
            "paper": {"seeds": 256, "dim": 20000, "points": ABOVE},
        },
        mutants=(
            says(
                "latent known perfectly",
                lambda spike, load: (1 - np.sqrt(_relative(spike, load))) ** 2,
                "spike",
            ),
            says(
                "latent unknown",
                lambda spike, load: 1 + _relative(spike, load),
                "spike",
            ),
        ),
    ),
    Claim(
        id="MEM-7.norm",
        title="The operator norm has another threshold",
        statement=r"$\|S - \Sigma\|_{\mathrm{op}} \to c + 2\sqrt c$ for $\beta \le 1 + "
        r"\sqrt c$, else $1/g + 1/(1 - cg) - 1$",
        provenance=Provenance("derived", "deformed resolvent"),
        kind=kinds.value(),
        design=operator_norm,
        sizes={
            "paper": {
                "seeds": 128,
                "dim": 400,
                "points": ((1.0, 3.0), (4.0, 3.0), (4.0, 0.5)),
            }
        },
        mutants=(says("error of the top eigenvalue alone", _leading_eigenvalue),),
    ),
    Claim(
        id="MEM-15.count",
        title="The number of named latents grows like the root of n",
        statement=r"$k^* \sim n^{1/2}$ for every power law",
        provenance=Provenance("derived", "overlaps of neighbouring eigenvalues"),
        kind=kinds.value(of=count_slope, evidence="table"),
        design=latent_count,
        sizes={"paper": {"seeds": 64, "dim": 150, "exponent": 1.5, "latents": 60}},
        mutants=(scales("exponent 1/2a", lambda claimed: claimed * 2 / 3),),
    ),
)
