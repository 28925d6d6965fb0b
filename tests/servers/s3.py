"""A real S3-compatible server for tests: moto's, in a process of its own, which keeps objects in memory."""

from __future__ import annotations

import os
import sys
import tempfile
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.servers.looking import free_port, listens, running

USER = {"key": "feedmill", "secret": "a secret of the test"}


@dataclass(frozen=True)
class S3:
    """A server at `url`; `log` has a line for each request."""

    url: str
    log: Path

    def make_bucket(self, name: str) -> str:
        """Make a bucket and return its URL."""
        urllib.request.urlopen(urllib.request.Request(f"{self.url}/{name}", method="PUT")).close()
        return f"s3://{name}"

    def requests(self, *words: str) -> list[str]:
        """Return the lines of all requests so far that have these words in them."""
        return [line for line in self.log.read_text().splitlines() if all(word in line for word in words)]


@contextmanager
def s3(**environment: str) -> Iterator[S3]:
    """Start a server; `environment` may say how it treats its users."""
    port, folder = free_port(), Path(tempfile.mkdtemp(prefix="feedmill-s3-"))
    command = [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)]
    with running(command, folder, lambda: listens(port), env={**os.environ, **environment}):
        yield S3(f"http://127.0.0.1:{port}", folder / "log")


def client_environment(url: str) -> dict[str, str]:
    """Return what a process reads that is to use the server at `url`, and to give up soon."""
    return {
        "AWS_ENDPOINT_URL_S3": url,
        "AWS_ACCESS_KEY_ID": USER["key"],
        "AWS_SECRET_ACCESS_KEY": USER["secret"],
        "AWS_MAX_ATTEMPTS": "1",
    }
