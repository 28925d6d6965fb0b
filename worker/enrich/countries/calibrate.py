"""Confidence that means what it says: a monotone table from the rules' own figure to observed precision."""

from __future__ import annotations

from bisect import bisect_right

_TABLE = (
    (0.0, 0.0), (0.3, 0.01), (0.45, 0.06), (0.6, 0.11), (0.7, 0.2), (0.8, 0.43), (0.88, 0.46), (0.93, 0.62),
    (0.96, 0.965), (0.985, 0.975), (0.995, 0.99), (1.0, 1.0),
)  # fmt: skip
"""(the rules' figure, precision observed on GeoVirus and TR-News together), straight lines between.

What is .8 here is mostly a lone demonym. GeoVirus doesn't count those at all, TR-News does.
"""


def calibrated(raw: float) -> float:
    """Return the confidence, 0 to 1, to three digits."""
    i = min(bisect_right(_TABLE, (raw, 1.0)), len(_TABLE) - 1)
    (x0, y0), (x1, y1) = _TABLE[i - 1], _TABLE[i]
    return round(y0 + (y1 - y0) * (raw - x0) / (x1 - x0), 3)
