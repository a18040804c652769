"""The network that a fit recovers, as a graph and as a matrix."""

import numpy as np
from matplotlib import colormaps
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.colors import Normalize
from matplotlib.figure import Figure as Canvas
from matplotlib.patches import FancyArrowPatch

from ...checks.hawkes.networks import seeds_first
from ...sims.hawkes import HawkesFit
from .. import style
from ..figure import Data, Figure

LABELLED = 40  # beyond this many nodes their numbers are left out


def network(fit: HawkesFit) -> Canvas:
    """Draw a recovered network: nodes on a circle, and the matrix of weights.

    Nodes that excite each other stand together (order of the smoothest
    eigenvectors of the symmetrised graph); width of an edge: weight; colour: weight
    over its standard error.

    Args:
        fit: What `limen.sims.hawkes.fit` returned.

    Returns:
        The figure.
    """
    known = np.where(np.isnan(fit.standard_errors), np.inf, fit.standard_errors)
    z = fit.weights / np.where(known > 0, known, np.inf)
    title = f"{fit.num_events:,} events, $T = {fit.T:g}$"
    with style.applied():
        return _drawn(fit.weights, fit.adjacency, z, title)


def _drawn(
    weights: np.ndarray,
    adjacency: np.ndarray,
    z: np.ndarray,
    title: str,
    truth: np.ndarray | None = None,
) -> Canvas:
    figure, axes = style.canvas(2)
    order = _order(adjacency)
    _graph(figure, axes[0, 0], weights, adjacency, z, order)
    axes[0, 0].set_title(f"{title}: {int(adjacency.sum())} edges")
    _matrix(figure, axes[0, 1], weights, order, truth)
    return figure


def _order(adjacency: np.ndarray) -> np.ndarray:
    """Nodes along the circle: by angle in the two smoothest eigenvectors."""
    d = len(adjacency)
    both = (adjacency | adjacency.T).astype(float)
    laplacian = np.diag(both.sum(axis=1)) - both + 1e-6
    _, vectors = np.linalg.eigh(laplacian)
    if d < 4:
        return np.arange(d)
    return np.argsort(np.arctan2(vectors[:, 2], vectors[:, 1]), kind="stable")


def _graph(
    figure: Canvas,
    axes: Axes,
    weights: np.ndarray,
    adjacency: np.ndarray,
    z: np.ndarray,
    order: np.ndarray,
) -> None:
    d = len(order)
    mark, letters = (8, 5) if d <= 24 else (5.5, 3.8)
    angle = np.empty(d)
    angle[order] = 2 * np.pi * np.arange(d) / d
    x, y = np.cos(angle), np.sin(angle)
    edges = np.argwhere(adjacency)
    colours = colormaps["viridis"]
    top = max(float(z[adjacency].max()), 1.0) if len(edges) else 1.0
    scale = Normalize(0, top)
    for child, parent in edges:
        arrow = FancyArrowPatch(
            (float(x[parent]), float(y[parent])),
            (float(x[child]), float(y[child])),
            connectionstyle="arc3,rad=0.15",
            arrowstyle="-|>",
            mutation_scale=6,
            shrinkA=mark / 2,
            shrinkB=mark / 2,
            linewidth=3 * min(float(weights[child, parent]), 1.0),
            color=colours(scale(z[child, parent])),
        )
        axes.add_patch(arrow)
    axes.plot(
        x, y, "o", color="white", markeredgecolor="k", markersize=mark, label="_node"
    )
    if d <= LABELLED:
        for node in range(d):
            axes.text(
                x[node], y[node], str(node), ha="center", va="center", size=letters
            )
    axes.set_aspect("equal")
    axes.set(xlim=(-1.2, 1.2), ylim=(-1.2, 1.2))
    axes.axis("off")
    shades = ScalarMappable(scale, colours)
    figure.colorbar(shades, ax=axes, label="weight / standard error", shrink=0.7)


def _matrix(
    figure: Canvas,
    axes: Axes,
    weights: np.ndarray,
    order: np.ndarray,
    truth: np.ndarray | None,
) -> None:
    shown = weights[np.ix_(order, order)]
    limit = max(float(abs(shown).max()), 1e-9)
    image = axes.imshow(shown, cmap="RdBu_r", vmin=-limit, vmax=limit)
    image.set_label("fitted weight")
    if truth is not None:
        child, parent = np.nonzero(truth[np.ix_(order, order)])
        axes.plot(
            parent, child, "s", color="k", markerfacecolor="none", markersize=4,
            markeredgewidth=0.6, label="true edges",
        )  # fmt: skip
        axes.legend(loc="lower right", bbox_to_anchor=(1, 1), fontsize=6)
    axes.set(xlabel="parent", ylabel="child", xticks=[], yticks=[])
    axes.grid(visible=False)
    figure.colorbar(image, ax=axes, label="fitted weight", shrink=0.7)


def draw_fit(data: Data) -> Canvas:
    """The first path of HK-F."""
    from scipy import stats

    found = data["HK-F"]["fits"]
    weights, z, truth = (
        seeds_first(found[name], "child", "parent")[0]
        for name in ("weights", "z", "truth")
    )
    d = len(weights)
    adjacency = z > stats.norm.isf(0.05 / (d * (d - 1)))
    return _drawn(weights, adjacency, z, f"$d = {d}$, $T = 500$", truth > 0)


NETWORK = Figure(
    name="recovered_network",
    caption="A network recovered by `fit` from one path (ring of 32 nodes with random "
    "labels, $w = .5$, $T = 500$, level .05). Left: edges, width by weight, colour by "
    "significance. Right: fitted weights of all candidates; squares are true edges.",
    claims=("HK-F",),
    draw=draw_fit,
)
