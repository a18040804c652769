"""Claims on linear denoisers and on the probability flow they define."""

from dataclasses import replace

import numpy as np

from ...sims import memorisation as sims
from ...sims.sweep import Sweep, zip_
from ...theory import memorisation as theory
from ..harness import Claim, Design, Mutant, Provenance, Tolerance, kinds, rows
from ..mutants import memorisation as wrong
from .cells import WHITE, counts, samples, spectrum, together

FLOW_EXPONENT = 2.0  # small variances, which the last noise level still touches


def linear_denoisers(cells, dim, noise_variance, weight_ridge) -> Sweep:
    """The sweep over linear denoisers at (exponent, load); loads up to 4."""
    exponents, loads = zip(*cells, strict=True)
    return Sweep(
        sim=sims.simulate_denoiser,
        static={"max_samples": [4 * dim]},
        dynamic={
            "dim": [dim],
            **zip_(exponent=exponents, load=loads),
            "noise_variance": [noise_variance],
            "weight_ridge": [weight_ridge],
        },
        derive={"variances": spectrum, "num_samples": samples},
    )


def denoisers(*, dim, cells, noise_variance, weight_ridge):
    """C14: train and test error of the linear denoiser."""
    sweep = linear_denoisers(cells, dim, noise_variance, weight_ridge)
    claimed = _denoiser_claims(sweep, _denoiser)
    least = sweep.map(lambda dim, num_samples: min(dim, num_samples))
    return Design(
        sweeps={"single": sweep},
        observe=lambda data: together(
            train=rows(data["single"].train), test=rows(data["single"].test)
        ),
        claimed=claimed,
        tol=Tolerance(claimed / np.tile(least, 2), "size: relative 1/min(n, d)"),
    )


def _denoiser_claims(sweep, function):
    return sweep.map(function).T.ravel()


def _denoiser(variances, num_samples, noise_variance, weight_ridge):
    parts = variances, counts(variances), num_samples, noise_variance, weight_ridge
    errors = theory.denoiser_errors(*parts)
    return np.array([float(errors.train), float(errors.test)])


def _population(variances, noise_variance, weight_ridge):
    kept = variances / (variances + noise_variance + weight_ridge)
    error = np.sum((1 - kept) ** 2 * variances + noise_variance * kept**2)
    return np.array([error, error])


def flow(*, dim, num_levels):
    """C20: Heun steps of the probability flow, every mode against the closed form."""
    variances = spectrum(dim, FLOW_EXPONENT)
    turn = np.linalg.qr(np.vander(np.linspace(-1, 1, dim)))[0]
    sweep = Sweep(
        sim=sims.probability_flow,
        dynamic={"num_levels": [num_levels]},
        derive={
            "covariance": lambda: (turn * variances) @ turn.T,
            "noise": lambda: turn.sum(axis=1, keepdims=True),
            "levels": _levels,
        },
    )

    def observe(data):
        modes = rows(data["flow"].sample)
        return modes.copy(data=turn.T @ modes.values)

    claimed = _closed_form(variances, _levels(num_levels)[-1])
    return Design(
        sweeps={"flow": sweep},
        observe=observe,
        claimed=claimed,
        tol=Tolerance(2e-4 * claimed, "Heun steps, second order; 7e-5 measured"),
    )


def _levels(num_levels):
    return np.geomspace(20.0, 0.05, num_levels)


def _closed_form(variances, last):
    """Every mode of the flow from 20 times one, down to the last level."""
    return 20.0 * np.sqrt((variances + last**2) / (variances + 20.0**2))


def _one_level_early(design):
    sweep = design.sweeps["flow"]
    levels = _levels(sweep.dynamic["num_levels"][0])
    variances = spectrum(len(design.claimed), FLOW_EXPONENT)
    return replace(design, claimed=_closed_form(variances, levels[-2]))


def _euler(design):
    sweep = replace(design.sweeps["flow"], sim=wrong.euler_flow)
    return replace(design, sweeps={"flow": sweep})


CLAIMS = (
    Claim(
        id="MEM-12",
        title="Train and test error of a linear denoiser",
        statement=r"test $= n(\lambda - \tilde s\lambda') + \tau T_2$, train $= "
        r"\tilde s (\mathrm{df}_1 - T_2) + \tau T_2$",
        provenance=Provenance("derived", "deterministic equivalent of the resolvent"),
        kind=kinds.value(),
        design=denoisers,
        sizes={
            "quick": {
                "seeds": 128,
                "dim": 96,
                "cells": (
                    (WHITE, 0.25),
                    (WHITE, 1.0),
                    (WHITE, 4.0),
                    (1.5, 1.0),
                    (1.5, 4.0),
                ),
                "noise_variance": 0.4,
                "weight_ridge": 0.1,
            },
            "paper": {
                "seeds": 1024,
                "dim": 96,
                "cells": (
                    (WHITE, 0.25),
                    (WHITE, 1.0),
                    (WHITE, 4.0),
                    (1.5, 0.25),
                    (1.5, 1.0),
                    (1.5, 4.0),
                ),
                "noise_variance": 0.4,
                "weight_ridge": 0.1,
            },
        },
        mutants=(
            Mutant(
                "the truth in place of S",
                lambda design: replace(
                    design,
                    claimed=_denoiser_claims(design.sweeps["single"], _population),
                ),
            ),
        ),
    ),
    Claim(
        id="MEM-13",
        title="The probability flow ends at the generator",
        statement=r"The flow maps $\sigma_{\max} z$ to $((S + \sigma_{\min}^2)(S + "
        r"\sigma_{\max}^2)^{-1})^{1/2} \sigma_{\max} z$",
        provenance=Provenance("classical", "linear ordinary differential equation"),
        kind=kinds.identity(),
        design=flow,
        sizes={
            "quick": {"seeds": 1, "dim": 12, "num_levels": 256},
            "paper": {"seeds": 1, "dim": 12, "num_levels": 256},
        },
        mutants=(
            Mutant("Euler steps", _euler, shift=0.01),
            Mutant("one level too few", _one_level_early),
        ),
    ),
)
