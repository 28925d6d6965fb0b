from __future__ import annotations

import socket
import threading
from contextlib import closing

import pytest

from worker.clock import Clock
from worker.fetch.watchdog import Watchdog


@pytest.fixture
def watchdog():
    with closing(Watchdog(Clock())) as watchdog:
        yield watchdog


@pytest.fixture
def pair():
    ours, theirs = socket.socketpair()
    with ours, theirs:
        ours.settimeout(10)
        theirs.settimeout(10)
        yield ours, theirs


def soon(seconds):
    return Clock().monotonic() + seconds


def test_a_cut_looks_like_a_clean_end_but_the_alarm_knows(watchdog, pair):
    ours, theirs = pair
    with watchdog.guard(ours, soon(0.05)) as alarm:
        assert ours.recv(1) == b""
        assert alarm.fired
    assert theirs.recv(1) == b""


def test_a_released_connection_is_never_cut(watchdog, pair):
    ours, theirs = pair
    with watchdog.guard(ours, soon(0.05)) as alarm:
        pass
    with watchdog.guard(theirs, soon(0.1)):
        assert theirs.recv(1) == b""  # cut at .1 s, when .05 s had long passed
    assert not alarm.fired


def test_the_earliest_deadline_comes_first_whatever_the_order(watchdog):
    fired = []
    pairs = [socket.socketpair() for _ in range(4)]

    def watch(ours, seconds):
        with watchdog.guard(ours, soon(seconds)):
            ours.recv(1)
            fired.append(seconds)

    threads = [
        threading.Thread(target=watch, args=(ours, seconds))
        for (ours, _), seconds in zip(pairs, [0.3, 0.1, 0.2, 0.05], strict=True)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=10)
    for sockets in pairs:
        for one in sockets:
            one.close()
    assert fired == [0.05, 0.1, 0.2, 0.3]


def test_a_deadline_that_has_passed_cuts_at_once(watchdog, pair):
    with watchdog.guard(pair[0], soon(-1)) as alarm:
        assert pair[0].recv(1) == b""
        assert alarm.fired


def test_it_survives_a_connection_that_is_gone(watchdog, pair):
    ours, theirs = pair
    with socket.create_server(("127.0.0.1", 0)) as unconnected, watchdog.guard(unconnected, soon(-1)):
        with watchdog.guard(ours, soon(0.05)) as alarm:
            assert ours.recv(1) == b""
        assert alarm.fired


def test_one_thread_serves_all_and_close_ends_it(pair):
    before = threading.active_count()
    watchdog = Watchdog(Clock())
    assert threading.active_count() == before
    for _ in range(3):
        with watchdog.guard(pair[0], soon(60)):
            assert threading.active_count() == before + 1
    watchdog.close()
    assert threading.active_count() == before


def test_closing_an_idle_watchdog_is_nothing():
    Watchdog(Clock()).close()
