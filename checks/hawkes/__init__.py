"""Claims on the recovery of Hawkes networks: process, recovery, decoding."""

from . import comparison, covariances, decoding, growth, rates, residuals

CLAIMS = (
    *growth.CLAIMS,
    *comparison.CLAIMS,
    *rates.CLAIMS,
    *covariances.CLAIMS,
    *residuals.CLAIMS,
    *decoding.CLAIMS,
)
