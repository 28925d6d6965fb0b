"""A child that hangs, grows or dies costs its one call; the others go on."""

from __future__ import annotations

import os
import resource
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import pytest

from tests.extract import jobs
from worker.errors import HttpStatusError, LowQualityError, PoolCrashError, PoolStoppedError, PoolTimeoutError
from worker.extract.pool import ChildBugError, WorkerPool


@pytest.fixture(scope="module")
def pool() -> Iterator[WorkerPool]:
    with closing(WorkerPool(2, timeout_s=1.5)) as pool:
        yield pool


def wait_until(condition: Callable[[], bool], deadline_s: float) -> bool:
    end = time.monotonic() + deadline_s
    while not condition():
        if time.monotonic() > end:
            return False
        threading.Event().wait(0.05)
    return True


def test_values_cross(pool):
    assert pool.run(jobs.double, 21) == 42


def test_children_are_set_up(pool):
    assert pool.run(jobs.settings) == {
        "threads": 1, "interrupt": True, "alarm": True, "preloaded": True, "blas": "1"
    }  # fmt: skip


def test_errors_of_the_tree_cross_whole(pool):
    with pytest.raises(HttpStatusError) as refused:
        pool.run(jobs.refuse)
    assert (refused.value.url, refused.value.status) == ("https://a.example/", 403)
    with pytest.raises(LowQualityError) as judged:
        pool.run(jobs.judge)
    assert (judged.value.reason, judged.value.detail) == ("paywall", "too short")


def test_foreign_errors_cross_as_text(pool):
    with pytest.raises(ChildBugError, match=r"(?s)in fail_in_lxml.*XMLSyntaxError"):
        pool.run(jobs.fail_in_lxml)


@pytest.mark.parametrize(
    ("job", "error"),
    [
        pytest.param(jobs.fill_memory, PoolCrashError, id="out of memory"),
        pytest.param(jobs.recurse, PoolCrashError, id="out of stack"),
        pytest.param(jobs.leave, PoolCrashError, id="exits"),
        pytest.param(jobs.crash, PoolCrashError, id="crashes in C"),
        pytest.param(jobs.be_told_to_stop, PoolStoppedError, id="told to stop with its group"),
        pytest.param(jobs.spin, PoolTimeoutError, id="spins"),
        pytest.param(jobs.hang, PoolTimeoutError, id="hangs", marks=pytest.mark.slow),
    ],
)
def test_a_bad_page_costs_itself(pool, job, error):
    with pytest.raises(error):
        pool.run(job)
    assert pool.run(jobs.double, 1) == 2


@pytest.mark.slow
def test_eight_threads_go_on_over_two_children_while_three_pages_go_wrong(pool):
    bad = {10: jobs.spin, 30: jobs.fill_memory, 50: jobs.leave}

    def call(number: int) -> object:
        try:
            return pool.run(bad[number]) if number in bad else pool.run(jobs.double, number)
        except (PoolTimeoutError, PoolCrashError) as error:
            return type(error)

    with ThreadPoolExecutor(8) as threads:
        answers = list(threads.map(call, range(80)))
    assert {n: answers[n] for n in bad} == {10: PoolTimeoutError, 30: PoolCrashError, 50: PoolCrashError}
    assert [a for n, a in enumerate(answers) if n not in bad] == [2 * n for n in range(80) if n not in bad]


@pytest.mark.slow
def test_an_idle_child_that_dies_breaks_nothing(pool):
    os.kill(pool.run(jobs.process_id), signal.SIGKILL)
    # pebble gives its whole pool up when a child dies between two calls.
    assert wait_until(lambda: not pool._pool.active, deadline_s=5)
    assert [pool.run(jobs.double, n) for n in range(20)] == [2 * n for n in range(20)]


def test_a_closed_pool_runs_nothing():
    pool = WorkerPool(1, timeout_s=1.0)
    pool.close()
    with pytest.raises(PoolCrashError):
        pool.run(jobs.double, 1)


@pytest.mark.slow
def test_killed_parent_leaves_no_orphan(tmp_path):
    code = "import sys; from tests.extract.jobs import parent_that_gets_killed as run; run(sys.argv[1])"
    root = Path(__file__).parents[2]
    with subprocess.Popen(
        [sys.executable, "-c", code, str(tmp_path)], cwd=root, stderr=subprocess.PIPE
    ) as parent:
        noted = wait_until(lambda: len(list(tmp_path.iterdir())) >= 2, deadline_s=20)
        parent.kill()
    assert noted
    children = [int(path.name) for path in tmp_path.iterdir()]
    assert wait_until(lambda: not any(Path(f"/proc/{pid}").exists() for pid in children), deadline_s=15)


@pytest.mark.slow
def test_children_that_cannot_be_started_are_said_to_be_away():
    """The language model's loader writes a temporary file: a limit on files stands in for a full disk."""
    code = "from tests.extract.jobs import start_in_vain as run; run()"
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=Path(__file__).parents[2],
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000)),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.stdout == "extract_away: no child process can be started\n", done.stderr
