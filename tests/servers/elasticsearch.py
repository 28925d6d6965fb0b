"""A real Elasticsearch for tests, looked for in this order: FEEDMILL_TEST_ELASTICSEARCH_URL, a binary on
the machine, a Docker engine, Maven Central.
"""

from __future__ import annotations

import os
import shutil
import ssl
import subprocess
import tempfile
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.servers import distribution
from tests.servers.looking import RUN_AS, free_port, give_away, running, without

HEAP = "1g"
IMAGE = f"elasticsearch:{distribution.VERSION}"
HOW = "set FEEDMILL_TEST_ELASTICSEARCH_URL, or install Docker, or Maven with a JDK of 21 or newer"


@dataclass(frozen=True)
class Server:
    """A server that is up. `pid` is its process, None where somebody else runs it."""

    url: str
    found: str
    pid: int | None = None


@dataclass(frozen=True)
class Launch:
    """How to start a server: `options` are those of Popen. Its data is in `folder`."""

    command: list[str]
    folder: Path
    url: str
    found: str
    options: Mapping[str, Any]


@contextmanager
def elasticsearch(settings: Mapping[str, str] | None = None) -> Iterator[Server]:
    """Yield a server without security; `settings` go to one that is started here. Skips where none serves."""
    if url := os.environ.get("FEEDMILL_TEST_ELASTICSEARCH_URL"):
        yield Server(url, "environment")
    elif not installed() and has_docker():
        with _container(settings or {}) as server:
            yield server
    else:
        with own_elasticsearch(settings or {}) as server:
            yield server


@contextmanager
def own_elasticsearch(
    settings: Mapping[str, str], config: Mapping[str, bytes] | None = None
) -> Iterator[Server]:
    """Yield a server that is started here for sure: for settings and configuration files of its own."""
    launch = prepared(settings, config or {})
    up = running(launch.command, launch.folder, lambda: answers(launch.url), **launch.options)
    with up as process:
        yield Server(launch.url, launch.found, process.pid)


def prepared(
    settings: Mapping[str, str], config: Mapping[str, bytes] | None = None, heap: str = HEAP
) -> Launch:
    """Return how to start a server of one's own, its folder made. Skips where there is none to start."""
    java = distribution.find_java()
    if home := installed():
        java = None  # it brings its own
    elif java is None or (home := distribution.unpacked()) is None:
        without("Elasticsearch", HOW)
    return _launch(home, settings, config or {}, java, heap)


def installed() -> Path | None:
    program = shutil.which("elasticsearch") or "/usr/share/elasticsearch/bin/elasticsearch"
    return Path(program).resolve().parent.parent if Path(program).exists() else None


def has_docker() -> bool:
    return (
        bool(shutil.which("docker"))
        and not subprocess.run(["docker", "info"], capture_output=True).returncode
    )


def _launch(
    home: Path, settings: Mapping[str, str], config: Mapping[str, bytes], java: Path | None, heap: str
) -> Launch:
    folder, port = Path(tempfile.mkdtemp(prefix="feedmill-elasticsearch-")), free_port()
    _configure(folder / "config", home, config)
    (folder / "tmp").mkdir()
    chosen = {
        "discovery.type": "single-node",
        "network.host": "127.0.0.1",
        "http.port": str(port),
        "transport.port": str(free_port()),
        "path.data": str(folder / "data"),
        "path.logs": str(folder / "logs"),
        "xpack.security.enabled": "false",
        # A full disk is played through an index's own settings; a test machine's disk is no matter.
        "cluster.routing.allocation.disk.threshold_enabled": "false",
        **settings,
    }
    options = [part for name, value in chosen.items() for part in ("-E", f"{name}={value}")]
    environment = {
        **os.environ,
        "ES_JAVA_OPTS": f"-Xms{heap} -Xmx{heap}",
        "ES_PATH_CONF": str(folder / "config"),
        "ES_TMPDIR": str(folder / "tmp"),
        **({"ES_JAVA_HOME": str(java)} if java else {}),
    }
    give_away(folder)
    command = ["nice", str(home / "bin" / "elasticsearch"), *options]
    user = {"user": RUN_AS, "group": RUN_AS, "extra_groups": []} if os.geteuid() == 0 else {}
    scheme = "https" if chosen.get("xpack.security.http.ssl.enabled") == "true" else "http"
    url = f"{scheme}://127.0.0.1:{port}"
    return Launch(command, folder, url, str(home), {"env": environment, **user})


def _configure(folder: Path, home: Path, config: Mapping[str, bytes]) -> None:
    """Make a configuration of the server's own defaults and `config`, whatever the machine's says."""
    folder.mkdir()
    source = home / "config" if (home / "config").is_dir() else Path("/etc/elasticsearch")
    for name in ("jvm.options", "log4j2.properties"):
        shutil.copy(source / name, folder / name)
    for name, content in {"elasticsearch.yml": b"", **config}.items():
        (folder / name).write_bytes(content)


@contextmanager
def _container(settings: Mapping[str, str]) -> Iterator[Server]:
    port = free_port()
    chosen = {
        "discovery.type": "single-node",
        "xpack.security.enabled": "false",
        "ES_JAVA_OPTS": f"-Xmx{HEAP}",
        **settings,
    }
    options = [part for name, value in chosen.items() for part in ("--env", f"{name}={value}")]
    run = ["docker", "run", "--detach", "--rm", "--publish", f"127.0.0.1:{port}:9200", *options, IMAGE]
    name = subprocess.run(run, check=True, capture_output=True, text=True).stdout.strip()
    folder = Path(tempfile.mkdtemp(prefix="feedmill-elasticsearch-"))
    url = f"http://127.0.0.1:{port}"
    try:
        with running(["docker", "logs", "--follow", name], folder, lambda: answers(url)):
            yield Server(url, "docker")
    finally:
        subprocess.run(["docker", "stop", name], capture_output=True, check=True)


def answers(url: str) -> bool:
    """Return whether the server at `url` takes requests, be it to ask who is there."""
    unverified = ssl.create_default_context()
    unverified.check_hostname, unverified.verify_mode = False, ssl.CERT_NONE
    health = f"{url}/_cluster/health?wait_for_status=yellow&timeout=1s"
    try:
        with urllib.request.urlopen(health, timeout=5, context=unverified) as reply:
            return bool(reply.status == 200)
    except urllib.error.HTTPError as error:
        return error.code == 401
    except OSError:
        return False
