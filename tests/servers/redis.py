"""A real Redis for tests, looked for in this order: FEEDMILL_TEST_REDIS_URL, a binary on the machine, a
Docker engine.
"""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.servers.looking import free_port, running, without

IMAGE = "redis:8"
HOW = "set FEEDMILL_TEST_REDIS_URL, or install redis-server, or Docker"


@contextmanager
def redis(*options: str) -> Iterator[str]:
    """Yield the URL of a server; `options` (such as `--maxmemory 8mb`) go to one that is started here."""
    if url := os.environ.get("FEEDMILL_TEST_REDIS_URL"):
        yield url
    elif program := shutil.which("redis-server"):
        yield from _started(program, options)
    elif shutil.which("docker") and not subprocess.run(["docker", "info"], capture_output=True).returncode:
        yield from _started("docker", options)
    else:
        without("Redis", HOW)


def _started(program: str, options: tuple[str, ...]) -> Iterator[str]:
    folder, port = Path(tempfile.mkdtemp(prefix="feedmill-redis-")), free_port()
    if program == "docker":
        inside, command = (
            "/data",
            ["docker", "run", "--rm", "--init", "--network", "host", IMAGE, "redis-server"],
        )
    else:
        inside, command = str(folder), [program]
    kept = ["--save", "", "--appendonly", "yes", "--dir", inside]
    command += ["--bind", "127.0.0.1", "--port", str(port), *kept, *options]
    with running(command, folder, lambda: _pongs(port)):
        yield f"redis://127.0.0.1:{port}/0"


def _pongs(port: int) -> bool:
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=2) as connection:
            connection.sendall(b"PING\r\n")
            return connection.recv(64).startswith(b"+PONG")
    except OSError:
        return False
