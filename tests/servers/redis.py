"""A real Redis for tests, looked for in this order: FEEDMILL_TEST_REDIS_URL, a binary on the machine, a
Docker engine.
"""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import trustme

from tests.servers.looking import free_port, listens, running, without

IMAGE = "redis:8"
HOW = "set FEEDMILL_TEST_REDIS_URL, or install redis-server, or Docker"


@contextmanager
def redis(*options: str) -> Iterator[str]:
    """Yield the URL of a server; `options` (such as `--maxmemory 8mb`) go to one that is started here."""
    if url := os.environ.get("FEEDMILL_TEST_REDIS_URL"):
        yield url
    else:
        with own_redis(*options) as url:
            yield url


@contextmanager
def own_redis(*options: str) -> Iterator[str]:
    """Yield the URL of a server that is started here for sure, with these options."""
    port = free_port()
    with _started(["--port", str(port), *options], {}, lambda: pongs(port)):
        yield f"redis://127.0.0.1:{port}/0"


@contextmanager
def secured_redis(authority: trustme.CA, ca_file: Path, users: str) -> Iterator[str]:
    """Yield a `rediss://` URL without a user; the authority's certificate is written to `ca_file`.

    The server speaks nothing but TLS and knows the `users` of an ACL file, and nobody else.
    """
    authority.cert_pem.write_to_path(str(ca_file))
    certificate = authority.issue_cert("127.0.0.1")
    files = {
        "redis.key": certificate.private_key_pem.bytes(),
        "redis.crt": b"".join(pem.bytes() for pem in certificate.cert_chain_pems),
        "ca.pem": authority.cert_pem.bytes(),
        "users.acl": f"user default off\n{users}\n".encode(),
    }
    port = free_port()
    tls = ["--tls-port", str(port), "--tls-auth-clients", "no", "--aclfile", "users.acl"]
    tls += ["--tls-cert-file", "redis.crt", "--tls-key-file", "redis.key", "--tls-ca-cert-file", "ca.pem"]
    with _started(["--port", "0", *tls], files, lambda: listens(port)):
        yield f"rediss://127.0.0.1:{port}/0"


@contextmanager
def _started(options: list[str], files: Mapping[str, bytes], is_up: Callable[[], bool]) -> Iterator[None]:
    """Run a server whose working folder holds these files."""
    folder = Path(tempfile.mkdtemp(prefix="feedmill-redis-"))
    for name, content in files.items():
        (folder / name).write_bytes(content)
    kept = ["--bind", "127.0.0.1", "--save", "", "--appendonly", "yes"]
    with running([*_program(folder), *kept, *options], folder, is_up):
        yield


def _program(folder: Path) -> list[str]:
    """Return how to call a server that works in `folder`."""
    if program := shutil.which("redis-server"):
        return [program, "--dir", str(folder)]
    if shutil.which("docker") and not subprocess.run(["docker", "info"], capture_output=True).returncode:
        docker = ["docker", "run", "--rm", "--init", "--network", "host", "--volume", f"{folder}:/data"]
        return [*docker, IMAGE, "redis-server", "--dir", "/data"]
    without("Redis", HOW)


def pongs(port: int) -> bool:
    """Return whether a server without a password answers at this port."""
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=2) as connection:
            connection.sendall(b"PING\r\n")
            return connection.recv(64).startswith(b"+PONG")
    except OSError:
        return False
