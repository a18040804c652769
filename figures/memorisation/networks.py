"""Trained denoisers: convergence and recovery in two architectures."""

import jax
import jax.numpy as jnp
import numpy as np

from ...checks.memorisation.networks import ARCHITECTURES, LOADS, SPIKE, networks
from ...sims.memorisation.textures import texture_covariance, texture_truth
from ...theory import memorisation as theory
from ..figure import Figure
from ..style import COLOURS, canvas
from ..style import points as draw_points
from .curves import along_samples, plain_ticks

LARGE = (4, 16, 64, 256, 1024, 4096)


def _sweeps(**sizes):
    return {"networks": networks(**sizes)}


def _networks(data):
    figure, axes = canvas(3)
    converged, recovered, strip = axes[0]
    found, loads = data.sweeps["networks"], data.sizes["loads"]
    for k, architecture in enumerate(ARCHITECTURES):
        cell = found.sel(architecture=architecture)
        for panel, output in ((converged, "q_net"), (recovered, "Q_net")):
            values = cell[output].squeeze().transpose("num_samples", ...).values
            values = values.reshape(len(loads), -1)
            count = values.shape[1]
            spread = values.std(1, ddof=1) / np.sqrt(count) if count > 1 else None
            marker = "os"[k]
            draw_points(
                panel, np.array(loads), values.mean(1), spread, architecture, k, marker
            )
    fine = np.geomspace(loads[0], loads[-1], 30)
    variances = _true_variances(found.sizes["row"])
    ones = np.ones(len(variances))
    linear = along_samples(theory.convergence, variances, ones, fine)
    converged.plot(fine, linear, "-", color=COLOURS[2], label="linear theory")
    equivariant = np.asarray(theory.equivariant_convergence(fine))
    converged.plot(fine, equivariant, "--", color=COLOURS[2], label="circulant theory")
    overlap = along_samples(theory.latent_overlap, variances, ones, fine, index=0)
    recovered.plot(fine, overlap, "-", color=COLOURS[2], label="linear theory")
    for panel, name in ((converged, "convergence"), (recovered, "latent overlap")):
        panel.set(xscale="log", xlabel="images per model $n$", ylabel=name)
        plain_ticks(panel.xaxis, loads)
        panel.set_ylim(0, 1.03)
    named = converged.get_legend_handles_labels()
    figure.set_figheight(1.2 * figure.get_figheight())
    figure.legend(*named, loc="outside lower center", ncols=4)
    _show_images(strip, found, loads)
    return figure


def _true_variances(side):
    """Eigenvalues of the covariance of the images, descending."""
    truth = texture_truth(jnp.float32(SPIKE), side)
    covariance = jax.jit(texture_covariance)(truth)
    return np.linalg.eigvalsh(np.asarray(covariance, np.float64))[::-1]


def _show_images(panel, found, loads):
    """First image of both models from the same noise, fewest and most samples."""
    rows = []
    for architecture in ARCHITECTURES:
        tiles = [
            np.pad(_images(found, architecture, n)[model, 0], 1, constant_values=np.nan)
            for n in (loads[0], loads[-1])
            for model in (0, 1)
        ]
        rows.append(np.concatenate(tiles, axis=1))
    panel.imshow(np.concatenate(rows), cmap="gray", vmin=-2.5, vmax=2.5)
    tile = found.sizes["row"] + 2
    panel.set(
        xticks=[tile - 0.5, 3 * tile - 0.5], yticks=[tile / 2 - 0.5, 3 * tile / 2 - 0.5]
    )
    panel.set_xticklabels([f"$n = {n}$\nmodels 1, 2" for n in (loads[0], loads[-1])])
    panel.set_yticklabels(ARCHITECTURES, rotation=90, va="center")
    panel.tick_params(length=0)


def _images(found, architecture, num_samples):
    cell = found["images"].sel(architecture=architecture, num_samples=num_samples)
    return cell.isel(seed=0).squeeze(drop=True).values


NETWORKS = Figure(
    name="networks",
    caption=r"Pairs of small denoisers trained on disjoint images. Convolutions "
    r"converge after a few images and never learn the localised latent; with "
    r"a global bottleneck both orders follow the linear theory once trained (after "
    r"the 300 steps of paper; the 100 of quick are too few). Right: images from "
    r"the same noise.",
    draw=_networks,
    sweeps=_sweeps,
    sizes={
        "quick": {"seeds": 1, "loads": LOADS[:2], "num_steps": 100},
        "paper": {"seeds": 32, "loads": LOADS, "num_steps": 300},
    },
)

NETWORKS_LARGE = Figure(
    name="networks-large",
    caption=r"The same with four times as many pixels (gpu: sixteen), trained "
    r"for ten times as many steps or more. Right: images from the same noise.",
    draw=_networks,
    sweeps=_sweeps,
    sizes={
        "paper": {
            "seeds": 3,
            "loads": LARGE,
            "num_steps": 3000,
            "side": 16,
            "max_samples": LARGE[-1],
        },
        "gpu": {
            "seeds": 1,
            "loads": (16, 1024, 65536),
            "num_steps": 20_000,
            "side": 32,
            "channels": 64,
            "rank": 256,
            "layers": 6,
            "batch": 512,
            "max_samples": 65536,
        },
    },
)
