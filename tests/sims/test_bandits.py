"""The players against NumPy oracles, exact book-keeping, and the sampler."""

import functools

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from limen.sims import bandits
from limen.sims.bandits import rising
from limen.theory import bandits as theory
from scipy import stats

from ..reference import bandits as oracle

MEANS = np.array([0.5, 0.62, 0.41, 0.55, 0.70, 0.3, 0.58, 0.66, 0.47, 0.52, 0.69])
GAPS = MEANS.max() - MEANS
ARMS = len(MEANS)
STAGES = 20 * 2.0 ** np.arange(4)
GRID = np.array([15.0, 40.0, 90.0, 150.0])
PLAYERS = {
    "uniform": (bandits.simulate_uniform, (30.0,), {}),
    "ladder": (bandits.simulate_ladder, ([20.0, 44.0],), {"groups": (4, 4)}),
    "bar": (bandits.simulate_bar, (STAGES, 0.03), {}),
    "king": (bandits.simulate_king, (20.0, 60.0, 60.0), {}),
    "multipass": (bandits.simulate_multipass, (GRID, 2.0), {}),
    "keep-top": (bandits.simulate_keep_top, (20.0, 4.0), {}),
    "elimination": (bandits.simulate_elimination, (), {}),
}


@functools.cache
def compiled(name):
    sim, _, static = PLAYERS[name]
    return jax.jit(functools.partial(sim.function, per_arm=True, **static))


def play(name, seed, horizon, means=MEANS, dtype=np.float64):
    """One game with pulls per arm, in the given precision."""
    _, arguments, _ = PLAYERS[name]
    with jax.enable_x64(dtype == np.float64):
        inputs = [jnp.asarray(value, dtype) for value in (means, *arguments, horizon)]
        result = compiled(name)(jax.random.key(seed), *inputs)
    return {k: np.asarray(v) for k, v in result.items()}


def normal(key, shape):
    return np.asarray(jax.random.normal(key, shape, jnp.float32), float)


def expected(name, seed, horizon):
    """The oracle on the simulator's own noise."""
    with jax.enable_x64(True):
        key = jax.random.key(seed)
        return ORACLES[name](key, horizon)


def by_ladder(key, horizon):
    tape = np.split(normal(key, (ARMS + 3,)), [ARMS])
    return oracle.ladder(tape, GAPS, [20.0, 44.0], (4, 4), horizon)


def by_king(key, horizon):
    def noise(arm, level):
        return float(
            normal(jax.random.fold_in(jax.random.fold_in(key, arm), level), ())
        )

    return oracle.king(noise, GAPS, 20.0, 60.0, 60.0, horizon)


def by_multipass(key, horizon):
    tapes = [normal(jax.random.fold_in(key, p), (ARMS, p)) for p in (1, 2, 3, 4)]
    return oracle.multipass(tapes, GAPS, GRID, 2.0, horizon)


def by_keep_top(key, horizon, pulls=20.0, memory=4):
    batches = [normal(jax.random.fold_in(key, r), (ARMS,)) for r in range(20)]
    return oracle.keep_top(batches, GAPS, pulls, memory, horizon)


ORACLES = {
    "uniform": lambda key, T: oracle.uniform(normal(key, (ARMS,)), GAPS, 30.0, T),
    "ladder": by_ladder,
    "bar": lambda key, T: oracle.bar(
        normal(jax.random.fold_in(key, 0), (ARMS, 4)), GAPS, STAGES, 0.03, T
    ),
    "king": by_king,
    "multipass": by_multipass,
    "keep-top": by_keep_top,
    "elimination": lambda key, T: by_keep_top(key, T, 8.0, ARMS),
}
MEMORY = {"ladder": 2, "keep-top": 4, "elimination": ARMS}
SHORT = {"bar": 300.0, "king": 700.0, "multipass": 500.0}  # ends inside exploration


@pytest.mark.parametrize("name", PLAYERS)
@pytest.mark.parametrize("seed", [0, 1, 2, 3])
def test_player_is_the_oracle_arm_by_arm(name, seed):
    """Same arm, same pulls; the oracle refuses to touch an arm outside its memory."""
    game, truth = play(name, seed, 2e4), expected(name, seed, 2e4)
    assert game["chosen"] == truth["chosen"]
    for output in ("pulls_per_arm", "regret", "explored", "loss"):
        np.testing.assert_allclose(game[output], truth[output], rtol=1e-12, atol=1e-9)
    assert game["accepts"] == truth.get("accepts", 1)
    assert game["peak_memory"] == MEMORY.get(name, 1)
    assert truth["peak_memory"] == min(MEMORY.get(name, 1), ARMS - 1)


@pytest.mark.parametrize(("name", "horizon"), SHORT.items())
@pytest.mark.parametrize("seed", [0, 1, 2])
def test_exploration_is_cut_off_at_the_horizon(name, horizon, seed):
    game, truth = play(name, seed, horizon), expected(name, seed, horizon)
    np.testing.assert_allclose(game["pulls_per_arm"], truth["pulls_per_arm"], atol=1e-9)
    np.testing.assert_allclose(game["explored"], horizon)
    assert game["chosen"] == truth["chosen"]


PRESETS = {"log": (7, 7, 7), "loglog": (11, 7), "tower": (16, 5)}


@pytest.mark.parametrize("name", PRESETS)
def test_ladders_of_the_paper_keep_to_their_memory(name):
    """K = 71 through the presets: the oracle's arm and pulls, one slot per level."""
    arms, horizon = 71, 71e4
    groups, level_pulls = theory.ladder_preset(name, arms, horizon)
    assert tuple(groups) == PRESETS[name]
    rng = np.random.default_rng(1)
    gaps, entering = rng.random(arms), theory.node_counts(arms, groups)
    gaps -= gaps.min()
    tape = [rng.normal(size=n) for n in entering[:-1]]
    steps = np.asarray(level_pulls)
    truth = oracle.ladder(tape, gaps, steps, groups, horizon)
    with jax.enable_x64(True):
        inputs = (np.concatenate(tape), -gaps, steps, horizon)
        arrays = [jnp.asarray(x, jnp.float64) for x in inputs]
        game = bandits.ladder_from_tape(*arrays, groups=tuple(groups), per_arm=True)
    assert int(game["chosen"]) == truth["chosen"]
    np.testing.assert_allclose(game["pulls_per_arm"], truth["pulls_per_arm"])
    assert int(game["peak_memory"]) == truth["peak_memory"] == len(groups)


def test_public_code_charges_the_stored_arm():
    """Two groups of two: the second of a group is charged the first one's gap."""
    with jax.enable_x64(True):
        means, pulls = jnp.asarray([0.5, 0.9, 0.1, 0.3]), jnp.asarray([10.0, 20.0])
        tape, horizon = jnp.zeros(6), jnp.asarray(1000.0)
        game = bandits.ladder_from_tape(
            tape, means, pulls, horizon, groups=(2, 2), stored=True
        )
    own = 10 * (0.4 + 0.8 + 0.6) + 20 * (0.0 + 0.6)
    stored = 10 * (0.4 + 0.4 + 0.8 + 0.8) + 20 * (0.0 + 0.0)
    np.testing.assert_allclose(game["regret"], own)
    np.testing.assert_allclose(game["stored_regret"], stored)


def test_the_oracle_refuses_a_forgotten_arm():
    hand = oracle.Hand(GAPS, 100.0, 1)
    hand.read(0)
    hand.read(1)
    with pytest.raises(oracle.Forgotten):
        hand.pull(0, 1.0)


@pytest.mark.parametrize("name", PLAYERS)
@pytest.mark.parametrize("horizon", [2e4, 1e17])
def test_book_keeping(name, horizon):
    """Σ pulls = T, regret = Σ gap·pulls, regret ≥ 0; nothing overflows at T = 1e17."""
    game = play(name, 5, horizon)
    np.testing.assert_allclose(game["pulls_per_arm"].sum(), horizon, rtol=1e-14)
    np.testing.assert_allclose(game["regret"], GAPS @ game["pulls_per_arm"], rtol=1e-12)
    assert game["regret"] >= 0


@pytest.mark.parametrize("name", PLAYERS)
def test_equal_arms_cost_nothing(name):
    assert play(name, 1, 2e4, np.full(ARMS, 0.4))["regret"] == 0


@pytest.mark.parametrize("name", PLAYERS)
def test_absent_arms_never_arrive(name):
    """Padding with −∞ changes neither pulls nor the sums, and gets no pull."""
    width = 16 if name == "ladder" else ARMS + 3
    game = play(name, 3, 2e4, bandits.padded(MEANS, width))
    assert np.all(game["pulls_per_arm"][ARMS:] == 0)
    np.testing.assert_allclose(game["pulls_per_arm"].sum(), 2e4)
    assert np.isfinite(game["regret"])


@pytest.mark.parametrize("name", ["uniform", "bar"])
def test_padding_keeps_the_draws(name):
    """The first rows of a longer draw are the shorter draw: same game, same bits."""
    short, long = play(name, 4, 2e4), play(name, 4, 2e4, bandits.padded(MEANS, 14))
    np.testing.assert_array_equal(short["pulls_per_arm"], long["pulls_per_arm"][:ARMS])


def test_float32_survives_the_largest_horizon():
    for name in ("uniform", "bar", "king"):
        game = play(name, 0, 1e17, dtype=np.float32)
        assert np.isfinite(game["regret"])
        np.testing.assert_allclose(game["pulls_per_arm"].sum(), 1e17, rtol=1e-6)


def test_repeated_last_stages_are_padding():
    with jax.enable_x64(True):
        tape = jax.random.normal(jax.random.key(0), (ARMS, 6), jnp.float64)
        means, rise, horizon = (jnp.asarray(x) for x in (MEANS, 0.03, 2e4))
        stages = jnp.asarray([*STAGES, STAGES[-1], STAGES[-1]])
        rules = rise, horizon
        plain = bandits.bar_from_tape(tape[:, :4], means, stages[:4], *rules)
        padded = bandits.bar_from_tape(tape, means, stages, *rules)
    np.testing.assert_allclose(padded["regret"], plain["regret"], rtol=1e-12)
    assert padded["accepts"] == plain["accepts"]


@pytest.mark.parametrize("horizon", [2e4, 300.0])
@pytest.mark.parametrize("block", [1, 4, 5])
def test_the_bar_is_the_same_in_blocks_of_any_size(monkeypatch, block, horizon):
    """Eleven arms: the last block reaches back, or is one arm; θ is handed on."""

    def game():
        run = functools.partial(bandits.bar_from_tape, per_arm=True)
        return jax.jit(run)(*inputs)

    with jax.enable_x64(True):
        tape = jax.random.normal(jax.random.key(2), (ARMS, 4), jnp.float64)
        inputs = [jnp.asarray(x) for x in (tape, MEANS, STAGES, 0.03, horizon)]
        whole = game()
        monkeypatch.setattr(rising, "NORMALS", 4 * block)
        parts = game()
    assert parts["accepts"] == whole["accepts"]
    assert parts["chosen"] == whole["chosen"]
    for output in ("pulls_per_arm", "regret", "explored", "bar_last", "bar_first"):
        np.testing.assert_allclose(parts[output], whole[output], rtol=1e-12)


# --- ladder as a stream (SB-14) -------------------------------------------------------


def test_stream_and_reshape_are_the_same_game():
    run = functools.partial(bandits.ladder_both_ways.function, groups=(4, 4, 4))
    arms = jnp.arange(17, 65, 3, dtype=jnp.float32)
    whole = jax.jit(jax.vmap(run, in_axes=(0, 0, None)))

    def games_of(flush):
        keys = jax.random.split(jax.random.key(0), 16)
        return whole(keys, arms, jnp.asarray(flush))

    games = games_of(1.0)
    assert games["same_arm"].all()
    np.testing.assert_allclose(games["extra_pulls"], 0, atol=1e-2)
    assert games["peak_memory"].max() == 3
    cut = games_of(0.0)
    same = (cut["same_arm"] == 1) & (jnp.abs(cut["extra_pulls"]) < 1)
    assert same.sum() <= 4


# --- rewards and instances ------------------------------------------------------------


@functools.cache
def bernoulli_batches():
    draw = functools.partial(bandits.batch_mean, reward="bernoulli")
    return jax.jit(draw)


@pytest.mark.parametrize("pulls", [7, 2**12, 2**20, 2**20 + 2, 10**9])
def test_bernoulli_batches_have_the_binomial_variance(pulls):
    """20000 float32 draws; 5 SE of a variance ratio is 5 %."""
    means = jnp.full(20000, 0.37)
    drawn = bernoulli_batches()(jax.random.key(pulls), means, float(pulls))
    scores = np.asarray(drawn, np.float64) - 0.37
    scores /= np.sqrt(0.37 * 0.63 / pulls)
    assert abs(scores.mean()) < 0.05
    assert abs(scores.var() - 1) < 0.05


def test_batches_are_binomial_up_to_the_switch_and_normal_above():
    """Counts are whole numbers up to 2^20 pulls, and not from there on."""
    means = jnp.full(20000, 0.37)
    for pulls, whole in ((2**20, True), (2**20 + 2, False)):
        drawn = bernoulli_batches()(jax.random.key(3), means, float(pulls))
        counts = np.asarray(drawn, np.float64) * pulls
        close = np.abs(counts - np.round(counts)) < 0.06
        assert close.mean() > 0.99 if whole else close.mean() < 0.5


def test_small_bernoulli_batches_follow_scipy():
    drawn = bernoulli_batches()(jax.random.key(1), jnp.full(20000, 0.3), 9.0)
    counts = np.bincount(np.round(np.asarray(drawn) * 9).astype(int), minlength=10)
    expected = 20000 * stats.binom.pmf(np.arange(10), 9, 0.3)
    kept = expected > 5
    assert (
        stats.chisquare(
            np.append(counts[kept], counts[~kept].sum()),
            np.append(expected[kept], expected[~kept].sum()),
        ).pvalue
        > 1e-6
    )


def test_per_pull_simulator_of_numpy():
    """Mean regret of 300 games played reward by reward against the exact 68.611."""
    means = np.array([0.5, 0.55, 0.6, 0.45, 0.4, 0.7, 0.65, 0.3])
    games = [bandits.simulate_per_pull(seed, means, 20, 1000) for seed in range(300)]
    regret = np.array([game["regret"] for game in games])
    assert abs(regret.mean() - 68.611) < 5.5 * regret.std() / np.sqrt(300)
    rewards = np.array([game["reward"] for game in games])
    assert abs(rewards.mean() + regret.mean() - 700) < 6


def test_instances():
    means = np.asarray(bandits.slippage(6, 2, 0.5, 0.1))
    np.testing.assert_allclose(means, [0.5, 0.5, 0.6, 0.5, 0.5, 0.5])
    hard = np.asarray(bandits.hard_instance(1000, 1e9, 1, 7))
    np.testing.assert_allclose(hard[7] - 0.5, 0.0062954, rtol=1e-4)
    assert np.argmax(bandits.hard_instance(10, 1e6, 1, 9)) == 9
    cut = np.asarray(bandits.clear_cut(jax.random.key(0), 500))
    assert np.isclose(cut.max(), 0.82)
    assert np.sort(cut)[-2] <= 0.8
    assert cut.min() >= 0
    uniform = np.asarray(bandits.uniform_means(jax.random.key(0), 500))
    assert 0 <= uniform.min() < uniform.max() <= 1
    chain = np.asarray(bandits.chain(5, 0.2, 0.8))
    np.testing.assert_allclose(chain, [0.2, 0.35, 0.5, 0.65, 0.8], rtol=1e-6)


def test_orders():
    means = jnp.asarray(MEANS, jnp.float32)
    for order in ("first", "last", "random", "ascending", "descending", "given"):
        moved = np.asarray(bandits.reorder(jax.random.key(1), means, order))
        np.testing.assert_array_equal(np.sort(moved), np.sort(np.asarray(means)))
        if order in ("first", "descending"):
            assert moved.argmax() == 0
        if order in ("last", "ascending"):
            assert moved.argmax() == ARMS - 1
    rest = np.asarray(bandits.reorder(jax.random.key(1), means, "last"))[:-1]
    np.testing.assert_array_equal(rest, np.delete(np.asarray(means), MEANS.argmax()))


@pytest.mark.parametrize("name", ["uniform", "ladder", "bar", "king", "multipass"])
def test_a_million_arms_fit_into_memory(name):
    """K = 2^20: one lane of float32, its memory as planned by the compiler."""
    arms = 2**20
    means = jax.ShapeDtypeStruct((arms,), jnp.float32)
    scalar = jax.ShapeDtypeStruct((), jnp.float32)
    inputs = {
        "uniform": ((scalar,), {}),
        "ladder": ((jax.ShapeDtypeStruct((10,), jnp.float32),), {"groups": (4,) * 10}),
        "bar": ((jax.ShapeDtypeStruct((4,), jnp.float32), scalar), {}),
        "king": ((scalar, scalar, scalar), {}),
        "multipass": ((jax.ShapeDtypeStruct((4,), jnp.float32), scalar), {}),
    }
    arguments, static = inputs[name]
    run = functools.partial(PLAYERS[name][0].function, **static)
    lowered = jax.jit(run).lower(jax.random.key(0), means, *arguments, scalar)
    used = lowered.compile().memory_analysis().temp_size_in_bytes
    assert used < 2**28


@pytest.mark.parametrize("instance", ["slippage", "clear-cut", "mix-in", "chain"])
def test_wrappers_for_sweeps_of_ones_own(instance):
    run = functools.partial(bandits.uniform.function, arms=16, instance=instance)
    game = jax.jit(run)(jax.random.key(0), jnp.asarray(1e6), jnp.asarray(0.2))
    assert 0 <= float(game["regret"]) <= 1e6
    assert float(game["explored"]) == pytest.approx(
        16 * (1e6 / 16) ** (2 / 3), rel=1e-4
    )


@pytest.mark.parametrize("name", ["ladder", "bar", "king", "multipass", "elimination"])
def test_every_algorithm_as_a_sweep(name):
    run = functools.partial(getattr(bandits, name).function, arms=20)
    game = jax.jit(run)(jax.random.key(0), jnp.asarray(1e7))
    assert 0 < float(game["regret"]) < 1e6
