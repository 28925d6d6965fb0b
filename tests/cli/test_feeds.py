"""`feedmill feeds`: what is wrong stands in the list, and adding asks a server once."""

from __future__ import annotations

import json
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.newsroom import Item, publish, rss
from tests.ops.test_listing import index, sitemap
from tests.site import Reply, Site
from tests.store.builders import feed
from worker.cli import run_command
from worker.clock import Clock
from worker.mill import open_mill
from worker.models import Feed, FeedState
from worker.ops.text import when
from worker.poll import poll_feed
from worker.settings import read_settings
from worker.store.outage import Outage
from worker.store.sqlite import open_sqlite

NOW = datetime.now(UTC).replace(microsecond=0)


@pytest.fixture
def database(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    path = tmp_path / "feedmill.db"
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("FEEDMILL_STORE_URL", f"sqlite:///{path}")
    monkeypatch.setenv("FEEDMILL_ALLOW_PRIVATE_NETWORKS", "127.0.0.0/8")
    monkeypatch.setenv("FEEDMILL_ALLOW_PORTS", "any")
    return path


@pytest.fixture
def troubled(database: Path) -> Path:
    """Four feeds: one is well, one fails, one is gone, one has moved and is slow."""
    well = {"last_success_at": NOW, "last_new_entry_at": NOW}
    with closing(open_sqlite(database)) as store:
        store.feeds.add(
            [
                feed("a", **well),
                feed("b", consecutive_failures=4, error="HTTP 500\x1b[31m"),
                feed("c", state=FeedState.GONE),
                feed("d", **well, redirect_url="https://new.example/rss", redirect_count=2, fetch_ms=12_000),
            ]
        )
    return database


def followed(database: Path) -> list[Feed]:
    with closing(open_sqlite(database)) as store:
        return list(store.feeds.all())


def test_the_list_of_problems(troubled, capsys):
    assert run_command(["feeds", "list", "--problem"]) == 0
    lines = [line.split() for line in capsys.readouterr().out.splitlines()[1:]]
    assert [(line[1].partition("/rss")[0], line[2]) for line in lines] == [
        ("https://c.example", "gone"), ("https://b.example", "failing"),
        ("https://d.example", "slow"), ("https://d.example", "moved"),
    ]  # fmt: skip


def test_problems_as_json(troubled, capsys):
    assert run_command(["feeds", "list", "--problem", "--json"]) == 0
    found = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert {each["url"]: [problem["trouble"] for problem in each["problems"]] for each in found} == {
        "https://b.example/rss": ["failing"],
        "https://c.example/rss": ["gone"],
        "https://d.example/rss": ["slow", "moved"],
    }


def test_status_counts_and_names_them(troubled, capsys):
    assert run_command(["status"]) == 0
    said = capsys.readouterr().out
    assert "1 gone, 1 failing, 1 slow, 1 moved" in said
    assert "failing: https://b.example/rss: 4 failures in a row, never worked: HTTP 500" in said
    assert run_command(["status", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["problems"] == {"gone": 1, "failing": 1, "silent": 0, "missing": 0, "slow": 1, "moved": 1}
    assert [each["problem"]["trouble"] for each in told["troubled"]] == ["gone", "failing", "slow", "moved"]


def test_options_of_one_feed_are_set_and_taken_back(troubled):
    assert run_command(["feeds", "set", "a.example/rss", "--ignore-robots", "--min-interval-s", "600"]) == 0
    [changed] = [each for each in followed(troubled) if each.url == "https://a.example/rss"]
    assert (changed.ignore_robots, changed.min_interval_s, changed.title) == (True, 600, None)
    assert run_command(["feeds", "set", "a.example/rss", "--respect-robots", "--title", "A"]) == 0
    [changed] = [each for each in followed(troubled) if each.url == "https://a.example/rss"]
    assert (changed.ignore_robots, changed.min_interval_s, changed.title) == (False, 600, "A")


def test_a_feeds_country_is_stated_by_name_or_code(database, tmp_path):
    listed = tmp_path / "list.txt"
    listed.write_text("https://c.example/rss\n")
    assert run_command(["feeds", "add", "--no-check", "--country", "georgia", "https://d.example/rss"]) == 0
    assert run_command(["feeds", "import", "--country", "de", str(listed)]) == 0
    assert run_command(["feeds", "set", "c.example/rss", "--country", "AT"]) == 0
    assert {feed.domain: feed.country for feed in followed(database)} == {
        "c.example": "AT",
        "d.example": "GE",
    }
    assert run_command(["feeds", "set", "c.example/rss", "--country", "Atlantis"]) == 2


def test_setting_nothing_is_wrong_usage(troubled, capsys):
    assert run_command(["feeds", "set", "a.example/rss"]) == 2
    assert "nothing to change" in capsys.readouterr().err


@pytest.mark.slow
def test_adding_asks_once_and_the_first_poll_is_done(database, site: Site):
    publish(site, ["harbour", "railway"])
    site.serve("/feed.xml", with_validators(site._routes["*", "/feed.xml"]))
    url = site.url("/feed.xml", host="127.0.0.1")
    for _ in range(2):
        assert run_command(["feeds", "add", "--tag", "News", "--ignore-robots", url]) == 0
    assert site.count("/feed.xml") == 1
    [added] = followed(database)
    assert (added.etag, added.last_modified, added.title, added.tags) == (
        'W/"1"',
        "yesterday",
        "Gazette",
        ("News",),
    )
    assert (added.entries_seen, added.ignore_robots, added.last_outcome) == (2, True, "parsed")
    assert added.next_poll_at > datetime.now(UTC) + timedelta(minutes=10)
    with closing(open_sqlite(database)) as store:
        assert store.entries.counts()["pending"] == 2
        assert store.feeds.claim_due(datetime.now(UTC), 10, 900) == []


def with_validators(feed: Reply) -> Reply:
    headers = {"ETag": 'W/"1"', "Last-Modified": "yesterday"}
    return Reply(body=feed.body, content_type=feed.content_type, headers=headers)


def one_line(capsys) -> str:
    said = capsys.readouterr().err
    assert said.count("\n") == 1, said
    return said


@pytest.mark.parametrize("command", ["add", "check"])
@pytest.mark.parametrize("status", [429, 503])
def test_a_site_that_asks_for_a_pause_has_it_from_the_next_command_too(
    database, site: Site, capsys, command, status
):
    site.serve("/feed.xml", Reply(status=status, headers={"Retry-After": "3600"}))
    url = site.url("/feed.xml", host="127.0.0.1")
    assert run_command(["feeds", command, url]) == 1
    told = one_line(capsys)
    assert url in told and f"HTTP {status}, asks for a pause until 2" in told
    with closing(open_sqlite(database)) as store:
        until = store.hosts.stops(datetime.now(UTC))["127.0.0.1"]
    assert timedelta(minutes=59) < until - datetime.now(UTC) <= timedelta(hours=1)
    assert when(until)[:16] in told
    assert run_command(["feeds", command, url]) == 1
    again = one_line(capsys)
    assert f"127.0.0.1 asked for a pause until {when(until)[:16]}" in again
    assert all(("--no-check" in said) is (command == "add") for said in (told, again))
    assert (site.count("/feed.xml"), followed(database)) == (1, [])


def test_a_feed_whose_site_has_a_pause_is_added_without_a_look_and_polled_after_it(database, site: Site):
    url = site.url("/feed.xml", host="127.0.0.1")
    with closing(open_sqlite(database)) as store:
        store.hosts.stop("127.0.0.1", datetime.now(UTC) + timedelta(hours=1))
    assert run_command(["feeds", "add", "--no-check", url]) == 0
    with closing(open_mill(read_settings(), Clock(), outage=Outage(Clock()))) as mill:
        [feed] = mill.store.feeds.all()
        poll_feed(mill, feed.feed_id)
        [feed] = mill.store.feeds.all()
    assert site.requests == []
    assert timedelta(minutes=59) < feed.next_poll_at - datetime.now(UTC) < timedelta(minutes=70)


@pytest.mark.parametrize(
    ("answer", "said"),
    [(Reply(status=500), "HTTP 500"), (Reply(status=429), "HTTP 429"), (Reply(status=404), "HTTP 404")],
    ids=["500", "429 that names no time", "404"],
)
def test_a_feed_that_fails_otherwise_is_not_added_and_stops_nobody(
    database, site: Site, capsys, answer, said
):
    site.serve("/feed.xml", answer)
    assert run_command(["feeds", "add", site.url("/feed.xml", host="127.0.0.1")]) == 1
    assert said in one_line(capsys)
    with closing(open_sqlite(database)) as store:
        assert store.hosts.stops(NOW) == {}


@pytest.mark.slow
def test_looks_of_one_command_are_a_delay_apart(database, site: Site, monkeypatch, capsys):
    monkeypatch.setenv("FEEDMILL_HOST_DELAY_S", "2.5")
    urls = [site.url(f"/{n}.xml", host="127.0.0.1") for n in range(2)]
    for n in range(2):
        site.serve(f"/{n}.xml", rss([Item("https://pages.example/1", "One")]))
    assert run_command(["feeds", "add", *urls]) == 0
    first, second = (request.at for request in site.requests)
    assert second - first >= 2.4
    assert len(followed(database)) == 2


@pytest.mark.slow
def test_a_sitemap_index_is_added_like_a_feed_and_keeps_no_validators(database, site: Site, capsys):
    site.serve("/index", with_validators(index("news.xml")))
    site.serve("/news.xml", sitemap("1", "2", "3"))
    url = site.url("/index", host="127.0.0.1")
    assert run_command(["feeds", "check", url]) == 0
    assert "sitemapindex" in capsys.readouterr().out
    assert run_command(["feeds", "add", url]) == 0
    [added] = followed(database)
    assert (added.url, added.entries_seen, added.etag, added.body_hash) == (url, 3, None, None)
