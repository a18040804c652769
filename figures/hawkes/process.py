"""The process itself: covariances, spectrum, rescaled gaps, screening gain."""

from collections.abc import Mapping

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure as Canvas
from xarray import Dataset

from ...checks.hawkes import covariances, decoding, screening
from ...checks.hawkes.comparison import sufficient_time
from ...checks.hawkes.networks import (
    centred,
    crossing_time,
    edge_mean,
    evaluated,
    seeds_first,
)
from ...sims.sweep import Sweep
from ...theory import hawkes as theory
from .. import style
from ..figure import Data, Figure

CLIPS = {1: 1, 2: 3}  # clip levels of the screening figure, to their colours


def draw_covariances(data: Data) -> Canvas:
    """Binned covariances against theory, and the spectrum."""
    figure, axes = style.canvas(2)
    left, right = axes[0]
    mu, six, width = np.full(12, 0.5), covariances.SIX, covariances.BIN
    mean = np.full(12, width)
    found = data["HK-2/3"]["moments"]
    reverse = (six.T > 0) & (six == 0)
    for colour, (label, pairs) in enumerate(
        {"edge $j \\to i$": six > 0, "reverse of an edge": reverse}.items()
    ):
        curve = [
            _mean_over(
                evaluated(theory.binned_covariance, mu, six, 1.0, width, lag=lag), pairs
            )
            for lag in range(9)
        ]
        style.theory(left, range(9), curve, f"{label}, theory", colour)
        rows = np.stack(
            [
                _mean_over(centred(found, f"lag{lag}", mean, mean, "mean_count"), pairs)
                for lag in range(3)
            ]
        )
        error = rows.std(axis=1) / np.sqrt(rows.shape[1])
        style.points(left, range(3), rows.mean(axis=1), error, label, colour)
    left.set_xlabel(r"lag  [bins of $\delta = .5/\beta$]")
    left.set_ylabel(r"covariance of counts $Y_i(k+\ell)$, $Y_j(k)$")
    left.legend(fontsize=6)
    _spectrum_panel(right, found)
    return figure


def _spectrum_panel(axes: Axes, found: Dataset) -> None:
    """The spectrum of a node and of an edge; at 0 also from the totals of the paths."""
    mu, six, frequencies = np.full(12, 0.5), covariances.SIX, np.linspace(0, 5, 101)
    spectra = [
        evaluated(theory.bartlett_spectrum, mu, six, 1.0, omega)
        for omega in frequencies
    ]
    own = [np.real(np.diag(spectrum)).mean() for spectrum in spectra]
    across = [abs(edge_mean(spectrum, six)) for spectrum in spectra]
    style.theory(axes, frequencies, own, "one node", 2)
    style.theory(axes, frequencies, across, "edge, modulus", 0)
    T = float(np.asarray(found["T"]).ravel()[0])
    away = seeds_first(found["total"], "node") - T
    products = away[:, :, None] * away[:, None, :] / T
    for pairs, colour in ((np.eye(12), 2), (six, 0)):
        rows = edge_mean(products, pairs)
        error = rows.std() / np.sqrt(len(rows))
        style.points(axes, [0.0], [rows.mean()], [error], "_simulated", colour)
    axes.axhline(1.0, color=style.MUTANT, linewidth=0.7, label="_Poisson")
    axes.set_xlabel(r"angular frequency $\omega$  [$\beta$]")
    axes.set_ylabel("Bartlett spectrum")
    axes.legend()


def _mean_over(matrices: np.ndarray, pairs: np.ndarray) -> np.ndarray:
    return np.asarray(np.asarray(matrices)[..., pairs].mean(axis=-1))


def draw_gaps(data: Data) -> Canvas:
    """Quantiles of the rescaled gaps, and the distance of the laws."""
    figure, axes = style.canvas(2)
    left, right = axes[0]
    found = data["HK-4"]["gaps"]
    gaps, counted = (seeds_first(found[n], "event") for n in ("gaps", "counted"))
    values = np.sort(gaps[counted > 0])
    n = len(values)
    shares = (np.arange(n) + 0.5) / n
    shown = np.unique(np.geomspace(1, n, 120).astype(int)) - 1
    shown = np.unique(np.concatenate([shown, n - 1 - shown]))
    expected = -np.log1p(-shares)
    left.plot(
        expected[shown], values[shown], "o", color=style.COLOURS[0], label="gaps",
        markerfacecolor="white",
    )  # fmt: skip
    style.theory(left, [0, expected[-1]], [0, expected[-1]], "exponential, mean 1", 6)
    left.set_xlabel("quantile of the exponential law")
    left.set_ylabel("quantile of the rescaled gaps")
    left.legend(loc="upper left")
    grid = np.linspace(0.001, 0.999, 400)
    empirical = np.searchsorted(values, -np.log1p(-grid), side="right") / n
    right.plot(grid, empirical - grid, color=style.COLOURS[0], label="$F_n - F$")
    radius = np.sqrt(np.log(2 / 0.01) / (2 * n))
    for sign in (-1, 1):
        label = "DKW band, 99 %" if sign > 0 else "_lower band"
        style.bound(right, [0, 1], [sign * radius] * 2, label)
    right.set_xlabel("$F$ (exponential)")
    right.set_ylabel(f"difference of the laws, {n:,} gaps")
    right.legend(loc="lower center", bbox_to_anchor=(0.5, 0.15))
    return figure


def draw_ladder(data: Data) -> Canvas:
    """All bounds of the bipartite class, with the decoders' errors at two times."""
    figure, axes = style.canvas(2)
    left, right = axes[0]
    n = 2.0 ** np.arange(2, 11)
    rate = decoding.kl_rate()
    gaussian = [_gaussian_median(size, rate) for size in n]
    style.bound(left, n, [sufficient_time(int(2 * d)) for d in n], "screening suffices")
    style.theory(
        left, n, [decoding.union_time(int(d)) for d in n], "ML, union bound", 1
    )
    style.theory(left, n, gaussian, "ML, Gaussian formula", 0)
    style.theory(left, n, [decoding.fano_time(int(d)) for d in n], "Fano", 2)
    sizes, value, error = _simulated_medians(data)
    style.points(left, sizes, value, error, "ML, simulated", 0)
    left.set_xscale("log", base=2)
    left.set_yscale("log")
    left.set_xlabel("sources = targets $n$")
    left.set_ylabel(r"observation time for error .5  [$1/\beta$]")
    left.legend(fontsize=6, loc="center", bbox_to_anchor=(0.5, 0.7))
    names = {"maximum_likelihood": "ML", "filtered": "filtered", "nearest": "nearest"}
    places = np.arange(len(names))
    for offset, (claim, label, colour) in enumerate(
        (("HK-11", "at Fano's time", 2), ("HK-12", "at the union bound's time", 1))
    ):
        found = data[claim]["n16"]
        wrong = np.array(
            [1 - seeds_first(found[name], "time")[:, -1] for name in names]
        )
        error = wrong.std(axis=1) / np.sqrt(wrong.shape[1])
        right.bar(
            places + 0.38 * offset - 0.19, wrong.mean(axis=1), 0.36, yerr=error,
            color=style.COLOURS[colour], alpha=0.8, label=label,
        )  # fmt: skip
    right.axhline(0.5, color="k", linewidth=0.8, label="_half")
    right.set_xticks(places, list(names.values()))
    right.set_ylabel("probability of any error, $n = 16$")
    right.set_axisbelow(True)
    right.set_ylim(0, 1.15)
    right.legend(loc="upper center", fontsize=6, ncols=2)
    return figure


def _simulated_medians(data: Data) -> tuple[list[int], list[float], list[float]]:
    """T50 of maximum likelihood on the paths of HK-12 and its bootstrap error."""
    rng, sizes = np.random.default_rng(0), []
    medians, errors = [], []
    for name, found in data["HK-12"].items():
        size = int(name.removeprefix("n"))
        shares = seeds_first(found["maximum_likelihood"], "time")
        steps = np.arange(1, decoding.STEPS + 1) / decoding.STEPS
        times = decoding.union_time(size) * steps
        draws = rng.integers(0, len(shares), (200, len(shares)))
        resampled = [crossing_time(shares[rows], times) for rows in draws]
        sizes.append(size)
        medians.append(crossing_time(shares, times))
        errors.append(float(np.std(resampled)))
    return sizes, medians, errors


def _gaussian_median(n: float, rate: float) -> float:
    """T50 of the Gaussian formula by bisection."""
    low, high = 1.0, 1e4
    for _ in range(50):
        middle = np.sqrt(low * high)
        chance = evaluated(theory.ml_recovery_probability, middle, rate, n)
        low, high = (middle, high) if chance < 0.5 else (low, middle)
    return float(low)


def clipped_sweeps(*, clips: tuple[int, ...]) -> Mapping[str, Sweep]:
    """Scores of HK-8 at lower clip levels, on the same programs."""
    return {
        f"L{clip}y{y}": screening.score_sweep(y, float(clip))
        for clip in clips
        for y in screening.WIDTHS
    }


def draw_screening(data: Data) -> Canvas:
    """Signal of an edge against the width of the screening bins, by clip level."""
    figure, axes = style.canvas()
    panel = axes[0, 0]
    y, coarse = np.geomspace(0.05, 3, 60), np.geomspace(0.05, 3, 10)
    gain = np.sqrt(2 * evaluated(theory.lag_one_gain, y))
    style.theory(panel, y, gain, "not clipped, weak limit", 0)
    for clip, colour in CLIPS.items():
        curve = [_clipped_score(width, clip) for width in coarse]
        style.theory(panel, coarse, curve, f"clipped at {clip}", colour)
    for clip, colour in {0: 0, **CLIPS}.items():
        found = _measured_scores(data, clip)
        if found:
            value, error = np.array(list(found.values())).T
            label = f"_simulated {clip}"
            style.points(panel, list(found), value, error, label, colour)
    panel.axhline(1, color=style.COLOURS[2], label="exponential filter")
    best = float(evaluated(theory.lag_one_gain_argmax))
    panel.axvline(best, 0, 0.7, color=style.MUTANT, linewidth=0.7, label="_argmax")
    panel.set_xscale("log")
    panel.set_xlabel(r"width of the screening bins $\beta\delta$")
    panel.set_ylabel("score of an edge / filtered score")
    panel.set_ylim(0, 1.35)
    panel.legend(fontsize=6, ncols=2, loc="upper center")
    return figure


def _clipped_score(width: float, clip: int) -> float:
    """Score of an edge of a ring of weak edges, over the filtered prediction."""
    weak = screening.WEIGHT
    ring = weak / 0.5 * covariances.RING
    mu = np.full(12, 1 - weak)
    parts = theory.count_probabilities(
        mu, ring, 1.0, width, number=clip, child=0, parent=1
    )
    own, _, joint = map(np.asarray, parts)
    missing = clip - np.arange(clip)
    mean = missing @ own
    variance = missing**2 @ own - mean**2
    lagged = missing @ joint @ missing - mean**2
    return float(lagged / variance / np.sqrt(width) / (weak * np.sqrt(0.5)))


def _measured_scores(data: Data, clip: int) -> dict[float, tuple[float, float]]:
    """Scores over the filtered prediction: of HK-8 (clip 0), or the figure's own."""
    filtered = evaluated(
        theory.filtered_snr, screening.WEIGHT, 1.0, 1.0, 1.0, screening.T
    )
    if clip:
        rows = {y: data.sweeps.get(f"L{clip}y{y}") for y in screening.WIDTHS}
    else:
        judged = data.claims.get("HK-8", {})
        rows = {y: judged.get(f"y{y}") for y in screening.WIDTHS}
    scores = {}
    for width, found in rows.items():
        if found is None:
            continue
        z = seeds_first(found.edge_mean) / seeds_first(found.null_sd) / filtered
        scores[width] = float(z.mean()), float(z.std() / np.sqrt(len(z)))
    return scores


COVARIANCES = Figure(
    name="covariances",
    caption="Left: covariances of counts in bins, two copies of six nodes with two "
    "parents each ($w = .25$); lines are exact (HK-3), points simulation at lags 0 to "
    "2. Right: Bartlett spectrum of the same network (1 is Poisson); the points at 0 "
    "are the covariances of total counts over the observation time.",
    claims=("HK-2/3", "HK-3b"),
    draw=draw_covariances,
)
GAPS = Figure(
    name="gaps",
    caption="Time rescaling (HK-4): gaps between events of a node, in the true "
    "compensator, are exponential. Left: quantiles. Right: difference of the "
    "distribution functions with its 99 % band.",
    claims=("HK-4",),
    draw=draw_gaps,
)
LADDER = Figure(
    name="bound_ladder",
    caption=r"The bipartite class ($\lambda_s = \beta = 1$, $\mu_t = w = .5$). Left: "
    "what any estimator needs (Fano), what maximum likelihood needs (Gaussian formula, "
    "union bound, points: simulated in HK-12) and what provably suffices for screening "
    "in a ring of as many nodes (HK-15). Right: errors of three decoders at two of "
    "these times.",
    claims=("HK-11", "HK-12"),
    draw=draw_ladder,
)
SCREENING = Figure(
    name="screening_gain",
    caption="Signal-to-noise ratio of an edge in the lag-one covariance of binned "
    "counts, over that of the exponential filter, by clip level (edges of $w = .2$). "
    "Lines: theory, HK-8 for counts that are not clipped (weak limit) and HK-7 for "
    "clipped ones (exact covariance over the variance of a count). Points, at the "
    "preset paper: simulation, ring of 64 nodes. The unclipped optimum is at "
    r"$\beta\delta = .550$.",
    claims=(),
    sweeps=clipped_sweeps,
    sizes={
        "quick": {"seeds": 1, "clips": ()},
        "paper": {"seeds": 32, "clips": tuple(CLIPS)},
        "gpu": {"seeds": 32, "clips": tuple(CLIPS)},
    },
    draw=draw_screening,
)
