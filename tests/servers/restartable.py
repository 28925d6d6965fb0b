"""Servers that a test stops and starts again: at the same port, with the data they had."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from tests.servers.elasticsearch import answers, prepared
from tests.servers.looking import free_port, start, stop, without
from tests.servers.redis import pongs

HEAP = "512m"
"""A few thousand small articles; the tests' other server may be up beside it."""
GONE_S = 10.0


class Restartable:
    """A server's process. `url` stays the same from start to start."""

    def __init__(
        self,
        url: str,
        command: list[str],
        folder: Path,
        is_up: Callable[[], bool],
        options: Mapping[str, Any],
    ) -> None:
        self.url = url
        self._start = lambda: start(command, folder, is_up, **options)
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it, unless it is up, and wait until it answers."""
        if self._process is None:
            self._process = self._start()

    def stop(self) -> None:
        """Stop it in good order, unless it is down."""
        if process := self._forgotten():
            stop(process)

    def kill(self) -> None:
        """Pull its plug: what its own helpers run is killed with it."""
        if process := self._forgotten():
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
            _wait_for_group(process.pid)

    def _forgotten(self) -> subprocess.Popen[bytes] | None:
        process, self._process = self._process, None
        return process


@contextmanager
def restartable_redis(*options: str) -> Iterator[Restartable]:
    """Yield a Redis that keeps its data in an append-only file, started."""
    program = shutil.which("redis-server")
    if program is None:
        without("Redis that can be stopped", "install redis-server")
    folder, port = Path(tempfile.mkdtemp(prefix="feedmill-redis-")), free_port()
    kept = ["--save", "", "--appendonly", "yes", "--dir", str(folder)]
    command = [program, "--bind", "127.0.0.1", "--port", str(port), *kept, *options]
    server = Restartable(f"redis://127.0.0.1:{port}/0", command, folder, lambda: pongs(port), {})
    with _up(server, folder):
        yield server


@contextmanager
def restartable_elasticsearch() -> Iterator[Restartable]:
    """Yield an Elasticsearch of one's own, without security, started."""
    launch = prepared({}, heap=HEAP)
    server = Restartable(
        launch.url, launch.command, launch.folder, lambda: answers(launch.url), launch.options
    )
    with _up(server, launch.folder):
        yield server


@contextmanager
def _up(server: Restartable, folder: Path) -> Iterator[None]:
    try:
        server.start()
        yield
    finally:
        server.stop()
        shutil.rmtree(folder, ignore_errors=True)


def _wait_for_group(leader: int) -> None:
    """Wait until nothing is left of a process group: its files are locked until then."""
    ends = time.monotonic() + GONE_S
    with suppress(ProcessLookupError):
        while time.monotonic() < ends:
            os.killpg(leader, 0)
            time.sleep(0.02)
