PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
JOBS ?= 2
SOURCES := theory sims checks figures paper_repro

# Before Python starts, so that it holds even where NumPy is imported before limen.
export OPENBLAS_NUM_THREADS ?= 1

.PHONY: help install lint test reproduce bench calibrate soak docs clean

help:  ## show this list
	@grep -E '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*##/\t/' | sort

install: $(VENV)/.core  ## make .venv with limen in it

$(VENV)/.core: pyproject.toml constraints.txt
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --disable-pip-version-check -c constraints.txt -e .
	touch $@

$(VENV)/.dev: $(VENV)/.core
	$(BIN)/pip install --quiet --disable-pip-version-check -c constraints.txt -e ".[lint]"
	touch $@

reproduce: $(VENV)/.core  ## regenerate all papers (preset quick): claims, figures, report
	$(BIN)/limen reproduce --preset quick

test: $(VENV)/.dev  ## run the test suite
	$(BIN)/pytest -n $(JOBS) --dist loadfile -q --durations=15

lint: $(VENV)/.dev  ## ruff and pyright
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/pyright $(SOURCES)

bench: $(VENV)/.dev  ## measure speed beside the alternatives
	for file in benchmarks/bench_*.py; do $(BIN)/python $$file || exit 1; done

calibrate: $(VENV)/.dev  ## measure the error rates of the decision rules (some 15 minutes)
	$(BIN)/pytest -m slow tests/checks/harness -q

soak: $(VENV)/.dev  ## long fault-injection runs of the store
	$(BIN)/pytest -m slow tests/sims/sweep -q

docs: $(VENV)/.dev  ## build the documentation into docs/_build (offline)
	$(BIN)/pip install --quiet --disable-pip-version-check -c constraints.txt -e ".[docs]"
	$(BIN)/sphinx-build -q -b html docs docs/_build/html

clean:  ## remove the environment and caches (keeps results)
	rm -rf $(VENV) build dist *.egg-info
