"""Figures on memorisation: what is drawn is what was simulated and derived."""

import numpy as np
import pytest
from limen.figures import memorisation as figures
from limen.figures.figure import Data
from limen.figures.memorisation import curves
from limen.sims.sweep import draw
from limen.theory import memorisation as theory
from xarray import Dataset

# `limen reproduce` draws all of them; here those that share two small programs
DRAWN = [f for f in figures.FIGURES if f.name in ("orders", "distances", "collapse")]


def test_names_are_unique_and_sizes_are_complete():
    names = [figure.name for figure in figures.FIGURES]
    assert len(set(names)) == len(names) == 11
    assert names[0] == "orders"
    slow = [f.name for f in figures.FIGURES if "quick" not in f.sizes]
    assert slow == ["networks-large"]


@pytest.mark.parametrize("preset", ["paper", "gpu"])
def test_large_networks_ask_for_what_their_simulator_takes(preset):
    figure = figures.NETWORKS_LARGE
    sizes = {k: v for k, v in figure.sizes[preset].items() if k != "seeds"}
    (cells,) = figure.sweeps(**sizes).values()
    assert not cells.problems
    assert len(cells.cells()) == 2 * len(sizes["loads"])
    assert max(sizes["loads"]) == sizes["max_samples"]


def test_networks_of_any_size_are_drawn():
    loads, names, pixels = (4, 9), ("conv", "bottleneck"), 6
    rng = np.random.default_rng(0)
    dims = ("architecture", "num_samples", "seed")
    rows = {name: (dims, rng.random((2, 2, 3))) for name in ("q_net", "Q_net")}
    shape = (2, 2, 3, 2, 4, pixels, pixels)
    rows["images"] = ((*dims, "model", "image", "row", "column"), rng.random(shape))
    found = Dataset(rows, {"architecture": list(names), "num_samples": list(loads)})
    canvas = figures.NETWORKS.draw(
        Data(sweeps={"networks": found}, sizes={"loads": loads})
    )
    converged, _, strip = canvas.axes
    means = found["q_net"].mean("seed").sel(architecture="conv").values
    drawn = converged.containers[0].lines[0].get_ydata()
    assert np.allclose(drawn, means)
    shown = strip.images[0].get_array()
    assert shown.shape == (2 * (pixels + 2), 4 * (pixels + 2))
    first = found["images"].sel(architecture="conv", num_samples=4)[0, 0, 0].values
    assert np.allclose(shown[1 : pixels + 1, 1 : pixels + 1], first)


@pytest.fixture(scope="module")
def drawn(tmp_path_factory):
    store = tmp_path_factory.mktemp("store")
    made = {}
    for figure in DRAWN:
        sizes = {k: v for k, v in figure.sizes["quick"].items() if k != "seeds"}
        sizes = {"dim": 24} | ({"spike_dim": 400} if "spike_dim" in sizes else {})
        sweeps = figure.sweeps(**sizes)
        found = draw([(s, 16) for s in sweeps.values()], store=store)
        data = Data(sweeps=dict(zip(sweeps, found, strict=True)), sizes=sizes)
        made[figure.name] = (data, figure.draw(data))
    return made


def test_every_panel_has_axes_labels_and_data(drawn):
    for _, canvas in drawn.values():
        assert canvas.axes[-1].get_xlabel()
        for axes in canvas.axes:
            assert axes.get_ylabel()
            assert axes.lines or axes.collections


def test_headline_points_are_the_means_of_the_rows(drawn):
    data, canvas = drawn["orders"]
    recovered = canvas.axes[2]
    points = recovered.containers[0].lines[0].get_ydata()
    expected = data.sweeps["spike"]["overlap"].mean("seed").values.reshape(3, -1)[0]
    assert np.allclose(points, expected)


def test_headline_line_is_the_theory(drawn):
    converged = drawn["orders"][1].axes[1]
    line = next(x for x in converged.lines if x.get_label() == "theory")
    x, y = line.get_data()
    assert y[50] == pytest.approx(float(theory.convergence_white(x[50])), rel=1e-10)


def test_means_and_errors():
    from xarray import DataArray

    array = DataArray(np.arange(12.0).reshape(4, 3), dims=("seed", "cell"))
    value, error = curves.mean(array)
    assert np.allclose(value, [4.5, 5.5, 6.5])
    assert np.allclose(error, np.sqrt(15) / 2)


def test_the_formula_is_dotted_outside_of_its_domain(drawn):
    recovered = drawn["orders"][1].axes[5]
    parts = {
        style: np.concatenate(
            [x.get_ydata() for x in recovered.lines if x.get_linestyle() == style]
        )
        for style in (":", "-")
    }
    assert np.nanmax(parts[":"]) < 0.7 <= np.nanmin(parts["-"])
