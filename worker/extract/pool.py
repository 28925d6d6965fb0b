"""Child processes in which pages and feeds are parsed, so that a bad one can be killed.

A thread cannot be stopped, and one 5 MB page of nested tags holds its interpreter for ten seconds. A child
that hangs, grows or dies costs its one page; the others go on.
"""

from __future__ import annotations

import math
import multiprocessing
import resource
import signal
import threading
import traceback
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pebble import ProcessExpired, ProcessPool

from worker.errors import PoolCrashError, PoolStoppedError, PoolTimeoutError, PoolUnavailableError, WorkError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

_PAGES_PER_CHILD = 300
"""trafilatura's caches grow: measured, a child's own memory is 83 MB after 60 pages and 105 MB after 200."""

_MEMORY_MB = 1_000
"""Address space of a child. Measured: 216 MB at its start, 293 MB at most over 487 pages, 430 MB with an
article of 4.8 MB."""

_ORPHAN_GRACE_S = 5
"""Seconds past the timeout after which a child kills itself: its parent, which should have, is gone."""

_PRELOADED = "worker.extract.preload"


class ChildBugError(RuntimeError):
    """A child raised something outside the error tree. The message is its traceback."""


@dataclass(frozen=True, slots=True)
class _Failed:
    """What a function in a child raised, as a value: foreign exceptions may not pickle."""

    error: WorkError | None
    trace: str


class WorkerPool:
    """Runs pure functions in child processes, each call with a deadline and a share of memory.

    Calls may come from any thread; they wait for a free child, and that wait counts for no deadline.
    Each child calls `set_up`, which must pickle, before all else.
    """

    def __init__(
        self,
        processes: int,
        timeout_s: float,
        memory_mb: int = _MEMORY_MB,
        set_up: Callable[[], object] | None = None,
    ) -> None:
        self._processes = processes
        self._timeout_s = timeout_s
        self._memory_mb = memory_mb
        self._set_up = set_up
        self._lock = threading.Lock()
        self._closed = False
        self._pool = self._opened()

    def run(self, function: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        """Return `function(*args, **kwargs)`, computed in a child; everything passed must pickle.

        Raises:
            PoolTimeoutError: the child was killed at its deadline.
            PoolCrashError: it died, or ran out of memory or stack.
            PoolStoppedError: it was told to stop.
            PoolUnavailableError: no child can be started.
            WorkError: what the function itself raised.
            ChildBugError: the function raised something else.
        """
        try:
            answer = self._answer(function, args, kwargs)
        except BrokenProcessPool as error:
            raise PoolUnavailableError(None, "no child process can be started") from error
        except TimeoutError as error:
            raise PoolTimeoutError(None, f"took longer than {self._timeout_s:g} s") from error
        except ProcessExpired as error:
            stopped = error.exitcode == -signal.SIGTERM
            kind = PoolStoppedError if stopped else PoolCrashError
            raise kind(None, f"the child died ({_manner(error.exitcode)})") from error
        if not isinstance(answer, _Failed):
            return answer
        if answer.error is not None:
            raise answer.error
        raise ChildBugError(answer.trace)

    def close(self) -> None:
        """Kill the children. Nothing may run in them any more, and nothing can afterwards."""
        with self._lock:
            self._closed = True
            self._stop()

    def _answer(self, function: Callable[..., Any], args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> Any:
        """Return the child's answer, once more in a new pool if the pool itself broke under the call."""
        call = (function, args, kwargs, math.ceil(self._timeout_s) + _ORPHAN_GRACE_S)
        pool = self._usable()
        try:
            return pool.schedule(_guarded, call, timeout=self._timeout_s).result()
        except BrokenProcessPool:
            return self._usable().schedule(_guarded, call, timeout=self._timeout_s).result()

    def _usable(self) -> ProcessPool:
        """Return the pool, or a new one: pebble gives its own up when a child dies between two calls."""
        with self._lock:
            if self._closed:
                raise PoolCrashError(None, "the pool is closed")
            if not self._pool.active:
                self._stop()
                self._pool = self._opened()
            return self._pool

    def _stop(self) -> None:
        self._pool.stop()  # type: ignore[no-untyped-call]
        self._pool.join()

    def _opened(self) -> ProcessPool:
        context = multiprocessing.get_context("forkserver")
        context.set_forkserver_preload([_PRELOADED])
        return ProcessPool(
            max_workers=self._processes,
            max_tasks=_PAGES_PER_CHILD,
            initializer=_set_up_child,
            initargs=(self._memory_mb, self._set_up),
            context=context,
        )


def _guarded(
    function: Callable[..., Any], args: tuple[Any, ...], kwargs: Mapping[str, Any], life_s: int
) -> Any:
    """Run in the child: return the function's value, or what it raised as `_Failed`."""
    signal.alarm(life_s)
    try:
        return function(*args, **kwargs)
    except WorkError as error:
        return _Failed(error, "")
    except (MemoryError, RecursionError) as error:
        return _Failed(PoolCrashError(None, f"{type(error).__name__} in the child"), "")
    except Exception:  # noqa: BLE001 - the process's outer edge: the traceback crosses as text
        return _Failed(None, traceback.format_exc())
    finally:
        signal.alarm(0)


def _set_up_child(memory_mb: int, set_up: Callable[[], object] | None) -> None:
    resource.setrlimit(resource.RLIMIT_AS, (memory_mb << 20, memory_mb << 20))
    # pebble's own handler is Python: it can't run while libxml2 works, and its clean-up can hang.
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    if set_up:
        set_up()


def _manner(exit_code: int) -> str:
    return f"signal {-exit_code}" if exit_code < 0 else f"exit {exit_code}"
