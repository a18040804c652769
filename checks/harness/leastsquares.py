"""Weighted least squares as a linear map, so that influence values go through it."""

from dataclasses import dataclass

import numpy as np
from scipy import stats


@dataclass(frozen=True)
class Fit:
    """A fitted linear model.

    Attributes:
        coefficients: Of every regressor.
        map: The linear map from data to coefficients, (regressor, size).
        gof: p-value of the chi-square test; 1 without degrees of freedom.
    """

    coefficients: np.ndarray
    map: np.ndarray
    gof: float


def fit(regressors: np.ndarray, data: np.ndarray, weights: np.ndarray) -> Fit:
    """Minimise the weighted squares of `data` − `regressors` · coefficients.

    Args:
        regressors: (size, regressor).
        data: (size,).
        weights: Inverse variances, (size,).
    """
    root = np.sqrt(weights / weights.max())
    linear = np.linalg.pinv(regressors * root[:, None]) * root
    coefficients = linear @ data
    squares = float((weights * (data - regressors @ coefficients) ** 2).sum())
    freedom = len(data) - regressors.shape[1]
    gof = float(stats.chi2.sf(squares, freedom)) if freedom > 0 else 1.0
    return Fit(coefficients, linear, gof)


def correction(sizes: np.ndarray, omega: float) -> np.ndarray:
    """The regressor (N/N_1)^−omega of a finite-size correction."""
    return (sizes / sizes[0]) ** -omega
