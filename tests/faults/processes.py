"""Processes of one's own, found by a mark in their environment: also those whose parent is gone."""

from __future__ import annotations

import os
import signal
import time
from contextlib import suppress
from pathlib import Path

MARK = "TEST_PLANT"
"""The environment variable that tells whose a process is; every descendant inherits it."""


def marked(mark: str) -> set[int]:
    """Return the ids of live processes whose mark begins with `mark`."""
    sought = f"{MARK}={mark}".encode()
    return {pid for pid in _all() if sought in _environment(pid) and is_alive(pid)}


def children_of(parent: int) -> set[int]:
    return {pid for pid in _all() if _parent(pid) == parent and is_alive(pid)}


def is_alive(pid: int) -> bool:
    """Return whether the process runs; one that is dead and not yet reaped does not."""
    return _stat(pid)[:1] not in ([], ["Z"], ["X"])


def kill(*pids: int) -> None:
    """Pull their plugs; those that are gone already are passed by."""
    for pid in pids:
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)


def let_pass(seconds: float) -> None:
    """Let a fault last."""
    time.sleep(seconds)


def _all() -> list[int]:
    return [int(path.name) for path in Path("/proc").iterdir() if path.name.isdigit()]


def _environment(pid: int) -> bytes:
    try:
        return Path(f"/proc/{pid}/environ").read_bytes()
    except OSError:
        return b""


def _parent(pid: int) -> int | None:
    stat = _stat(pid)
    return int(stat[1]) if stat else None


def _stat(pid: int) -> list[str]:
    """Return what the kernel says of a process, from its state on (proc(5)); nothing if it is gone."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(") ")[2].split()
    except OSError:
        return []
