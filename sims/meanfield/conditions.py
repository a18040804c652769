"""What the values of a cell must satisfy before anything compiles."""


def langevin(step: float, lam: float, tau: float) -> str | None:
    """Positive step, nonnegative ridge and temperature."""
    if not step > 0:
        return "`step` must be positive."
    if lam < 0 or tau < 0:
        return "`lam` and `tau` must not be negative."
    return None


def stationary(step: float, lam: float, tau: float) -> str | None:
    """A stationary law needs confinement and temperature."""
    if not (lam > 0 and tau > 0):
        return "`lam` and `tau` must be positive: there is no stationary law without."
    return langevin(step, lam, tau)


def masked_width(width: float, max_width: int) -> str | None:
    """An active width inside the padded one."""
    if not 1 <= width <= max_width:
        return f"`width` must lie between 1 and `max_width` = {max_width}."
    return None


def antisymmetric_width(width: float, max_width: int) -> str | None:
    """Pairs (a, w), (−a, w) need an even width."""
    if width % 2 or max_width % 2:
        return "`width` and `max_width` must be even: neurons come in pairs."
    return masked_width(width, max_width)
