"""The ledger under every order of events that hypothesis can think of, on the real store.

The model is the outside world: what feeds list, what pages say, and which workers are at work. After
every step the store's own numbers must add up; at the end everything is drained, and then no change
may be lost.
"""

from __future__ import annotations

import shutil
import tempfile
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from tests.store.builders import LEASE_S, NOW, A, B, document, entry, feed, rejected
from worker.models import (
    Candidate,
    Carried,
    CarryState,
    Claim,
    Document,
    Entry,
    EntryState,
    LedgerRow,
    Outcome,
    OutcomeKind,
    SettledState,
    Settlement,
    Wait,
)
from worker.store.base import Store
from worker.store.rebuilding import Which
from worker.store.sqlite import open_sqlite
from worker.store.versions import is_same_write

ARTICLE_OF = {"e1": "x", "e2": "x", "e3": "y", "e4": "z"}
"""Entry → the page its link ends at: e1 and e2 are two links to one article."""
WALLS = ("wa", "wb", "wc")
"""Entries whose pages all show one text, each under its own title."""
WALL = "Accept cookies to read this page."
ARTICLE_OF |= {name: name for name in WALLS}
FEEDS = {A: feed("a"), B: feed("b")}
MOST_GENERATIONS = 8
"""Steps that raise a generation stop here, so that the last change still fits under the store's ten."""

entries = st.sampled_from(sorted(ARTICLE_OF))
feeds = st.sampled_from(sorted(FEEDS))
minutes = st.sampled_from([0, 1, 31, 60 * 25])


@dataclass(frozen=True)
class Work:
    """A worker's memory: the row as it started it, and the version of the page it fetched."""

    claim: Claim
    row: LedgerRow
    version: int
    fetched_at: datetime


class Ledger(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp())
        self.store = self.open_store()
        self.now = NOW
        self.pages = dict.fromkeys(ARTICLE_OF.values(), 0)
        self.titles = dict.fromkeys(ARTICLE_OF, 0)
        self.listed: dict[str, set[str]] = {}
        self.subscribed: set[str] = set()
        self.paused: set[str] = set()
        self.forced: set[str] = set()
        self.working: list[Work] = []
        self.read: list[Document] = []
        self.cursor = ""
        self.copied = False
        for feed_id in FEEDS:
            self.subscribe(feed_id)

    def teardown(self) -> None:
        try:
            self.drain()
        finally:
            self.store.close()
            shutil.rmtree(self.folder)

    def open_store(self) -> Store:
        return open_sqlite(self.folder / "feedmill.db")

    # What feeds do

    @rule(feed_id=feeds, names=st.lists(entries, min_size=1, max_size=3))
    def admit(self, feed_id: str, names: list[str]) -> None:
        admission = self.store.entries.admit(feed_id, [self.entry(name, feed_id) for name in names], self.now)
        if feed_id in self.subscribed:
            assert len(admission.new) + len(admission.changed) + admission.known == len(names)
            for name in names:
                self.listed.setdefault(name, set()).add(feed_id)

    @rule(name=entries)
    def change(self, name: str) -> None:
        """The publisher edits the article, and feeds will show it."""
        if self.generation(name) < MOST_GENERATIONS:
            self.pages[ARTICLE_OF[name]] += 1
            self.titles[name] += 1

    @rule(feed_id=feeds)
    def subscribe(self, feed_id: str) -> None:
        added = self.store.feeds.add([FEEDS[feed_id]])
        assert bool(added) == (feed_id not in self.subscribed)
        self.subscribed.add(feed_id)

    @rule(feed_id=feeds)
    def unsubscribe(self, feed_id: str) -> None:
        assert self.store.feeds.remove(feed_id) == (feed_id in self.subscribed)
        self.store.entries.feed_removed(feed_id, self.now)
        self.subscribed.discard(feed_id)
        self.paused.discard(feed_id)
        for listing in self.listed.values():
            listing.discard(feed_id)

    @rule(feed_id=feeds)
    def pause(self, feed_id: str) -> None:
        if self.store.feeds.update(feed_id, {"state": "paused"}):
            self.paused.add(feed_id)
            self.store.entries.hold(feed_id)

    @rule(feed_id=feeds)
    def resume(self, feed_id: str) -> None:
        if self.store.feeds.update(feed_id, {"state": "active"}):
            self.paused.discard(feed_id)
            self.store.entries.release(feed_id, self.now)

    # What workers do

    @rule(limit=st.integers(1, 3))
    def claim(self, limit: int) -> None:
        due = self.store.entries.due(self.now, limit, limit)
        for claim in self.store.entries.claim([row.entry_id for row in due], self.now, LEASE_S):
            row = self.store.entries.start(claim)
            assert row
            version = self.pages[ARTICLE_OF[claim.entry_id]]
            self.working.append(Work(claim, row, version, self.now))

    @rule(name=entries)
    def take(self, name: str) -> None:
        """An import has a page of the entry, as new as any."""
        if name in self.listed and self.listed[name] and self.generation(name) < MOST_GENERATIONS:
            for claim in self.store.entries.take([name], self.now, LEASE_S):
                row = self.store.entries.start(claim)
                assert row
                self.working.append(Work(claim, row, self.pages[ARTICLE_OF[name]], self.now))

    @precondition(lambda self: self.working)
    @rule(which=st.integers(0, 9))
    def finish(self, which: int) -> None:
        self.settle(self.taken(which))

    @precondition(lambda self: self.working)
    @rule(which=st.integers(0, 9))
    def reject(self, which: int) -> None:
        self.store.entries.finish([rejected(self.taken(which).claim)], self.now)

    @precondition(lambda self: self.working)
    @rule(which=st.integers(0, 9), wait=st.sampled_from([Wait.SLOT, Wait.RETRY]), after=minutes)
    def defer(self, which: int, wait: Wait, after: int) -> None:
        due_at = self.now + timedelta(minutes=after)
        self.store.entries.defer(
            self.taken(which).claim, due_at=due_at, wait=wait, attempts=1, reason="timeout"
        )

    @precondition(lambda self: self.working)
    @rule(which=st.integers(0, 9))
    def crash(self, which: int) -> None:
        self.taken(which)

    @rule()
    def restart(self) -> None:
        self.working.clear()
        self.store.entries.release_claims(self.now)

    @rule(passed=minutes)
    def time_passes(self, passed: int) -> None:
        self.now += timedelta(minutes=passed)

    @rule(name=entries)
    def retry(self, name: str) -> None:
        if self.generation(name) < MOST_GENERATIONS:
            self.store.entries.retry([name], self.now)

    @rule(name=entries)
    def admit_anyway(self, name: str) -> None:
        if self.generation(name) < MOST_GENERATIONS and self.store.entries.admit_anyway([name], self.now):
            self.forced.add(name)

    # What a rebuild does

    @precondition(lambda self: not self.store.versions.twin())
    @rule()
    def create(self) -> None:
        self.store.versions.create()
        self.read, self.cursor, self.copied = [], "", False

    @precondition(lambda self: self.store.versions.twin() and not self.copied)
    @rule(limit=st.integers(1, 3))
    def read_page(self, limit: int) -> None:
        """What was read before is forgotten, as by a copier that was killed: its page is read again."""
        self.read = self.page("live", self.cursor, limit)

    @precondition(lambda self: self.read)
    @rule()
    def carry_page(self) -> None:
        into = self.store.versions.twin()
        assert into
        carried = [Carried(before=each, after=replace(each, extractor="rebuilt")) for each in self.read]
        results = self.store.versions.carry(carried, into)
        assert CarryState.REFUSED not in {each.state for each in results}
        if CarryState.CHANGED not in {each.state for each in results}:
            self.cursor = self.read[-1].article_id
        self.read = []

    @precondition(lambda self: self.store.versions.twin() and not self.copied)
    @rule()
    def copy_the_rest(self) -> None:
        while page := self.page("live", self.cursor, 2):
            self.read = page
            self.carry_page()
        self.copied = True

    @precondition(lambda self: self.copied)
    @rule()
    def swap(self) -> None:
        self.store.versions.swap()

    @precondition(lambda self: self.store.versions.twin())
    @rule()
    def drop(self) -> None:
        self.store.versions.drop()
        self.read, self.copied = [], False

    # What must always hold

    @precondition(lambda self: self.store.versions.twin())
    @invariant()
    def both_versions_are_level(self) -> None:
        live, twin = ({each.article_id: each for each in self.page(which)} for which in ("live", "twin"))
        assert set(twin) == set(live) if self.copied else set(twin) <= set(live)
        for article_id, mine in twin.items():
            other = live[article_id]
            assert is_same_write(mine, other)
            assert (mine.feed_ids, mine.fetched_at) == (other.feed_ids, other.fetched_at)

    @invariant()
    def the_sum_is_everything_seen(self) -> None:
        counts = self.store.entries.counts()
        assert sum(counts.values()) == len(self.listed)
        assert sum(self.store.entries.waiting().values()) == counts["pending"]

    @invariant()
    def rows_know_their_feeds(self) -> None:
        for name, listing in self.listed.items():
            assert self.row(name).feed_ids == tuple(sorted(listing))

    @invariant()
    def done_rows_have_an_outcome_and_pending_ones_none(self) -> None:
        for name in self.listed:
            row = self.row(name)
            is_done = row.state is EntryState.DONE
            assert (row.outcome is not None) == is_done
            assert not (is_done and (row.due_at or row.claim or row.entry.content))

    @invariant()
    def only_rows_of_paused_feeds_are_held(self) -> None:
        active = self.subscribed - self.paused
        for name, listing in self.listed.items():
            row = self.row(name)
            if row.state is EntryState.PENDING and row.due_at is None:
                assert listing & self.paused
                assert not listing & active

    @invariant()
    def what_is_rejected_as_boilerplate_is_three_walls(self) -> None:
        rows = [self.row(name) for name in self.listed]
        rejected_as = [row.entry.entry_id for row in rows if row.reason == "boilerplate"]
        assert set(rejected_as) <= set(WALLS) - self.forced
        for row in rows:
            assert row.forced == (row.entry.entry_id in self.forced)
            assert not (row.state is EntryState.PENDING and row.body_hash)

    @invariant()
    def one_article_for_each_identity_and_it_knows_its_feeds(self) -> None:
        stored = {page: self.store.articles.get(document(page).article_id) for page in self.pages}
        assert self.store.articles.count() == sum(article is not None for article in stored.values())
        for name in self.listed:
            row = self.row(name)
            article = stored[ARTICLE_OF[name]]
            if row.article_id:
                assert article and article.article_id == row.article_id
                assert set(article.feed_ids) >= set(row.feed_ids)

    # At the end

    def drain(self) -> None:
        """Every feed is back and lists everything once more; all work is done; nothing was lost."""
        for feed_id in FEEDS:
            self.subscribe(feed_id)
            self.resume(feed_id)
        self.store.entries.retry([row.entry.entry_id for row in self.store.entries.dead()], self.now)
        for _ in range(2):  # a listing that comes too soon after a change is repeated by the next
            self.now += timedelta(minutes=31)
            for feed_id in FEEDS:
                self.admit(feed_id, sorted(ARTICLE_OF))
        while self.store.entries.counts()["pending"]:
            self.now += timedelta(hours=26)
            self.working.clear()
            self.claim(9)
            while self.working:
                self.settle(self.working.pop(0))
        self.check_everything_arrived()
        if self.store.versions.twin():
            if not self.copied:
                self.copy_the_rest()
            self.both_versions_are_level()
            self.swap()
            self.check_everything_arrived()

    def check_everything_arrived(self) -> None:
        for name, page in ARTICLE_OF.items():
            row, article = self.row(name), self.store.articles.get(document(page).article_id)
            if name in WALLS and not self.forced & set(WALLS):
                assert (row.outcome, row.reason, article) == (OutcomeKind.REJECTED, "boilerplate", None)
                continue
            assert article
            assert row.outcome in {
                OutcomeKind.INDEXED,
                OutcomeKind.REVISED,
                OutcomeKind.UNCHANGED,
                OutcomeKind.DUPLICATE,
            }
            assert article.body == self.body(page, self.pages[page])
            assert set(article.feed_ids) == set(FEEDS)

    # The model's own steps

    def page(self, version: Which, after: str = "", limit: int = 100) -> list[Document]:
        self.store.articles.refresh()
        return self.store.versions.page(after, "", limit, version)

    def entry(self, name: str, feed_id: str) -> Entry:
        return replace(entry(name, feed_id, title=f"{name} {self.titles[name]}"), entry_id=name)

    def row(self, name: str) -> LedgerRow:
        row = self.store.entries.get(name)
        assert row
        return row

    def generation(self, name: str) -> int:
        row = self.store.entries.get(name)
        return max(row.generation if row else 1, self.titles[name])

    def body(self, page: str, version: int) -> str:
        return WALL if page in WALLS else f"{page} {version}"

    def taken(self, which: int) -> Work:
        return self.working.pop(which % len(self.working))

    def settle(self, work: Work) -> None:
        page = ARTICLE_OF[work.claim.entry_id]
        written = replace(
            document(page, work.row.entry.feed_id, body=self.body(page, work.version)),
            feed_ids=work.row.feed_ids,
            fetched_at=work.fetched_at,
        )
        placed = Candidate(
            document=written,
            entry_id=work.claim.entry_id,
            generation=work.claim.generation,
            known_article_id=work.row.article_id,
        )
        before = self.store.entries.get(work.claim.entry_id)
        hoped = Outcome(kind=OutcomeKind.INDEXED)
        (settled,) = self.store.settle(
            [Settlement(claim=work.claim, outcome=hoped, candidate=placed)], self.now
        )
        assert before
        if before.claim != work.claim.token:
            assert settled.state is SettledState.STALE
        elif before.generation > work.claim.generation:
            assert settled.state is SettledState.REQUEUED
        else:
            assert settled.state is SettledState.FINISHED


QUIET = [HealthCheck.too_slow, HealthCheck.filter_too_much]


def test_any_order_of_events() -> None:
    fast = settings(max_examples=25, stateful_step_count=30, deadline=None, suppress_health_check=QUIET)
    run_state_machine_as_test(Ledger, settings=fast)


@pytest.mark.slow
def test_many_orders_of_events() -> None:
    thorough = settings(max_examples=150, stateful_step_count=60, deadline=None, suppress_health_check=QUIET)
    run_state_machine_as_test(Ledger, settings=thorough)
