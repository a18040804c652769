"""The two orders: convergence sees the bulk, recovery is a sharp transition."""

import numpy as np
from matplotlib.lines import Line2D

from ...checks.memorisation.cells import cell, counts, grid, pairs, spectrum
from ...checks.memorisation.latents import spikes
from ...theory import memorisation as theory
from ..figure import Figure
from ..style import COLOURS, canvas
from ..style import points as draw_points
from ..style import theory as draw_theory
from .curves import (
    LOADS,
    SPIKE_LOADS,
    SPIKES,
    along_samples,
    mean,
    plain_ticks,
)

SIZES = {
    "quick": {"seeds": 16, "dim": 96, "spike_dim": 2000},
    "paper": {"seeds": 64, "dim": 96, "spike_dim": 20000},
}
POINTS = 200
MARKERS = ("o", "s", "^")
EXPONENTS = (0.4, 0.7, 1.5)
PLACES = ("upper right", "lower right", "upper left")
ISOLATED = 0.7  # overlaps above which neighbouring eigenvalues do not matter
NAMES = ("memorisation $m_{\\max}$", "convergence $q$", "latent overlap $Q$")


def _sweeps(*, dim, spike_dim):
    """Pairs of white models, and single models with spikes of three sizes."""
    cells = [cell(load=load, spike=spike) for spike in (0.0, *SPIKES) for load in LOADS]
    single = [(load, spike) for spike in SPIKES for load in SPIKE_LOADS]
    return {"pair": pairs(cells, dim), "spike": spikes(single, spike_dim)}


def _by_spike(found, output, spikes):
    """Mean and error of an output, one row per size of the spike."""
    array = found[output]
    array = array.isel(latent=0) if "latent" in array.dims else array
    return [part.reshape(len(spikes), -1) for part in mean(array)]


def _order_sweeps(*, dim, spike_dim):
    """Besides, pairs of models of power-law data."""
    power = pairs(grid(EXPONENTS, LOADS), dim)
    return _sweeps(dim=dim, spike_dim=spike_dim) | {"power": power}


def _orders(data):
    figure, axes = canvas(3, 2, sharex=True)
    _spiked_orders(axes[0], data)
    _power_orders(axes[1], data)
    names = NAMES, ("squared cosine with a sample", *NAMES[1:])
    for row, labels in zip(axes, names, strict=True):
        for panel, name, place in zip(row, labels, PLACES, strict=True):
            panel.set(xscale="log", ylabel=name, ylim=(-0.02, 1.02))
            panel.set_xlim(LOADS[0] / 1.5, SPIKE_LOADS[-1] * 1.5)
            panel.legend(loc=place)
    for panel in axes[1]:
        panel.set(xlabel=r"load $\gamma = n/d$")
    axes[1, 0].set(ylim=(-0.01, 0.5))
    axes[1, 2].legend(loc="lower right")
    return figure


def _spiked_orders(panels, data):
    """White data with a spike: one panel per order, theory of the limit."""
    fine = np.geomspace(LOADS[0] / 1.5, SPIKE_LOADS[-1] * 1.5, POINTS)
    copies, converged, recovered = panels
    dim = data.sizes["dim"]
    draw_theory(
        copies,
        fine,
        np.asarray(theory.memorisation_maximum(fine * dim, dim)),
        f"theory, $d = {dim}$",
    )
    value, error = _by_spike(data.sweeps["pair"], "m_max", (0.0, *SPIKES))
    draw_points(copies, np.array(LOADS), value[0], error[0], "white")
    draw_theory(converged, fine, np.asarray(theory.convergence_white(fine)), "theory")
    value, error = _by_spike(data.sweeps["pair"], "q_ratio", (0.0, *SPIKES))
    overlap, overlap_error = _by_spike(data.sweeps["spike"], "overlap", SPIKES)
    for k, spike in enumerate(SPIKES):
        label = rf"$\beta = {spike:g}$"
        style = {"label": label, "colour": k + 1, "marker": MARKERS[k]}
        draw_points(converged, np.array(LOADS), value[k + 1], error[k + 1], **style)
        draw_points(
            recovered, np.array(SPIKE_LOADS), overlap[k], overlap_error[k], **style
        )
        exact = np.asarray(theory.spiked_overlap(spike, fine))
        draw_theory(recovered, fine, exact, "_theory", k + 1)
        recovered.axvline(1 / spike**2, color=COLOURS[k + 1], lw=0.6, ls=":")


def _power_orders(panels, data):
    """Power laws: the same orders, of the leading direction, at the drawn dimension."""
    dim = data.sizes["dim"]
    loads = np.geomspace(LOADS[0] / 1.5, LOADS[-1] * 1.5, 40)
    found = data.sweeps["power"]
    drawn = [
        _by_spike(found, output, EXPONENTS)
        for output in ("energy_train", "q_ratio", "overlap")
    ]
    for k, exponent in enumerate(EXPONENTS):
        variances = spectrum(dim, exponent)
        population = variances, counts(variances), loads * dim
        exact = (
            along_samples(_training_energy, *population),
            along_samples(theory.convergence, *population, corrected=True),
            along_samples(theory.latent_overlap, *population, index=0),
        )
        scales, domains = (dim**2, 1.0, 1.0), (0.0, 0.0, ISOLATED)
        for panel, line, (value, error), scale, least in zip(
            panels, exact, drawn, scales, domains, strict=True
        ):
            _line_with_domain(panel, loads, line, k, least)
            style = {"label": f"$a = {exponent}$", "colour": k, "marker": MARKERS[k]}
            points = value[k] / scale, error[k] / scale
            draw_points(panel, np.array(LOADS), *points, **style)


def _line_with_domain(panel, loads, line, colour, least):
    """A theory curve, dashed where it lies below the domain of its formula."""
    style = {"color": COLOURS[colour], "lw": 0.8, "zorder": 2}
    outside = line < least
    if outside.any():
        panel.plot(loads, np.where(outside, line, np.nan), ":", label="_", **style)
    draw_theory(panel, loads, np.where(line >= least, line, np.nan), "_theory", colour)


def _training_energy(*population):
    return theory.memorisation_energy(*population).train


def _phases(data):
    figure, axes = canvas()
    panel = axes[0, 0]
    panel.grid(False)
    loads, sizes = np.geomspace(0.04, 25, 160), np.geomspace(0.2, 6, 160)
    load, size = np.meshgrid(loads, sizes)
    overlap = np.asarray(theory.spiked_overlap(size, load))
    mesh = panel.pcolormesh(
        loads, sizes, overlap, cmap="viridis", vmin=0, vmax=1, rasterized=True
    )
    figure.colorbar(mesh, ax=panel, label="latent overlap $Q$")
    panel.plot(loads, loads**-0.5, "w--", lw=1, label=r"$\gamma_c = 1/\beta^2$")
    for level, style in ((0.5, "-"), (0.9, "-.")):
        at = _load_of(level)
        panel.axvline(at, color="w", ls=style, lw=1, label=f"$q = {level}$")
    value, _ = _by_spike(data.sweeps["spike"], "overlap", SPIKES)
    for k, spike in enumerate(SPIKES):
        panel.scatter(
            SPIKE_LOADS,
            np.full(len(SPIKE_LOADS), spike),
            c=value[k],
            cmap="viridis",
            vmin=0,
            vmax=1,
            edgecolors="w",
            linewidths=0.7,
            s=26,
            zorder=3,
        )
    words = {"color": "w", "fontsize": 6, "ha": "center", "va": "center"}
    panel.text(6.8, 0.245, "converged,\nlatent unknown", **words)
    panel.text(0.2, 4.9, "latent known,\nnot converged", **words)
    panel.set(xscale="log", yscale="log", xlim=(0.04, 25), ylim=(0.2, 6))
    panel.set(xlabel=r"load $\gamma = n/d$", ylabel=r"spike $\beta$")
    plain_ticks(panel.yaxis, (0.25, 0.5, 1.0, 2.0, 4.0))
    panel.legend(loc="lower left", labelcolor="w", fontsize=6)
    return figure


def _load_of(level):
    """Load at which convergence of white data reaches a level."""
    loads = np.geomspace(0.04, 25, POINTS)
    return float(np.interp(level, np.asarray(theory.convergence_white(loads)), loads))


def _distances(data):
    figure, axes = canvas(2, sharex=True)
    bulk, latent = axes[0]
    fine = np.geomspace(LOADS[0] / 1.5, SPIKE_LOADS[-1] * 1.5, POINTS)
    dim = data.sizes["dim"]
    value, error = _by_spike(data.sweeps["pair"], "distance_to_truth", (0.0, *SPIKES))
    distance, distance_error = _by_spike(
        data.sweeps["spike"], "latent_distance", SPIKES
    )
    draw_theory(bulk, fine, np.asarray(theory.distance_to_truth_white(fine)), "theory")
    for k, spike in enumerate(SPIKES):
        style = {
            "colour": k + 1,
            "marker": MARKERS[k],
            "label": rf"$\beta = {spike:g}$",
        }
        draw_points(
            bulk, np.array(LOADS), value[k + 1] / dim, error[k + 1] / dim, **style
        )
        draw_points(
            latent, np.array(SPIKE_LOADS), distance[k], distance_error[k], **style
        )
        exact = np.asarray(theory.latent_distance(spike, fine))
        draw_theory(latent, fine, exact, "_theory", k + 1)
        norm = np.asarray(theory.operator_norm_error(spike, fine))
        latent.plot(fine, norm, "--", color=COLOURS[k + 1], lw=0.8)
        latent.axvline(1 / spike**2, color=COLOURS[k + 1], lw=0.6, ls=":")
    bulk.set(ylabel=r"bulk distance $W_{\mathrm{bulk}}$", ylim=(0, 2))
    latent.set(
        ylabel=r"latent distance $W_{\mathrm{lat}}$", yscale="log", ylim=(0.05, 40)
    )
    for panel in axes[0]:
        panel.set(xscale="log", xlabel=r"load $\gamma = n/d$")
        panel.set_xlim(fine[0], fine[-1])
    dashed = Line2D([], [], color="0.3", ls="--", lw=0.8)
    dashed.set_label(r"$\|S - \Sigma\|_{\mathrm{op}}$")
    bulk.legend()
    latent.legend(handles=[*latent.get_legend_handles_labels()[0], dashed])
    return figure


def _collapse(data):
    figure, axes = canvas(2, sharex=True)
    bulk, latent = axes[0]
    dim = data.sizes["dim"]
    converged = _by_spike(data.sweeps["pair"], "q_ratio", (0.0, *SPIKES))[0]
    value, error = _by_spike(data.sweeps["pair"], "distance_to_truth", (0.0, *SPIKES))
    distance, distance_error = _by_spike(
        data.sweeps["spike"], "latent_distance", SPIKES
    )
    fine = np.geomspace(LOADS[0] / 1.5, LOADS[-1] * 1.5, POINTS)
    order = np.asarray(theory.convergence_white(fine))
    draw_theory(bulk, order, 2 * (1 - np.sqrt(order)), r"$2(1 - \sqrt{q})$")
    for k, spike in enumerate(SPIKES):
        style = {
            "colour": k + 1,
            "marker": MARKERS[k],
            "label": rf"$\beta = {spike:g}$",
        }
        at = converged[k + 1]
        draw_points(bulk, at, value[k + 1] / dim, error[k + 1] / dim, **style)
        shown = slice(len(LOADS))
        draw_points(latent, at, distance[k, shown], distance_error[k, shown], **style)
        exact = np.asarray(theory.latent_distance(spike, fine))
        draw_theory(latent, order, exact, "_theory", k + 1)
    bulk.set(ylabel=r"$W_{\mathrm{bulk}}$", ylim=(0, 2))
    latent.set(ylabel=r"$W_{\mathrm{lat}}$", yscale="log")
    for panel in axes[0]:
        panel.set(xlabel="convergence $q$", xlim=(0, 1))
        panel.legend()
    return figure


ORDERS = Figure(
    name="orders",
    caption=r"Memorisation, convergence and latent overlap against the load. Above, "
    r"white data with a spike: $q$ rises smoothly and is the same for every spike; "
    r"$Q$ jumps at $\gamma_c = 1/\beta^2$ (dotted). Below, power laws $\sigma_i "
    r"\propto i^{-a}$: squared cosine with a training point, $q$, and the overlap of "
    r"the leading direction. Lines: theory; $Q$ of power laws by the formula for "
    r"isolated eigenvalues, which holds beyond 0.7 (dotted: outside that domain, where "
    r"neighbouring eigenvalues mix). Points: simulation with standard errors.",
    draw=_orders,
    sweeps=_order_sweeps,
    sizes=SIZES,
)
PHASES = Figure(
    name="phases",
    caption=r"Phase diagram in load and spike. Colour: $Q$ in theory (background) "
    r"and in simulation (discs). White: the recovery threshold and two "
    r"levels of convergence, which do not depend on the spike.",
    draw=_phases,
    sweeps=_sweeps,
    sizes=SIZES,
)
DISTANCES = Figure(
    name="distances",
    caption=r"Two distances to the truth: the bulk distance has no singularity, the "
    r"latent one a cusp at $\gamma_c$; dashed, the operator norm with "
    r"another threshold.",
    draw=_distances,
    sweeps=_sweeps,
    sizes=SIZES,
)
COLLAPSE = Figure(
    name="collapse",
    caption=r"The bulk distance is a function of convergence whatever the spike, the "
    r"latent distance is not.",
    draw=_collapse,
    sweeps=_sweeps,
    sizes=SIZES,
)
