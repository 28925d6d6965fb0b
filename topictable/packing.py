"""The file of the table: a line of JSON, a line of pieces, and a byte for each number, packed together."""

from __future__ import annotations

import json
import lzma
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from numpy.typing import NDArray

_LARGEST = 127
_FILTERS = [{"id": lzma.FILTER_LZMA2, "preset": 9 | lzma.PRESET_EXTREME, "dict_size": 1 << 20}]
"""As tight as with the preset's dictionary of 64 MB, which each reader would have to set aside."""


def packed(
    vocabulary: Sequence[str],
    rows: NDArray[np.float64],
    bias: NDArray[np.float64],
    usual: Sequence[float],
) -> bytes:
    """Return the file's bytes; each column is cut into 127 steps to either side of 0."""
    steps = _short(np.abs(rows).max(axis=0) / _LARGEST)
    cells = np.rint(rows / np.array(steps)).clip(-_LARGEST, _LARGEST).astype(np.int8)
    numbers = {"steps": steps, "bias": _short(bias), "usual": _short(usual)}
    text = f"{json.dumps(numbers)}\n{' '.join(vocabulary)}\n".encode("ascii")
    return lzma.compress(text + cells.T.tobytes(), filters=_FILTERS)


def _short(numbers: Iterable[float]) -> list[float]:
    return [float(f"{number:.4g}") for number in numbers]
