"""HK-7 beyond clip level 1: joint probabilities of counts in consecutive bins."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from limen.sims import hawkes as sims
from limen.theory import hawkes
from limen.theory.maths.domain import DomainError
from scipy import integrate, stats

RING = 0.5 * (np.eye(4, k=1) + np.eye(4, k=-3))
MU = np.full(4, 0.5)


def probabilities(number, weights=RING, mu=MU, bin_width=0.5, child=0, parent=1):
    found = hawkes.count_probabilities(
        mu, weights, 1.3, bin_width, number=number, child=child, parent=parent
    )
    return [np.asarray(part) for part in found]


def test_without_edges_counts_are_poisson():
    mu = np.array([0.4, 0.9, 0.2, 0.0])
    own, other, joint = probabilities(5, 0 * RING, mu)
    np.testing.assert_allclose(own, stats.poisson.pmf(range(5), 0.2), rtol=1e-10)
    np.testing.assert_allclose(other, stats.poisson.pmf(range(5), 0.45), rtol=1e-10)
    np.testing.assert_allclose(joint, np.outer(own, other), rtol=1e-10)


def test_self_exciting_counts_sum_to_the_mean_and_the_variance():
    """A node that excites itself, in one narrow bin: the moments of HK-3."""
    weights, mu = np.array([[0.3, 0.0], [0.2, 0.0]]), np.array([0.5, 0.5])
    own, *_ = probabilities(5, weights, mu, 0.02, child=0, parent=1)
    mean = 0.02 * 0.5 / 0.7
    variance = float(hawkes.binned_covariance(mu, weights, 1.3, 0.02, lag=0)[0, 0])
    numbers = np.arange(5)
    assert own.sum() == pytest.approx(1, abs=1e-7)
    assert numbers @ own == pytest.approx(mean, rel=1e-6)
    assert numbers**2 @ own == pytest.approx(variance + mean**2, rel=1e-5)


def test_the_generating_function_by_complex_quadrature():
    """An independent route: the functional at complex z, read off a circle."""
    radius, roots, delta = 0.5, 12, 0.5

    def functional(z):
        def flow(t, state):
            v = state[:-1]
            u = np.exp(-v @ RING)
            if t < delta:
                u = u * np.array([z, 1, 1, 1])
            return np.append(1.3 * (1 - u - v), MU @ (1 - u))

        state = np.zeros(5, complex)
        for low, high in ((0.0, delta), (delta, 32.0)):
            span = (low + 1e-14, high) if low else (low, high - 1e-14)
            state = integrate.solve_ivp(flow, span, state, rtol=1e-10, atol=1e-13)
            state = state.y[:, -1]
        return np.exp(-state[-1])

    circle = radius * np.exp(2j * np.pi * np.arange(roots) / roots)
    taylor = np.fft.fft([functional(z) for z in circle]).real / roots
    own, *_ = probabilities(4)
    np.testing.assert_allclose(own, taylor[:4] / radius ** np.arange(4), rtol=1e-5)


def test_high_clip_levels_give_the_unclipped_covariance():
    exact = float(hawkes.binned_covariance(MU, RING, 1.3, 0.1, lag=1)[0, 1])
    levels = [
        float(hawkes.clipped_moments(
            MU, RING, 1.3, 0.1, child=0, parent=1, clip=clip
        )[2])
        for clip in (1, 2, 3, 5)
    ]  # fmt: skip
    assert levels == sorted(levels)
    assert levels[0] < 0.8 * exact
    assert levels[-1] == pytest.approx(exact, rel=1e-5)


@pytest.mark.stats
def test_simulated_counts_have_these_probabilities():
    """4,000 windows of two bins; |z| < 5 on 9 numbers: false-alarm rate 5e-6."""
    stages = sims.plan_stages(4 * 0.5 * 20, 0.5)
    table = sims.child_table(RING.astype(np.float32))
    f32 = jnp.float32

    def one(key):
        events = sims.simulate_clusters(
            key, table, jnp.full(4, f32(0.5)), f32(1.3), f32(1.0), f32(18.0),
            stages=stages,
        )  # fmt: skip
        binned = sims.bin_events(
            events.times, events.nodes, f32(1.3), f32(0.5), num_nodes=4, num_bins=2
        )
        return binned.counts, events.overflow

    keys = jax.random.split(jax.random.key(5), 4000)
    counts, overflow = jax.jit(jax.vmap(one))(keys)
    assert not np.asarray(overflow).any()
    later, earlier = np.asarray(counts)[:, 1, 0], np.asarray(counts)[:, 0, 1]
    exact = probabilities(3)[2]
    for a in range(3):
        for b in range(3):
            p = exact[a, b]
            share = np.mean((later == a) & (earlier == b))
            assert abs(share - p) < 5 * np.sqrt(p * (1 - p) / 4000)


@pytest.mark.parametrize(
    "change",
    [{"number": 0}, {"number": 9}, {"child": 4}, {"parent": -1}, {"bin_width": 0.0}],
)
def test_bad_input(change):
    with pytest.raises(DomainError):
        probabilities(**({"number": 2} | change))
