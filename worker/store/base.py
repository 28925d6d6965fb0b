"""What a store must offer: four protocols, those of `store.rebuilding`, and the call that settles attempts.

Every backend passes the same contract suite (`tests/store/contract.py`). Ids and records are those
of `worker.models`. Methods raise `StoreError` and nothing else; all of them may be called from any
thread. `now` is always the caller's clock.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

from worker.store.turns import EVERYTHING

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
    from datetime import datetime

    from worker.models import (
        Admission,
        Claim,
        Document,
        DueRow,
        Entry,
        Feed,
        LedgerRow,
        PageRow,
        Robots,
        Settled,
        Settlement,
        Wait,
    )
    from worker.store.query import SearchPage, SearchRequest
    from worker.store.rebuilding import ArticleVersions, RebuildStore
    from worker.store.turns import Share


class FeedStore(Protocol):
    """The feeds an operator follows."""

    def add(self, feeds: Iterable[Feed]) -> list[str]:
        """Store the feeds whose id, `url` or `redirect_url` is not known yet; return the added ids."""
        ...

    def get(self, feed_id: str) -> Feed | None: ...

    def find(self, url: str) -> Feed | None:
        """Return the feed whose present URL, first URL or redirect target is `url`."""
        ...

    def all(self) -> Iterator[Feed]:
        """Yield every feed, by title then URL, without holding a transaction open."""
        ...

    def claim_due(self, now: datetime, limit: int, lease_s: float, share: Share = EVERYTHING) -> list[Feed]:
        """Return active feeds whose `next_poll_at` has come, longest overdue first.

        Of one site no more than its share is returned; the others of those that were looked at become due
        when their site may let them in (`take_turns`).

        When this returns, `next_poll_at` has already moved forward by the feed's interval or by
        `lease_s` seconds, whichever is shorter: no other caller gets the same feed, every error path
        has a next time, and a hint that gets lost costs a lease, not an interval. The poll sets the
        real next time when it ends.
        """
        ...

    def update(self, feed_id: str, changes: Mapping[str, Any]) -> bool:
        """Set the named fields of one feed, leaving the others alone; False where it is unknown."""
        ...

    def remove(self, feed_id: str) -> bool: ...

    def poll_now(self, now: datetime) -> int:
        """Make every active feed due at once; return how many."""
        ...


class EntryLedger(Protocol):
    """Every entry that a feed ever listed, one row each, and the work still to do on it."""

    def admit(self, feed_id: str, entries: Sequence[Entry], now: datetime) -> Admission:
        """Take one listing of `feed_id` into the ledger.

        New entries become pending and due. A known entry gains `feed_id` in `feed_ids`. An entry of
        the row's own feed whose `entry_hash` differs is a change: its generation rises and the row
        is due again (on a claimed row neither claim nor due_at is touched). Changes nearer than
        30 min to the latest admission wait for a later listing; after 10 generations no more come.
        """
        ...

    def get(self, entry_id: str) -> LedgerRow | None: ...

    def get_many(self, entry_ids: Collection[str]) -> dict[str, LedgerRow]:
        """Return those of the rows that exist, as they are now, by entry id."""
        ...

    def find_by_url(self, url: str) -> list[LedgerRow]:
        """Return rows whose entry URL or canonical URL is `url`, newest first (at most 20)."""
        ...

    def at_page(self, key: str, besides: str) -> list[PageRow]:
        """Return rows whose link is the page `key`, or led to it when it was fetched, as they are now.

        `key` is the id of the article that the page would be; the row `besides` is left out. Rows with an
        article come first (at most `known.MOST_AT_PAGE` in all). A row may be missing for as long as `due`
        does not know of it.
        """
        ...

    def due(self, now: datetime, limit: int, per_host: int, after_domain: str = "") -> list[DueRow]:
        """Return up to `limit` due rows, at most `per_host` of one domain, newest first within it.

        Domains are visited in order from the one after `after_domain`, wrapping around, so that a
        caller that passes the last domain it got starves no host however many rows are due.
        """
        ...

    def claim(self, entry_ids: Sequence[str], now: datetime, lease_s: float) -> list[Claim]:
        """Claim those of the rows that are still due; only what was won is returned."""
        ...

    def take(self, entry_ids: Sequence[str], now: datetime, lease_s: float) -> list[Claim]:
        """Claim rows for pages that came otherwise than by a fetch; only what was won is returned.

        Done rows (as a new generation) and held ones can be taken: those for which no worker is at work, nor
        is about to be. One that no active feed lists stays held, whatever becomes of its claim; it may be
        taken again at once, and the first claim then holds no more. Of others the claim is a lease, as any.
        """
        ...

    def start(self, claim: Claim) -> LedgerRow | None:
        """Return the row if `claim` still holds it, read in real time; else None."""
        ...

    def defer(self, claim: Claim, *, due_at: datetime, wait: Wait, attempts: int, reason: str | None) -> bool:
        """Give the claim up and make the row due at `due_at`; False (and no effect) if it is stale."""
        ...

    def unclaim(self, claims: Sequence[Claim], now: datetime) -> int:
        """Make rows due at once whose claims nobody was told of, if they still hold; return how many."""
        ...

    def finish(self, settlements: Sequence[Settlement], now: datetime) -> list[Settled]:
        """Write outcomes that need no document, each only if its claim still holds the row."""
        ...

    def release_claims(self, now: datetime) -> int:
        """Make every claimed row due at once: for a service that knows it is alone. Return how many."""
        ...

    def counts(self) -> dict[str, int]:
        """Return rows by outcome ('indexed', …, 'pending'); they sum to every entry ever seen."""
        ...

    def reasons(self) -> dict[tuple[str, str], int]:
        """Return done rows by (outcome, reason) where there is a reason."""
        ...

    def waiting(self) -> dict[str, int]:
        """Return pending rows by wait ('none', 'slot', 'retry', 'lease', and 'held' without due_at)."""
        ...

    def dead(
        self, *, reason: str | None = None, feed_id: str | None = None, limit: int = 50
    ) -> list[LedgerRow]:
        """Return rows that ended rejected or gave_up, latest first."""
        ...

    def retry(self, entry_ids: Sequence[str], now: datetime) -> int:
        """Make done rows pending and due again, as a new generation; return how many."""
        ...

    def admit_anyway(self, entry_ids: Sequence[str], now: datetime) -> int:
        """Retry done rows and mark them `forced` for good: quality gate and boilerplate rule pass them."""
        ...

    def feed_removed(self, feed_id: str, now: datetime) -> int:
        """Forget `feed_id` in every row and return how many rows that ended.

        Pending rows that no other active feed lists end `rejected(feed_removed)`; rows it owned
        pass to the next feed that lists them.
        """
        ...

    def hold(self, feed_id: str) -> int:
        """Hold pending rows that no active feed lists any more (`feed_id` was paused): no due_at."""
        ...

    def release(self, feed_id: str, now: datetime) -> int:
        """Make the held rows that `feed_id` lists due again (it was resumed)."""
        ...

    def files(self) -> set[str]:
        """Return the archive files that pending rows point to: where pages of earlier generations lie."""
        ...

    def prune(self, before: datetime) -> int:
        """Delete done rows last listed before that time that ended without an article; return how many.

        A row that has one is kept: without it the page would be fetched again when it is listed again,
        and a feed that answers "not modified" for a year lists its entries all the while.
        """
        ...


class ArticleIndex(Protocol):
    """The searchable articles."""

    def get(self, article_id: str) -> Document | None:
        """Return the article, read in real time."""
        ...

    def find_by_url(self, url: str) -> Document | None:
        """Return the article whose `url` or `canonical_url` is `url`."""
        ...

    def search(self, request: SearchRequest) -> SearchPage: ...

    def matching(self, request: SearchRequest, article_ids: Collection[str]) -> set[str]:
        """Return those of the articles (at most `MAX_LIMIT`) that the request finds, whatever its limit."""
        ...

    def count(self) -> int: ...

    def made_by(self) -> dict[tuple[str, str], int]:
        """Return how many articles each pair of extractor and tagger version made."""
        ...

    def refresh(self) -> None:
        """Make everything written so far visible to search."""
        ...


class HostStore(Protocol):
    """What hosts asked for, so that a restart need not ask again."""

    def stop(self, site: str, until: datetime) -> None:
        """Note that the site is to be left alone until then; an earlier time changes nothing."""
        ...

    def stops(self, now: datetime) -> dict[str, datetime]:
        """Return the sites that are stopped at `now`, and until when."""
        ...

    def robots(self, origin: str) -> Robots | None:
        """Return what is known of an origin's robots.txt, as of now."""
        ...

    def keep_robots(self, robots: Robots) -> None:
        """Keep it, in place of what was known."""
        ...

    def prune(self, before: datetime) -> int:
        """Forget stops that ended and robots.txt asked for before that time; return how many."""
        ...


class Store(Protocol):
    """The stores over one connection, and the write path that spans them."""

    @property
    def feeds(self) -> FeedStore: ...

    @property
    def entries(self) -> EntryLedger: ...

    @property
    def articles(self) -> ArticleIndex: ...

    @property
    def hosts(self) -> HostStore: ...

    @property
    def versions(self) -> ArticleVersions: ...

    @property
    def rebuilds(self) -> RebuildStore: ...

    def settle(self, settlements: Sequence[Settlement], now: datetime) -> list[Settled]:
        """Write each candidate, then finish its row: never an outcome without its document.

        Placing follows `store.decide`. A document that can never be stored ends
        `rejected` with a reason that starts with `index:`; where the store itself is unavailable,
        StoreUnavailableError is raised and every row stays as it was. An outcome without a candidate that
        names an article adds the row's feeds to it; where the article is gone, the row is `refused`.

        **Boilerplate.** A finished row keeps the `body_hash` of its candidate's document (none if the
        row is `forced`; a new generation clears it). Before a document with a hash is placed, the done
        rows of the same `domain` and hash are read, and with this one given to `decide.is_boilerplate`,
        each under the title its feed gives. If that says so, nothing is placed: this row ends
        `rejected(boilerplate)`, keeping its hash. Of the articles that these rows ended at, this row's
        own earlier one included, those whose present text has the hash and that no forced row ended at
        are deleted from the index, and every row that ended at one of them forgets it; the done ones
        that ended with an article become `rejected(boilerplate)`. One transaction holds all of this; a
        store that has none deletes first and finishes this row last, so that its retry repairs a crash.

        **A twin** of the article index (`store.rebuilding`) gets whatever is written here, before the row
        is finished. Deciding looks at the live version alone.
        """
        ...

    def setup(self) -> list[str]:
        """Create or migrate what the store needs; return one line per change made. Idempotent."""
        ...

    def close(self) -> None: ...
