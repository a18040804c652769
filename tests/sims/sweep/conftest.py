"""What the tests of the engine share."""

import hashlib
from pathlib import Path

import numpy as np
import pytest
from limen.sims.sweep import Sweep, resolve

FILE = Path(__file__).with_name("simulators.py")


class Simulators:
    """The simulators of `simulators.py`, by attribute."""

    file = FILE

    def __getattr__(self, name):
        return resolve(f"{FILE}:{name}")


@pytest.fixture(scope="session")
def sims():
    return Simulators()


@pytest.fixture(scope="session")
def fingerprint():
    """A digest of every bit of a dataset's data."""

    def of(dataset):
        state = hashlib.blake2b()
        for name in sorted(dataset.data_vars):
            state.update(np.ascontiguousarray(dataset[name].values).tobytes())
        return state.hexdigest()

    return of


@pytest.fixture(scope="session")
def coins(sims):
    """A sweep of coins whose one program all tests share."""

    def over(*bias, **options):
        return Sweep(sim=sims.coin, dynamic={"bias": list(bias)}, **options)

    return over
