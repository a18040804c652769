"""Everything the engine refuses or gives up on, by name."""


class SpecificationError(ValueError):
    """A sweep that cannot be run as written; nothing was compiled (exit status 2)."""


class StoreError(OSError):
    """The store cannot be read or written (exit status 5)."""


class CorruptBlock(StoreError):
    """A block whose checksum does not match its content."""


class NonDeterministic(RuntimeError):
    """Unequal bits under one address, within one numerics signature."""


class NotFinite(RuntimeError):
    """Under `strict`: a lane that reports success holds NaN or infinity (status 3)."""


class Stopped(RuntimeError):
    """The time limit was reached; finished blocks are stored, run again to go on."""
