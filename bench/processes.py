"""CPU time of this process and of its pools' children (Linux)."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

_TICKS = os.sysconf("SC_CLK_TCK")
_FORK_SERVER = b"multiprocessing.forkserver"


def cpu_s() -> float:
    """Return the seconds of CPU that this process has taken, its fork server, and the children of that.

    A test server that it has started is not counted.
    """
    own = os.times()
    servers = [pid for pid in _children_of(os.getpid()) if _FORK_SERVER in _read(pid, "cmdline")]
    return own.user + own.system + sum(map(_tree_s, servers))


def _tree_s(pid: int) -> float:
    return _process_s(pid) + sum(map(_tree_s, _children_of(pid)))


def _process_s(pid: int) -> float:
    # Behind the name, which may hold anything: utime, stime, and those of children that were waited for,
    # cutime and cstime, are fields 14 to 17 (proc(5)).
    return sum(map(int, _read(pid, "stat").rpartition(b")")[2].split()[11:15])) / _TICKS


def _children_of(pid: int) -> Iterator[int]:
    for task in Path(f"/proc/{pid}/task").glob("*"):
        yield from map(int, _read(pid, f"task/{task.name}/children").split())


def _read(pid: int, name: str) -> bytes:
    """Return a file of a process, nothing where it has ended meanwhile."""
    try:
        return Path(f"/proc/{pid}/{name}").read_bytes()
    except (FileNotFoundError, ProcessLookupError):
        return b""
