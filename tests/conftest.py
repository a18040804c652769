"""Strict configuration for the whole suite: accidents are errors."""

import os

import hypothesis
import jax
from limen.sims.sweep import cache, program
from limen.theory import threads

jax.config.update("jax_numpy_rank_promotion", "raise")
jax.config.update("jax_numpy_dtype_promotion", "strict")
jax.config.update("jax_legacy_prng_key", "error")
jax.config.update("jax_debug_key_reuse", True)

# Compiling is most of what theory and small simulators cost here; sweeps say their own.
program.spare_effort_elsewhere()

# What one file has compiled, theory too, is there for the next file's process.
SETTINGS = {cache.FOLDER: str(cache.cache_folder())} | cache.THRESHOLDS
for name, value in SETTINGS.items():
    jax.config.update(name, value)

if worker := os.environ.get("PYTEST_XDIST_WORKER"):
    workers = int(os.environ["PYTEST_XDIST_WORKER_COUNT"])
    threads.keep_to_share(int(worker.removeprefix("gw")), workers)

# Shared machines are slow at times: a deadline would fail for no reason of ours.
hypothesis.settings.register_profile("limen", deadline=None)
hypothesis.settings.load_profile("limen")


def pytest_report_header() -> str:
    return f"XLA pool: {threads.pool_size()} threads"
