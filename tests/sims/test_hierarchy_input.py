"""The hierarchical simulators name what is wrong with their input."""

import numpy as np
import pytest
from limen.sims.hierarchy import domain

WEIGHTS = np.array([1, -1 / 2, 1 / 3, -1 / 4])
TEACHER = {"weights": WEIGHTS, "scale": 1.0, "noise": 0.0}
DENSE = TEACHER | {
    "mode": "gauss",
    "size": 64,
    "sample_counts": (128,),
    "preprocessing": "tanh",
    "link": "id",
    "chunk": 64,
}
OPERATOR = TEACHER | {
    "mode": "sphere",
    "dim": 24,
    "num_samples": 100,
    "block": 4,
    "applications": 20,
    "preprocessing": "tanh",
    "link": "id",
    "chunk": 64,
    "fault": "none",
}
KERNEL = {
    "weights": WEIGHTS,
    "ridge": 0.1,
    "dim": 8,
    "num_samples": 10,
    "num_test": 10,
    "kernel": "exp",
}
SPLIT = {
    "weights": WEIGHTS,
    "scale": 1.0,
    "mode": "sphere",
    "dim": 8,
    "num_samples": 100,
    "num_test": 10,
    "fraction": 0.7,
}


MONOMIALS = {"weights": WEIGHTS, "dim": 8, "num_samples": 45, "num_test": 10}
SPIKES = {"theta": [1.0], "size": 9, "rows": 0}


@pytest.mark.parametrize(
    ("check", "good", "change", "name"),
    [
        (domain.check_spectrum, DENSE, {"size": 1}, "size"),
        (domain.check_spectrum, DENSE, {"size": 5}, "weights"),
        (domain.check_spectrum, DENSE, {"mode": "sphere", "size": 2}, "dim"),
        (domain.check_spectrum, DENSE, {"mode": "cube"}, "mode"),
        (domain.check_spectrum, DENSE, {"weights": np.array([1, 0.0])}, "weights"),
        (domain.check_spectrum, DENSE, {"weights": np.zeros(0)}, "weights"),
        (domain.check_spectrum, DENSE, {"scale": 0.0}, "scale"),
        (domain.check_spectrum, DENSE, {"noise": -1.0}, "noise"),
        (domain.check_spectrum, DENSE, {"link": "cube"}, "link"),
        (domain.check_spectrum, DENSE, {"preprocessing": "x"}, "preprocessing"),
        (domain.check_spectrum, DENSE, {"sample_counts": ()}, "sample_counts"),
        (domain.check_spectrum, DENSE, {"sample_counts": (0,)}, "sample_counts"),
        (domain.check_spectrum, DENSE, {"sample_counts": (64, 64)}, "sample_counts"),
        (domain.check_spectrum, DENSE, {"sample_counts": (50, 64)}, "sample_counts"),
        (domain.check_spectrum, DENSE, {"chunk": 0}, "chunk"),
        (domain.check_spectrum, DENSE, {"normalise": True}, "normalise"),
        (domain.check_spectrum, DENSE, {"fault": "x"}, "fault"),
        (domain.check_spectrum, DENSE, {"fault": "permuted_norms"}, "fault"),
        (domain.check_spectrum, DENSE, {"full": True}, "full"),
        (domain.check_operator, OPERATOR, {"mode": "gauss"}, "mode"),
        (domain.check_operator, OPERATOR, {"applications": 90}, "block * applications"),
        (domain.check_operator, OPERATOR, {"applications": 1}, "block"),
        (domain.check_operator, OPERATOR, {"num_samples": 0}, "num_samples"),
        (domain.check_operator, OPERATOR, {"chunk": 0}, "chunk"),
        (domain.check_operator, OPERATOR, {"fault": "shift_labels"}, "fault"),
        (domain.check_kernel, KERNEL, {"ridge": 0.0}, "ridge"),
        (domain.check_kernel, KERNEL, {"kernel": "x"}, "kernel"),
        (domain.check_kernel, KERNEL, {"num_samples": 0}, "num_samples"),
        (domain.check_kernel, KERNEL, {"num_test": 0}, "num_test"),
        (domain.check_split, SPLIT, {"fraction": 1.0}, "fraction"),
        (domain.check_split, SPLIT, {"num_samples": 12}, "fraction"),
        (domain.check_split, SPLIT, {"readout": "cubic"}, "readout"),
        (domain.check_monomials, MONOMIALS, {"num_samples": 44}, "num_samples"),
        (domain.check_monomials, MONOMIALS, {"num_test": 0}, "num_test"),
        (domain.check_spikes, SPIKES, {"size": 1}, "size"),
        (domain.check_spikes, SPIKES, {"theta": [np.nan]}, "theta"),
        (domain.check_spikes, SPIKES, {"rows": 10}, "rows"),
    ],
)
def test_bad_input_is_named(check, good, change, name):
    assert check(**good) is None
    assert check(**(good | change)).startswith(f"`{name}`")
