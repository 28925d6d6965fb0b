"""Both servers with security on and an authority of their own: work is done, and no secret is ever shown."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest
import trustme

from tests.broker.test_security import USERS
from tests.newsroom import Item, body_of, page, rss
from tests.servers.redis import secured_redis
from tests.servers.secured import secured_elasticsearch
from tests.site import Site
from tests.waiting import wait_for

pytestmark = [pytest.mark.slow, pytest.mark.services, pytest.mark.timeout(240)]

SECRET, WRONG = "no-secret", "quite-wrong-secret"
TOWNS = ("Minsk", "Riga", "Vilnius", "Tallinn", "Warsaw")


class Desk:
    """Commands and processes over two secured servers; keeps everything that they print."""

    def __init__(self, folder: Path, environment: Mapping[str, str]) -> None:
        self.folder = folder
        self.environment = {
            **{name: value for name, value in os.environ.items() if not name.startswith("FEEDMILL_")},
            **environment,
        }

    def ask(self, *arguments: str, code: int = 0, **overrides: str) -> str:
        """Run a command; return all that it printed."""
        done = subprocess.run(
            [sys.executable, "-m", "worker", *arguments],
            cwd=self.folder,
            env=self.environment | overrides,
            capture_output=True,
            text=True,
            timeout=60,
        )
        said = done.stdout + done.stderr
        with (self.folder / "asked.log").open("a") as log:
            log.write(said)
        assert done.returncode == code, said
        return said

    @contextmanager
    def running(self, kind: str, **overrides: str) -> Iterator[None]:
        """Run `feedmill worker` or `feedmill beat`; it must stop well."""
        with (self.folder / f"{kind}.log").open("a") as log:
            process = subprocess.Popen(
                [sys.executable, "-m", "worker", kind],
                cwd=self.folder,
                env=self.environment | overrides,
                stdout=log,
                stderr=log,
            )
        try:
            yield
        finally:
            process.terminate()
            code = process.wait(90)
        assert code == 0, self.printed()

    def printed(self) -> str:
        """Return everything that was printed by anybody so far."""
        return "".join(path.read_text() for path in sorted(self.folder.glob("*.log")))


@pytest.fixture(scope="module")
def servers(authority: trustme.CA, tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    folder = tmp_path_factory.mktemp("servers")
    with ExitStack() as stack:
        search = stack.enter_context(secured_elasticsearch(authority, folder / "search.pem"))
        broker = stack.enter_context(secured_redis(authority, folder / "broker.pem", USERS))
        yield {
            "FEEDMILL_STORE_URL": search.url.replace("://", f"://feedmill:{SECRET}@"),
            "FEEDMILL_STORE_CA_FILE": str(folder / "search.pem"),
            "FEEDMILL_BROKER_URL": broker.replace("://", f"://feedmill:{SECRET}@"),
            "FEEDMILL_BROKER_CA_FILE": str(folder / "broker.pem"),
            "FEEDMILL_ALLOW_PRIVATE_NETWORKS": "127.0.0.0/8",
            "FEEDMILL_ALLOW_PORTS": "any",
            "FEEDMILL_HOST_DELAY_S": "0",
            "FEEDMILL_FETCH_THREADS": "4",
            "FEEDMILL_EXTRACT_PROCESSES": "1",
        }


@pytest.fixture
def desk(servers: dict[str, str], tmp_path: Path) -> Desk:
    return Desk(tmp_path, servers)


def test_entries_are_done_over_tls_and_no_secret_is_printed(desk: Desk, loopback: Site) -> None:
    items = [Item(loopback.url(f"/{town}"), f"Plans for {town} move on") for town in TOWNS]
    for town, item in zip(TOWNS, items, strict=True):
        loopback.serve(f"/{town}", page(item.title, body_of(town, f"{town} tram")))
    loopback.serve("/feed.xml", rss([*items, Item(loopback.url("/missing"), "Nothing there")]))
    desk.ask("setup")
    desk.ask("feeds", "add", "--no-check", loopback.url("/feed.xml"))
    with desk.running("worker", FEEDMILL_LOG_LEVEL="debug"), desk.running("beat", FEEDMILL_LOG_LEVEL="debug"):
        wait_for(lambda: entries(desk) == (5, 0), "five articles", 120)
        assert "1 with 4 threads" in desk.ask("status")
        assert "tasks done" in desk.ask("worker", "--check")
        assert "tasks done" in desk.ask("beat", "--check")
        assert "indexed" in desk.ask("explain", items[0].link)
        assert "not_found" in desk.ask("dead", "list")
    printed = desk.printed()
    assert SECRET not in printed
    assert "Traceback" not in printed


def entries(desk: Desk) -> tuple[int, int]:
    """Return how many entries are indexed, and how many pending."""
    said = json.loads(desk.ask("status", "--json"))["entries"]
    return said["indexed"], said["pending"]


@pytest.mark.parametrize(
    ("setting", "says"),
    [
        ("FEEDMILL_STORE_URL", "refused our credentials"),
        ("FEEDMILL_BROKER_URL", "invalid username-password pair"),
    ],
    ids=["Elasticsearch", "Redis"],
)
def test_a_wrong_password_is_said_without_it(desk: Desk, setting: str, says: str) -> None:
    wrong = {setting: desk.environment[setting].replace(SECRET, WRONG)}
    desk.ask("setup")
    with desk.running("worker", **wrong), desk.running("beat", **wrong):
        wait_for(lambda: says in desk.printed(), f"a line with {says!r}", 60)
    desk.ask("status", code=1 if "STORE" in setting else 0, **wrong)
    printed = desk.printed()
    assert says in (desk.folder / "asked.log").read_text()
    assert SECRET not in printed
    assert WRONG not in printed
    assert "Traceback" not in printed


@pytest.mark.parametrize(
    "raising",
    [
        pytest.param("open_store(settings)._cluster.client.info()", id="Elasticsearch"),
        pytest.param("open_shared(settings, Clock()).client.ping()", id="Redis"),
        pytest.param("make_app(settings).connection_for_write().connect()", id="Celery"),
    ],
)
@pytest.mark.parametrize("log_format", ["text", "json"])
def test_a_traceback_of_a_library_holds_no_secret(desk: Desk, raising: str, log_format: str) -> None:
    program = (
        "import structlog\n"
        "from worker.app import make_app\nfrom worker.clock import Clock\n"
        "from worker.mill import open_shared, open_store\nfrom worker.ops.logs import configure_logs\n"
        "from worker.settings import read_settings\n"
        "settings = read_settings()\nconfigure_logs(settings)\n"
        f"try:\n    {raising}\n"
        "except Exception as error:\n    structlog.get_logger().exception('bug', error=str(error))\n"
    )
    wrong = {
        name: value.replace(SECRET, WRONG)
        for name, value in desk.environment.items()
        if name.startswith("FEEDMILL_")
    }
    done = subprocess.run(
        [sys.executable, "-c", program],
        env=desk.environment | wrong | {"FEEDMILL_LOG_FORMAT": log_format},
        cwd=Path(__file__).parents[2],
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert "Traceback" in done.stderr
    assert WRONG not in done.stderr + done.stdout
