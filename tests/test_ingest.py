"""How long a failed entry waits, and how a bug is kept."""

from __future__ import annotations

import pickle
from dataclasses import replace
from types import SimpleNamespace

import pytest

from tests.extract.pages import FETCHED_AT
from tests.test_pipeline import row_of
from worker.errors import BugError, HttpRetryableError
from worker.ingest import LONGEST_RETRY_S, Attempt, build, retry_wait_s


@pytest.mark.parametrize(
    ("attempts", "retry_after_s", "jitter", "expected"),
    [
        pytest.param(1, None, 0.5, 60, id="first failure: the base"),
        pytest.param(2, None, 0.5, 120, id="doubles"),
        pytest.param(5, None, 0.5, 960, id="and doubles"),
        pytest.param(1, None, 0.0, 45, id="spread: a quarter less"),
        pytest.param(40, None, 0.5, LONGEST_RETRY_S, id="a day at most"),
        pytest.param(1, 600, 0.5, 600, id="never before Retry-After"),
        pytest.param(5, 600, 0.5, 960, id="Retry-After does not shorten"),
        pytest.param(1, 10_000_000, 0.5, LONGEST_RETRY_S, id="Retry-After is bounded too"),
    ],
)
def test_retry_wait(attempts, retry_after_s, jitter, expected):
    assert retry_wait_s(attempts, 60.0, retry_after_s, jitter) == pytest.approx(expected)


def test_a_bug_keeps_its_type_and_last_line():
    error = BugError.of(RuntimeError("Traceback …\n  in f\nKeyError: 'x'"), "https://a.example/")
    assert str(error) == "https://a.example/: RuntimeError: KeyError: 'x'"
    assert (error.reason, error.retryable) == ("bug", True)


def test_errors_survive_pickling():
    error = pickle.loads(pickle.dumps(HttpRetryableError("https://a.example/", 503, 60.0)))
    assert (error.url, error.status, error.retry_after_s) == ("https://a.example/", 503, 60.0)


class OneFeed:
    """As much of a mill as an entry without a page needs: one feed, whose country may be stated."""

    def __init__(self, country):
        feed = SimpleNamespace(title="Courier", url="https://courier.example/feed", country=country)
        self.store = SimpleNamespace(feeds=SimpleNamespace(get=lambda _feed_id: feed))
        self.clock = SimpleNamespace(monotonic=lambda: 0.0, now=lambda: FETCHED_AT)
        self.pool = SimpleNamespace(run=lambda job, *args, **kwargs: job(*args, **kwargs))


@pytest.mark.parametrize(("country", "expected"), [("US", "US"), ("GE", "GE")])
def test_the_country_of_the_feed_is_handed_on(country, expected):
    row = row_of(content="Georgia will vote in the autumn, officials said on Monday. " * 3)
    pageless = replace(row, entry=replace(row.entry, url=None))
    attempt = Attempt(claim=None, row=pageless, started=0.0)
    assert build(OneFeed(country), attempt).candidate.document.country_primary == expected
