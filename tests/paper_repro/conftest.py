"""A results folder as a run would leave it, small and made by hand."""

import copy
import json

import pytest
from limen.figures import style
from limen.figures.export import save

POINT = {
    "at": {"arms": 8, "gap": 0.02},
    "claimed": 152.9,
    "tol": [7.6, 7.6],
    "region": [145.3, 160.5],
    "estimate": 153.4,
    "se": 0.8,
    "interval": [150.1, 156.7],
    "interval_consistent": [150.5, 156.3],
    "bias": 0.0,
    "resolution": [12.0, 11.5],
    "resolution_rel": 0.078,
    "tightness": None,
    "verdict": "consistent",
    "reason": "",
}
CLAIM = {
    "id": "SB-2",
    "title": "Exact regret",
    "statement": r"$\mathbb{E} R = \Delta\,[(K-1)m]$ <script>",
    "provenance": {"tag": "derived", "source": "order statistics"},
    "kind": "value",
    "evidence": "mean",
    "hash": "00ff",
    "sizes": {"seeds": 1024},
    "weight": 1.0,
    "alpha": 1e-4,
    "verdict": "consistent",
    "reason": "",
    "flags": [],
    "seeds": 512,
    "looks": [{"seeds": 512, "verdict": "consistent", "e_value": 0.3}],
    "p_anytime": 1.0,
    "seconds": 2.5,
    "tolerance_origin": "the smallest difference of interest",
    "rows": "rows/SB-2.npz",
    "sweeps": {"uniform": {"simulator": "bandits.uniform", "group": "ab"}},
    "points": [POINT],
    "mutants": [
        {
            "name": "regret 30 % too large",
            "changes": "theory",
            "shift": 45.9,
            "verdict": "violated",
            "killed": True,
            "underpowered": False,
            "seeds": 32,
            "points": [],
        }
    ],
}
RUN = {
    "limen": "0.1.0",
    "commit": "abc",
    "jax": "0.10.2",
    "device": "1 × cpu",
    "command": "limen reproduce bandits",
    "started": "2026-11-25T08:00:00+00:00",
    "seconds": 12.0,
    "base_seed": 0,
    "alpha": 0.00125,
    "alpha_consistent": 0.01,
    "programs": 4,
    "compile_s": 5.5,
    "run_s": 0.2,
}


def variant(verdict: str, **changes) -> dict:
    """The claim with another verdict."""
    claim = copy.deepcopy(CLAIM) | {"verdict": verdict, "id": f"SB-{verdict}"} | changes
    claim["points"][0]["verdict"] = verdict
    return claim


@pytest.fixture
def document():
    """A document with one claim of each verdict and one figure."""
    undecided = variant("inconclusive", reason="budget")
    figure = {
        "name": "sandwich",
        "caption": "Regret between $0.315$ and the bar.",
        "claims": ["SB-2"],
        "files": [f"figures/sandwich.{suffix}" for suffix in ("png", "pdf", "csv")],
    }
    return {
        "schema": "limen-verdicts-1",
        "paper": "bandits",
        "preset": "quick",
        "run": RUN,
        "claims": [CLAIM, variant("violated"), undecided],
        "figures": [figure],
    }


@pytest.fixture
def results(tmp_path, document):
    """A results folder that holds that document."""
    folder = tmp_path / "bandits" / "quick"
    (folder / "figures").mkdir(parents=True)
    figure, panels = style.canvas()
    style.points(panels[0, 0], [1, 2], [3, 4], [0.1, 0.2], "regret")
    style.theory(panels[0, 0], [1, 2], [3, 4], "theory")
    save(figure, folder / "figures" / "sandwich")
    (folder / "verdicts.json").write_text(json.dumps(document))
    return tmp_path
