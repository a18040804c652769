"""The claims of sequential feature recovery.

`overlaps` (HS-3, HS-4b, HS-11), `errors` (HS-7, HS-9), `window` (HS-8), `rivals`
(HS-10); without samples: `identities` (HS-1, HS-2), `limits` (HS-4, 5, 6, 7a, 12).
"""

from . import errors, identities, limits, overlaps, rivals, window

CLAIMS = (
    *overlaps.CLAIMS,
    *errors.CLAIMS,
    *window.CLAIMS,
    *rivals.CLAIMS,
    *identities.CLAIMS,
    *limits.CLAIMS,
)
