"""What the harness refuses, in one clear sentence."""


class BadClaim(ValueError):
    """A claim that cannot be judged as it is written; raised before drawing."""


class BadSamples(ValueError):
    """Rows that must not be judged: not finite, duplicated, too few, of wrong shape."""


class DuplicateRows(BadSamples):
    """Rows that repeat: a reused key, or seeds counted twice."""
