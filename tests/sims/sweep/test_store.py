"""The store: nothing damaged is read, nothing finished is lost."""

import errno
import json
import os
import shutil
import sys
import threading
import time
from pathlib import Path

import numpy as np
import pytest
import xarray as xr
from limen.sims.sweep import (
    CorruptBlock,
    NonDeterministic,
    SpecificationError,
    Store,
    StoreError,
    Sweep,
    diff,
    rerun_lane,
    resolve,
    store,
)
from limen.sims.sweep.block import read_block
from limen.sims.sweep.jobs import jobs
from limen.sims.sweep.locks import Lock
from limen.sims.sweep.source import source_hash


@pytest.fixture
def filled(coins, tmp_path):
    """A store with two blocks, the sweep behind it and its rows."""
    sweep = coins(0.2, 0.7)
    sweep.run(16, store=tmp_path)
    rows = sweep.run(32, store=tmp_path)
    assert len(list(store.blocks(tmp_path))) == 2
    return tmp_path, sweep, rows


def damage(path, how):
    content = bytearray(path.read_bytes())
    middle = len(content) // 2
    if how == "cut short":
        path.write_bytes(content[:middle])
    elif how == "empty":
        path.write_bytes(b"")
    elif how == "foreign":
        path.write_bytes(b"not a block at all, but long enough to look like one")
    else:
        at = {"header": 60, "payload": len(content) - 200, "digest": len(content) - 3}[
            how
        ]
        content[at] ^= 1
        path.write_bytes(content)


HOW = ["header", "payload", "digest", "cut short", "empty", "foreign"]


@pytest.mark.parametrize("how", HOW)
def test_damage_is_found_and_computed_again(filled, how):
    root, sweep, rows = filled
    victim = next(store.blocks(root))
    damage(victim, how)
    found = store.verify(root)
    assert (found.sound, len(found.corrupt)) == (1, 1)
    assert str(victim) in found.corrupt[0]
    again = sweep.run(32, store=Store(root))
    xr.testing.assert_identical(again.drop_attrs(), rows.drop_attrs())
    assert store.status(root).quarantined == 1
    assert store.verify(root).corrupt == []


@pytest.mark.parametrize("how", HOW)
def test_repair_by_hand(filled, how):
    root, sweep, rows = filled
    damage(next(store.blocks(root)), how)
    assert len(store.verify(root, repair=True).corrupt) == 1
    assert store.verify(root).corrupt == []
    np.testing.assert_array_equal(sweep.run(32, store=Store(root)).value, rows.value)


def test_a_damaged_block_names_its_cells(filled):
    root, *_ = filled
    victim = next(store.blocks(root))
    damage(victim, "payload")
    with pytest.raises(
        CorruptBlock, match=r"expected checksum .* lost: .*bias.*repair"
    ):
        read_block(victim)
    with pytest.raises(CorruptBlock):
        rerun_lane(victim.stem, 0, store=root)


def test_every_single_flipped_bit_is_found(filled):
    root, *_ = filled
    path = next(store.blocks(root))
    sound = path.read_bytes()
    for at in range(0, len(sound), 37):
        flipped = bytearray(sound)
        flipped[at] ^= 1 << (at % 8)
        path.write_bytes(flipped)
        with pytest.raises(CorruptBlock):
            read_block(path)
    path.write_bytes(sound)
    read_block(path)


def test_finished_work_is_not_done_again(filled, fingerprint):
    root, sweep, rows = filled
    again = sweep.run(32, store=Store(root))
    assert again.attrs["lanes"] == 0
    assert again.attrs["programs"] == 0
    assert fingerprint(again) == fingerprint(rows)


def test_source_hash_of_a_changed_file(sims, tmp_path):
    copy = tmp_path / "copied" / "simulators.py"
    copy.parent.mkdir()
    text = Path(sims.file).read_text()
    copy.write_text(text.replace("flips: int = 4", "flips: int = 4  # a comment"))
    assert source_hash(resolve(f"{copy}:coin")) == source_hash(sims.coin)
    changed = tmp_path / "simulators.py"
    changed.write_text(text.replace("heads.mean(", "2 * heads.mean("))
    assert source_hash(resolve(f"{changed}:coin")) != source_hash(sims.coin)


def test_source_hash_ignores_comments_and_sees_imports(tmp_path):
    def written(folder, body, helper):
        folder.mkdir()
        (folder / "helper.py").write_text(helper)
        (folder / "main.py").write_text(
            "import helper\nfrom limen.sims.sweep import simulator\n"
            f"@simulator(outputs={{'a': ()}})\ndef f(key):\n    {body}\n"
        )
        sys.modules.pop("helper", None)
        sys.path.insert(0, str(folder))
        try:
            return source_hash(resolve(f"{folder / 'main.py'}:f"))
        finally:
            sys.path.remove(str(folder))
            sys.modules.pop("helper", None)

    plain = written(tmp_path / "a", "return {'a': helper.x}", "x = 1\n")
    noted = written(
        tmp_path / "b", "'''Doc.'''\n    return {'a': helper.x}", "x = 1 # n\n"
    )
    other = written(tmp_path / "c", "return {'a': helper.x}", "x = 2\n")
    assert plain == noted != other


def test_edited_inputs_never_find_old_numbers(sims, tmp_path):
    def sweep(factor):
        return Sweep(
            sim=sims.projected,
            dynamic={"size": [1.0]},
            derive={"scale": lambda size: factor * size},
            shared={"design": lambda: factor * np.ones((2, 3))},
        )

    first = sweep(1.0).run(16, store=tmp_path)
    second = sweep(2.0).run(16, store=tmp_path)
    np.testing.assert_allclose(second.projection, 4 * first.projection, rtol=1e-6)
    address = next(store.blocks(tmp_path)).stem
    again = rerun_lane(address, 3, store=tmp_path)
    assert again.deviation["projection"] < 1e-6


def test_unequal_bits_under_one_address(coins, tmp_path, monkeypatch):
    plan = coins(0.5).plan(16)
    (group,) = plan.groups.values()
    (cell,) = plan.cells[group.address].values()
    kept = Store(tmp_path)
    rows = {n: np.zeros((1, 16, *s.shape), s.dtype) for n, s in group.shapes.items()}
    kept.put(group, [cell], [(cell.key, 0)], rows, {})
    kept.put(group, [cell], [(cell.key, 0)], rows, {})
    rows["value"] = rows["value"] + 1
    with pytest.raises(NonDeterministic, match="unequal bits"):
        kept.put(group, [cell], [(cell.key, 0)], rows, {})


@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EDQUOT])
def test_disk_full(coins, tmp_path, monkeypatch, code):
    sweep, root = coins(0.2, 0.7), tmp_path / "store"
    sweep.run(16, store=root)
    real, calls = os.write, []

    def full(descriptor, data):
        if len(data) < 1000:
            return real(descriptor, data)
        calls.append(len(data))
        if len(calls) > 1:
            raise OSError(code, os.strerror(code))
        return real(descriptor, data[:100])

    monkeypatch.setattr(os, "write", full)
    with pytest.raises(StoreError, match=r"needed, .* free") as caught:
        sweep.run(64, store=root)
    assert str(root) in str(caught.value)
    monkeypatch.undo()
    assert list(root.rglob(".tmp-*")) == []
    assert store.verify(root).corrupt == []
    assert sweep.run(64, store=Store(root)).valid.shape == (2, 64)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_read_only(coins, tmp_path):
    tmp_path.chmod(0o500)
    with pytest.raises(StoreError):
        coins(0.5).run(16, store=tmp_path / "store")
    tmp_path.chmod(0o700)


def test_denied(coins, tmp_path, monkeypatch):
    def denied(*_, **__):
        raise PermissionError(errno.EACCES, "Permission denied")

    sweep, root = coins(0.5), tmp_path / "store"
    sweep.run(16, store=root)
    monkeypatch.setattr(os, "replace", denied)
    with pytest.raises(StoreError, match="Permission denied"):
        sweep.run(48, store=root)


def test_a_vanished_store(coins, tmp_path):
    sweep, kept = coins(0.5), Store(tmp_path / "store")
    sweep.run(16, store=kept)
    os.rename(tmp_path / "store", tmp_path / "elsewhere")
    with pytest.raises(StoreError):
        sweep.run(48, store=kept)


def test_removed_and_made_again(coins, tmp_path):
    sweep, root = coins(0.5), tmp_path / "store"
    first = sweep.run(16, store=root)
    shutil.rmtree(root)
    second = sweep.run(16, store=root)
    assert second.attrs["lanes"] == 16
    np.testing.assert_array_equal(first.value, second.value)


def test_foreign_folders_and_schemas(coins, tmp_path):
    (tmp_path / "thesis.tex").write_text("precious")
    with pytest.raises(StoreError, match=r"no store of limen.*thesis"):
        coins(0.5).run(16, store=tmp_path)
    root = tmp_path / "store"
    coins(0.5).run(16, store=root)
    (root / "store.json").write_text(json.dumps({"format": "limen", "schema": 99}))
    with pytest.raises(StoreError, match="`schema` is 99"):
        Store(root)
    with pytest.raises(StoreError, match="no store"):
        store.status(tmp_path / "nowhere")


def test_blocks_of_another_group_are_put_away(filled):
    root, sweep, rows = filled
    path = next(store.blocks(root))
    stray = path.parent.parent / ("0" * 32) / path.name
    stray.parent.mkdir()
    os.rename(path, stray)
    assert len(store.verify(root, repair=True).corrupt) == 1
    np.testing.assert_array_equal(sweep.run(32, store=Store(root)).value, rows.value)


def test_locks_of_the_dead_the_silent_and_the_living(tmp_path):
    lock = Lock(tmp_path / "locks" / "job")
    assert lock.acquire()
    assert not Lock(lock.path).acquire()
    lock.release()
    for holder, age, taken in (
        ({"host": os.uname().nodename, "pid": 2**22 + 1}, 0, True),
        ({"host": "elsewhere", "pid": 1}, 0, False),
        ({"host": "elsewhere", "pid": 1}, 700, True),
        ({"host": "elsewhere", "pid": 1}, -700, True),
        ("damaged", 0, False),
        ("damaged", 10, True),
    ):
        lock.path.write_text(json.dumps(holder) if isinstance(holder, dict) else "{x")
        os.utime(lock.path, (time.time() - age, time.time() - age))
        other = Lock(lock.path)
        assert other.acquire() == taken
        other.release()


def test_a_locked_job_is_waited_for(coins, tmp_path):
    sweep = coins(0.5)
    plan, kept = sweep.plan(16), Store(tmp_path)
    (job,) = jobs(plan, kept)
    lock = Lock(tmp_path / "locks" / job.address)
    assert lock.acquire()
    timer = threading.Timer(0.5, lock.release)
    timer.start()
    started = time.monotonic()
    sweep.run(16, store=kept)
    assert time.monotonic() - started > 0.4
    timer.join()


def test_leftovers_are_removed_after_an_hour(filled):
    root, *_ = filled
    path = next(store.blocks(root)).parent
    old, new = path / ".tmp-host-1-a", path / ".tmp-host-1-b"
    for file in (old, new):
        file.write_text("x")
    os.utime(old, (time.time() - 4000, time.time() - 4000))
    assert store.verify(root).removed == [str(old)]
    assert new.exists()


def test_status_and_export(filled):
    root, _, rows = filled
    found = store.status(root)
    assert (found.blocks, found.groups[0]["lanes"], found.groups[0]["cells"]) == (
        2,
        64,
        2,
    )
    for suffix in ("nc", "zarr"):
        target = root.parent / f"out-{root.name}.{suffix}"
        (name,) = store.export(root, target)
        opened = xr.open_dataset(
            target,
            group=name,
            engine="netcdf4" if suffix == "nc" else "zarr",
            **({} if suffix == "nc" else {"consolidated": False}),
        )
        np.testing.assert_array_equal(opened["count"][:, :, 0], rows["count"])
        np.testing.assert_array_equal(opened.bias, [0.2, 0.7])
        opened.close()
        with pytest.raises(SpecificationError):
            store.export(root, target)


def test_diff_of_stores(coins, sims, tmp_path):
    sweep = coins(0.2, 0.7)
    sweep.run(64, store=tmp_path / "a")
    sweep.run(32, store=tmp_path / "b")
    same = diff(tmp_path / "a", tmp_path / "b")
    assert {d.verdict for d in same} == {"bits"}
    assert {d.seeds for d in same} == {32}
    other = Store(tmp_path / "c")
    plan = sweep.plan(64)
    (group,) = plan.groups.values()
    whole = Store(tmp_path / "a")
    whole.missing(group, [])
    for key, cell in plan.cells[group.address].items():
        rows = {
            n: np.stack([whole.rows(group, (key, i))[n] for i in range(4)])
            for n in group.shapes
        }
        rows["value"] = rows["value"] * np.float32(1 + 1e-6)
        rows["count"] = rows["count"] + 1
        other.put(group, [cell], [(key, i) for i in range(4)], rows, {})
    verdicts = {(d.output, d.verdict) for d in diff(tmp_path / "a", tmp_path / "c")}
    assert verdicts == {
        ("value", "rounding"),
        ("count", "different"),
        ("status", "bits"),
    }


def test_a_lane_alone_has_the_very_draws(sims, tmp_path):
    """Integers and draws bit by bit; floats that XLA reorders may move by rounding."""
    rows = Sweep(sim=sims.raw, dynamic={"level": [3]}, replicas=2).run(
        16, store=tmp_path
    )
    (path,) = store.blocks(tmp_path)
    for number in (0, 13, 31):
        lane = rerun_lane(path.stem, number, store=tmp_path)
        assert lane.outputs["bits"] == rows.bits[0, number // 2, number % 2]
        assert lane.deviation == {"bits": 0.0}


def test_rerun_lane(sims, tmp_path):
    sweep = Sweep(
        sim=sims.descent,
        static={"dim": [4]},
        dynamic={"rate": [0.1, 0.5], "noise": [0.1]},
        replicas=2,
    )
    rows = sweep.run(16, store=tmp_path)
    (path,) = store.blocks(tmp_path)
    lane = rerun_lane(path.stem[:8], 32 + 2 * 5 + 1, store=tmp_path)
    assert (lane.seed, lane.replica, lane.cell["rate"]) == (5, 1, 0.5)
    np.testing.assert_array_equal(lane.stored["loss"], rows.loss[0, 1, 0, 5, 1])
    assert lane.deviation["loss"] < 1e-4
    assert lane.same_source
    assert "seed 5, replica 1" in str(lane)
    for address, number in (("zz", 0), (path.stem, 10**6)):
        with pytest.raises(SpecificationError):
            rerun_lane(address, number, store=tmp_path)
