"""Machine code of plain functions: the simulation runs Feedmill's own, a hundred times as fast."""

from __future__ import annotations

from types import FunctionType
from typing import TYPE_CHECKING, Any

from numba import njit

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import ModuleType


def compiled(*modules: ModuleType) -> dict[str, Callable[..., Any]]:
    """Return the functions of these modules, by name, as compiled ones that call each other.

    Their names share one namespace. What is never called is never compiled, so it may be anything.
    """
    shared: dict[str, Any] = {}
    for module in modules:
        shared |= vars(module)
    for name, function in list(shared.items()):
        if isinstance(function, FunctionType):
            shared[name] = njit(nogil=True)(FunctionType(function.__code__, shared, name))
    return shared
