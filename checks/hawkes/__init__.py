"""Claims on the recovery of Hawkes networks: process, recovery, decoding."""

from . import comparison, covariances, decoding, growth, rates, residuals, screening

CLAIMS = (
    *growth.CLAIMS,
    *comparison.CLAIMS,
    *rates.CLAIMS,
    *covariances.CLAIMS,
    *residuals.CLAIMS,
    *screening.CLAIMS,
    *decoding.CLAIMS,
)
