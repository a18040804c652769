"""The claims on mean-field networks that need little computing, judged at quick."""

import functools

import numpy as np
import pytest
from limen.checks.harness import run_claims
from limen.checks.meanfield import CLAIMS, dictionary, rates
from limen.paper_repro.job import ALPHA
from limen.sims.sweep import draw
from xarray import Dataset

CHEAP = {
    "MF-1",
    "MF-3b",
    "MF-5a",
    "MF-5bcd",
    "MF-6.rank",
    "MF-6a",
    "MF-8a",
    "MF-9ab",
    "MF-10r",
    "MF-11.rank",
    "MF-11.witness",
    "MF-12c",
    "MF-13s",
    "MF-13t",
    "MF-14",
}


@pytest.fixture(scope="module")
def verdicts(tmp_path_factory):
    """The cheap claims, at the levels they have in the whole paper."""
    store = functools.partial(
        draw, store=tmp_path_factory.mktemp("store"), effort="low"
    )
    found = run_claims(CLAIMS, "quick", store, alpha=ALPHA, only=CHEAP)
    return {verdict.claim_id: verdict for verdict in found}


@pytest.mark.parametrize("name", sorted(CHEAP))
def test_a_claim_is_consistent_and_its_mutants_die(verdicts, name):
    verdict = verdicts[name]
    assert verdict.verdict == "consistent", verdict.reason
    own = [mutant for mutant in verdict.mutants if mutant.sort != "noise"]
    assert own
    assert [mutant.name for mutant in own if not mutant.killed] == []


def test_every_claim_has_a_design_at_each_of_its_presets():
    """Designs are built, not run: sizes and tolerances fit together."""
    for claim in CLAIMS:
        sizes = {k: v for k, v in claim.sizes["paper"].items() if k != "seeds"}
        assert claim.design(**sizes).tol.origin


def parabolas(form, widths, power):
    """Losses whose logarithm is a parabola around 2^2.3 / N^power."""
    low, high = rates.FORMS[form].octaves
    octaves = np.arange(low, high + 0.01, 0.25)
    shift = (rates.FORMS[form].power - power) * np.log2(widths)
    best = 2.3 + shift[:, None]
    loss = np.exp((octaves - best) ** 2)[None, ..., None]
    static = ("max_width", "num_steps", "parametrization")
    return Dataset(
        {
            "loss": (
                (*static, "seed", "width", "octave", "step"),
                loss[None, None, None],
            )
        },
        coords={"width": np.asarray(widths, float), "octave": octaves},
    )


@pytest.mark.parametrize(("form", "power"), [("abc", 0.0), ("sp", 1.0), ("ntk", 0.0)])
def test_best_rates_are_the_minima_of_parabolas(form, power):
    widths = np.array([64, 256])
    found = rates.best_rate(parabolas(form, widths, power), rates.FORMS[form].power)
    expected = 2**2.3 / widths**power
    np.testing.assert_allclose(np.squeeze(found.values), expected, rtol=1e-12)


def test_lazy_transfer_is_the_program_of_maximal_update():
    sizes = {"widths": (64, 128)}
    both = rates.transfer(form="abc", **sizes), rates.transfer(form="ntk", **sizes)
    assert both[0].static == both[1].static
    exponents = [sweep.derive["output_exponent"]() for sweep in both]
    assert exponents == [1.0, 0.5]


def test_the_largest_certificate_by_hand():
    """Cubic: the largest coefficient; with a linear part: a common direction."""
    residual = np.array([0.3, 0.2, 0.25])
    assert dictionary.largest_certificate(residual) == pytest.approx(0.3, rel=1e-14)
    pair = dictionary.largest_certificate(np.array([0.3, 0.3]), 0.5)
    assert pair == pytest.approx(0.3227, abs=5e-5)
    four = dictionary.largest_certificate(np.full(4, 0.1), 0.5)
    assert four == pytest.approx(0.1 * (0.5 * 2 + 0.5 * 4 / 8), rel=1e-12)


def test_no_ridge_of_the_paper_preset_is_near_a_coefficient():
    ridges = np.array(dictionary.WIDE_RIDGES)
    gaps = np.abs(ridges[:, None] - dictionary.WIDE_TEACHER)
    assert len(ridges) == 40
    assert gaps.min() == pytest.approx(0.015, abs=1e-9)
