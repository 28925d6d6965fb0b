"""`feedmill setup` with the administrator's password: who is let in, and what a worker's user cannot do."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from elasticsearch import AuthorizationException, Elasticsearch

from tests.servers.elasticsearch import Server
from tests.servers.secured import PASSWORD, USER
from tests.store.builders import NOW, A, claim_one, document, entry, feed, ingest, later, rejected
from worker.cli import run_command
from worker.errors import FeedmillError, StoreError, UsageError
from worker.mill import open_store
from worker.models import Carried, CarryState, Phase, Rebuild, Robots, Slice
from worker.ops.provision import accounts, provision
from worker.settings import Settings, read_settings
from worker.store.base import Store
from worker.store.query import make_request

pytestmark = [pytest.mark.slow, pytest.mark.services]

ADMINS, WORKERS, KIBANAS, READERS = "adm/n-s3cr3t", "w%rker@s3cr3t", "kibana-s3cr3t", "reader-s3cr3t"


@pytest.fixture(scope="module")
def superuser(secured: Server, ca_file: Path) -> Iterator[Elasticsearch]:
    """Who could do everything; gives `elastic` its password, as a server in a container gets it at its start."""
    with closing(Elasticsearch(secured.url, basic_auth=(USER, PASSWORD), ca_certs=str(ca_file))) as es:
        es.security.change_password(username="elastic", password=ADMINS)
        yield es


@pytest.fixture
def configured(secured: Server, superuser: Elasticsearch, ca_file: Path) -> Callable[..., Settings]:
    """Return `configured(**changes)`: settings for a prefix and a user that nobody has had before."""
    name = f"feedmill-{secrets.token_hex(4)}"

    def make(**changes: Any) -> Settings:
        url = secured.url.replace("//", f"//{name}:{quote(WORKERS, safe='')}@")
        known = {
            "store_url": url,
            "store_prefix": name,
            "store_ca_file": ca_file,
            "store_admin_password": ADMINS,
        }
        return read_settings(**{**known, **changes})

    return make


def login(secured: Server, ca_file: Path, name: str, password: str) -> Elasticsearch:
    return Elasticsearch(secured.url, basic_auth=(name, password), ca_certs=str(ca_file))


def test_the_first_time_it_says_whom_it_let_in_and_then_nothing(configured) -> None:
    settings = configured(kibana_system_password=KIBANAS, reader_password=READERS)
    name = settings.store_prefix
    said = list(provision(settings))
    assert said[:4] == [
        f"role {name}-worker",
        f"user {name}, role {name}-worker",
        "user kibana_system: password",
        "user reader, role viewer",
    ]
    assert said[-1].startswith(f"index {name}-rebuilds-000001")
    assert not [secret for secret in (ADMINS, WORKERS, KIBANAS, READERS) if secret in "\n".join(said)]
    assert list(provision(settings)) == []


def test_what_was_changed_meanwhile_is_mended_and_the_rest_kept(configured, superuser) -> None:
    settings = configured()
    name = settings.store_prefix
    list(provision(settings))
    superuser.security.put_user(
        username=name, roles=["monitoring_user"], full_name="W", metadata={"team": "x"}
    )
    superuser.security.put_role(name=f"{name}-worker", cluster=["all"])
    superuser.security.change_password(username=name, password="forgotten")
    assert list(provision(settings)) == [
        f"role {name}-worker",
        f"user {name}: role {name}-worker",
        f"user {name}: password",
    ]
    user = superuser.security.get_user(username=name)[name]
    assert (user["roles"], user["full_name"], user["metadata"]) == (
        ["monitoring_user", f"{name}-worker"],
        "W",
        {"team": "x"},
    )
    assert list(provision(settings)) == []


@pytest.fixture
def workers(configured) -> Iterator[Store]:
    """The store as the workers open it, after a setup by the administrator."""
    list(provision(configured()))
    with closing(open_store(configured(store_admin_password=None))) as store:
        yield store


def test_a_worker_can_do_its_work(workers: Store) -> None:
    assert workers.setup() == []
    assert workers.feeds.add([feed("a"), feed("b")]) != []
    assert len(workers.entries.admit(A, [entry("1"), entry("2")], NOW).new) == 2
    assert workers.entries.due(later(1), 10, 5) is not None
    assert ingest(workers, document()).kind == "indexed"
    workers.settle([rejected(claim_one(workers, "entry-2"))], NOW)
    workers.articles.refresh()
    assert workers.articles.search(make_request("body")).total == 1
    assert workers.entries.counts()["indexed"] == 1
    assert [row.entry.entry_id for row in workers.entries.dead()] == ["entry-2"]
    assert workers.entries.retry(["entry-2"], NOW) == 1
    assert workers.entries.release_claims(NOW) == 0
    workers.entries.feed_removed(A, NOW)
    assert workers.entries.prune(later(60 * 24 * 400)) == 1
    assert workers.feeds.remove(A)
    workers.hosts.stop("a.example", later(1))
    workers.hosts.keep_robots(Robots(host="https://a.example", asked_at=NOW, text="", read_at=NOW))
    assert workers.hosts.robots("https://a.example")
    assert list(workers.hosts.stops(NOW)) == ["a.example"]
    assert workers.hosts.prune(later(2)) == 2


def test_a_worker_can_rebuild_the_articles(workers: Store) -> None:
    workers.feeds.add([feed("a")])
    workers.entries.admit(A, [entry("1")], NOW)
    ingest(workers, document())
    live, into = workers.versions.live(), workers.versions.create()
    part = Slice(slice_id="0")
    rebuild = Rebuild(rebuild_id="r", started_at=NOW, source="index", from_version=live, to_version=into)
    assert workers.rebuilds.begin(rebuild, [part])
    claimed = workers.rebuilds.claim_slice(NOW, 900, "t")
    assert claimed
    (before,) = workers.versions.page("", "", 10, "live")
    (result,) = workers.versions.carry([Carried(before=before, after=before)], into)
    assert result.state is CarryState.CARRIED
    assert workers.rebuilds.save_slice(replace(claimed, done=True), NOW, 900)
    assert workers.versions.page("", "", 10, "twin") == [before]
    workers.versions.swap()
    assert workers.versions.files() == {}
    assert workers.rebuilds.update("r", {"phase": Phase.CLEANED}, if_phase=Phase.COPYING)
    assert (workers.versions.drop(), workers.versions.live()) == (live, into)
    assert workers.articles.count() == 1


def test_a_worker_cannot_renew_the_template(workers: Store, superuser: Elasticsearch) -> None:
    """A new mapping takes the administrator's `setup` first, which says so, too."""
    template = workers.versions.live().removesuffix("-000001")
    superuser.indices.put_index_template(name=template, index_patterns=[f"{template}-*"], priority=200)
    with pytest.raises(StoreError, match="template is not up to date: run `feedmill setup` first"):
        workers.versions.create()
    assert workers.versions.twin() is None


@pytest.fixture
def foreign(superuser: Elasticsearch) -> Iterator[str]:
    """An index of somebody else."""
    name = f"payroll-{secrets.token_hex(4)}"
    superuser.index(index=name, id="1", document={"salary": 1}, refresh=True)
    yield name
    superuser.indices.delete(index=name)


FORBIDDEN: dict[str, Callable[[Elasticsearch, str, str], object]] = {
    "read another index": lambda es, _, other: es.search(index=other),
    "read one document of another": lambda es, _, other: es.get(index=other, id="1"),
    "write into another": lambda es, _, other: es.index(index=other, id="2", document={}),
    "delete another index": lambda es, _, other: es.indices.delete(index=other),
    "delete its own index": lambda es, own, _: es.indices.delete(index=f"{own}-entries-000001"),
    "read under a prefix that begins alike": lambda es, own, _: es.search(index=f"{own}-x-articles"),
    "create an index": lambda es, own, _: es.indices.create(index=f"{own}-entries-000002"),
    "move an alias": lambda es, own, _: es.indices.put_alias(
        index=f"{own}-feeds-000001", name=f"{own}-entries"
    ),
    "change a template": lambda es, own, _: es.indices.delete_index_template(name=f"{own}-feeds"),
    "create a user": lambda es, *_: es.security.put_user(
        username="x", password="s3cr3t", roles=["superuser"]
    ),
    "read users": lambda es, *_: es.security.get_user(),
    "change a setting of the cluster": lambda es, *_: es.cluster.put_settings(
        persistent={"action.destructive_requires_name": False}
    ),
}


@pytest.fixture(scope="module")
def worker_login(
    secured: Server, superuser: Elasticsearch, ca_file: Path
) -> Iterator[tuple[Elasticsearch, str]]:
    name = f"feedmill-{secrets.token_hex(4)}"
    url = secured.url.replace("//", f"//{name}:{quote(WORKERS, safe='')}@")
    options = {
        "store_url": url,
        "store_prefix": name,
        "store_ca_file": ca_file,
        "store_admin_password": ADMINS,
    }
    list(provision(read_settings(**options)))
    superuser.index(index=f"{name}-x-articles", id="1", document={})
    with closing(login(secured, ca_file, name, WORKERS)) as es:
        yield es, name


@pytest.mark.parametrize("deed", FORBIDDEN.values(), ids=FORBIDDEN)
def test_a_worker_cannot(worker_login: tuple[Elasticsearch, str], foreign: str, deed) -> None:
    es, own = worker_login
    with pytest.raises(AuthorizationException):
        deed(es, own, foreign)


def test_readers_read_and_kibana_logs_in(configured, secured: Server, ca_file: Path) -> None:
    settings = configured(kibana_system_password=KIBANAS, reader_password=READERS)
    list(provision(settings))
    with closing(login(secured, ca_file, "reader", READERS)) as reader:
        assert reader.count(index=f"{settings.store_prefix}-articles")["count"] == 0
        with pytest.raises(AuthorizationException):
            reader.index(index=f"{settings.store_prefix}-articles", document={}, require_alias=True)
    with closing(login(secured, ca_file, "kibana_system", KIBANAS)) as kibana:
        assert kibana.security.authenticate()["username"] == "kibana_system"


def test_the_command_says_it_all_and_no_password(configured, capsys, monkeypatch, tmp_path: Path) -> None:
    settings = configured()
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("FEEDMILL_STORE_URL", settings.store_url)
    monkeypatch.setenv("FEEDMILL_STORE_PREFIX", settings.store_prefix)
    monkeypatch.setenv("FEEDMILL_STORE_CA_FILE", str(settings.store_ca_file))
    monkeypatch.setenv("FEEDMILL_STORE_ADMIN_PASSWORD", ADMINS)
    assert run_command(["setup"]) == 0
    assert run_command(["setup"]) == 0
    monkeypatch.setenv("FEEDMILL_STORE_ADMIN_PASSWORD", "wr0ng-s3cr3t")
    assert run_command(["setup"]) == 1
    said = capsys.readouterr()
    assert said.out.count("\n") == 14
    assert said.out.endswith("nothing to do\n")
    assert said.err.endswith(": refused our credentials: security_exception\n")
    assert "s3cr3t" not in said.out + said.err


@pytest.mark.parametrize(
    ("changes", "error", "why"),
    [
        pytest.param({"store_admin_password": "wr0ng"}, StoreError, "refused our credentials", id="admin"),
        pytest.param(
            {"reader_password": "short"},
            StoreError,
            r"passwords must be at least \[6\] characters",
            id="short",
        ),
        pytest.param({"store_url": "https://127.0.0.1:1"}, UsageError, "must name a user", id="nobody"),
        pytest.param(
            {"store_url": f"https://elastic:{quote(ADMINS, safe='')}@127.0.0.1:1"},
            UsageError,
            "must name a user",
            id="the administrator",
        ),
        pytest.param(
            {"store_admin_password": None, "reader_password": READERS},
            UsageError,
            "needs FEEDMILL_STORE_ADMIN_PASSWORD",
            id="passwords without the administrator's",
        ),
    ],
)
def test_what_is_refused(configured, changes: dict[str, Any], error: type[FeedmillError], why: str) -> None:
    with pytest.raises(error, match=why) as raised:
        list(provision(configured(**changes)))
    assert ADMINS not in str(raised.value)


def test_with_an_api_key_no_worker_is_made(configured) -> None:
    settings = configured(store_url="https://127.0.0.1:1", store_api_key="key", reader_password=READERS)
    assert [account.name for account in accounts(settings)] == ["reader"]


def test_a_server_without_security_says_so(elasticsearch_url: str) -> None:
    url = elasticsearch_url.replace("//", "//worker:s3cr3t@")
    settings = read_settings(store_url=url, store_admin_password=ADMINS)
    with pytest.raises(StoreError, match="security") as raised:
        list(provision(settings))
    assert "s3cr3t" not in str(raised.value)
