"""Figures on the tilted signal: what exponential weights show, and when."""

from collections.abc import Mapping

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure as Canvas
from xarray import Dataset

from ...checks.reward.common import center_of, sweep
from ...sims import reward as sims
from ...sims.sweep import Sweep
from ...theory import reward as theory
from .. import style
from ..figure import Data, Figure
from .curves import mean_and_error, on_grid

ODD = {"link": "sin3", "transform": "exp"}
TEMPERATURES = np.geomspace(0.15, 30, 90)
FLIP_RATIO, FLIP_THRESHOLD = 20.0, 0.8070684705744766


def blocks(*, links: tuple[str, ...]) -> Mapping[str, Sweep]:
    """Means of T h_k over blocks of samples, as RW-1.mc has them."""
    static = {"transform": "exp", "num_samples": 10_000, "order": 4}
    axes = {"temperature": [0.5, 1.0, 2.0, 4.0], "noise": [0.0]}
    return {link: sweep(sims.signal, static | {"link": link}, axes) for link in links}


def draw_blocks(panel: Axes, found: Dataset) -> None:
    """Sampled coefficients that stand out of their errors."""
    for k in range(1, 5):
        mean, error = mean_and_error(found.coefs.isel(degree=k))
        seen = np.abs(mean) > 4 * error
        places = found["temperature"].values[seen]
        style.points(panel, places, np.abs(mean)[seen], error[seen], "", k - 1)


def signal(data: Data) -> Canvas:
    """Hermite coefficients of the tilted label against the feature temperature."""
    figure, axes = style.canvas(3, 1, sharey=True)
    for panel, link in zip(axes[0], ("sin3", "cos4", "gen4"), strict=True):
        coefs = on_grid(
            lambda b, link=link: theory.hermite_coefs(
                b, link=link, transform="exp", order=4
            ),
            TEMPERATURES,
        )
        for k in range(1, 5):
            size = np.abs(coefs[:, k])
            if size.max() > 1e-9:
                style.theory(panel, TEMPERATURES, size, f"$k = {k}$", k - 1)
        if link in data.sweeps:
            draw_blocks(panel, data.sweeps[link])
        panel.set(xscale="log", yscale="log", ylim=(1e-6, 1e7))
        panel.set_title(link, fontsize=8)
        panel.set_xlabel(r"feature temperature $\beta_1$")
    third = 0.955737683 / (6 * TEMPERATURES**3)
    style.bound(axes[0, 0], TEMPERATURES, third, r"$\mathbb{E}[y^3z]/6\beta^3$")
    second = 1.233857569 / (2 * TEMPERATURES**2)
    style.bound(axes[0, 1], TEMPERATURES, second, r"$\mathbb{E}[y^2h_2]/2\beta^2$")
    for panel in axes[0]:
        panel.legend(fontsize=5.5, loc="upper right")
    axes[0, 0].set_ylabel(r"signal $|c_k|$")
    return figure


NOISES = (0.2, 0.35, 0.5)
RATIO, SEEN = 8, (0.3, 0.4, 0.55, 0.8, 1.2, 2.0)  # α and β1 of the runs


def estimates(*, dim: int) -> Mapping[str, Sweep]:
    """First-order estimates of the direction, as RW-7 has them."""
    static = ODD | {"dim": dim, "num_samples": RATIO * dim}
    axes = {"temperature": list(SEEN), "noise": list(NOISES)}
    made = sweep(sims.first_order, static, axes, center=center_of(**ODD))
    return {"first order": made}


def ratio(data: Data) -> Canvas:
    """Signal-to-noise of sin3 against the feature temperature."""
    figure, axes = style.canvas()
    panel = axes[0, 0]
    for colour, noise in enumerate(NOISES):
        heights = on_grid(
            lambda b, noise=noise: theory.signal_to_noise(b, noise, **ODD),
            TEMPERATURES,
        )
        style.theory(panel, TEMPERATURES, heights, rf"$\tau = {noise}$", colour)
        best, height = map(float, theory.optimal_temperature(noise, **ODD))
        panel.plot([best], [height], "*", color=style.COLOURS[colour], zorder=4)
        powers = theory.generative_powers(noise, link="sin3", order=1, num_labels=1001)
        ceiling = float(powers[1])
        panel.axhline(ceiling, color=style.COLOURS[colour], linestyle=":", zorder=1)
    if data.sweeps:
        draw_ratios(panel, data.sweeps["first order"])
    panel.set(xscale="log", ylim=(0, 0.4), xlim=(0.15, 10))
    panel.set_xlabel(r"feature temperature $\beta_1$")
    panel.set_ylabel(r"signal-to-noise $\rho$")
    panel.legend(fontsize=6, loc="center right")
    return figure


def draw_ratios(panel: Axes, found: Dataset) -> None:
    """Simulated overlaps as the ratio that RW-7 gives them: m²/(1 - m²) (d - 1)/n."""
    dim = float(np.ravel(found["dim"].values)[0])
    for colour, noise in enumerate(NOISES):
        m, error = mean_and_error(found.overlap.sel(noise=noise))
        scale = (dim - 1) / (RATIO * dim)
        bars = 2 * np.abs(m) / (1 - m**2) ** 2 * scale * error
        style.points(panel, np.array(SEEN), m**2 / (1 - m**2) * scale, bars, "", colour)


def flip(data: Data) -> Canvas:
    """The overlap changes sign at the feature threshold."""
    figure, axes = style.canvas()
    panel = axes[0, 0]
    found = data["RW-6"]["flip"].overlap
    dim = int(np.atleast_1d(found["dim"].values)[0])
    overlap = on_grid(
        lambda b: theory.first_order_overlap(
            FLIP_RATIO, b, link="flip", transform="exp", dim=dim
        ),
        TEMPERATURES,
    )
    style.theory(panel, TEMPERATURES, overlap, "theory, RW-7")
    mean, error = mean_and_error(found)
    style.points(
        panel, found["temperature"].values, mean, error, f"simulation, $d = {dim}$"
    )
    plain = theory.first_order_overlap(
        FLIP_RATIO, 1.0, link="flip", transform="plain", dim=dim
    )
    level = np.full_like(TEMPERATURES, float(plain))
    style.mutant(panel, TEMPERATURES, level, "plain labels")
    panel.axvline(FLIP_THRESHOLD, color="black", linewidth=0.7)
    panel.axhline(0, color="black", linewidth=0.5)
    panel.annotate(r"$\beta_{thr}$", (FLIP_THRESHOLD * 1.08, -0.2))
    panel.set(xscale="log", ylim=(-0.5, 0.75))
    panel.set_xlabel(r"feature temperature $\beta_1$")
    panel.set_ylabel("overlap $m$")
    panel.legend(fontsize=6)
    return figure


FIGURES = (
    Figure(
        name="threshold",
        caption="Feature-temperature threshold of the link flip: first-order overlap "
        r"against $\beta_1$, $\alpha = 20$, theory and simulation (bars: one standard "
        r"error). The sign changes at $\beta_{thr} = 0.807$.",
        claims=("RW-6",),
        draw=flip,
    ),
    Figure(
        name="signal",
        caption=r"Hermite signal $|c_k(\beta_1)|$ of exponential weights, noiseless "
        "labels. sin3, cos4 show lower orders than their information exponents 3 and "
        "4; gen4 shows nothing below order 4. Dash-dotted: leading power of the "
        "temperature. Circles: sampled (bars: one standard error; preset quick: sin3).",
        draw=signal,
        sweeps=blocks,
        sizes={
            "quick": {"seeds": 64, "links": ("sin3",)},
            "paper": {"seeds": 512, "links": ("sin3", "cos4", "gen4")},
            "gpu": {"seeds": 512, "links": ("sin3", "cos4", "gen4")},
        },
    ),
    Figure(
        name="optimal-temperature",
        caption=r"Signal-to-noise $\rho = c_1^2/M_2$ of sin3, exponential weights; "
        r"stars: optimum; dotted: ceiling $\lambda_1^2$ of any label transform; "
        r"circles: from the overlaps of first-order estimates at $\alpha = 8$ (bars: "
        "one standard error; $d = 128$, at preset paper 512; too large at small "
        r"$\beta_1$, where few samples carry the weight).",
        draw=ratio,
        sweeps=estimates,
        sizes={
            "quick": {"seeds": 64, "dim": 128},
            "paper": {"seeds": 256, "dim": 512},
        },
    ),
)
