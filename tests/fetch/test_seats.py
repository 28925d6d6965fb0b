"""No site gets more threads than its share, however slow it is."""

from __future__ import annotations

import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.site import Reply
from tests.site.mischief import silence
from worker.errors import FetchError, HostBusyError
from worker.fetch.client import PAGE
from worker.fetch.seats import SEAT_PATIENCE_S, SEATS_TAKEN_WAIT_S, Seats, share_of


@pytest.mark.parametrize(("threads", "share"), [(1, 2), (2, 2), (8, 2), (12, 3), (16, 4), (256, 64)])
def test_a_share_is_a_quarter_and_at_least_two(threads, share):
    assert share_of(threads) == share


def test_a_seat_is_free_again_however_a_request_ends():
    seats = Seats(1)
    with pytest.raises(ZeroDivisionError), seats.taken("a"):
        raise ZeroDivisionError
    with seats.taken("a"), seats.taken("b"), pytest.raises(HostBusyError) as busy, seats.taken("a"):
        pass
    assert (busy.value.host, busy.value.wait_s) == ("a", SEATS_TAKEN_WAIT_S)
    assert not seats._taken, "nothing is kept of sites that nobody is at"


def test_a_thread_waits_a_moment_for_a_seat():
    seats = Seats(1)
    leave = threading.Event()

    def sit():
        with seats.taken("a"):
            leave.wait(10)

    with ThreadPoolExecutor(2) as pool:
        first = pool.submit(sit)
        second = pool.submit(sit)
        leave.set()
        assert (first.result(10), second.result(10)) == (None, None)


@pytest.mark.slow
def test_a_site_that_hangs_leaves_the_other_threads_to_others(site, make_fetcher):
    """16 threads, 40 pages of a site that never answers, then 12 of another site."""
    site.serve("/hang", silence(site), host="slow.example")
    site.serve("/", Reply(body=b"here"))
    fetcher = make_fetcher(site, per_site=share_of(16), timeout_s=4.0)
    ended: list[tuple[float, str]] = []
    began = time.monotonic()

    def fetch(url):
        try:
            said = fetcher.fetch(url, PAGE).body.decode()
        except (HostBusyError, FetchError) as error:
            said = type(error).__name__
        ended.append((time.monotonic() - began, said))

    slow, quick = [site.url("/hang", host="slow.example")] * 40, [site.url("/", host="quick.example")] * 12
    with ThreadPoolExecutor(16) as pool:
        list(pool.map(fetch, slow + quick))
    told = [said for _, said in ended]
    assert {said: told.count(said) for said in set(told)} == {
        "FetchTimeoutError": 4, "HostBusyError": 36, "here": 12
    }  # fmt: skip
    assert site.count("/hang") == 4
    # Three rounds of waiting for a seat come first; the seats are held for four seconds.
    assert max(at for at, said in ended if said == "here") < 4 * SEAT_PATIENCE_S + 2


@pytest.mark.slow
def test_seats_are_those_of_the_site_that_a_redirect_leads_to(site, make_fetcher):
    site.serve("/a", Reply(status=302, headers={"Location": site.url("/hang", host="slow.example")}))
    site.serve("/hang", silence(site), host="slow.example")
    fetcher = make_fetcher(site, per_site=2, timeout_s=1.5)

    def fetch(_):
        with pytest.raises((HostBusyError, FetchError)) as ended:
            fetcher.fetch(site.url("/a"), PAGE)
        return ended.value

    with ThreadPoolExecutor(3) as pool:
        ends = list(pool.map(fetch, range(3)))
    assert [error.host for error in ends if isinstance(error, HostBusyError)] == ["slow.example"]
