"""What is wrong with a cell, said on the host before anything compiles."""

import itertools
from collections.abc import Sequence
from typing import Any

import numpy as np

from .data import LINKS, MODES, PREPROCESSINGS, feature_dim


def check_spectrum(
    weights: Any,
    scale: Any,
    noise: Any,
    mode: str,
    size: int,
    sample_counts: tuple[int, ...],
    preprocessing: str,
    link: str,
    chunk: int,
    normalise: bool = False,
    fault: str = "none",
    full: bool = False,
) -> str | None:
    """Bad input of `simulate_spectrum`, or None."""
    faults = ("none", "shift_labels", "permuted_norms", "no_half")
    return first_problem(
        check_teacher(weights, noise, mode, size),
        check_labels(scale, preprocessing, link),
        _check_counts(sample_counts, chunk),
        (fault not in faults, f"`fault` must be one of {faults}, got {fault!r}."),
        (normalise and mode != "gaussian", "`normalise` needs `mode` gaussian."),
        (
            fault == "permuted_norms" and not normalise,
            "`fault` permuted_norms needs `normalise`.",
        ),
        (full, "`full` has its own simulator in a sweep: `simulate_full_spectrum`."),
    )


def check_operator(
    weights: Any,
    scale: Any,
    noise: Any,
    mode: str,
    dim: int,
    num_samples: int,
    block: int,
    applications: int,
    preprocessing: str,
    link: str,
    chunk: int,
    fault: str,
) -> str | None:
    """Bad input of `simulate_operator`, or None."""
    faults = ("none", "no_half")
    krylov = block * applications
    return first_problem(
        check_teacher(weights, noise, mode, dim),
        check_labels(scale, preprocessing, link),
        (mode == "gauss", "`mode` must be gaussian or sphere: gauss has no inputs."),
        (num_samples < 1, f"`num_samples` must be at least 1, got {num_samples}."),
        (chunk < 1, f"`chunk` must be at least 1, got {chunk}."),
        (block < 1 or applications < 2, "`block` needs 1, `applications` at least 2."),
        (
            krylov >= feature_dim(dim, mode),
            f"`block * applications` must be below D, got {krylov}.",
        ),
        (
            krylov < np.size(weights) + 2,
            "`block * applications` must exceed the number of features by 2.",
        ),
        (fault not in faults, f"`fault` must be one of {faults}, got {fault!r}."),
    )


def check_kernel(
    weights: Any, ridge: Any, dim: int, num_samples: int, num_test: int, kernel: str
) -> str | None:
    """Bad input of `simulate_kernel_ridge`, or None."""
    kernels = ("exp", "cubic", "quartic")
    return first_problem(
        check_teacher(weights, 0.0, "sphere", dim),
        (not ridge > 0, f"`ridge` must be positive, got {ridge}."),
        (num_samples < 1, f"`num_samples` must be at least 1, got {num_samples}."),
        (num_test < 1, f"`num_test` must be at least 1, got {num_test}."),
        (kernel not in kernels, f"`kernel` must be one of {kernels}, got {kernel!r}."),
    )


def check_monomials(
    weights: Any, dim: int, num_samples: int, num_test: int
) -> str | None:
    """Bad input of `simulate_monomials`, or None."""
    columns = dim + feature_dim(dim, "sphere") + 1 if dim > 0 else 0
    return first_problem(
        check_teacher(weights, 0.0, "sphere", dim),
        (
            num_samples <= columns,
            f"`num_samples` must exceed the {columns} monomials, got {num_samples}.",
        ),
        (num_test < 1, f"`num_test` must be at least 1, got {num_test}."),
    )


def check_split(
    weights: Any,
    scale: Any,
    mode: str,
    dim: int,
    num_samples: int,
    num_test: int,
    fraction: float,
    readout: str = "square",
) -> str | None:
    """Bad input of `simulate_split_readout`, or None."""
    rest = num_samples - round(fraction * num_samples) if 0 < fraction < 1 else 0
    return first_problem(
        check_teacher(weights, 0.0, mode, dim),
        check_labels(scale, "tanh", "id"),
        (num_samples < 1, f"`num_samples` must be at least 1, got {num_samples}."),
        (num_test < 1, f"`num_test` must be at least 1, got {num_test}."),
        (not 0 < fraction < 1, f"`fraction` must lie in (0, 1), got {fraction}."),
        (rest <= np.size(weights) + 1, "`fraction` leaves too few samples to regress."),
        (
            readout not in ("square", "linear"),
            f"`readout` must be square or linear, got {readout!r}.",
        ),
    )


def check_spikes(theta: Any, size: int, rows: int) -> str | None:
    """Bad input of `simulate_spiked_goe`, or None."""
    finite = np.isfinite(np.asarray(theta, dtype=float)).all()
    return first_problem(
        (size < 2, f"`size` must be at least 2, got {size}."),
        (not finite, "`theta` must be finite."),
        (
            rows != 0 and not 2 <= rows <= size,
            f"`rows` must be 0 (all) or from 2 to `size`, got {rows}.",
        ),
    )


def check_teacher(weights: Any, noise: Any, mode: str, size: int) -> str | None:
    """Bad hidden features."""
    if mode not in MODES:
        return f"`mode` must be one of {MODES}, got {mode!r}."
    values = np.asarray(weights, dtype=float)
    p, name = values.size, "size" if mode == "gauss" else "dim"
    least = 3 if mode == "sphere" else 2
    D = feature_dim(size, mode) if size > 0 else 0
    return first_problem(
        (size < least, f"`{name}` must be at least {least}, got {size}."),
        (
            values.ndim != 1 or p < 1,
            "`weights` must be a vector of at least one entry.",
        ),
        (
            not np.all(np.isfinite(values) & (values != 0)),
            "`weights` must be finite and not zero.",
        ),
        (p + 2 > D or 2 * p > D, f"`weights` has {p} entries: too many for D = {D}."),
        (not noise >= 0, f"`noise` must not be negative, got {noise}."),
    )


def check_labels(scale: Any, preprocessing: str, link: str) -> str | None:
    """Bad label preprocessing."""
    return first_problem(
        (not 0 < scale < np.inf, f"`scale` must be positive, got {scale}."),
        (
            preprocessing not in PREPROCESSINGS,
            f"`preprocessing` must be one of {PREPROCESSINGS}, got {preprocessing!r}.",
        ),
        (link not in LINKS, f"`link` must be one of {LINKS}, got {link!r}."),
    )


def _check_counts(sample_counts: Sequence[int], chunk: int) -> str | None:
    """Bad curve of sample sizes."""
    counts = tuple(sample_counts)
    rises = all(a < b for a, b in itertools.pairwise(counts))
    ragged = [n for n in counts[:-1] if chunk < 1 or n % chunk]
    return first_problem(
        (not counts, "`sample_counts` must not be empty."),
        (min(counts, default=1) < 1, "`sample_counts` must be positive."),
        (not rises, f"`sample_counts` must increase, got {counts}."),
        (chunk < 1, f"`chunk` must be at least 1, got {chunk}."),
        (
            bool(ragged),
            f"`sample_counts` before the last must be multiples of {chunk}.",
        ),
    )


def first_problem(*problems: str | tuple[bool, str] | None) -> str | None:
    """The first message whose condition holds."""
    for problem in problems:
        if isinstance(problem, tuple):
            problem = problem[1] if problem[0] else None
        if problem is not None:
            return problem
    return None
