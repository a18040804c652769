"""The players of streaming bandits in plain NumPy, arm by arm.

Every oracle reads its noise from the same tape as the simulator and touches arms only
through `Hand`, which refuses to pull an arm that is neither arriving nor in memory.
"""

import numpy as np

SIGMA = 0.5


class Forgotten(Exception):
    """An arm was pulled that the player no longer has."""


class Hand:
    """What a single-pass player may touch, and how often it did."""

    def __init__(self, gaps, horizon, memory):
        self.gaps, self.horizon, self.memory = np.asarray(gaps, float), horizon, memory
        self.pulls = np.zeros(len(self.gaps))
        self.kept, self.arriving, self.peak = set(), None, 0

    @property
    def left(self):
        return self.horizon - self.pulls.sum()

    def read(self, arm):
        """The next arm arrives; the one before it is gone unless it was kept."""
        self.arriving = arm

    def keep(self, *arms):
        """Keep exactly these arms."""
        arms = set(arms)
        assert arms <= self.kept | {self.arriving}
        assert len(arms) <= self.memory
        self.kept, self.peak = arms, max(self.peak, len(arms))

    def pull(self, arm, times):
        """Pull an arm; returns how often it really was (the horizon may end)."""
        if arm not in self.kept | {self.arriving}:
            raise Forgotten(f"arm {arm} is not in memory")
        times = min(times, max(self.left, 0.0))
        self.pulls[arm] += times
        return times

    def commit(self, arm):
        explored = self.pulls.sum()
        if self.left > 0:
            self.pull(arm, self.left)
        return {
            "chosen": arm,
            "explored": explored,
            "loss": self.gaps[arm],
            "regret": float(self.gaps @ self.pulls),
            "pulls_per_arm": self.pulls,
            "peak_memory": self.peak,
        }


def uniform(noise, gaps, pulls, horizon, sigma=0.5):
    hand, best = Hand(gaps, horizon, 1), -np.inf
    for arm in range(len(gaps)):
        hand.read(arm)
        hand.pull(arm, pulls)
        mean = -gaps[arm] + sigma / np.sqrt(pulls) * noise[arm]
        if mean > best:
            best = mean
            hand.keep(arm)
    (king,) = hand.kept
    return hand.commit(king)


class Levels:
    """One slot per level: the champion of the group that is being filled."""

    def __init__(self, hand, tape, level_pulls, groups, sigma):
        self.hand, self.tape, self.sizes = hand, tape, level_pulls
        self.groups, self.sigma, self.answer = groups, sigma, None
        self.slots = [None] * len(groups)
        self.counts, self.entered = [0] * len(groups), [0] * len(groups)

    def enter(self, level, arm):
        if level == len(self.groups):
            self.answer = arm
            return
        size, noise = self.sizes[level], self.tape[level][self.entered[level]]
        self.hand.pull(arm, size)
        score = -self.hand.gaps[arm] + self.sigma / np.sqrt(size) * noise
        self.entered[level] += 1
        self.counts[level] += 1
        if self.slots[level] is None or score > self.slots[level][0]:
            self.slots[level] = (score, arm)
        if self.counts[level] == self.groups[level]:
            self.promote(level)

    def promote(self, level):
        champion = self.slots[level][1]
        self.slots[level], self.counts[level] = None, 0
        self.enter(level + 1, champion)

    def champions(self):
        return {slot[1] for slot in self.slots if slot} | ({self.answer} - {None})


def ladder(tape, gaps, level_pulls, groups, horizon, sigma=0.5):
    """`tape[level]` holds the normals of the entrants of that level."""
    hand = Hand(gaps, horizon, len(groups))
    levels = Levels(hand, tape, level_pulls, groups, sigma)
    for arm in range(len(gaps)):
        hand.read(arm)
        levels.enter(0, arm)
        hand.keep(*levels.champions())
    for level in range(len(groups)):
        if levels.counts[level]:
            levels.promote(level)
    return hand.commit(levels.answer)


def bar(tape, gaps, stage_pulls, rise, horizon, sigma=0.5):
    hand, theta, king, accepts = Hand(gaps, horizon, 1), -np.inf, 0, 0
    for arm in range(len(gaps)):
        hand.read(arm)
        total, before, passed = 0.0, 0.0, True
        for stage, cumulative in enumerate(stage_pulls):
            step = cumulative - before
            made = hand.pull(arm, step)
            total += np.sqrt(step) * sigma * tape[arm, stage]
            mean, before = total / cumulative - gaps[arm], cumulative
            if made < step:
                return _cut_off(hand, king, accepts)
            if mean < theta + rise:
                passed = False
                break
        if passed:
            theta, king, accepts = mean, arm, accepts + 1
            hand.keep(arm)
    return {**hand.commit(king), "accepts": accepts}


def king(noise, gaps, first_pulls, income, grant, horizon, sigma=0.5):
    """`noise(arm, level)` is the normal of that duel."""
    hand, ruler, budget, accepts = Hand(gaps, horizon, 1), 0, grant, 1
    hand.read(0)
    hand.keep(0)
    for arm in range(1, len(gaps)):
        hand.read(arm)
        budget += income
        level = 0
        while True:
            size = first_pulls * 2.0**level
            if budget < size:
                ruler, budget, accepts = arm, grant, accepts + 1
                hand.keep(arm)
                break
            if 2 * size > hand.left:
                half = hand.left / 2
                hand.pull(ruler, half)
                hand.pull(arm, half)
                return _cut_off(hand, ruler, accepts)
            budget -= size
            hand.pull(ruler, size)
            hand.pull(arm, size)
            lead = gaps[arm] - gaps[ruler]
            if lead + sigma * np.sqrt(2 / size) * noise(arm, level) >= 0:
                break
            level += 1
    return {**hand.commit(ruler), "accepts": accepts}


def multipass(tapes, gaps, grid, conf, horizon):
    """`tapes[p]` holds the normals (arm, stage) of pass p."""
    hand, theta, ruler = Hand(gaps, horizon, 1), -np.inf, 0

    def width(n):
        return SIGMA * np.sqrt(2 * conf / n)

    for count, tape in enumerate(tapes, start=1):
        best, candidate = -np.inf, None
        for arm in range(len(gaps)):
            hand.read(arm)
            mean, made_all = _stages(hand, arm, tape[arm], grid[:count], theta, width)
            if not made_all:
                return _cut_off(hand, ruler, 1)
            if mean is not None and mean > best:
                best, candidate = mean, arm
                hand.keep(arm)  # a survivor replaces the king for certain
        if candidate is not None:
            ruler = candidate
            theta = max(theta, best - width(grid[count - 1]))
    return hand.commit(ruler)


def _stages(hand, arm, noise, grid, theta, width):
    """Mean of an arm that lasts through all stages, and whether pulls sufficed."""
    total, before = 0.0, 0.0
    for stage, cumulative in enumerate(grid):
        step = cumulative - before
        if hand.pull(arm, step) < step:
            return None, False
        total += np.sqrt(step) * SIGMA * noise[stage]
        mean, before = total / cumulative - hand.gaps[arm], cumulative
        if stage < len(grid) - 1 and mean < theta - width(cumulative):
            return None, True
    return mean, True


def keep_top(batches, gaps, pulls, memory, horizon, sigma=0.5):
    """`batches[r]` holds one normal per arm for round r (0: the stream)."""
    arms = len(gaps)
    hand = Hand(gaps, horizon, min(memory, arms - 1))
    means = {}
    for arm in range(arms):
        hand.read(arm)
        hand.pull(arm, pulls)
        means[arm] = -gaps[arm] + sigma / np.sqrt(pulls) * batches[0][arm]
        if arm < arms - 1:
            held = sorted(hand.kept | {arm}, key=lambda i: -means[i])[:memory]
            hand.keep(*held)
            means = {i: means[i] for i in held}
    active, each, count = list(means), pulls, 1
    if memory >= arms:
        active = _near_best(means, active, each, horizon, sigma)
    while len(active) > 1 and hand.pulls.sum() + each * len(active) <= horizon:
        for arm in active:
            hand.pull(arm, each)
            fresh = -gaps[arm] + sigma / np.sqrt(each) * batches[count][arm]
            means[arm] = (means[arm] + fresh) / 2
        each, count = 2 * each, count + 1
        active = _near_best(means, active, each, horizon, sigma)
    return hand.commit(max(active, key=lambda i: means[i]))


def _near_best(means, active, each, horizon, sigma):
    width = sigma * np.sqrt(4 * np.log(max(horizon / each, np.e)) / each)
    best = max(means[i] for i in active)
    return [i for i in active if means[i] >= best - width]


def _cut_off(hand, king, accepts):
    """The horizon ended inside the exploration: the king in office is the answer."""
    return {
        "chosen": king,
        "explored": hand.pulls.sum(),
        "loss": hand.gaps[king],
        "regret": float(hand.gaps @ hand.pulls),
        "pulls_per_arm": hand.pulls,
        "peak_memory": hand.peak,
        "accepts": max(accepts, 1),
    }
