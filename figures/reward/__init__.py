"""The figures of reward learning and deployment."""

from . import growth, recovery, safe, signal, stages, value

_PARTS = (growth, recovery, safe, signal, stages, value)
_ALL = {f.name: f for part in _PARTS for f in part.FIGURES}
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
    "stages",
    "landscape",
    "inflation",
)
FIGURES = tuple(_ALL[name] for name in ORDER)
