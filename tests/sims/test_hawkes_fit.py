"""`fit` on a user's own events: recovery, exact sums, and every stated refusal."""

import json
import sys

import numpy as np
import pytest
from limen.paper_repro.cli import app
from limen.sims import hawkes
from limen.sims.hawkes import contrast
from typer.testing import CliRunner

from tests.reference import hawkes as oracle

D, T = 5, 700.0
WEIGHTS = 0.5 * np.eye(D, k=1) + 0.5 * np.eye(D, k=1 - D)


@pytest.fixture(scope="module")
def events():
    return oracle.thinning(np.random.default_rng(4), np.full(D, 0.5), WEIGHTS, 1.0, T)


@pytest.fixture(scope="module")
def fitted(events):
    return hawkes.fit(*events, T, beta=1.0)


def test_sums_against_the_sequential_oracle(events):
    times, nodes = (part[:300] for part in events)
    sums = contrast.event_sums(times, nodes, 80.0, D, 1.3)
    raw = oracle.cross_products(times, nodes, 1.3, D)
    integral = np.bincount(nodes, minlength=D).astype(float)
    integral -= oracle.state_at(80.0, times, nodes, 1.3, D) / 1.3
    centred = raw - np.outer(np.bincount(nodes, minlength=D), integral) / 80.0
    np.testing.assert_allclose(sums.cross, centred, rtol=1e-9, atol=1e-9)
    np.testing.assert_allclose(sums.integral, integral, rtol=1e-11)


def test_the_network_is_recovered_with_its_weights(events, fitted):
    truth = WEIGHTS > 0
    assert (fitted.adjacency == truth).all()
    z = (fitted.weights - WEIGHTS)[truth] / fitted.standard_errors[truth]
    assert abs(z).max() < 4.5
    assert fitted.num_events == len(events[0])
    assert fitted.branching_ratio == pytest.approx(0.5, abs=0.12)
    assert "1 -> 0" in str(fitted)


def test_the_intercept_closes_the_balance(fitted, events):
    sums = contrast.event_sums(*events, T, D, 1.0)
    explained = fitted.baseline * T + fitted.weights @ sums.integral
    np.testing.assert_allclose(explained, sums.counts, rtol=1e-9)


def test_methods_agree_on_the_support(events, fitted):
    truth = WEIGHTS > 0
    full = hawkes.fit(*events, T, beta=1.0, method="full")
    assert (full.adjacency == truth).all()
    assert np.isfinite(full.standard_errors).all()
    lagged = hawkes.fit(*events, T, beta=1.0, screen="lag1", num_candidates=2)
    assert (lagged.adjacency == truth).all()
    for method, threshold in (("lasso", 0.15), ("mle", 0.25)):
        other = hawkes.fit(*events, T, beta=1.0, method=method, threshold=threshold)
        assert (other.adjacency == truth).all()


def test_beta_is_profiled(events):
    found = hawkes.fit(*events, T)
    assert found.beta == pytest.approx(1.0, abs=0.35)
    assert (found.adjacency == (WEIGHTS > 0)).all()


def test_start_shifts_the_clock(events, fitted):
    times, nodes = events
    moved = hawkes.fit(times + 50.0, nodes, T + 50.0, beta=1.0, start=50.0)
    np.testing.assert_allclose(moved.weights, fitted.weights, rtol=1e-6, atol=1e-9)


def test_silent_nodes_are_allowed_on_request(events):
    found = hawkes.fit(*events, T, beta=1.0, num_nodes=D + 1, allow_silent=True)
    assert not found.adjacency[D].any()
    assert not found.adjacency[:, D].any()
    assert (found.adjacency[:D, :D] == (WEIGHTS > 0)).all()


def test_warnings(events):
    times, nodes = (part[:100] for part in events)
    few = hawkes.fit(np.round(times, 1), nodes, T, beta=1.0)
    assert any("fewer than 30" in text for text in few.warnings)
    assert any("tied" in text for text in few.warnings)


TIMES, NODES = np.array([0.5, 1.0, 2.0, 3.0]), np.array([0, 1, 0, 1])


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"times": TIMES[:3]}, "one length"),
        ({"times": TIMES[::-1]}, "Event 1 at 2.0 comes after 3.0"),
        ({"times": np.array([0.5, np.nan, 2, 3])}, "finite. Event 1"),
        ({"T": 2.5}, "before the last event, number 3 at 3.0"),
        ({"T": 0.0}, "exceed `start`"),
        ({"start": 0.7}, "precede"),
        ({"nodes": np.array([0.0, 1.5, 0, 1])}, "integers. Event 1"),
        ({"nodes": np.array([0, -1, 0, 1])}, "Event 1 has -1"),
        ({"nodes": np.array([0, 7, 0, 1]), "num_nodes": 3}, "Event 1 has 7"),
        ({"num_nodes": 4}, r"\[2, 3\] have no events"),
        ({"nodes": np.zeros(4, int)}, "at least 2"),
        ({"times": np.array([]), "nodes": np.array([], int)}, "no events"),
        ({"beta": 0.0}, "beta"),
        ({"level": 1.0}, "level"),
        ({"num_candidates": 2}, "num_candidates"),
        ({"method": "magic"}, "method"),
        ({"screen": "magic"}, "screen"),
        ({"method": "lasso"}, "threshold"),
    ],
)
def test_unusable_input_is_refused(change, message):
    arguments = {"times": TIMES, "nodes": NODES, "T": 4.0, "beta": 1.0} | change
    with pytest.raises(ValueError, match=message):
        hawkes.fit(**arguments)


def test_events_are_read_from_files(tmp_path, events):
    times, nodes = events
    table = np.column_stack([nodes, times])
    csv, npz = tmp_path / "events.csv", tmp_path / "events.npz"
    np.savetxt(csv, table, delimiter=",", header="node,time", comments="", fmt="%.17g")
    np.savez(npz, time=times, node=nodes)
    for path in (csv, npz):
        read_times, read_nodes = hawkes.read_events(path)
        np.testing.assert_array_equal(read_times, times)
        np.testing.assert_array_equal(read_nodes, nodes)


def test_files_that_cannot_be_read(tmp_path):
    with pytest.raises(FileNotFoundError, match="No file"):
        hawkes.read_events(tmp_path / "nothing.csv")
    wrong = tmp_path / "events.csv"
    wrong.write_text("when,node\n1.0,0\n")
    with pytest.raises(ValueError, match="lacks"):
        hawkes.read_events(wrong)
    text = tmp_path / "events.txt"
    text.write_text("")
    with pytest.raises(ValueError, match="csv"):
        hawkes.read_events(text)
    fractions = tmp_path / "half.csv"
    fractions.write_text("time,node\n1.0,0.5\n")
    with pytest.raises(ValueError, match="integers"):
        hawkes.read_events(fractions)


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("empty.csv", b"", "lacks"),
        ("header.csv", b"time,node\n", "no events"),
        ("words.csv", b"time,node\n1.0,zero\n", "zero"),
        ("short.csv", b"time,node\n1.0,0\n2.0\n", "below its header"),
        ("damaged.npz", b"PK no archive", "no npz archive"),
    ],
)
def test_damaged_files_are_refused(tmp_path, name, content, message):
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(ValueError, match=message):
        hawkes.read_events(path)


def test_parquet_names_what_it_needs(tmp_path, monkeypatch):
    path = tmp_path / "events.parquet"
    path.write_bytes(b"PAR1")
    monkeypatch.setitem(sys.modules, "pyarrow.parquet", None)
    with pytest.raises(ValueError, match=r"pip install 'limen\[parquet\]'"):
        hawkes.read_events(path)


def test_parquet_columns(tmp_path):
    arrow = pytest.importorskip("pyarrow")
    parquet = pytest.importorskip("pyarrow.parquet")
    path = tmp_path / "events.parquet"
    parquet.write_table(arrow.table({"node": NODES, "time": TIMES}), path)
    times, nodes = hawkes.read_events(path)
    np.testing.assert_array_equal(times, TIMES)
    np.testing.assert_array_equal(nodes, NODES)
    parquet.write_table(arrow.table({"node": NODES}), path)
    with pytest.raises(ValueError, match="lacks"):
        hawkes.read_events(path)
    path.write_bytes(b"PAR1")
    with pytest.raises(ValueError, match="no parquet file"):
        hawkes.read_events(path)


def test_the_command_fits_csv_and_npz_alike(tmp_path, events):
    """The same numbers from both files, and a figure."""
    times, nodes = (part[:800] for part in events)
    csv, npz = tmp_path / "a.csv", tmp_path / "b.npz"
    rows = [
        f"{time!r},{node}" for time, node in zip(times.tolist(), nodes, strict=True)
    ]
    csv.write_text("\n".join(["time,node", *rows]))
    np.savez(npz, time=times, node=nodes)
    found = []
    for path in (csv, npz):
        out = tmp_path / path.stem
        ran = CliRunner().invoke(app, ["fit", "hawkes", str(path), "--out", str(out)])
        assert ran.exit_code == 0, ran.output
        found.append(json.loads((out / f"hawkes-{path.stem}.json").read_text()))
        assert (out / f"hawkes-{path.stem}.png").is_file()
    assert found[0] == found[1]
    assert np.array(found[0]["adjacency"])[WEIGHTS > 0].any()


def test_the_command_takes_a_known_decay_and_silent_nodes(tmp_path, events):
    times, nodes = (part[:800] for part in events)
    path, out = tmp_path / "events.npz", tmp_path / "out"
    np.savez(path, time=times, node=nodes + (nodes > 2))  # node 3 is silent
    command = ["fit", "hawkes", str(path), "--out", str(out), "--beta", "1.0"]
    assert CliRunner().invoke(app, command).exit_code != 0
    ran = CliRunner().invoke(app, [*command, "--allow-silent"])
    assert ran.exit_code == 0, ran.output
    found = json.loads((out / "hawkes-events.json").read_text())
    assert found["beta"] == 1.0
    assert not np.array(found["adjacency"])[3].any()


@pytest.mark.parametrize(
    ("rows", "options", "message"),
    [
        (["1.0,0", "0.5,1"], [], "sorted"),
        (["1.0,0", "2.0,1"], ["--until", "1.5"], "before the last event"),
        (["1.0,0", "2.0,2"], [], "no events"),
        (["1.0,0", "2.0,-1", "3.0,1"], [], "must lie in"),
    ],
)
def test_the_command_refuses_unusable_events(tmp_path, rows, options, message):
    path = tmp_path / "events.csv"
    path.write_text("\n".join(["time,node", *rows]))
    ran = CliRunner().invoke(app, ["fit", "hawkes", str(path), *options])
    assert ran.exit_code != 0
    said = ran.output + str(ran.exception)
    assert message in " ".join(said.split())
