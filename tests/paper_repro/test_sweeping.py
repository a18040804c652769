"""`limen sweep`, `plot`, `store`, `lane` on a simulator in a user's own file."""

import json
import re

import pytest
import xarray as xr
from limen.paper_repro.cli.app import status

MINE = '''
"""A user's own file."""

import jax
import jax.numpy as jnp

from limen.sims.sweep import simulator


@simulator(outputs={"largest": (), "path": ("time",)})
def walk(key, drift, *, steps):
    """A random walk with drift."""
    path = jnp.cumsum(jax.random.normal(key, (steps,), drift.dtype) + drift)
    return {"largest": jnp.abs(path).max(), "path": path}


@simulator(outputs={"root": ()})
def broken(key, level):
    """Not finite below zero."""
    return {"root": jnp.sqrt(level + 0 * jax.random.normal(key, (), level.dtype))}
'''


@pytest.fixture
def mine(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "mine.py").write_text(MINE)
    return ["sweep", "mine.py:walk", "--axis", "steps=4,8", "--axis", "drift=0:1:3"]


def test_a_sweep_lands_in_a_file_and_is_plotted(mine, tmp_path, capsys):
    assert status([*mine, "--seeds", "20", "-o", "walk.nc"]) == 0
    with xr.open_dataset("walk.nc") as data:
        assert dict(data.largest.sizes) == {"steps": 2, "drift": 3, "seed": 20}
        assert "time" in data.path.dims
        assert data.attrs["base_seed"] == 0
    plot = ["plot", "walk.nc", "--x", "drift", "--y", "largest", "--hue", "steps"]
    assert status(plot) == 0
    table = (tmp_path / "walk.csv").read_text()
    assert "steps = 8" in table
    assert status([*plot[:-2], "--hue", "colour"]) == 2
    assert "no axis `colour`" in capsys.readouterr().err


def test_without_a_file_means_and_errors_are_shown(mine, capsys):
    assert status([*mine, "--seeds", "8", "--replicas", "2"]) == 0
    out = capsys.readouterr().out
    assert "largest se" in out
    assert len(re.findall(r"^\d|^ +\d", out, re.MULTILINE)) == 6


def test_a_dry_run_runs_nothing(mine, tmp_path, capsys):
    assert status([*mine, "--seeds", "20", "--dry-run"]) == 0
    assert "2 programs" in capsys.readouterr().out
    assert not (tmp_path / "results").exists()
    assert status([*mine, "--seeds", "16"]) == 0
    assert status([*mine, "--seeds", "16", "--dry-run"]) == 0
    assert capsys.readouterr().out.count(" 100% ") == 2


def test_the_store_can_be_looked_at_verified_exported_and_compared(mine, capsys):
    assert status([*mine, "--seeds", "20"]) == 0
    capsys.readouterr()
    assert status(["store", "status", "results/store"]) == 0
    assert "mine.walk" in capsys.readouterr().out
    assert status(["store", "verify", "results/store"]) == 0
    assert "0 are damaged" in capsys.readouterr().out
    assert status(["store", "export", "results/store", "all.nc"]) == 0
    assert status(["store", "diff", "results/store", "results/store"]) == 0
    assert "0 different" in capsys.readouterr().out


def test_a_damaged_block_is_status_five_until_repaired(mine, tmp_path, capsys):
    assert status([*mine, "--seeds", "20"]) == 0
    block = next((tmp_path / "results" / "store").rglob("*.blk"))
    content = bytearray(block.read_bytes())
    content[-40] ^= 1
    block.write_bytes(content)
    assert status(["store", "verify", "results/store"]) == 5
    assert "1 are damaged" in capsys.readouterr().out
    assert status(["store", "verify", "results/store", "--repair"]) == 0
    assert status(["store", "verify", "results/store"]) == 0
    assert status([*mine, "--seeds", "20"]) == 0


def test_one_lane_again(mine, tmp_path, capsys):
    assert status([*mine, "--seeds", "20"]) == 0
    capsys.readouterr()
    block = next((tmp_path / "results" / "store").rglob("*.blk"))
    assert status(["lane", block.stem, "3"]) == 0
    assert "seed 3" in capsys.readouterr().out
    assert status(["lane", "ffff", "3"]) == 2


def test_not_finite_is_status_three_only_if_strict(mine, capsys):
    order = ["sweep", "mine.py:broken", "--axis", "level=-1.0,1.0", "--seeds", "16"]
    assert status(order) == 0
    assert status([*order, "--strict"]) == 3
    assert "limen lane" in capsys.readouterr().err


def test_a_worker_obeys_what_a_run_obeys(mine, capsys):
    order = ["sweep", "mine.py:broken", "--axis", "level=-1.0,1.0", "--seeds", "16"]
    assert status([*order, "--worker", "0/1", "--memory-fraction", "1e-12"]) == 2
    assert "memory budget" in capsys.readouterr().err
    assert status([*order, "--worker", "0/1", "--devices", "9"]) == 2
    assert "`devices` must be among" in capsys.readouterr().err
    assert status([*order, "--worker", "0/1", "--max-seconds", "0"]) == 130
    assert status([*order, "--worker", "0/1"]) == 0
    assert "everything is stored" in capsys.readouterr().out
    assert status([*order, "--worker", "0/1", "--strict"]) == 3
    assert "limen lane" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("extra", "sentence"),
    [
        (["--axis", "drift"], "not of the form name=grid"),
        (["--axis", "mass=1"], "`mass` is no parameter"),
        (["--worker", "3/2"], "must be i/W"),
        (["--worker", "0/2", "--workers", "2"], "takes no `--workers`"),
        (["--worker", "0/2", "-o", "walk.nc"], "needs all rows"),
        (["--devices", "first"], "must be `all` or numbers"),
        (["-o", "walk.xls"], "must end in one of"),
    ],
)
def test_a_bad_order_is_one_sentence(mine, extra, sentence, capsys):
    assert status([*mine, "--seeds", "4", *extra]) == 2
    assert sentence in capsys.readouterr().err


def test_all_bad_axes_are_named(mine, capsys):
    assert status([*mine, "--axis", "drift", "--axis", "mass=1:2:x"]) == 2
    error = capsys.readouterr().err
    assert "`drift` is not of the form" in error
    assert "`mass=1:2:x`" in error
    order = ["sweep", "mine.py:walk", "--axis", "steps=0,4,4", "--axis", "speed=1"]
    assert status([*order, "--axis", "drift=a,1"]) == 2
    error = capsys.readouterr().err
    for part in ("`steps` must be positive", "repeats", "`speed` is no", "`drift`"):
        assert part in error


def test_unknown_simulators(mine, capsys):
    assert status(["sweep", "mine.py:nothing"]) == 2
    assert status(["sweep", "elsewhere.py:walk"]) == 2
    assert status(["sweep", "bandits.nothing"]) == 2
    assert json.dumps(capsys.readouterr().err).count("limen:") == 3
