"""What finding a server has in common: where things are cached, who runs it, and what happens without one."""

from __future__ import annotations

import os
import pwd
import shutil
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NoReturn

import pytest

RUN_AS = "feedmill-tests"
"""Elasticsearch refuses to run as root: root starts it as this user."""


def without(service: str, how_to_get_one: str) -> NoReturn:
    """Skip the test, or fail it where CI says that every service must be there."""
    line = f"no {service} for tests: {how_to_get_one}"
    if os.environ.get("FEEDMILL_REQUIRE_SERVICES") == "1":
        pytest.fail(line, pytrace=False)
    pytest.skip(line)


def cache_folder() -> Path:
    """Return where unpacked servers are kept from one run to the next, outside the checkout.

    Root's own folders are closed to the user that the server runs as.
    """
    caches = Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache"))
    folder = (Path("/var/cache") if os.geteuid() == 0 else caches) / "feedmill"
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
        return port


def listens(port: int) -> bool:
    """Return whether a server takes connections at this port."""
    try:
        socket.create_connection(("127.0.0.1", port), timeout=2).close()
    except OSError:
        return False
    return True


def give_away(folder: Path) -> None:
    """Make `folder` belong to the user that the server will run as."""
    if os.geteuid() != 0:
        return
    try:
        pwd.getpwnam(RUN_AS)
    except KeyError:
        subprocess.run(["useradd", "--system", "--no-create-home", RUN_AS], check=True)
    subprocess.run(["chown", "--recursive", f"{RUN_AS}:", str(folder)], check=True)


@contextmanager
def running(
    command: list[str], folder: Path, is_up: Callable[[], bool], **options: Any
) -> Iterator[subprocess.Popen[bytes]]:
    """Start a server with its output in `folder`/log, wait until `is_up`, and stop it by its process.

    `options` are those of Popen. The folder is deleted at the end.
    """
    try:
        process = start(command, folder, is_up, **options)
        try:
            yield process
        finally:
            stop(process)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def start(
    command: list[str], folder: Path, is_up: Callable[[], bool], **options: Any
) -> subprocess.Popen[bytes]:
    """Start a server as `running` does, leaving it to the caller to `stop` it."""
    with (folder / "log").open("ab") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log, start_new_session=True, **options)
    try:
        _wait_until(is_up, process, folder / "log")
    except BaseException:
        stop(process)
        raise
    return process


def stop(process: subprocess.Popen[bytes]) -> None:
    """Ask the server to stop, and see it gone."""
    process.terminate()
    try:
        process.wait(timeout=60)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def _wait_until(is_up: Callable[[], bool], process: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + 120  # a cold start took 27 s; CI may be slower
    while not is_up():
        if process.poll() is not None or time.monotonic() > deadline:
            pytest.fail(
                f"the server did not start:\n{log.read_text(errors='replace')[-2000:]}", pytrace=False
            )
        time.sleep(0.1)
