"""Frozen values that one stage hands to the next.

feeds:    `Feed` ─► `FeedPage` ─► `ParsedFeed` ─► `Entry` …
entries:  `Entry` ─► `Page` ─► `Article` ─► `Tags` ─► `Document` ─► `Outcome`

Times are aware UTC and end in `_at`; durations say their unit. Field names are those of the stored
records (`schemas/*.json`): what is added here is added there, and a test compares the two. All of
them stand together, in the order in which they are made, so that this file is the data flow.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime


class FeedState(StrEnum):
    """Whether a feed is polled: `gone` feeds answered 410 for good and can be revived.

    `imported` is no feed on the web but pages that came from files: nothing is ever polled or fetched for it.
    """

    ACTIVE = "active"
    PAUSED = "paused"
    GONE = "gone"
    IMPORTED = "imported"


class EntryState(StrEnum):
    """A ledger row is pending until an outcome of its latest generation is written."""

    PENDING = "pending"
    DONE = "done"


REBUILD = "rebuild"
QUEUES = ("control", "poll", "ingest", REBUILD)
"""Ticks, polls, ingests and turns at a rebuild wait for workers apart, so that none holds up another."""


class Wait(StrEnum):
    """Why a pending row is not due yet."""

    NONE = "none"
    SLOT = "slot"
    RETRY = "retry"
    LEASE = "lease"


class OutcomeKind(StrEnum):
    """How an entry's latest generation ended; with `pending` these partition everything ever seen."""

    INDEXED = "indexed"
    REVISED = "revised"
    UNCHANGED = "unchanged"
    DUPLICATE = "duplicate"
    REJECTED = "rejected"
    GAVE_UP = "gave_up"


@dataclass(frozen=True, slots=True, kw_only=True)
class ArchiveLocation:
    """Where a response lies in the WARC archive: a file's name and the record's bytes in it."""

    file: str
    offset: int
    length: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Hints:
    """What a feed says of its own updates: not more often than `every_s` seconds, and when not at all.

    The seconds count from `base_at` where the feed names one. Hours are UTC, Monday is day 0.
    """

    every_s: int = 0
    base_at: datetime | None = None
    skip_hours: tuple[int, ...] = ()
    skip_days: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Rhythm:
    """When a feed publishes, learned from its entries; `feeds.rhythm` reads and writes it.

    `hours` and `days` count entries by hour (UTC) and weekday (0 is Monday), `recent` counts all of them;
    the counts fade, and are as of `at`. They cover the time from `since` on. `silent` is how many entries
    were to be expected since the last one came. `latest` are the newest entries that the last listing
    brought, by the start of their id. `listed` is how many entries the last listing had, `fill_s` the
    shortest time in which about as many have come, None where that was never near the time between polls.
    """

    since: datetime
    at: datetime
    hours: tuple[float, ...]
    days: tuple[float, ...]
    recent: float = 0.0
    silent: float = 0.0
    listed: int = 0
    fill_s: float | None = None
    latest: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Feed:
    """A polled feed, as stored. `feed_id` comes from the URL first added and never changes.

    `interval_s` is what the next poll was planned with, before jitter and failures. `redirect_count` are
    permanent redirects in a row to `redirect_url`, `gone_count` answers 410 in a row. `last_full_at` is
    when the feed was last asked for, or gave, all of its body. `fetch_ms` is the running mean of its polls.
    """

    feed_id: str
    url: str
    title: str | None = None
    site_url: str | None = None
    domain: str = ""
    tags: tuple[str, ...] = ()
    country: str | None = None
    language: str | None = None
    state: FeedState = FeedState.ACTIVE
    added_at: datetime
    next_poll_at: datetime
    interval_s: int
    min_interval_s: int | None = None
    etag: str | None = None
    last_modified: str | None = None
    body_hash: str | None = None
    last_polled_at: datetime | None = None
    last_success_at: datetime | None = None
    last_new_entry_at: datetime | None = None
    last_outcome: str | None = None
    http_status: int | None = None
    fetch_ms: int | None = None
    consecutive_failures: int = 0
    error: str | None = None
    redirect_url: str | None = None
    redirect_count: int = 0
    redirect_since: datetime | None = None
    gone_count: int = 0
    last_full_at: datetime | None = None
    hints: Hints | None = None
    rhythm: Rhythm | None = None
    entries_seen: int = 0
    entries_per_day: float | None = None
    missed_entries: int = 0
    last_missed_at: datetime | None = None
    hub_url: str | None = None
    ignore_robots: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class HostStop:
    """A site (registrable domain) that asked for no request before `stopped_until`."""

    host: str
    stopped_until: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Robots:
    """What an origin (`https://www.example.com`) said when its robots.txt was last asked for.

    `text` holds what was read at `read_at`: nothing where there is no such file, and None as long as nobody
    knows, since the server has failed at each try since `failing_since`.
    """

    host: str
    asked_at: datetime
    text: str | None = None
    read_at: datetime | None = None
    failing_since: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Hop:
    """One redirect that was followed: the status and the URL that answered with it."""

    status: int
    url: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """Fetched bytes and how they came. `body` is decoded from its content coding, at most the cap.

    `headers` have lower-case names. `final_url` is what answered after `redirects`.
    """

    url: str
    final_url: str
    status: int
    headers: Mapping[str, str]
    body: bytes
    fetched_at: datetime
    redirects: tuple[Hop, ...] = ()
    wait_ms: int = 0
    fetch_ms: int = 0


FeedPage = Page
"""A fetched feed is a page whose body is a feed; a 304 has an empty body."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """What a feed says about one entry, cleaned. `url` is None where the feed gives no usable link.

    `content` is the feed's own full text where it carries one (plain text, at most 100 KB).
    `entry_hash` covers what makes an entry count as changed: normalised title and updated time.
    """

    entry_id: str
    feed_id: str
    url: str | None
    canonical_url: str | None = None
    domain: str = ""
    guid: str | None = None
    title: str | None = None
    summary: str | None = None
    content: str | None = None
    authors: tuple[str, ...] = ()
    section: str | None = None
    image_url: str | None = None
    language: str | None = None
    published_at: datetime | None = None
    updated_at: datetime | None = None
    entry_hash: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Collapsed:
    """An entry that was dropped because the same listing already held it, and by which rule."""

    title: str | None
    url: str | None
    rule: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ParsedFeed:
    """A feed's own facts and its entries in listing order, duplicates within the listing collapsed.

    `listed` counts entries before collapsing. `notes` are what the rules had to mend, one line each.
    """

    format: str
    title: str | None = None
    site_url: str | None = None
    language: str | None = None
    hub_url: str | None = None
    hints: Hints | None = None
    entries: tuple[Entry, ...] = ()
    collapsed: tuple[Collapsed, ...] = ()
    listed: int = 0
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Article:
    """What was extracted from one page, before tagging and before it has an identity in the store.

    `canonical_link` is the page's own rel=canonical, as an absolute URL and not yet believed.
    """

    title: str | None
    body: str
    summary: str | None = None
    authors: tuple[str, ...] = ()
    section: str | None = None
    image_url: str | None = None
    language: str | None = None
    published_at: datetime | None = None
    modified_at: datetime | None = None
    canonical_link: str | None = None
    site_name: str | None = None
    extractor: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tags:
    """What enrichment says about a text. Codes: ISO 639-1, ISO 3166-1 alpha-2, IPTC `medtop:`."""

    language: str = "und"
    language_confidence: float = 0.0
    country_primary: str | None = None
    countries: tuple[str, ...] = ()
    country_scores: Mapping[str, float] = field(default_factory=dict)
    topics: tuple[str, ...] = ()
    topics_all: tuple[str, ...] = ()
    topics_top: tuple[str, ...] = ()
    topic_names: tuple[str, ...] = ()
    topic_scores: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class WrittenBy:
    """Which generation of which entry wrote an article, and what that write was called."""

    entry_id: str
    generation: int
    outcome: OutcomeKind


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """An article as stored and searched. `published_at` is always set and never in the future.

    `identity_note` says why the page's own rel=canonical was not taken as the identity, where it
    was not; `raw_digest` is the sha256 of the fetched body.
    """

    article_id: str
    url: str
    canonical_url: str
    domain: str
    feed_id: str
    feed_ids: tuple[str, ...]
    feed_title: str | None = None
    title: str
    body: str
    summary: str | None = None
    authors: tuple[str, ...] = ()
    section: str | None = None
    image_url: str | None = None
    language: str = "und"
    language_confidence: float = 0.0
    published_at: datetime
    published_source: str
    publish_to_index_s: int | None = None
    modified_at: datetime | None = None
    first_seen_at: datetime
    fetched_at: datetime
    indexed_at: datetime | None = None
    revision: int = 1
    written_by: WrittenBy | None = None
    body_source: str = "page"
    word_count: int = 0
    content_hash: str
    raw_digest: str
    identity_note: str | None = None
    country_primary: str | None = None
    countries: tuple[str, ...] = ()
    country_scores: Mapping[str, float] = field(default_factory=dict)
    topics: tuple[str, ...] = ()
    topics_all: tuple[str, ...] = ()
    topics_top: tuple[str, ...] = ()
    topic_names: tuple[str, ...] = ()
    topic_scores: Mapping[str, float] = field(default_factory=dict)
    quality: float | None = None
    extractor: str = ""
    extractor_version: str = ""
    tagger_version: str = ""
    archive: ArchiveLocation | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """The right to work on one row until its lease ends. `token` is random; travels as the hint."""

    entry_id: str
    token: str
    generation: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Timings:
    """Milliseconds an entry spent per stage in the attempt that ended it."""

    wait_ms: int | None = None
    fetch_ms: int | None = None
    extract_ms: int | None = None
    tag_ms: int | None = None
    write_ms: int | None = None
    total_ms: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class LedgerRow:
    """One entry in the ledger: what the feed said, and how far the work on it has come.

    A pending row with `due_at` None is held: no active feed lists it. `admitted_at` is when the
    latest generation was admitted. `detail` is what was seen when the last attempt ended, at most 300
    characters. `body_hash` tells texts of one site that are the same under different titles
    (`store.decide.body_hash`). A `forced` row passes the quality gate: an operator let it in. `page_key`
    is the key of the page that the last attempt ended at, where its link had redirected there. `fetched_at`
    is when the last page that was looked at for it had been fetched.
    """

    entry: Entry
    feed_ids: tuple[str, ...]
    state: EntryState = EntryState.PENDING
    wait: Wait = Wait.NONE
    claim: str | None = None
    generation: int = 1
    outcome: OutcomeKind | None = None
    reason: str | None = None
    detail: str | None = None
    body_hash: str | None = None
    forced: bool = False
    due_at: datetime | None = None
    attempts: int = 0
    first_seen_at: datetime
    listed_at: datetime
    admitted_at: datetime
    done_at: datetime | None = None
    article_id: str | None = None
    page_key: str | None = None
    fetched_at: datetime | None = None
    http_status: int | None = None
    archive: ArchiveLocation | None = None
    timings: Timings = Timings()


@dataclass(frozen=True, slots=True, kw_only=True)
class PageRow:
    """What a ledger row tells others of the page that they link to, too: how far it has come there."""

    entry_id: str
    feed_id: str
    wait: Wait = Wait.NONE
    due_at: datetime | None = None
    attempts: int = 0
    done_at: datetime | None = None
    article_id: str | None = None
    http_status: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """A document on its way into the index, and what `store.decide` needs to place it there.

    `known_article_id` is the article this entry's earlier generation ended at. `fallback_*` is taken
    when the article already there is plainly another one: the fetched page's own identity where that
    came from a rel=canonical, else an id that only this entry's article can have.
    """

    document: Document
    entry_id: str
    generation: int
    known_article_id: str | None = None
    fallback_id: str | None = None
    fallback_url: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """How an attempt ended. `reason` is a fixed, low-cardinality word, or None where none is needed.

    `detail` is for the operator's eyes: the message behind the reason, at most a line; the ledger keeps
    300 characters of it. `page_key` and `fetched_at` are those of `LedgerRow`.
    """

    kind: OutcomeKind
    reason: str | None = None
    detail: str | None = None
    article_id: str | None = None
    page_key: str | None = None
    fetched_at: datetime | None = None
    http_status: int | None = None
    archive: ArchiveLocation | None = None
    timings: Timings = Timings()


@dataclass(frozen=True, slots=True, kw_only=True)
class Settlement:
    """An attempt to be settled: finish the claimed row, after its candidate (if any) was written.

    With a candidate, `outcome.kind` is only what the extraction hoped for: the store decides
    between indexed, revised, unchanged and duplicate. Without one, an `outcome.article_id` names an
    article that is there already, and that comes to know the row's feeds.
    """

    claim: Claim
    outcome: Outcome
    candidate: Candidate | None = None


class SettledState(StrEnum):
    """What became of a settlement.

    finished: the outcome is in the ledger. stale: the claim had expired, nothing was finished.
    requeued: the entry changed meanwhile, so the row is due again. refused: the store could not
    take the document now; the row stays pending.
    """

    FINISHED = "finished"
    STALE = "stale"
    REQUEUED = "requeued"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True, kw_only=True)
class Settled:
    """The store's answer to one settlement. `outcome` is what was written, where it was."""

    state: SettledState
    outcome: Outcome | None = None
    error: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Admission:
    """What one listing did to the ledger: counts, and the ids that are new or changed."""

    new: tuple[str, ...] = ()
    changed: tuple[str, ...] = ()
    known: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class DueRow:
    """What dispatch needs to know of a due row to choose among hosts."""

    entry_id: str
    domain: str
    first_seen_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Carried:
    """What a rebuild made of one document: `before` as it read it, `after` as it is to be in the new version.

    `after` has the article id of `before`, and what `before` says of its feeds and times. It equals
    `before` where the document is only copied, and is None where it is not to be in the new version.
    """

    before: Document
    after: Document | None


class CarryState(StrEnum):
    """What became of a carried document.

    carried: the new version holds it as it is to be, or does not hold it. changed: it is no longer as the
    rebuild read it; read it again. gone: there is no such article any more, in either version. refused:
    the new version cannot hold it; what it held before, if anything, stays.
    """

    CARRIED = "carried"
    CHANGED = "changed"
    GONE = "gone"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True, kw_only=True)
class CarryResult:
    """The store's answer to one carried document. `error` says why it was refused."""

    state: CarryState
    error: str | None = None


class Phase(StrEnum):
    """How far a rebuild has come.

    copying: documents are carried into the new version. copied: all are there. promoted: the new version is
    the live one, the old one its twin. cancelled and cleaned: it is over, there is one version.
    """

    COPYING = "copying"
    COPIED = "copied"
    PROMOTED = "promoted"
    CANCELLED = "cancelled"
    CLEANED = "cleaned"


@dataclass(frozen=True, slots=True, kw_only=True)
class Rebuild:
    """One rebuild of the article index, as every machine that works on it must know it.

    `source` is archive or index; `only` are the steps that are done anew (extract, tags, mapping), all
    where it is empty; `selection` is what the operator chose, as JSON says it. `rate` is the most documents
    a second, None without a bound; `total` how many the live version held at the start. `said` are counts
    that its end came to.
    """

    rebuild_id: str
    phase: Phase = Phase.COPYING
    started_at: datetime
    ended_at: datetime | None = None
    source: str
    only: tuple[str, ...] = ()
    selection: Mapping[str, object] = field(default_factory=dict)
    from_version: str
    to_version: str
    extractor_version: str = ""
    tagger_version: str = ""
    rate: float | None = None
    total: int = 0
    said: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Slice:
    """A part of a rebuild that one worker at a time is at: the articles with `after` < id < `before`.

    An empty `before` is the open end; bounds between slices are shorter than an id, so that none is one.
    `cursor` is the last id that is done with, `after` at first. A slice is claimed as a ledger row is:
    `claim` holds it until `due_at`. `seen` are the documents done with, `seen_at_claim` those that were when
    it was claimed: with `claimed_at` and `saved_at` they give the present rate. `counts` are by result.
    `waiting` are the ids of documents before the cursor whose page is on its way to the archive: a slice that
    is `walked` to its end is parked for a while, and done when none waits any more.
    """

    slice_id: str
    after: str = ""
    before: str = ""
    cursor: str = ""
    done: bool = False
    claim: str | None = None
    due_at: datetime | None = None
    claimed_at: datetime | None = None
    saved_at: datetime | None = None
    seen: int = 0
    seen_at_claim: int = 0
    counts: Mapping[str, int] = field(default_factory=dict)
    waiting: tuple[str, ...] = ()
    walked: bool = False

    def is_at_work(self, now: datetime) -> bool:
        """Return whether somebody works on it, as far as can be seen."""
        is_parked = self.walked and bool(self.waiting)
        return self.due_at is not None and self.due_at > now and not is_parked
