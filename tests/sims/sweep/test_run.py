"""A sweep becomes a dataset."""

import importlib.util
import sys
from pathlib import Path

import numpy as np
from limen.sims.sweep import Store, Sweep, draw


def _examples():
    name = "sweep_examples"
    if name not in sys.modules:
        path = Path(__file__).with_name("examples.py")
        spec = importlib.util.spec_from_file_location(name, path)
        sys.modules[name] = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(sys.modules[name])
    return sys.modules[name]


def test_runs(tmp_path):
    ex = _examples()
    sweep = Sweep(sim=ex.descent, static={"dim": [4, 8]}, dynamic={"rate": [0.1, 0.5], "noise": [0, 0.1]})
    rows = sweep.run(16, store=tmp_path)
    assert dict(rows.sizes) == {"dim": 2, "rate": 2, "noise": 2, "seed": 16, "step": 20}
    store = Store()
    (again,) = draw([(sweep, 16)], store=store)
    np.testing.assert_array_equal(again.loss[..., :16, :], rows.loss)
