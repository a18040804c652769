"""A fast subset of the calibration: normal, exponential and Bernoulli rows only.

False-alarm rate of this module: each row passes up to nominal + 3 √(nominal/R), which
a procedure exactly at its nominal rate exceeds with probability below 0.002; ours are
an order of magnitude below nominal. Seeds are fixed.
"""

import numpy as np
import pytest
from limen.checks.harness import calibration_boundaries as boundaries
from limen.checks.harness import calibration_growth as growth
from limen.checks.harness import calibration_laws as laws
from limen.checks.harness import calibration_means as means
from limen.checks.harness import calibration_power as power
from limen.checks.harness.calibration import Row, Study, section

pytestmark = pytest.mark.stats


def failed(rows):
    return [row for row in rows if not row.passed]


def test_false_alarms_stay_below_nominal():
    names = ("normal", "exponential", "Bernoulli 0.05")
    rows = boundaries.mixture_rate(1000, np.random.default_rng(1), names)
    assert len(rows) == 6
    assert not failed(rows)


def test_peeking_is_seen_to_be_wrong():
    assert not failed(boundaries.peeking_rate(2000, np.random.default_rng(2)))


def test_probabilities_and_bets():
    rng = np.random.default_rng(3)
    rows = boundaries.probability_rate(500, rng) + boundaries.betting_rate(500, rng)
    assert not failed(rows)


def test_laws_hold_their_level():
    rows = laws.law_rate(20, np.random.default_rng(4))
    assert not failed(rows[:3])


def test_lower_bounds_hold_their_level():
    rows = means.lower_bound_rate(300, np.random.default_rng(5))
    assert not failed(rows)


def test_wrong_correction_exponent_is_seen_to_be_wrong():
    rows = growth.limit_rate(100, np.random.default_rng(6))
    wrong = [row.measured for row in rows if "wrong omega" in row.label]
    hull = [row.measured for row in rows if row.label.endswith(": hull + beta")]
    assert min(wrong) > 0.2
    assert len(hull) == 3
    assert max(hull) <= 0.04


def test_window_picking_is_seen_to_be_wrong():
    assert not failed(growth.window_picking(60, np.random.default_rng(7)))


def test_power_at_the_reported_resolution():
    rows = power.resolution_power(300, np.random.default_rng(8))
    large = [r.measured for r in rows if "n = 1024" in r.label or "= 1000" in r.label]
    assert len(large) == 7
    assert min(large) >= 0.83
    assert max(large) <= 0.96


def test_section_shows_what_failed():
    study = Study("Name", lambda r, g: [], 10, note="Note.")
    text = section(study, [Row("a", 0.5, "0.4", high=0.45, replicates=10)], 1.0)
    assert "## Name" in text
    assert "**FAILED**" in text
    assert "[–, 0.45]" in text
