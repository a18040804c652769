"""The figures of sequential feature recovery."""

from . import diagrams, recovery, scaling, smoothing

_ALL = {
    figure.name: figure
    for module in (recovery, scaling, smoothing, diagrams)
    for figure in module.FIGURES
}
ORDER = (
    "sequential-recovery",
    "scaling-law",
    "separation",
    "finite-size-window",
    "spectrum",
    "angles",
    "recovered-fraction",
    "universality",
    "preprocessing",
    "phase-diagram",
)
FIGURES = tuple(_ALL[name] for name in ORDER)
