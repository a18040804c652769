"""The players of streaming bandits refuse bad input (specs/bandits.md §8)."""

import functools

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from limen.sims import bandits
from limen.sims.bandits import drawn, explore, sweeps

from .test_bandits import MEANS, PLAYERS

KEY = functools.partial(jax.random.key, 0)


@pytest.mark.parametrize(
    ("name", "change", "message"),
    [
        ("uniform", {"means": [0.5]}, "at least 2 arms"),
        ("uniform", {"means": [0.5, np.nan]}, "`means` must be numbers"),
        ("uniform", {"horizon": 5.0}, "`horizon` must be finite and at least 11"),
        ("uniform", {"horizon": np.inf}, "got inf"),
        ("uniform", {"pulls": 0.0}, "`pulls` must be positive, got 0.0"),
        ("uniform", {"pulls": 1e4}, "must not exceed `horizon`, got 110000.0"),
        ("uniform", {"sigma": -1.0}, "`sigma` must be positive, got -1.0"),
        ("uniform", {"reward": "cauchy"}, "`reward` must be one of"),
        ("uniform", {"reward": "bernoulli", "means": [0.5, 1.5]}, "must lie in"),
        ("ladder", {"groups": (2, 2)}, "must reach 11 arms"),
        ("ladder", {"groups": (1, 20)}, "at least 2, got 1"),
        ("ladder", {"level_pulls": [1.0]}, "`level_pulls` has 1 levels"),
        ("ladder", {"level_pulls": [1.0, -2.0]}, "`level_pulls` must be positive"),
        ("ladder", {"level_pulls": [1e4, 1e4]}, "must not exceed `horizon`"),
        ("bar", {"stage_pulls": [20.0, 10.0]}, "strictly increasing, got 10.0"),
        ("bar", {"stage_pulls": [0.0, 10.0]}, "`stage_pulls` must be positive"),
        ("bar", {"rise": 0.0}, "`rise` must be positive"),
        ("king", {"grant": -1.0}, "`grant` must not be negative"),
        ("king", {"income": 0.0}, "`income` must be positive"),
        ("multipass", {"grid": [10.0, 10.0]}, "`grid` must be strictly increasing"),
        ("multipass", {"grid": [np.inf]}, "at least one pass"),
        ("multipass", {"conf": 0.0}, "`conf` must be positive"),
        ("keep-top", {"memory": 0.0}, "`memory` must be positive"),
        ("keep-top", {"pulls": 1e4}, "must not exceed `horizon`"),
        ("elimination", {"first_step": 1e4}, "must not exceed `horizon`"),
    ],
)
def test_bad_input(name, change, message):
    sim, arguments, static = PLAYERS[name]
    names = [p for p in sim.dynamic if p not in ("sigma", "first_step")]
    inputs = dict(zip(names, (MEANS, *arguments, 2e4), strict=True)) | static | change
    with pytest.raises(ValueError, match=message):
        sim(KEY(), **{k: _array(v) for k, v in inputs.items()})


def _array(value):
    if isinstance(value, str | tuple):
        return value
    return jnp.asarray(value, jnp.float32)


def test_bad_sweeps_are_refused_before_compiling():
    good = {"horizon": 1e6, "gap": 0.1, "tuning": 1.0, "arms": 16}
    good |= {"instance": "slippage", "order": "random"}
    assert sweeps.check_sweep(**good) is None
    for change, message in (
        ({"arms": 1}, "`arms`"),
        ({"horizon": 3.0}, "`horizon`"),
        ({"gap": 0.0}, "`gap`"),
        ({"instance": "easy"}, "`instance`"),
        ({"order": "up"}, "`order`"),
    ):
        assert message in sweeps.check_sweep(**(good | change))
    assert "exceed" in bandits.uniform.check(**(good | {"tuning": 1e4}))
    assert "`passes`" in bandits.multipass.check(**good, passes=0)
    game = {"means": MEANS, "pulls": 65.0, "horizon": 1e4, "most": 64}
    assert "`most`" in explore.check_pull_by_pull(**game)


def test_bad_drawn_instances_are_refused_before_compiling():
    good, rest = [0.0, 0.1, 10.0, 0.0, 9.0], {"pulls": 5.0, "horizon": 1e4}
    check = drawn.drawn_uniform.check
    assert check(instance=np.array(good), width=16, **rest) is None
    for place, value, message in (
        (0, 7.0, "`family`"),
        (2, 17.0, "`arms`"),
        (3, 10.0, "`first`"),
        (4, 12.0, "`last`"),
    ):
        changed = np.array(good)
        changed[place] = value
        assert message in check(instance=changed, width=16, **rest)
    assert "`instance`" in check(instance=np.ones(4), width=16, **rest)


def test_narrow_integer_horizons_are_refused():
    horizon = np.asarray(20000, np.int32)
    assert "int32 overflows" in explore.check_uniform(MEANS, 30.0, horizon)


def test_bad_instances():
    for arguments, message in (
        ((10, 1e6, 9, 0), "`memory`"),
        ((10, 1e6, 1, 10), "`index`"),
    ):
        with pytest.raises(ValueError, match=message):
            bandits.hard_instance(*arguments)
    with pytest.raises(ValueError, match="`good_gap`"):
        bandits.hard_instance(10, 1e6, 1, 0, good_gap=0.6)
    with pytest.raises(ValueError, match="`order`"):
        bandits.reorder(jax.random.key(0), jnp.ones(3), "best")
