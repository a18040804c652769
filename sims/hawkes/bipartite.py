"""The bipartite class of the lower bound: decoding, and the Chernoff rate.

Poisson sources, targets with one parent each. What a decoder must do here any estimator
of the whole network must do at least.
"""

import math

import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float, Int, Key

from ...theory.maths.quadrature import legendre_rule
from ..draws import poisson
from ..sweep import simulator

BURN_IN = 12.0  # kernel decay times before the window
HORIZONS = (20.0, 100.0)  # in units of 1/beta
NODES = 6


def decoding_capacity(
    T: float, source_rate: float, baseline: float, edge_weight: float, beta: float
) -> tuple[int, int, int]:
    """Events per source, baseline events and children per target, on the host."""
    window = T + BURN_IN / beta
    means = (source_rate * window, baseline * T, edge_weight * source_rate * window)
    sources, own, children = (
        8 * math.ceil((mean + 7 * math.sqrt(mean) + 24) / 8) for mean in means
    )
    return sources, own, children


@simulator(
    outputs=dict.fromkeys(("maximum_likelihood", "filtered", "nearest"), ("time",))
    | {"overflow": ()},
    tile=32,
)
def bipartite_decoding(
    key: Key[Array, ""],
    baseline: Float[Array, ""],
    edge_weight: Float[Array, ""],
    source_rate: Float[Array, ""],
    beta: Float[Array, ""],
    T: Float[Array, ""],
    *,
    num_nodes: int,
    capacity: tuple[int, int, int],
    num_times: int = 1,
) -> dict[str, Bool[Array, "..."]]:
    r"""Whether decoders find the parents of all targets, on the same events.

    Entry k is for the observation time `(k + 1) T / num_times`.

    As many sources as targets; each target's parent is uniform. Maximum likelihood
    takes $\arg\max_j \sum_{t \in N_i} \log(\mu_t + w x_j(t-)) - \int w x_j$, the Bayes
    rule of the uniform prior; the filtered score its covariance with $x_j$; the
    nearest-event vote the source that fired last before most events.

    Args:
        key: Random key.
        baseline: $\mu_t$, rate of a target without its parent.
        edge_weight: w.
        source_rate: $\lambda_s$.
        beta: Decay of the kernel.
        T: Longest observation time; the sources ran before it.
        num_nodes: n, number of sources and of targets.
        capacity: From `decoding_capacity`, for the largest T of a sweep.
        num_times: Number of observation times.

    Returns:
        One truth value per decoder and time, false if a path overflows, and `overflow`.
    """
    key_parents, key_events = jax.random.split(key)
    parents = jax.random.randint(key_parents, (num_nodes,), 0, num_nodes)
    past = BURN_IN / beta
    rates = (source_rate * (T + past), baseline * T, edge_weight)
    times, labels, source_times, overflow = _bipartite_events(
        key_events, parents, rates, (beta, T, past), capacity
    )
    size = 64 * math.ceil(num_nodes * sum(capacity) / (64 * num_times))
    split = _intervals(times, labels, T, num_times, size)
    overflow = overflow | split[2]
    scores = _decode(*split[:2], baseline, edge_weight, beta, num_nodes)
    likelihood, products, votes, counts = scores
    ends = T * jnp.arange(1, num_times + 1, dtype=T.dtype) / num_times
    mass = jax.vmap(_state_mass, (None, None, 0))(source_times, beta, ends)[:, None, :]
    found = {
        "maximum_likelihood": likelihood - edge_weight * mass,
        "filtered": products - counts[:, :, None] * mass / ends[:, None, None],
        "nearest": votes,
    }
    right = {
        name: jnp.all(score.argmax(axis=2) == parents[None], axis=1) & ~overflow
        for name, score in found.items()
    }
    return right | {"overflow": overflow}


@simulator(outputs={"short": (), "long": ()}, tile=256)
def chernoff_paths(
    key: Key[Array, ""],
    baseline: Float[Array, ""],
    edge_weight: Float[Array, ""],
    source_rate: Float[Array, ""],
    beta: Float[Array, ""],
    *,
    num_steps: int,
) -> dict[str, Float[Array, ""]]:
    r"""$\exp(-\frac12\int(\sqrt{\lambda_1} - \sqrt{\lambda_0})^2 dt)$ on two horizons.

    Two independent sources; exact between their events, where the integrand is smooth
    (6 Gauss nodes). The stationary start comes from a burn-in.

    Args:
        key: Random key.
        baseline: $\mu_t$.
        edge_weight: w.
        source_rate: $\lambda_s$.
        beta: Decay of the kernel.
        num_steps: Source events that fit: twice the rate times 112 over beta, and some.

    Returns:
        The functional at 20 and at 100 kernel decay times.
    """
    nodes, rule = _gauss(NODES, baseline.dtype)
    short, long = (horizon / beta for horizon in HORIZONS)

    def distance(low, high, states):
        """Integral of the squared difference of roots from low to high."""
        width = jnp.maximum(high - low, 0)
        fade = jnp.exp(-beta * (width * nodes))
        root = jnp.sqrt(baseline + edge_weight * states[:, None] * fade[None, :])
        return width * (rule @ (root[0] - root[1]) ** 2)

    def step(carry, index):
        time, states, totals = carry
        draws = jax.random.uniform(jax.random.fold_in(key, index), (2,), baseline.dtype)
        after = time - jnp.log1p(-draws[0]) / (2 * source_rate)

        def gained(end):
            low = jnp.clip(time, 0, end)
            entered = states * jnp.exp(-beta * jnp.maximum(low - time, 0))
            return distance(low, jnp.clip(after, 0, end), entered)

        totals = totals + jnp.stack([gained(short), gained(long)])
        states = states * jnp.exp(-beta * (after - time))
        states = states.at[(draws[1] < 0.5).astype(jnp.int32)].add(beta)
        return (after, states, totals), None

    zeros = jnp.zeros(2, baseline.dtype)
    start = (-BURN_IN / beta, zeros, zeros)
    (time, _, totals), _ = jax.lax.scan(step, start, jnp.arange(num_steps))
    totals = jnp.where(time < long, jnp.nan, totals)
    return {"short": jnp.exp(-totals[0] / 2), "long": jnp.exp(-totals[1] / 2)}


def chernoff_rate(
    key: Key[Array, ""],
    baseline: Float[Array, ""],
    edge_weight: Float[Array, ""],
    source_rate: Float[Array, ""],
    beta: Float[Array, ""],
    *,
    num_paths: int,
) -> tuple[Float[Array, ""], Float[Array, ""]]:
    r"""The rate $C = -\lim \frac1T \log \mathbb{E} \exp(…)$ of `chernoff_paths`.

    Args:
        key: Random key.
        baseline: $\mu_t$.
        edge_weight: w.
        source_rate: $\lambda_s$.
        beta: Decay of the kernel.
        num_paths: Number of paths.

    Returns:
        `(C, standard error)`: minus the slope of the log mean between two horizons.
    """
    mean = 2 * float(source_rate) * (HORIZONS[1] + BURN_IN) / float(beta)
    num_steps = 8 * math.ceil((mean + 7 * math.sqrt(mean) + 24) / 8)
    arguments = [jnp.asarray(a) for a in (baseline, edge_weight, source_rate, beta)]

    @jax.jit
    def run(keys):
        return jax.vmap(
            lambda key: chernoff_paths.function(key, *arguments, num_steps=num_steps)
        )(keys)

    paths = run(jax.random.split(key, num_paths))
    span = (HORIZONS[1] - HORIZONS[0]) / float(beta)
    short, long = paths["short"], paths["long"]
    rate = (jnp.log(short.mean()) - jnp.log(long.mean())) / span
    influence = short / short.mean() - long / long.mean()
    return rate, influence.std(ddof=1) / (span * math.sqrt(num_paths))


def _bipartite_events(key, parents, rates, clock, capacity):
    """All events with labels: source j is j, target i is n + i."""
    source_mean, own_mean, edge_weight = rates
    beta, T, past = clock
    n, dtype = parents.shape[0], T.dtype
    keys = jax.random.split(key, 3)
    means = jnp.broadcast_to(jnp.stack([source_mean, own_mean])[:, None], (2, n))
    counts = poisson(keys[0], means, max(capacity))
    children_mean = edge_weight * counts[0][parents].astype(dtype)
    children = poisson(keys[1], children_mean, capacity[2])
    caps = jnp.array(capacity)
    sizes = jnp.stack([counts[0], counts[1], children])
    overflow = jnp.any(sizes > caps[:, None])
    draws = jax.random.uniform(keys[2], (n, sum(capacity) + capacity[2]), dtype)
    own, picks, delays = capacity[0], sum(capacity[:2]), sum(capacity)
    source_times = _filled(draws[:, :own] * (T + past) - past, counts[0])
    own_times = _filled(draws[:, own:picks] * T, counts[1])
    number = counts[0][parents][:, None]
    chosen = (draws[:, picks:delays] * number.astype(dtype)).astype(jnp.int32)
    chosen = jnp.clip(chosen, 0, jnp.maximum(number - 1, 0))
    born = jnp.take_along_axis(source_times[parents], chosen, axis=1)
    child_times = _filled(born - jnp.log1p(-draws[:, delays:]) / beta, children)
    child_times = jnp.where(child_times >= 0, child_times, jnp.inf)
    times = jnp.concatenate([source_times, own_times, child_times], axis=1)
    times = jnp.where(times < T, times, jnp.inf)
    is_target = jnp.arange(times.shape[1]) >= capacity[0]
    labels = jnp.arange(n)[:, None] + jnp.where(is_target, n, 0)[None, :]
    return times.reshape(-1), labels.reshape(-1), source_times, overflow


def _filled(
    times: Float[Array, "n k"], counts: Int[Array, " n"]
) -> Float[Array, "n k"]:
    used = jnp.arange(times.shape[1])[None, :] < counts[:, None]
    return jnp.where(used, times, jnp.inf)


def _state_mass(
    source_times: Float[Array, "n k"], beta: Float[Array, ""], T: Float[Array, ""]
) -> Float[Array, " n"]:
    """Integral of each source's state over the window."""
    real = source_times < T
    times = jnp.where(real, source_times, 0)
    before = jnp.exp(beta * jnp.minimum(times, 0))
    mass = before - jnp.exp(-beta * (T - times))
    return jnp.where(real, mass, 0).sum(axis=1)


def _intervals(
    times: Float[Array, " N"],
    labels: Int[Array, " N"],
    T: Float[Array, ""],
    number: int,
    size: int,
) -> tuple[Float[Array, "k m"], Int[Array, "k m"], Bool[Array, ""]]:
    """Sorted events of equal intervals of time, padded with +inf, and overflow.

    The first interval also holds the events before 0.
    """
    order = jnp.argsort(times)
    ends = T * jnp.arange(1, number + 1, dtype=T.dtype) / number
    stops = jnp.searchsorted(times[order], ends)
    starts = jnp.concatenate([jnp.zeros(1, stops.dtype), stops[:-1]])
    place = starts[:, None] + jnp.arange(size)[None, :]
    chosen = order[jnp.minimum(place, order.shape[0] - 1)]
    inside = place < stops[:, None]
    overflow = jnp.any(stops - starts > size)
    return jnp.where(inside, times[chosen], jnp.inf), labels[chosen], overflow


def _decode(times, labels, baseline, edge_weight, beta, num_nodes):
    """Scores of all (target, source) pairs at the end of every interval."""

    def step(carry, event):
        last, state, recent, sums, counts = carry
        time, label = event
        real = jnp.isfinite(time)
        now = jnp.where(real, time, last)
        state = state * jnp.exp(-beta * (now - last))
        is_source = real & (label < num_nodes)
        is_target = real & (label >= num_nodes)
        source = jnp.minimum(label, num_nodes - 1)
        target = jnp.maximum(label - num_nodes, 0)
        vote = jax.nn.one_hot(recent.argmax(), num_nodes, dtype=state.dtype)
        logs = jnp.log(baseline + edge_weight * state)
        gained = jnp.where(is_target, jnp.stack([logs, state, vote]), 0)
        sums = sums.at[:, target].add(gained)
        counts = counts.at[target].add(is_target.astype(state.dtype))
        state = state.at[source].add(jnp.where(is_source, beta, 0))
        recent = recent.at[source].set(jnp.where(is_source, now, recent[source]))
        return (now, state, recent, sums, counts), None

    def interval(carry, events):
        carry, _ = jax.lax.scan(step, carry, events)
        return carry, carry[3:]

    zeros = jnp.zeros(num_nodes, times.dtype)
    start = (
        times[0, 0],
        zeros,
        jnp.full(num_nodes, -jnp.inf, times.dtype),
        jnp.zeros((3, num_nodes, num_nodes), times.dtype),
        zeros,
    )
    sums, counts = jax.lax.scan(interval, start, (times, labels))[1]
    return sums[:, 0], sums[:, 1], sums[:, 2], counts


def _gauss(order: int, dtype) -> tuple[Float[Array, " k"], Float[Array, " k"]]:
    """Gauss–Legendre nodes and weights on [0, 1]."""
    nodes, weights = legendre_rule(order, 0.0, 1.0)
    return jnp.asarray(nodes, dtype), jnp.asarray(weights, dtype)
