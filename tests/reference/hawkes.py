"""Slow NumPy oracles of the Hawkes system: one event at a time, no cleverness."""

import numpy as np


def thinning(rng, mu, weights, beta, horizon):
    """Ogata's thinning from an empty past: sorted `(times, nodes)` on [0, horizon)."""
    d, time = len(mu), 0.0
    state, times, nodes = np.zeros(d), [], []
    while True:
        ceiling = (mu + weights @ state).sum()
        wait = rng.exponential(1 / ceiling)
        time += wait
        state = state * np.exp(-beta * wait)
        if time >= horizon:
            return np.array(times), np.array(nodes, dtype=int)
        intensity = mu + weights @ state
        if rng.uniform() * ceiling < intensity.sum():
            node = rng.choice(d, p=intensity / intensity.sum())
            times.append(time)
            nodes.append(node)
            state[node] += beta


def states_before(times, nodes, beta, d):
    """States at each event, the event itself and its ties not counted, and at T."""
    states = np.zeros((len(times), d))
    for k, time in enumerate(times):
        for earlier, node in zip(times[:k], nodes[:k], strict=True):
            if earlier < time:
                states[k, node] += beta * np.exp(-beta * (time - earlier))
    return states


def state_at(time, times, nodes, beta, d):
    """State at one time."""
    past = times < time
    traces = beta * np.exp(-beta * (time - times[past]))
    return np.bincount(nodes[past], traces, d)


def cross_products(times, nodes, beta, d):
    """R of HK-5, event by event."""
    cross = np.zeros((d, d))
    for node, state in zip(nodes, states_before(times, nodes, beta, d), strict=True):
        cross[node] += state
    return cross


def intensity_integral(node, low, high, times, nodes, mu, weights, beta):
    """The integral of one intensity over [low, high], in closed form."""
    total = mu[node] * (high - low)
    for time, parent in zip(times, nodes, strict=True):
        if time < high:
            since = max(low, time)
            fading = np.exp(-beta * (since - time)) - np.exp(-beta * (high - time))
            total += weights[node, parent] * fading
    return total


def gaps(times, nodes, mu, weights, beta):
    """Compensated gaps in event order, the first of each node from 0 on."""
    last, found = {}, []
    for time, node in zip(times, nodes, strict=True):
        low = last.get(node, 0.0)
        arguments = times, nodes, mu, weights, beta
        found.append(intensity_integral(node, low, time, *arguments))
        last[node] = time
    return np.array(found)
