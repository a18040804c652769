"""What comes out: dimensions, coordinates, dtypes, what is missing."""

import jax
import numpy as np
import pytest
import xarray as xr
from limen.sims.sweep import (
    Histogram,
    Moments,
    NotFinite,
    Out,
    SpecificationError,
    Sweep,
    rerun_lane,
    store,
    zip_,
)


def test_dims_coords_dtypes(sims):
    rows = Sweep(
        sim=sims.descent,
        static={"dim": [4]},
        dynamic={"rate": [0.1, 0.5], "noise": [0]},
        replicas=2,
    ).run(3)
    assert rows.loss.dims == ("dim", "rate", "noise", "seed", "replica", "step")
    assert rows.final.shape == (1, 2, 1, 3, 2)
    assert rows.loss.dtype == np.float32
    assert rows.noise.dtype == np.float64
    assert rows.valid.all()


def test_a_dataset_says_in_which_groups_its_rows_are_stored(sims):
    sweep = Sweep(
        sim=sims.descent,
        static={"dim": [2, 4]},
        dynamic={"rate": [0.1], "noise": [0.1]},
    )
    groups = sweep.run(4).attrs["group"].split()
    assert groups == list(sweep.plan(4).groups)
    assert len(groups) == 2


def test_dropped_cells_and_failed_lanes(coins):
    rows = coins(0.0, 0.1, 1.0, where=lambda bias: bias != 1.0).run(32)
    missing, failed = rows.sel(bias=1.0), rows.sel(bias=0.0)
    assert np.isnan(missing.value).all()
    assert not missing.valid.any()
    assert np.isnan(failed.value).all()
    assert (failed.status == 1).all()
    assert rows["count"].dtype == np.int32
    np.testing.assert_array_equal(rows.valid, (rows.status == 0) & (rows.bias < 1))
    assert rows.attrs["failed"] == int((rows.status == 1).sum())
    assert "bias=0.0, seed 0 failed: limen lane " in rows.attrs["trouble"]


def test_silent_infinities_are_counted_and_refused(sims, tmp_path):
    sweep = Sweep(sim=sims.unsafe, dynamic={"level": [0.3]})
    rows = sweep.run(32, store=tmp_path)
    assert rows.attrs["nonfinite"] == int(np.isinf(rows.ratio).sum()) > 0
    assert rows.valid.all()
    with pytest.raises(NotFinite, match="limen lane"):
        sweep.run(32, store=tmp_path, strict=True)
    address, lane = rows.attrs["trouble"].split()[-2:]
    again = rerun_lane(address, int(lane), store=tmp_path, trace=True)
    assert np.isinf(again.outputs["ratio"])
    assert [s.primitive for s in again.steps if not s.finite] == ["div"]


def test_thinned_and_dropped_outputs(sims):
    axes = {"rate": [0.1], "noise": [0.1]}
    whole = Sweep(sim=sims.descent, static={"dim": [4]}, dynamic=axes).run(16)
    kept = {"loss": Out(keep=slice(5, None, 5)), "final": Out(drop=True)}
    part = Sweep(sim=sims.descent, static={"dim": [4]}, dynamic=axes, outputs=kept).run(
        16
    )
    assert "final" not in part
    np.testing.assert_array_equal(part.step, [5, 10, 15])
    np.testing.assert_allclose(part.loss, whole.loss[..., 5::5], rtol=1e-5)


def test_sizes_that_differ_are_padded(sims):
    rows = Sweep(sim=sims.walk, static={"length": [3, 5]}).run(4)
    assert rows.path.shape == (2, 4, 5)
    assert np.isnan(rows.path[0, :, 3:]).all()
    assert not np.isnan(rows.path[1]).any()
    np.testing.assert_array_equal(rows.time_size, [3, 5])


def test_zipped_axes_share_a_dimension(sims):
    axes = zip_(rate=[0.1, 0.5], noise=[0.0, 0.3])
    rows = Sweep(sim=sims.descent, static={"dim": [4]}, dynamic=axes).run(2)
    assert rows.final.dims == ("dim", "rate", "seed")
    np.testing.assert_array_equal(rows.noise, [0.0, 0.3])
    assert rows.noise.dims == ("rate",)


def test_shared_and_derived_inputs(sims):
    design = np.arange(6.0).reshape(2, 3)
    sweep = Sweep(
        sim=sims.projected,
        dynamic={"size": [1.0, 2.0]},
        derive={"scale": lambda size: 10 * size},
        shared={"design": lambda: design},
    )
    rows = sweep.run(16)
    np.testing.assert_array_equal(sweep.map(lambda scale: scale), [10, 20])
    assert rows.projection.shape == (2, 16, 2)
    other = Sweep(
        sim=sims.projected,
        dynamic={"size": [1.0, 2.0]},
        derive={"scale": lambda size: 20 * size},
        shared={"design": lambda: design},
    ).run(16)
    np.testing.assert_array_equal(other.projection, 2 * rows.projection)


def test_deterministic_in_double_precision(sims):
    before = jax.config.jax_enable_x64
    sweep = Sweep(
        sim=sims.quadrature, static={"points": [100]}, dynamic={"radius": [1, 2]}
    )
    rows = sweep.run(50)
    assert rows.area.dtype == np.float64
    assert rows.sizes["seed"] == 1
    np.testing.assert_allclose(rows.area[0, :, 0], [np.pi, 4 * np.pi], rtol=1e-3)
    assert jax.config.jax_enable_x64 == before


def test_moments_are_those_of_the_rows(coins, tmp_path):
    """Reduced on the device, in two runs; lanes that failed do not count."""
    rows = coins(0.2, 0.7, replicas=2).run(48)
    coins(0.7, replicas=2, reduce=Moments()).run(16, store=tmp_path)
    sweep = coins(0.2, 0.7, replicas=2, reduce=Moments())
    reduced = sweep.run(48, store=tmp_path)
    assert reduced.value.dims == ("bias", "moment")
    good = rows.value.astype(float).where(rows.valid)
    good = good.stack(lane=("seed", "replica"))
    expected = [good.count("lane"), good.mean("lane"), good.var("lane", ddof=1)]
    np.testing.assert_allclose(reduced.value.T, expected, rtol=1e-5)
    xr.testing.assert_equal(sweep.run(48), reduced)
    (path, *_) = store.blocks(tmp_path)
    assert rerun_lane(path.stem, 0, store=tmp_path).deviation["value"] < 1e-6


def test_histograms_count_every_lane_once(coins):
    rows = coins(0.2, 0.7).run(32)
    reduced = coins(0.2, 0.7, reduce=Histogram(0.0, 4.0, 4)).run(32)
    np.testing.assert_array_equal(reduced.bin, [0, 1, 2, 3])
    for i in (0, 1):
        heads = rows["count"][i].values[rows.valid[i]].clip(0, 3)
        expected = np.bincount(heads, minlength=4)
        np.testing.assert_array_equal(reduced["count"][i], expected)


@pytest.mark.parametrize("suffix", ["nc", "zarr"])
def test_files_keep_everything(coins, tmp_path, suffix):
    rows = coins(0.1, 0.5).run(16)
    path = tmp_path / f"rows.{suffix}"
    if suffix == "nc":
        rows.to_netcdf(path)
        back = xr.open_dataset(path)
    else:
        rows.to_zarr(path, zarr_format=3, consolidated=False)
        back = xr.open_zarr(path, consolidated=False)
    xr.testing.assert_equal(back.load(), rows)
    assert dict(back.attrs) == dict(rows.attrs)
    back.close()


def test_keep_counts_forwards(sims):
    axes = {"rate": [0.1], "noise": [0.1]}
    kept = {"loss": Out(keep=slice(-3, None))}
    sweep = Sweep(sim=sims.descent, static={"dim": [4]}, dynamic=axes, outputs=kept)
    with pytest.raises(SpecificationError, match="forwards"):
        sweep.plan(1)
