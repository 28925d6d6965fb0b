"""What every store must do with feeds, and with the rows of those that go away."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from tests.store.builders import (
    LEASE_S,
    NOW,
    A,
    B,
    claim_one,
    document,
    entry,
    feed,
    ingest,
    later,
    row_of,
    settlement,
)
from worker.models import (
    EntryState,
    FeedState,
    Hints,
    OutcomeKind,
    Rhythm,
    SettledState,
    Wait,
)
from worker.store.base import Store
from worker.store.turns import LOOKED_AT, Share


def crowded(store: Store, name: str, due_at: datetime) -> str:
    """Add a feed of the site that all of these share; return its id."""
    (added,) = store.feeds.add([feed(name, domain="crowd.example", next_poll_at=due_at)])
    return added


def next_poll_of(store: Store, feed_id: str) -> datetime:
    found = store.feeds.get(feed_id)
    assert found
    return found.next_poll_at


class TestFeeds:
    def test_every_field_comes_back(self, store: Store) -> None:
        full = feed(
            "full", title="T", site_url="https://full.example/", domain="full.example", tags=("x", "y"), country="DE",
            language="de", min_interval_s=60, etag='"e"', last_modified="yesterday", body_hash="b", error="e",
            last_polled_at=NOW, last_success_at=NOW, last_new_entry_at=NOW, last_outcome="ok", http_status=200,
            consecutive_failures=2, redirect_url="https://new.example/rss", redirect_count=1, entries_seen=3,
            entries_per_day=1.5, missed_entries=1, hub_url="https://hub.example/", ignore_robots=True,
            redirect_since=NOW, gone_count=2, last_full_at=NOW, last_missed_at=NOW, fetch_ms=120,
            hints=Hints(every_s=60, base_at=NOW, skip_hours=(0, 23), skip_days=(6,)),
            rhythm=Rhythm(
                since=NOW, at=later(1), hours=(0.0,) * 23 + (1.25,), days=(0.5,) * 7, recent=0.125, silent=2.5,
                listed=20, fill_s=3600.5, latest=("0123abcd", "89efcdab"),
            ),
        )  # fmt: skip
        store.feeds.add([full])
        assert store.feeds.get(full.feed_id) == full

    @pytest.mark.parametrize(
        "again",
        [
            feed("full"),
            feed("other", feed_id="0" * 16, url="https://moved.example/rss"),
            feed("other", url="http://target.example/rss"),
            feed("other", redirect_url="https://moved.example/rss"),
        ],
        ids=["same id", "present url", "redirect target, http", "redirects to a known one"],
    )
    def test_a_known_feed_is_not_added_again(self, store: Store, again) -> None:
        known = feed("full", url="https://moved.example/rss", redirect_url="https://target.example/rss")
        assert store.feeds.add([known, again]) == [known.feed_id]

    @pytest.mark.parametrize(
        "url", ["https://full.example/rss", "http://moved.example/rss", "https://target.example/rss"]
    )
    def test_found_by_first_present_and_redirect_url(self, store: Store, url: str) -> None:
        known = feed("full", url="https://moved.example/rss", redirect_url="https://target.example/rss")
        store.feeds.add([known])
        assert store.feeds.find(url) == known

    @pytest.mark.parametrize("url", ["", "http://[", "nonsense", "https://unknown.example/rss"])
    def test_not_found(self, store: Store, url: str) -> None:
        assert store.feeds.find(url) is None

    def test_all_by_title_then_url(self, store: Store) -> None:
        store.feeds.add([feed("d", title="beta"), feed("c", title="Alpha")])
        names = [each.title or each.url for each in store.feeds.all()]
        assert names == ["Alpha", "beta", "https://a.example/rss", "https://b.example/rss"]

    def test_adding_while_listing_all(self, store: Store) -> None:
        listed = store.feeds.all()
        first = next(listed)
        store.feeds.update(first.feed_id, {"title": "zzz"})
        assert [each.feed_id for each in listed] == [B]

    def test_a_claim_moves_the_next_poll_and_nobody_else_gets_it(self, store: Store) -> None:
        store.feeds.update(B, {"next_poll_at": later(-5)})
        claimed = store.feeds.claim_due(NOW, 10, LEASE_S)
        assert [(each.feed_id, each.next_poll_at) for each in claimed] == [(B, later(15)), (A, later(15))]
        assert store.feeds.claim_due(NOW, 10, LEASE_S) == []

    @pytest.mark.parametrize(("lease_s", "moved_s"), [(900, 900), (1799.5, 1799.5), (7200, 1800)])
    def test_a_claim_lasts_a_lease_and_never_longer_than_the_interval(
        self, store: Store, lease_s: float, moved_s: float
    ) -> None:
        store.feeds.claim_due(NOW, 10, lease_s)
        claimed = store.feeds.get(A)
        assert claimed
        assert claimed.next_poll_at == NOW + timedelta(seconds=moved_s)

    def test_a_hint_that_got_lost_costs_a_lease(self, store: Store) -> None:
        store.feeds.claim_due(NOW, 10, LEASE_S)
        assert store.feeds.claim_due(later(14), 10, LEASE_S) == []
        assert {each.feed_id for each in store.feeds.claim_due(later(15), 10, LEASE_S)} == {A, B}

    def test_a_claim_sees_what_the_last_one_took(self, store: Store) -> None:
        store.feeds.add(feed(f"f{n}") for n in range(8))
        claimed = [each.feed_id for _ in range(5) for each in store.feeds.claim_due(NOW, 2, LEASE_S)]
        assert len(claimed) == len(set(claimed)) == 10

    def test_more_of_a_site_than_its_share_come_later_one_by_one(self, store: Store) -> None:
        ids = [crowded(store, f"{n}", later(n - 10)) for n in range(5)]
        claimed = store.feeds.claim_due(NOW, 10, LEASE_S, Share(per_site=2, delay_s=30))
        assert {each.feed_id for each in claimed} == {*ids[:2], A, B}
        assert [next_poll_of(store, id_) for id_ in ids[2:]] == [later(1), later(1.5), later(2)]
        later_on = store.feeds.claim_due(later(1.5), 10, LEASE_S, Share(per_site=2, delay_s=30))
        assert [each.feed_id for each in later_on] == ids[2:4]

    def test_a_crowd_in_front_hides_the_others_for_one_claim(self, store: Store) -> None:
        store.feeds.add(
            feed(f"c{n}", domain="crowd.example", next_poll_at=later(-1)) for n in range(LOOKED_AT + 5)
        )
        share = Share(per_site=2, delay_s=2)
        first = store.feeds.claim_due(NOW, 10, LEASE_S, share)
        assert [each.domain for each in first] == 2 * ["crowd.example"]
        assert {A, B} <= {each.feed_id for each in store.feeds.claim_due(NOW, 10, LEASE_S, share)}

    def test_nobody_is_put_off_for_longer_than_a_lease(self, store: Store) -> None:
        ids = [crowded(store, f"{n}", later(n - 10)) for n in range(3)]
        store.feeds.claim_due(NOW, 10, 60, Share(per_site=1, delay_s=45))
        assert [next_poll_of(store, id_) for id_ in ids[1:]] == [later(0.75), later(1)]

    @pytest.mark.parametrize("state", [FeedState.PAUSED, FeedState.GONE])
    def test_only_active_feeds_are_polled(self, store: Store, state: FeedState) -> None:
        store.feeds.update(A, {"state": state})
        assert [each.feed_id for each in store.feeds.claim_due(NOW, 10, LEASE_S)] == [B]

    def test_update_leaves_other_fields_alone(self, store: Store) -> None:
        store.feeds.update(A, {"etag": "e"})
        assert store.feeds.update(A, {"title": "T", "tags": ("x",)})
        assert store.feeds.get(A) == feed("a", etag="e", title="T", tags=("x",))

    def test_unknown_feeds(self, store: Store) -> None:
        assert store.feeds.get("0" * 16) is None
        assert not store.feeds.update("0" * 16, {"title": "T"})
        assert not store.feeds.remove("0" * 16)

    def test_remove(self, store: Store) -> None:
        assert store.feeds.remove(A)
        assert [each.feed_id for each in store.feeds.all()] == [B]

    def test_poll_now(self, store: Store) -> None:
        store.feeds.claim_due(NOW, 10, LEASE_S)
        store.feeds.update(B, {"state": FeedState.PAUSED})
        assert store.feeds.poll_now(later(1)) == 1
        assert [each.feed_id for each in store.feeds.claim_due(later(1), 10, LEASE_S)] == [A]


class TestFeedsAway:
    @pytest.fixture(autouse=True)
    def _listed(self, store: Store) -> None:
        """Entry 1 is listed by a alone, entry 2 by a and b, entry 3 by a and done."""
        store.entries.admit(A, [entry("1"), entry("2"), entry("3")], NOW)
        store.entries.admit(B, [entry("2", B)], NOW)
        ingest(store, document("3"), "entry-3")

    def test_removed(self, store: Store) -> None:
        store.feeds.remove(A)
        assert store.entries.feed_removed(A, later(1)) == 1
        ended, passed_on, done = (row_of(store, f"entry-{n}") for n in (1, 2, 3))
        assert (ended.outcome, ended.reason, ended.due_at) == (OutcomeKind.REJECTED, "feed_removed", None)
        assert (ended.feed_ids, ended.entry.content) == ((), None)
        assert (passed_on.state, passed_on.feed_ids, passed_on.entry.feed_id) == (EntryState.PENDING, (B,), B)
        assert done.outcome is OutcomeKind.INDEXED
        assert store.articles.count() == 1

    def test_the_next_feed_can_mark_what_it_inherited_as_changed(self, store: Store) -> None:
        store.feeds.remove(A)
        store.entries.feed_removed(A, NOW)
        assert store.entries.admit(B, [entry("2", B, title="New")], later(31)).changed == ("entry-2",)

    def test_removed_while_claimed(self, store: Store) -> None:
        claim = claim_one(store)
        store.feeds.remove(A)
        store.entries.feed_removed(A, NOW)
        assert store.settle([settlement(claim, document())], NOW)[0].state is SettledState.STALE
        assert row_of(store).reason == "feed_removed"

    def test_what_ended_with_its_feed_begins_anew_when_listed_again(self, store: Store) -> None:
        store.feeds.remove(A)
        store.entries.feed_removed(A, NOW)
        assert store.entries.admit(B, [entry("1", B)], later(1)).changed == ("entry-1",)
        row = row_of(store)
        assert (row.state, row.due_at, row.feed_ids, row.entry.feed_id) == (
            EntryState.PENDING,
            later(1),
            (B,),
            B,
        )

    def test_paused_and_resumed(self, store: Store) -> None:
        store.feeds.update(A, {"state": FeedState.PAUSED})
        assert store.entries.hold(A) == 1
        assert [row.entry_id for row in store.entries.due(later(999), 10, 10)] == ["entry-2"]
        assert store.entries.waiting() == {"none": 1, "slot": 0, "retry": 0, "lease": 0, "held": 1}
        store.feeds.update(A, {"state": FeedState.ACTIVE})
        assert store.entries.release(A, later(9)) == 1
        assert row_of(store).due_at == later(9)

    def test_another_feed_that_lists_a_held_row_frees_it(self, store: Store) -> None:
        store.feeds.update(A, {"state": FeedState.PAUSED})
        store.entries.hold(A)
        store.entries.admit(B, [entry("1", B)], later(1))
        assert row_of(store).due_at == later(1)

    def test_paused_while_claimed(self, store: Store) -> None:
        claim = claim_one(store)
        store.feeds.update(A, {"state": FeedState.PAUSED})
        store.entries.hold(A)
        assert store.entries.defer(claim, due_at=later(5), wait=Wait.SLOT, attempts=0, reason=None)
        assert row_of(store).due_at is None

    def test_paused_before_its_hint_could_be_sent(self, store: Store) -> None:
        claim = claim_one(store)
        store.feeds.update(A, {"state": FeedState.PAUSED})
        store.entries.hold(A)
        assert store.entries.unclaim([claim], later(5)) == 1
        assert (row_of(store).claim, row_of(store).due_at) == (None, None)

    def test_work_on_a_paused_feed_may_finish(self, store: Store) -> None:
        claim = claim_one(store)
        store.feeds.update(A, {"state": FeedState.PAUSED})
        store.entries.hold(A)
        assert store.settle([settlement(claim, document())], NOW)[0].state is SettledState.FINISHED

    def test_gone_feeds_hold_nothing(self, store: Store) -> None:
        store.feeds.update(A, {"state": FeedState.GONE})
        assert store.entries.hold(A) == 0
