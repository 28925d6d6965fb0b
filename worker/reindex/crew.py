"""A copy run by the threads of one process, watched, and stopped by a signal."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor, wait
from typing import TYPE_CHECKING

from worker.reindex.control import end_copy
from worker.reindex.run import copy_all

if TYPE_CHECKING:
    from collections.abc import Callable

    from worker.models import Rebuild
    from worker.reindex.bench import Bench

LOOK_S = 0.5
"""How often the progress is shown."""


def run_copy(bench: Bench, rebuild: Rebuild, threads: int, watch: Callable[[], object]) -> bool:
    """Work on the copy until it is done or `bench.stopping` is set; return whether it is done.

    `watch` is called twice a second, by the calling thread.

    Raises:
        StoreError, PoolError: what ended one of the threads; the others leave off, too.
    """
    with ThreadPoolExecutor(threads, thread_name_prefix="reindex") as pool:
        working = {pool.submit(_copy, bench, rebuild) for _ in range(threads)}
        left = working
        try:
            while left:
                left = wait(left, timeout=LOOK_S).not_done
                watch()
        finally:
            if left:
                bench.stopping.set()
        ended = [each.result() for each in working]
    done = all(ended)
    if done:
        end_copy(bench.store, bench.clock, rebuild)
    return done


def _copy(bench: Bench, rebuild: Rebuild) -> bool:
    try:
        return copy_all(bench, rebuild)
    except BaseException:
        bench.stopping.set()
        raise
