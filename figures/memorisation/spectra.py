"""Ridge, power laws, divergences, denoisers and finite-size terms."""

import numpy as np

from ...checks.memorisation.cells import WHITE, cell, grid, pairs, spectrum
from ...checks.memorisation.denoising import linear_denoisers
from ...checks.memorisation.distances import single_models
from ...checks.memorisation.latents import first_crossing
from ...theory import memorisation as theory
from ..figure import Figure
from ..style import COLOURS, canvas
from ..style import points as draw_points
from ..style import theory as draw_theory
from .curves import LOADS, along_samples, mean, plain_ticks

SIZES = {"quick": {"seeds": 16, "dim": 96}, "paper": {"seeds": 64, "dim": 96}}
RIDGE_LOAD, RIDGES = 0.5, (0.02, 0.1, 0.3, 0.6, 1.5, 4.0)
STEEP = 1.5
DIVERGENCE_LOADS = (1.25, 1.5, 2.0, 3.0, 4.0)
SPECTRA = (WHITE, 0.4, 0.7, 1.0, 1.5)
NOISE, WEIGHT_RIDGE = 0.4, 0.1
SHIFT_LOADS = (0.25, 0.5, 1.0, 2.0, 4.0)
SMALL = 0.6, 48  # power law and dimension of the shifted distances


def _ridge_sweeps(*, dim):
    return {"pair": pairs([cell(load=RIDGE_LOAD, ridge=r) for r in RIDGES], dim)}


def _ridge(data):
    figure, axes = canvas()
    panel = axes[0, 0]
    fine, dim = np.geomspace(0.01, 8, 200), data.sizes["dim"]
    found = data.sweeps["pair"]
    order = np.asarray(theory.convergence_white(RIDGE_LOAD, fine))
    distance = np.asarray(theory.distance_to_truth_white(RIDGE_LOAD, fine))
    parts = (
        ("q_ratio", 1, order, "convergence $q$"),
        ("distance_to_truth", dim, distance, r"distance $W_{\mathrm{bulk}}$"),
    )
    for colour, (output, scale, exact, label) in enumerate(parts):
        value, error = mean(found[output])
        draw_theory(panel, fine, exact, label, colour)
        draw_points(
            panel, np.array(RIDGES), value / scale, error / scale, "_sim", colour
        )
    best = fine[np.argmin(distance)]
    panel.axvline(best, color="0.5", lw=0.7, ls=":", label=r"$\kappa^*$")
    panel.set(xscale="log", xlabel=r"ridge $\kappa$", ylim=(0, 1), xlim=(0.01, 8))
    panel.legend()
    return figure


def _power_sweeps(*, dim):
    return {"pair": pairs(grid((STEEP,), LOADS), dim)}


def _power(data):
    figure, axes = canvas(3, sharex=True)
    error_panel, distance_panel, count_panel = axes[0]
    dim, found = data.sizes["dim"], data.sweeps["pair"]
    loads = np.geomspace(LOADS[0] / 1.5, LOADS[-1] * 1.5, 24)
    n, sizes = loads * dim, np.array(LOADS) * dim

    value, error = mean(1 - found["cross"] / found["self"])
    population = spectrum(dim, STEEP), np.ones(dim), n
    exact = along_samples(theory.convergence, *population, corrected=True)
    draw_theory(error_panel, n, 1 - exact, f"theory, $d = {dim}$")
    draw_points(error_panel, sizes, value, error, "simulation")
    atoms = theory.power_law_atoms(STEEP, 1e14, num_exact=200, num_cells=200)
    variances, counts = (np.asarray(part) for part in atoms)
    limit = along_samples(theory.convergence, variances, counts, n)
    draw_theory(error_panel, n, 1 - limit, r"$d = 10^{14}$", 1)
    error_panel.set(ylabel="$1 - q$", yscale="log")

    value, error = mean(found["distance_to_truth"])
    exact = along_samples(theory.distance_to_truth, *population, corrected=True)
    draw_theory(distance_panel, n, exact / dim, f"theory, $d = {dim}$")
    draw_points(distance_panel, sizes, value / dim, error / dim, "simulation")
    distance_panel.set(ylabel=r"distance $W_2^2 / \mathrm{tr}\,\Sigma$", yscale="log")

    known = found["overlap"].mean("seed").transpose(..., "latent").values
    crossings = [first_crossing(row) for row in known.reshape(len(LOADS), -1)]
    inside = np.array(crossings) < known.shape[-1] - 1
    count_panel.plot(
        sizes[inside], np.array(crossings)[inside], "o", mfc="white", color=COLOURS[0]
    )
    count = np.asarray(theory.latent_count(n, STEEP))
    draw_theory(count_panel, n, count, r"$(a/\pi)\sqrt{3n/2}$")
    count_panel.set(ylabel="named latents $k^*$", yscale="log")
    plain_ticks(count_panel.yaxis, (1, 2, 5, 10))
    for panel in axes[0]:
        panel.set(xscale="log", xlabel="samples $n$")
        panel.legend()
    return figure


def _divergence_sweeps(*, dim):
    return {"single": single_models(SPECTRA, dim, DIVERGENCE_LOADS)}


def _divergences(data):
    figure, axes = canvas()
    panel = axes[0, 0]
    dim, found = data.sizes["dim"], data.sweeps["single"]
    samples = [round(load * dim) for load in DIVERGENCE_LOADS]
    fine = np.geomspace(dim + 12, 4.5 * dim, 30)
    outputs = (
        ("kl_model_truth", theory.kl_model_truth, r"KL(model $\|$ truth)"),
        ("kl_truth_model", theory.kl_truth_model, r"KL(truth $\|$ model)"),
    )
    for colour, (output, function, label) in enumerate(outputs):
        exact = np.array([float(function(n, dim)) for n in fine])
        draw_theory(panel, fine / dim, exact / dim, label, colour)
        value, error = mean(found[output])
        value = value.reshape(len(SPECTRA), -1) / dim
        error = error.reshape(len(SPECTRA), -1) / dim
        for row in range(len(SPECTRA)):
            spread = 1 + 0.02 * (row - 2)  # side by side: they coincide exactly
            at = spread * np.array(samples) / dim
            draw_points(panel, at, value[row], error[row], "_sim", colour, "os^Dv"[row])
    panel.set(xscale="log", yscale="log", xlabel=r"load $\gamma = n/d$")
    panel.set(ylabel="divergence per dimension (nats)")
    plain_ticks(panel.xaxis, (1.25, 2.0, 3.0, 4.0))
    panel.legend()
    return figure


def _denoiser_sweeps(*, dim):
    cells = [(exponent, load) for exponent in (WHITE, STEEP) for load in LOADS]
    return {"single": linear_denoisers(cells, dim, NOISE, WEIGHT_RIDGE)}


def _denoisers(data):
    figure, axes = canvas(2, sharex=True)
    dim, found = data.sizes["dim"], data.sweeps["single"]
    loads = np.geomspace(LOADS[0] / 1.5, LOADS[-1] * 1.5, 30)
    means = {
        output: [part.reshape(2, -1) / dim for part in mean(found[output])]
        for output in ("train", "test")
    }
    for row, (panel, exponent) in enumerate(zip(axes[0], (WHITE, STEEP), strict=True)):
        population = spectrum(dim, exponent), np.ones(dim), loads * dim
        for colour, output in enumerate(("train", "test", "bayes")):
            exact = along_samples(_DENOISER_ERRORS[output], *population) / dim
            draw_theory(panel, loads, exact, output.replace("b", "B"), colour)
            if output in means:
                value, bar = (part[row] for part in means[output])
                draw_points(panel, np.array(LOADS), value, bar, "_sim", colour)
        panel.set(xscale="log", xlabel=r"load $\gamma = n/d$")
        panel.set_title("white" if exponent == WHITE else f"power law $a = {exponent}$")
    axes[0, 0].set(ylabel="squared error per dimension")
    axes[0, 0].legend()
    return figure


def _denoiser_error(name):
    def error(*cell):
        return getattr(theory.denoiser_errors(*cell, NOISE, WEIGHT_RIDGE), name)

    return error


_DENOISER_ERRORS = {name: _denoiser_error(name) for name in ("train", "test", "bayes")}


def _finite_size_sweeps(*, dim):
    exponent, small = SMALL
    power = grid((exponent,), SHIFT_LOADS)
    return {
        "white": pairs(grid((WHITE,), SHIFT_LOADS), dim),
        "power": pairs(power, small),
    }


def _finite_size(data):
    figure, axes = canvas(2, sharex=True)
    left, right = axes[0]
    exponent, small = SMALL
    dim = data.sizes["dim"]
    white = np.ones(small), np.full(small, dim / small)  # of the same shape
    power = spectrum(small, exponent), np.ones(small)
    _shifts(axes[0], data.sweeps["white"], white, f"white, $d = {dim}$", 0)
    label = f"$a = {exponent}$, $d = {small}$"
    _shifts(axes[0], data.sweeps["power"], power, label, 1)
    left.set(ylabel=r"$d\,(q_d - q_\infty)$")
    right.set(ylabel="shift of $W_2^2$", ylim=(0, None))
    for panel in axes[0]:
        panel.set(xscale="log", xlabel=r"load $\gamma = n/d$")
        plain_ticks(panel.xaxis, SHIFT_LOADS)
        panel.legend()
    return figure


def _shifts(panels, found, population, label, colour):
    """Estimates minus limits with tr S regressed out, and the terms in 1/n."""
    variances, counts = population
    dim = np.sum(counts)
    own = _per_seed(found["self"]) - dim
    fine = np.geomspace(SHIFT_LOADS[0], SHIFT_LOADS[-1], 4 * len(SHIFT_LOADS) - 3)
    for panel, output, function, name, marker, line in (
        (panels[0], "cross", theory.convergence, "", "o", "-"),
        (panels[1], "distance_to_truth", theory.distance_to_truth, "truth: ", "o", "-"),
        (
            panels[1],
            "distance_between_models",
            theory.distance_between_models,
            "pair: ",
            "s",
            "--",
        ),
    ):
        scale = dim if output == "cross" else 1.0
        at_fine = variances, counts, dim * fine
        limit = scale * along_samples(function, *at_fine)
        exact = scale * along_samples(function, *at_fine, corrected=True)
        panel.plot(fine, exact - limit, line, color=COLOURS[colour], lw=1)
        at = limit[::4]
        slope = at / dim if output == "cross" else at / (2 * dim)
        values = _per_seed(found[output]) - at - slope * own
        error = values.std(0, ddof=1) / np.sqrt(len(values))
        style = {"colour": colour, "marker": marker, "label": name + label}
        draw_points(panel, np.array(SHIFT_LOADS), values.mean(0), error, **style)


def _per_seed(array):
    values = array.transpose("seed", ...).values
    return values.reshape(len(values), -1)


RIDGE = Figure(
    name="ridge",
    caption=r"Convergence can be bought by bias: at load 0.5, $q$ increases with the "
    r"ridge for ever while the distance to the truth has its minimum at "
    r"$\kappa^*$ (dotted).",
    draw=_ridge,
    sweeps=_ridge_sweeps,
    sizes=SIZES,
)
POWER_LAW = Figure(
    name="power-law",
    caption=r"Power law $a = 1.5$: convergence error, distance to the truth and "
    r"number of recovered latents against the number of samples. The error "
    r"falls like $n^{-(a-1)}$ in infinitely many dimensions, the count grows "
    r"like $\sqrt n$ for every $a$.",
    draw=_power,
    sweeps=_power_sweeps,
    sizes=SIZES,
)
DIVERGENCES = Figure(
    name="divergences",
    caption=r"Divergences between model and truth are blind to the spectrum: five "
    r"spectra, the same normals, drawn side by side. Lines: exact means at "
    r"finite size.",
    draw=_divergences,
    sweeps=_divergence_sweeps,
    sizes=SIZES,
)
DENOISERS = Figure(
    name="denoisers",
    caption=r"Train, test and Bayes error of linear denoisers; noise variance 0.4, "
    r"weight ridge 0.1.",
    draw=_denoisers,
    sweeps=_denoiser_sweeps,
    sizes=SIZES,
)
FINITE_SIZE = Figure(
    name="finite-size",
    caption=r"What the limits leave out: convergence and both distances minus their "
    r"limits, against the terms of order $1/n$ (lines).",
    draw=_finite_size,
    sweeps=_finite_size_sweeps,
    sizes={"quick": {"seeds": 64, "dim": 96}, "paper": {"seeds": 1024, "dim": 96}},
)
