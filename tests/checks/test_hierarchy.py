"""The claims of the hierarchical system at preset quick."""

import functools

import numpy as np
import pytest
from limen.checks import hierarchy
from limen.checks.harness import run_claims
from limen.checks.hierarchy import exact, moments, teachers, window
from limen.sims.sweep import draw
from limen.theory import hierarchy as theory
from numpy.testing import assert_allclose

QUICK = [claim.id for claim in hierarchy.CLAIMS if "quick" in claim.sizes]


@pytest.fixture(scope="module")
def verdicts(tmp_path_factory):
    """One run; its seeds are fixed: false alarms of a whole run are below 0.00125."""
    store = functools.partial(
        draw, store=tmp_path_factory.mktemp("store"), effort="low"
    )
    found = run_claims(hierarchy.CLAIMS, "quick", store, alpha=0.01 / 8)
    return {verdict.claim_id: verdict for verdict in found}


@pytest.mark.stats
@pytest.mark.parametrize("claim", QUICK)
def test_a_quick_claim_holds_and_kills_its_mutants(verdicts, claim):
    verdict = verdicts[claim]
    assert verdict.verdict == "consistent", verdict.reason
    declared = {m.name for c in hierarchy.CLAIMS if c.id == claim for m in c.mutants}
    killed = {mutant.name for mutant in verdict.mutants if mutant.killed}
    assert declared <= killed


PLANNED = ("HS-3b", "HS-8a", "HS-8c", "HS-9", "HS-10b", "HS-10c", "HS-11")


@pytest.mark.parametrize("name", PLANNED)
def test_a_claim_that_is_not_run_here_has_a_design(name):
    claim = next(claim for claim in hierarchy.CLAIMS if claim.id == name)
    small = {k: v for k, v in claim.sizes["paper"].items() if k != "seeds"}
    design = claim.design(**small)
    for sweep in design.sweeps.values():
        assert sweep.cells()
    for mutant in claim.mutants:
        assert mutant.change(design) is not design


def test_chunks_divide_all_counts_but_the_last():
    for counts in ((2048, 4096), (256, 1024, 4096), (198, 297), (7,), (94, 180)):
        chunk = teachers.chunk_of(counts)
        assert all(n % chunk == 0 for n in counts[:-1])
        assert 1 <= chunk <= 2048
    assert teachers.sample_counts(24, (16,), "sphere") == (4784,)
    assert_allclose(teachers.actual(64, (3.096,)), [198 / 64])


def test_predictions_are_those_of_theory():
    found = teachers.predicted(teachers.standard(), (16.0,))
    assert_allclose(found.overlap[0], [0.8912, 0.7365, 0.6561, 0.4344], atol=6e-4)
    assert_allclose(found.eigenvalue[0], [0.522, -0.343, 0.294, -0.261], atol=6e-4)
    short = teachers.semicircle(teachers.standard(), (16.0,))
    assert_allclose(short[0], [0.956, 0.822, 0.600, 0.288], atol=6e-4)


def test_window_rows_remove_the_deterministic_part():
    w = np.array([-1.0, 0.0, 2.0])
    theta = window.spikes(w, 1000)
    limit = np.where(w > 0, 1 - theta**-2.0, 0.0)[None]
    found = window.window_rows(limit, w, 1000)
    assert_allclose(found[0], 2 * np.maximum(w, 0), atol=1e-9)


def test_quadrature_of_the_claims_is_exact():
    points = moments.Points(3)
    assert_allclose(points.mean(points.x[:, 0] ** 8), 105)
    assert_allclose(points.sphere_mean(points.x[:, 0] ** 4, 4), 9 * 3 / 15)
    A = moments.random_features(np.random.default_rng(0), 4, 3, traceless=True)
    assert_allclose(np.einsum("iab,jab->ij", A, A), np.eye(3), atol=1e-12)
    assert_allclose(np.trace(A, axis1=1, axis2=2), 0, atol=1e-12)
    plain, tilted = moments.label_expectations(lambda s: s**2, np.array([1.0, -0.5]))
    assert_allclose(plain, 2.5)
    assert_allclose(tilted - plain, [8, 2])


def test_the_undivided_kernel_curve_is_undivided():
    from limen.checks.hierarchy import rivals

    whole, bare = (rivals.Equivalent(16, 400, 0.01, divide=d) for d in (True, False))
    spectrum = theory.kernel_eigenvalues(np.exp, dim=16)
    xi, count = (np.asarray(part) for part in spectrum)
    learned = 1 - np.sqrt(bare.shares)
    kappa = xi[[2, 4]] * (1 - learned) / learned
    assert_allclose(kappa[0], kappa[1], rtol=1e-6)
    inflation = 1 / (1 - count @ (xi / (xi + kappa[0])) ** 2 / 400)
    assert_allclose(whole.shares / bare.shares, inflation, rtol=1e-6)


def test_exact_designs_state_their_error():
    design = exact.exactly([1.0], [1.0], 1e-3, "of a test", 1e-9)
    assert design.observe({}).attrs["error"] == 1e-9
    assert exact.observing(design, [2.0]).observe({}).values == 2.0
