"""Claims on memorisation at the quick preset, and the pieces they are made of."""

import functools

import numpy as np
import pytest
from limen.checks import memorisation as checks
from limen.checks.harness import run_claims
from limen.checks.memorisation import cells, exponents, latents, networks
from limen.sims.sweep import draw
from xarray import DataArray, Dataset


@pytest.fixture(scope="module")
def verdicts(tmp_path_factory):
    store = tmp_path_factory.mktemp("store")
    made = run_claims(
        checks.CLAIMS,
        "quick",
        functools.partial(draw, store=store, effort="low"),
        alpha=0.01 / 8,
    )
    return {verdict.claim_id: verdict for verdict in made}


def test_every_quick_claim_is_consistent(verdicts):
    quick = {claim.id for claim in checks.CLAIMS if "quick" in claim.sizes}
    found = {name: verdicts[name].verdict for name in quick}
    assert found == dict.fromkeys(quick, "consistent")


def test_every_mutant_is_killed(verdicts):
    alive = [
        (verdict.claim_id, mutant.name)
        for verdict in verdicts.values()
        for mutant in verdict.mutants
        if not mutant.killed
    ]
    assert alive == []


def test_the_limit_without_its_finite_size_term_is_rejected(verdicts):
    mutant = next(
        m for m in verdicts["MEM-16"].mutants if m.name == "without the 1/d term"
    )
    assert mutant.verdict == "violated"


def test_ids_are_unique_and_every_claim_has_a_mutant():
    ids = [claim.id for claim in checks.CLAIMS]
    assert len(set(ids)) == len(ids)
    assert all(claim.mutants for claim in checks.CLAIMS)


def test_designs_that_run_only_at_paper_can_be_built():
    for claim in checks.CLAIMS:
        if "quick" in claim.sizes:
            continue
        sizes = {k: v for k, v in claim.sizes["paper"].items() if k != "seeds"}
        for sweep in claim.design(**sizes).sweeps.values():
            assert sweep.plan(1).requests


def test_spectra_have_the_trace_of_the_dimension():
    for exponent in (0.0, 0.7):
        assert cells.spectrum(20, exponent).sum() == pytest.approx(20)
    assert cells.spectrum(3, cells.WHITE, 2.0).tolist() == [3.0, 1.0, 1.0]


def test_residual_has_the_mean_of_the_ratio_of_means():
    rng = np.random.default_rng(0)
    own = 5 + rng.normal(size=40000)
    cross = 0.8 * own + 0.1 * rng.normal(size=own.size)
    parts = (DataArray(x[:, None], dims=("seed", "point")) for x in (cross, own))
    values = cells.residual(*parts, np.array([0.8]), np.array([5.0]))
    assert float(values.mean()) == pytest.approx(0.8, abs=1e-3)
    assert float(values.std()) == pytest.approx(0.02, rel=0.05)


def test_slopes_are_extrapolated_with_their_correction():
    n = 4.0 ** np.arange(4, 8)
    values = 3 * n**-0.5 * (1 + 0.1 * n**-0.25)
    slopes = -exponents.local_slopes(values, 4.0)
    assert exponents.extrapolated(slopes, 4.0, 0.25) == pytest.approx(0.5, abs=3e-4)


def test_count_of_latents_is_interpolated():
    assert latents.first_crossing(np.array([0.9, 0.7, 0.3])) == pytest.approx(2.5)
    table = np.zeros((4, len(latents.COUNT_SIZES), 40))
    for row, size in enumerate(latents.COUNT_SIZES):
        table[:, row] = 1 - np.arange(1, 41) / (1 * np.sqrt(size))
    assert latents.count_slope(table)[0] == pytest.approx(0.5, abs=0.05)


def test_network_claims_read_the_right_cells():
    """On made-up rows that satisfy all orderings, and violate them when exchanged."""
    shape = (2, 3, 4)
    rows = {
        "q_net": np.array([[0.7, 0.98, 0.99], [0.3, 0.9, 0.98]]),
        "Q_net": np.array([[0.4, 0.4, 0.4], [0.5, 0.95, 0.97]]),
        "m_net": np.array([[0.05, 0.0, 0.0], [0.45, 0.04, 0.0]]),
    }
    dims = ("architecture", "num_samples", "seed")
    coords = {
        "architecture": list(networks.ARCHITECTURES),
        "num_samples": list(networks.LOADS),
    }
    data = Dataset(
        {
            name: (dims, np.broadcast_to(values[..., None], shape))
            for name, values in rows.items()
        },
        coords=coords,
    )
    for claim in networks.CLAIMS:
        design = claim.design(num_steps=300)
        assert (design.observe({"networks": data}).values <= 0).all()
        wrong = claim.mutants[0].change(design)
        assert (wrong.observe({"networks": data}).values > 0).any()


def test_isolated_directions_are_read_at_their_places():
    """Rows whose overlap names cell and direction: 1 − Q must be read where claimed."""
    design = latents.isolated(dim=96)
    places = len(latents.ISOLATED_CELLS)
    overlaps = np.arange(places * latents.KEPT, dtype=float).reshape(places, 1, -1)
    data = Dataset({"overlap": (("cell", "seed", "latent"), overlaps)})
    found = 1 - design.observe({"pair": data}).values[0]
    assert len(found) == len(design.claimed)
    assert found[:4].tolist() == [0.0, 1.0, 2.0, 12.0]
    assert (design.claimed < 1 - latents.DOMAIN).all()
