"""What happens where no server is to be had, and that one that is started is also stopped."""

from __future__ import annotations

import os
import shutil
import socket
import sys
import tempfile
from pathlib import Path

import pytest

from tests.servers.distribution import find_java
from tests.servers.elasticsearch import elasticsearch
from tests.servers.looking import free_port, running, without
from tests.servers.redis import redis


@pytest.mark.parametrize(
    ("required", "outcome"),
    [("0", pytest.skip.Exception), ("1", pytest.fail.Exception)],
    ids=["skip", "fail"],
)
def test_without_a_server(monkeypatch, required: str, outcome) -> None:
    monkeypatch.setenv("FEEDMILL_REQUIRE_SERVICES", required)
    with pytest.raises(outcome, match="no Redis for tests: install it"):
        without("Redis", "install it")


@pytest.mark.parametrize(
    ("variable", "open_one"),
    [("FEEDMILL_TEST_ELASTICSEARCH_URL", elasticsearch), ("FEEDMILL_TEST_REDIS_URL", redis)],
)
def test_the_environment_comes_first(monkeypatch, variable: str, open_one) -> None:
    monkeypatch.setenv(variable, "somewhere")
    with open_one() as found:
        assert getattr(found, "url", found) == "somewhere"


def answers(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), timeout=1).close()
    except OSError:
        return False
    return True


def test_started_and_stopped() -> None:
    folder, port = Path(tempfile.mkdtemp()), free_port()
    command = [sys.executable, "-m", "http.server", "--bind", "127.0.0.1", str(port)]
    with running(command, folder, lambda: answers(port), cwd=folder) as process:
        assert answers(port)
    assert process.poll() is not None
    assert not answers(port)
    assert not folder.exists()


def test_one_that_does_not_start_says_why() -> None:
    command = [sys.executable, "-c", "raise SystemExit('no such option')"]
    with pytest.raises(pytest.fail.Exception, match="no such option"):
        with running(command, Path(tempfile.mkdtemp()), lambda: False):
            pass


@pytest.mark.parametrize(("version", "found"), [("17.0.15", False), ("21", True), ("25.0.3", True)])
def test_a_java_that_is_new_enough(monkeypatch, tmp_path: Path, version: str, found: bool) -> None:
    java = tmp_path / "bin" / "java"
    java.parent.mkdir()
    java.write_text(f"#!/bin/sh\necho 'openjdk version \"{version}\" LTS' >&2\n")
    java.chmod(0o755)
    monkeypatch.setenv("PATH", f"{java.parent}{os.pathsep}{os.environ['PATH']}")
    assert shutil.which("java") == str(java)
    assert (find_java() == tmp_path) is found


@pytest.mark.slow
@pytest.mark.services
def test_redis() -> None:
    with redis("--maxmemory", "8mb") as url:
        assert url.startswith("redis://")
