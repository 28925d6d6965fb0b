"""What every store must keep of hosts."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.store.builders import NOW, later
from worker.models import Robots
from worker.store.base import Store

ORIGIN = "https://www.news.example"


class TestStops:
    def test_a_stop_holds_until_its_time(self, store: Store) -> None:
        store.hosts.stop("news.example", later(10))
        store.hosts.stop("co.uk", later(5))
        assert store.hosts.stops(NOW) == {"news.example": later(10), "co.uk": later(5)}
        assert store.hosts.stops(later(5)) == {"news.example": later(10)}
        assert store.hosts.stops(later(10)) == {}

    @pytest.mark.parametrize("minutes", [[5, 10], [10, 5], [10, 10]])
    def test_a_stop_never_gets_shorter(self, store: Store, minutes: list[int]) -> None:
        for each in minutes:
            store.hosts.stop("news.example", later(each))
        assert store.hosts.stops(NOW) == {"news.example": later(10)}

    def test_several_at_once(self, make_store: Callable[[], Store]) -> None:
        stores = [make_store() for _ in range(2)]
        with ThreadPoolExecutor(4) as pool:
            list(pool.map(lambda n: stores[n % 2].hosts.stop("news.example", later(n)), range(8)))
        assert stores[0].hosts.stops(NOW) == {"news.example": later(7)}

    def test_more_than_one_page(self, store: Store) -> None:
        for n in range(30):
            store.hosts.stop(f"{n}.example", later(n + 1))
        assert len(store.hosts.stops(NOW)) == 30

    def test_another_process_sees_it_at_once(self, make_store: Callable[[], Store]) -> None:
        make_store().hosts.stop("news.example", later(1))
        assert make_store().hosts.stops(NOW) == {"news.example": later(1)}


class TestRobots:
    @pytest.mark.parametrize(
        "known",
        [
            Robots(host=ORIGIN, asked_at=NOW, text="User-agent: *\nDisallow: /\u00e9\n", read_at=NOW),
            Robots(host=ORIGIN, asked_at=NOW, text="", read_at=NOW),
            Robots(host=ORIGIN, asked_at=NOW, failing_since=later(-5)),
            Robots(host=ORIGIN, asked_at=later(9), text="# \x00\ud800", read_at=NOW, failing_since=later(9)),
            Robots(host=ORIGIN, asked_at=NOW, text="#" * 512_000, read_at=NOW),
        ],
        ids=["read", "absent", "never read", "failing, odd text", "large"],
    )
    def test_comes_back(self, store: Store, known: Robots) -> None:
        assert store.hosts.robots(ORIGIN) is None
        store.hosts.keep_robots(known)
        found = store.hosts.robots(ORIGIN)
        assert found
        assert (found.asked_at, found.read_at, found.failing_since) == (
            known.asked_at,
            known.read_at,
            known.failing_since,
        )
        if known.text is None or "\x00" not in known.text:
            assert found == known

    def test_the_latest_counts(self, store: Store) -> None:
        for said in ("old", "new"):
            store.hosts.keep_robots(Robots(host=ORIGIN, asked_at=NOW, text=said, read_at=NOW))
        found = store.hosts.robots(ORIGIN)
        assert found
        assert found.text == "new"

    def test_is_apart_from_stops(self, store: Store) -> None:
        store.hosts.keep_robots(Robots(host=ORIGIN, asked_at=NOW, text="x", read_at=NOW))
        store.hosts.stop("www.news.example", later(1))
        assert store.hosts.stops(NOW) == {"www.news.example": later(1)}
        assert store.hosts.robots("https://news.example") is None


class TestPruningHosts:
    def test_forgets_what_is_over(self, store: Store) -> None:
        store.hosts.stop("old.example", later(-1))
        store.hosts.stop("stopped.example", later(60))
        store.hosts.keep_robots(Robots(host=ORIGIN, asked_at=later(-1), text="x", read_at=NOW))
        store.hosts.keep_robots(Robots(host="http://b.example", asked_at=NOW, text="x", read_at=NOW))
        assert store.hosts.prune(NOW) == 2
        assert store.hosts.prune(NOW) == 0
        assert store.hosts.stops(later(-60)) == {"stopped.example": later(60)}
        assert store.hosts.robots(ORIGIN) is None
        assert store.hosts.robots("http://b.example")
