"""Whatever a server sends, the client and the parsers end in a value or in the error tree."""

from __future__ import annotations

import pickle
import unicodedata
from contextlib import closing
from dataclasses import replace
from ipaddress import ip_network

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.fakes import START
from tests.hostile.generated import FEED_BODIES, FEED_TYPES, RESPONSES, LastWord
from worker.clock import Clock
from worker.errors import FetchError, ParseError, WorkError
from worker.feeds.parse import parse_feed
from worker.fetch.client import FEED, PAGE, Fetcher, FetchPolicy
from worker.fetch.gate import LocalGate

FEW, MANY = 200, 10_000
STABLE = {"deadline": None, "derandomize": True, "database": None, "suppress_health_check": list(HealthCheck)}
VALIDATORS = {"If-None-Match": '"1"'}


class OpenGate(LocalGate):
    """Grants everything at once: a Retry-After must not end the test at its first 503."""

    def stop(self, site: str, seconds: float) -> None:
        pass


@pytest.fixture(scope="module")
def server():
    with closing(LastWord()) as server:
        yield server


@pytest.fixture(scope="module")
def fetcher(server):
    policy = FetchPolicy(
        user_agent="Feedmill-test/1",
        allow_private_networks=(ip_network("127.0.0.1/32"),),
        allow_ports="any",
        timeout_s=10,
        host_delay_s=0,
    )
    clock = Clock()
    with closing(Fetcher(policy, OpenGate(clock), clock, server.resolve)) as fetcher:
        yield fetcher


def assert_clear(error: WorkError) -> None:
    """One line, short enough for a log, with a reason of its own."""
    assert error.reason not in ("failed", "bug")
    assert len(str(error)) < 600
    assert not [c for c in str(error) if unicodedata.category(c) == "Cc"]
    assert type(pickle.loads(pickle.dumps(error))) is type(error)


def fetch_one(server: LastWord, fetcher: Fetcher, answer: bytes, kind, validators) -> type:
    server.answer = answer
    try:
        page = fetcher.fetch(server.url, kind, validators)
    except FetchError as error:
        assert_clear(error)
        return type(error)
    assert page.status in (200, 203, 204, 205) or (page.status == 304 and validators)
    assert len(page.body) <= kind.max_bytes
    return type(page)


def parse_one(body: bytes, content_type: str | None) -> type:
    headers = {} if content_type is None else {"content-type": content_type}
    try:
        feed = parse_feed(body, feed_id="f" * 16, url="https://a.example/feed", headers=headers, now=START)
    except ParseError as error:
        assert_clear(error)
        return type(error)
    assert len(feed.entries) + len(feed.collapsed) == feed.listed
    assert len({entry.entry_id for entry in feed.entries}) == len(feed.entries)
    pickle.dumps(feed)
    return type(feed)


KINDS = st.sampled_from([FEED, PAGE, replace(PAGE, max_bytes=100)])
ASKED = st.sampled_from([{}, {}, VALIDATORS])


@settings(max_examples=FEW, **STABLE)
@given(answer=RESPONSES, kind=KINDS, validators=ASKED)
def test_no_response_leaves_the_error_tree(server, fetcher, answer, kind, validators):
    fetch_one(server, fetcher, answer, kind, validators)


@settings(max_examples=FEW, **STABLE)
@given(body=FEED_BODIES, content_type=FEED_TYPES)
def test_no_feed_leaves_the_error_tree(body, content_type):
    parse_one(body, content_type)


@pytest.mark.slow
def test_ten_thousand_responses(server, fetcher):
    met = []

    @settings(max_examples=MANY, **STABLE)
    @given(answer=RESPONSES, kind=KINDS, validators=ASKED)
    def run(answer, kind, validators):
        met.append(fetch_one(server, fetcher, answer, kind, validators).__name__)

    run()
    assert met.count("Page") > MANY / 20
    assert len(set(met)) > 8, set(met)  # the table of causes is in test_protocol; here many must be met


@pytest.mark.slow
def test_ten_thousand_feeds():
    met = []

    @settings(max_examples=MANY, **STABLE)
    @given(body=FEED_BODIES, content_type=FEED_TYPES)
    def run(body, content_type):
        met.append(parse_one(body, content_type).__name__)

    run()
    assert min(met.count("ParsedFeed"), met.count("ParseError")) > MANY / 20
