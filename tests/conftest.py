"""Strict configuration for the whole suite: accidents are errors."""

import jax
from limen.theory import threads

jax.config.update("jax_numpy_rank_promotion", "raise")
jax.config.update("jax_numpy_dtype_promotion", "strict")
jax.config.update("jax_legacy_prng_key", "error")
jax.config.update("jax_debug_key_reuse", True)


def pytest_report_header() -> str:
    return f"XLA pool: {threads.pool_size()} threads"
