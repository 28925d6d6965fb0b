"""Waiting for a condition with a deadline: instead of a sleep that is too short one day."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any


def wait_for(condition: Callable[[], Any], what: str, deadline_s: float = 60.0, every_s: float = 0.05) -> Any:
    """Wait until the condition holds and return what it said; fail with `what` was waited for."""
    ends = time.monotonic() + deadline_s
    while not (said := condition()):
        assert time.monotonic() < ends, f"waited {deadline_s:g} s for {what}"
        time.sleep(every_s)
    return said
