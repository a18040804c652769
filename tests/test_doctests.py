"""Every example in a docstring runs."""

import doctest
import importlib
import pkgutil

import pytest

FLOORS = ("theory", "sims", "checks", "figures", "paper_repro")


def names():
    for floor in FLOORS:
        package = importlib.import_module(f"limen.{floor}")
        yield package.__name__
        for module in pkgutil.walk_packages(package.__path__, f"limen.{floor}."):
            yield module.name


@pytest.mark.parametrize("name", sorted(names()))
def test_examples(name):
    failed, _ = doctest.testmod(importlib.import_module(name))
    assert failed == 0
