"""Strict configuration for the whole suite: accidents are errors."""

import limen.theory  # noqa: F401  (settles the pool before the first computation)
import jax

jax.config.update("jax_numpy_rank_promotion", "raise")
jax.config.update("jax_numpy_dtype_promotion", "strict")
jax.config.update("jax_legacy_prng_key", "error")
jax.config.update("jax_debug_key_reuse", True)
