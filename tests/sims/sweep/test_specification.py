"""A sweep that cannot be run is refused before anything compiles."""

import subprocess
import sys

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from limen.sims.sweep import (
    MemoryBudget,
    Moments,
    NonDeterministic,
    Out,
    Policy,
    SpecificationError,
    Store,
    Sweep,
    parse_axis,
    registered,
    resolve,
    simulator,
    zip_,
)
from limen.sims.sweep.canonical import canonical, plain, restore


def bad(**changes):
    """The arguments of a sound sweep of `descent`, with changes."""
    sound = {"static": {"dim": [4]}, "dynamic": {"rate": [0.1], "noise": [0.0]}}
    return sound | changes


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"static": {"dim": [0]}}, "must be positive"),
        ({"static": {"dim": [4, -1]}}, "must be positive"),
        ({"static": {"dim": [4.5]}}, "must be int"),
        ({"static": {"dim": [np.ones(2)]}}, "no scalar"),
        ({"static": {"dim": []}}, "is empty"),
        ({"static": {"dim": [4, 4]}}, "repeats"),
        ({"static": {"dim": [4, "x"]}}, "must be int, but has 'x'"),
        ({"static": {"dim": [4], "width": [1, "x"]}}, "mixes types"),
        ({"static": {"dim": "abc"}}, "list of values"),
        ({"static": {"dim": [4], "loss": [1]}}, "named like an output"),
        ({"static": {"dim": [4], "seed": [1]}}, "named like an output"),
        ({"static": {"dim": [4], "width": [1]}}, "`width` is no parameter"),
        ({"static": {"dim": [4], "rate": [0.1]}}, "`rate` is dynamic"),
        ({"static": {}}, "`dim` is missing"),
        ({"static": {}, "dynamic": {"dim": [4]}}, "`dim` is static"),
        ({"dynamic": {"rate": [0.1]}}, "`noise` is missing"),
        ({"dynamic": {"rate": [float("nan")], "noise": [0]}}, "NaN"),
        ({"dynamic": {"rate": ["a"], "noise": [0]}}, "must"),
        ({"derive": {"rate": lambda dim, **_: 1.0}}, "given twice"),
        ({"outputs": {"los": Out(drop=True)}}, "`los` is no output"),
        ({"reduce": Moments(), "outputs": {"loss": Out(keep=(0,))}}, "whole outputs"),
        ({"replicas": 0}, "`replicas` must be"),
        ({"policy": Policy(dtype="int8")}, "`dtype` must be"),
        ({"policy": Policy(tile=0)}, "`tile` must be"),
        ({"policy": Policy(effort="none")}, "`effort` must be"),
    ],
)
def test_bad_sweeps(sims, changes, message):
    with pytest.raises(SpecificationError, match=message):
        Sweep(sim=sims.descent, **bad(**changes)).plan(16)


@pytest.mark.parametrize("seeds", [-1, 2**32, True])
def test_bad_seeds(coins, seeds):
    with pytest.raises(SpecificationError, match="seeds"):
        coins(0.5).run(seeds)


@pytest.mark.parametrize("seed", [-1, 2**32])
def test_bad_base_seeds(coins, seed):
    with pytest.raises(SpecificationError, match="base_seed"):
        coins(0.5).plan(16, base_seed=seed)


def test_reductions_take_whole_quanta(coins):
    with pytest.raises(SpecificationError, match="multiple of 16"):
        coins(0.5, reduce=Moments()).plan(17)


def test_all_offending_cells_in_one_message(coins):
    with pytest.raises(SpecificationError) as caught:
        coins(0.5, -1.0, 2.0).plan(16)
    assert "bias=-1.0" in str(caught.value)
    assert "bias=2.0" in str(caught.value)


def test_bad_axes_and_cells_in_one_message(sims):
    """Two bad axes, a name too many, and a cell among the values that are left."""
    sweep = Sweep(
        sim=sims.coin,
        static={"flips": [4, 0, 2.5], "sides": [2]},
        dynamic={"bias": [0.5, float("nan"), 3.0]},
    )
    with pytest.raises(SpecificationError) as caught:
        sweep.plan(16)
    for part in ("`flips` must be int, but has 2.5", "`bias`: NaN", "`sides` is no"):
        assert part in str(caught.value)
    sound = Sweep(
        sim=sims.coin,
        static={"flips": [4, 4, "x"]},
        dynamic={"bias": [0.5, None, 3.0, 0.5]},
    )
    with pytest.raises(SpecificationError) as caught:
        sound.plan(16)
    for part in (
        "`flips` repeats",
        "`flips` must be int, but has 'x'",
        "`bias` must be float, but has None",
        "`bias` repeats",
        "cell flips=4, bias=3.0: `bias` must lie in [0, 1]",
    ):
        assert part in str(caught.value)


def test_no_offending_cell_is_left_out(coins):
    with pytest.raises(SpecificationError, match=r"\(40\)") as caught:
        coins(*range(2, 42)).plan(16)
    assert all(f"bias={float(n)}" in str(caught.value) for n in range(2, 42))


def test_impure_randomness_is_refused_under_strict():
    with pytest.raises(NonDeterministic, match="something else than its key"):
        Sweep(sim=Wrong.impure).run(1, strict=True, progress=False)


def test_derived_nan_is_refused(sims):
    sweep = Sweep(sim=sims.coin, dynamic={}, derive={"bias": lambda: float("nan")})
    with pytest.raises(SpecificationError, match="NaN"):
        sweep.plan(16)


def test_budgets(sims, coins, tmp_path, monkeypatch):
    with pytest.raises(SpecificationError, match="memory budget"):
        coins(0.5).plan(16, budget=MemoryBudget(total=100))
    usage = type("usage", (), {"free": 10})
    monkeypatch.setattr("shutil.disk_usage", lambda _: usage)
    with pytest.raises(OSError, match="10 B are free"):
        coins(0.5).run(16, store=tmp_path / "t")


class Wrong:
    """Simulators that do not do what they declare."""

    @staticmethod
    @simulator(outputs={"a": ()})
    def missing(key):
        return {"b": jax.random.normal(key, (), jnp.float32)}

    @staticmethod
    @simulator(outputs={"a": ()})
    def number(key):
        return {"a": 1.0}

    @staticmethod
    @simulator(outputs={"a": ("x",)})
    def scalar(key):
        return {"a": jax.random.normal(key, (), jnp.float32)}

    @staticmethod
    @simulator(outputs={"a": ("x",), "b": ("x",)})
    def ragged(key):
        draws = jax.random.normal(key, (3,), jnp.float32)
        return {"a": draws, "b": draws[:2]}

    @staticmethod
    @simulator(outputs={"a": ()})
    def impure(key):
        noise = np.random.default_rng().normal()
        return {"a": jax.random.normal(key, (), jnp.float32) + jnp.float32(noise)}

    @staticmethod
    @simulator(outputs={"a": ()})
    def branching(key, level=0.5):
        return {"a": jnp.zeros((), jnp.float32) if level > 0 else 1}


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("missing", "declares outputs"),
        ("number", "no arrays"),
        ("scalar", "dimensions differ"),
        ("ragged", "has size 2"),
        ("branching", "dynamic value where a static one"),
    ],
)
def test_outputs_that_are_not_declared(name, message):
    with pytest.raises(SpecificationError, match=message):
        Sweep(sim=getattr(Wrong, name)).plan(16)


def test_bad_declarations():
    with pytest.raises(SpecificationError, match="`key`"):
        simulator(outputs={"a": ()})(lambda rate: {"a": rate})
    with pytest.raises(SpecificationError, match="name all"):
        simulator(outputs={"a": ()})(lambda key, **rest: {"a": key})
    with pytest.raises(SpecificationError, match="quantum"):
        simulator(outputs={"a": ()}, quantum=0)(lambda key: {"a": key})
    with pytest.raises(SpecificationError, match="dtype"):
        simulator(outputs={"a": ()}, dtype="bfloat16")(lambda key: {"a": key})


def test_a_simulator_must_not_close_over_values():
    offset = np.float32(1.0)

    @simulator(outputs={"a": ()})
    def shifted(key):
        return {"a": jax.random.normal(key, (), jnp.float32) + offset}

    with pytest.raises(SpecificationError, match="closes over"):
        Sweep(sim=shifted).plan(1)


def test_resolve(sims, tmp_path):
    assert resolve(f"{sims.file}:coin") is sims.coin
    for name in (
        "nowhere.nothing",
        "no_such_module:f",
        f"{tmp_path}/x.py:f",
        "json:dumps",
    ):
        with pytest.raises(SpecificationError):
            resolve(name)
    broken = tmp_path / "broken.py"
    broken.write_text("1 / 0")
    for _ in range(2):
        with pytest.raises(SpecificationError, match="does not run: division"):
            resolve(f"{broken}:f")
    assert all(name == sim.name for name, sim in registered().items())


def test_a_module_that_is_run_is_found_by_its_file(tmp_path):
    """Another process cannot import `__main__`."""
    (tmp_path / "mine.py").write_text(
        "from limen.sims.sweep import simulator\n"
        "@simulator(outputs={'a': ['x']})\ndef f(key):\n    return {'a': key}\n"
        "print(f.reference, f.outputs)\n"
    )
    command = [sys.executable, "-m", "mine"]
    run = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True)
    assert run.stdout.split()[0] == f"{tmp_path / 'mine.py'}:f"


def test_a_function_without_source_is_refused():
    code = "from limen.sims.sweep import Sweep, simulator\n"
    code += "f = simulator({'a': ()})(lambda key: {'a': key})\nSweep(sim=f).plan(1)"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert "SpecificationError" in run.stderr
    assert "put it into a file" in run.stderr


def test_zip_advances_together(sims):
    axes = zip_(dim=[4, 8], steps=[20, 10])
    sweep = Sweep(sim=sims.descent, static=axes, dynamic={"rate": [0.1], "noise": [0]})
    assert [(c["dim"], c["steps"]) for c in sweep.cells()] == [(4, 20), (8, 10)]
    with pytest.raises(SpecificationError, match="differ in length"):
        zip_(dim=[4, 8], steps=[20])


def test_where_and_map(sims):
    sweep = Sweep(
        sim=sims.descent,
        static={"dim": [4, 8]},
        dynamic={"rate": [0.1, 0.5], "noise": [0]},
        where=lambda dim, rate, **_: dim * rate < 3,
        derive={},
    )
    assert len(sweep.cells()) == 3
    np.testing.assert_array_equal(
        sweep.map(lambda dim, rate: dim * rate), [0.4, 2, 0.8]
    )
    with pytest.raises(SpecificationError, match="width"):
        sweep.map(lambda width: width)


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("dim=4,8,16", [4, 8, 16]),
        ("rate=1,2.5", [1.0, 2.5]),
        ("rate=0:1:3", [0.0, 0.5, 1.0]),
        ("dim=10:1000:3log", [10, 100, 1000]),
        ("dim=1e1,1e2", [10, 100]),
        ("mode=a,b", ["a", "b"]),
        ("flag=true,false", [True, False]),
    ],
)
def test_parse_axis(sims, text, values):
    name, parsed = parse_axis(text, sims.descent)
    assert name == text.partition("=")[0]
    assert parsed == values
    assert list(map(type, parsed)) == list(map(type, values))


@pytest.mark.parametrize("text", ["rate", "rate=", "=1", "rate=1:2:x", "rate=a:b:3"])
def test_parse_axis_refuses(text):
    with pytest.raises(SpecificationError):
        parse_axis(text)


scalars = st.none() | st.booleans() | st.integers() | st.text()
scalars |= st.floats(allow_nan=False)
data = st.recursive(
    scalars,
    lambda inner: st.lists(inner).map(tuple) | st.dictionaries(st.text(), inner),
    max_leaves=8,
)


@given(data)
def test_canonical_text_comes_back(value):
    back = restore(canonical(value))
    assert back == value
    assert canonical(back) == canonical(value)


@given(st.dictionaries(st.text(), scalars, min_size=2))
def test_canonical_text_ignores_order(value):
    turned = dict(reversed(list(value.items())))
    assert canonical(value) == canonical(turned)


def test_plain_values():
    assert plain(np.float32(0.1)) == float(np.float32(0.1))
    assert plain((np.int64(1), "a")) == (1, "a")
    assert canonical(1) != canonical(1.0) != canonical(True)
    assert str(plain(-0.0)) == "0.0"


def test_memory_store_has_no_folder(coins):
    (group,) = coins(0.5).plan(1).groups.values()
    with pytest.raises(OSError, match="no folders"):
        Store().folder(group)
