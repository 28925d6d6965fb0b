"""What the pool's tests run in children: functions must be importable there."""

from __future__ import annotations

import os
import signal
import sys
import threading
from pathlib import Path

from lxml import etree

from worker.errors import HttpStatusError, LowQualityError, PoolUnavailableError
from worker.extract.pool import WorkerPool


def double(number: int) -> int:
    return 2 * number


def process_id() -> int:
    return os.getpid()


def hang() -> None:
    threading.Event().wait()


def spin() -> None:
    while True:
        pass


def fill_memory() -> int:
    return len(bytearray(8 << 30))


def leave() -> None:
    os._exit(3)


def crash() -> None:
    os.kill(os.getpid(), signal.SIGSEGV)


def be_told_to_stop() -> None:
    os.kill(os.getpid(), signal.SIGTERM)


def refuse() -> None:
    raise HttpStatusError("https://a.example/", 403)


def judge() -> None:
    raise LowQualityError("https://a.example/", "paywall", "too short")


def fail_in_lxml() -> None:
    etree.fromstring("<a>")


def recurse(depth: int = 0) -> int:
    return recurse(depth + 1)


def settings() -> dict[str, object]:
    return {
        "threads": threading.active_count(),
        "interrupt": signal.getsignal(signal.SIGINT) is signal.SIG_IGN,
        "alarm": signal.getsignal(signal.SIGALRM) is signal.SIG_DFL,
        "preloaded": "worker.pipeline" in sys.modules,
        "blas": os.environ.get("OPENBLAS_NUM_THREADS"),
    }


def note_and_hang(folder: str) -> None:
    (Path(folder) / str(os.getpid())).touch()
    hang()


def parent_that_gets_killed(folder: str) -> None:
    """Keep one child busy and one idle; note both."""
    pool = WorkerPool(2, timeout_s=1.0)
    threading.Thread(target=pool.run, args=(note_and_hang, folder), daemon=True).start()
    while not list(Path(folder).iterdir()):
        (Path(folder) / str(pool.run(process_id))).touch()
    hang()


def start_in_vain() -> None:
    pool = WorkerPool(1, timeout_s=5.0)
    try:
        pool.run(double, 1)
    except PoolUnavailableError as error:
        print(f"{error.reason}: {error}")
    finally:
        pool.close()
