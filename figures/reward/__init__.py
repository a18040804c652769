"""The figures of reward learning and deployment."""

from . import recovery, signal, value

_ALL = {f.name: f for part in (recovery, signal, value) for f in part.FIGURES}
ORDER = (
    "weak-recovery",
    "threshold",
    "first-passage",
    "signal",
    "optimal-temperature",
    "spectral",
    "phases",
    "safe-temperatures",
    "direction",
    "landscape",
    "inflation",
)
FIGURES = tuple(_ALL[name] for name in ORDER)
