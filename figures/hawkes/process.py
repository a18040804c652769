"""The process itself: covariances, spectrum, rescaled gaps, screening gain."""

import numpy as np
from matplotlib.figure import Figure as Canvas

from ...checks.hawkes import covariances, decoding, screening
from ...checks.hawkes.comparison import sufficient_time
from ...checks.hawkes.networks import (
    centred,
    crossing_time,
    edge_mean,
    evaluated,
    seeds_first,
)
from ...theory import hawkes as theory
from .. import style
from ..figure import Data, Figure


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
    frequencies = np.linspace(0, 5, 101)
    spectra = [
        evaluated(theory.bartlett_spectrum, mu, six, 1.0, omega)
        for omega in frequencies
    ]
    own = [np.real(np.diag(spectrum)).mean() for spectrum in spectra]
    across = [abs(edge_mean(spectrum, six)) for spectrum in spectra]
    style.theory(right, frequencies, own, "one node", 2)
    style.theory(right, frequencies, across, "edge, modulus", 0)
    right.axhline(1.0, color=style.MUTANT, linewidth=0.7, label="_Poisson")
    right.set_xlabel(r"angular frequency $\omega$  [$\beta$]")
    right.set_ylabel("Bartlett spectrum")
    right.legend()
    return figure


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
    style.theory(left, [0, 12], [0, 12], "exponential, mean 1", 6)
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


def draw_screening(data: Data) -> Canvas:
    """Signal of an edge against the width of the screening bins."""
    figure, axes = style.canvas()
    panel = axes[0, 0]
    y = np.geomspace(0.05, 3, 60)
    weak = 0.2
    gain = np.sqrt(2 * evaluated(theory.lag_one_gain, y))
    style.theory(panel, y, gain, "lag one, unclipped", 0)
    coarse = np.geomspace(0.05, 3, 16)
    ring = weak / 0.5 * covariances.RING
    mu = np.full(12, 1 - weak)
    clipped = []
    for width in coarse:
        mean, _parent, lagged = (
            evaluated(
                theory.clipped_moments, mu, ring, 1.0, width, child=0, parent=1, part=k
            )
            for k in range(3)
        )
        z = lagged / (mean * (1 - mean)) / np.sqrt(width)
        clipped.append(float(z) / (weak * np.sqrt(0.5)))
    style.theory(panel, coarse, clipped, "lag one, clipped at 1 ($w = .2$)", 1)
    for width, found in _measured_scores(data).items():
        label = "lag one, simulated" if width == screening.WIDTHS[0] else "_simulated"
        style.points(panel, [width], [found[0]], [found[1]], label, 0)
    panel.axhline(1, color=style.COLOURS[2], label="exponential filter")
    best = float(evaluated(theory.lag_one_gain_argmax))
    panel.axvline(best, color=style.MUTANT, linewidth=0.7, label="_argmax")
    panel.set_xscale("log")
    panel.set_xlabel(r"width of the screening bins $\beta\delta$")
    panel.set_ylabel("score of an edge / filtered score")
    panel.legend(fontsize=6)
    return figure


def _measured_scores(data: Data) -> dict[float, tuple[float, float]]:
    """Scores of HK-8 over the filtered prediction, where its rows are at hand."""
    filtered = evaluated(
        theory.filtered_snr, screening.WEIGHT, 1.0, 1.0, 1.0, screening.T
    )
    scores = {}
    for width in screening.WIDTHS if "HK-8" in data.claims else ():
        found = data["HK-8"][f"y{width}"]
        z = seeds_first(found.edge_mean) / seeds_first(found.null_sd) / filtered
        scores[width] = float(z.mean()), float(z.std() / np.sqrt(len(z)))
    return scores


COVARIANCES = Figure(
    name="covariances",
    caption="Left: covariances of counts in bins, two copies of six nodes with two "
    "parents each ($w = .25$); lines are exact (HK-3), points simulation at lags 0 to "
    "2. Right: Bartlett spectrum of the same network (theory; 1 is Poisson).",
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
    r"counts, over that of the exponential filter (theory, HK-7 and HK-8; points, at "
    r"the preset paper: rows of HK-8); the unclipped optimum is at "
    r"$\beta\delta = .550$.",
    claims=(),
    draw=draw_screening,
)
