"""What `feedmill explain URL` tells: feed, poll, admission, attempts, fetch, extraction, outcome."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from worker.models import EntryState, Wait
from worker.ops.evidence import countries_shown, told, topics_shown
from worker.ops.reasons import explained, letting_in
from worker.ops.text import when

if TYPE_CHECKING:
    from datetime import datetime

    from worker.models import Document, Feed, LedgerRow
    from worker.store.base import Store


@dataclass(frozen=True, slots=True, kw_only=True)
class Story:
    """Everything the store knows of one URL."""

    url: str
    rows: tuple[LedgerRow, ...] = ()
    feeds: tuple[Feed, ...] = ()
    article: Document | None = None
    feed: Feed | None = None

    @property
    def is_empty(self) -> bool:
        return not self.rows and self.article is None and self.feed is None


def find_story(store: Store, url: str) -> Story:
    """Collect what is known of an entry's, an article's or a feed's URL."""
    article = store.articles.find_by_url(url)
    rows = store.entries.find_by_url(url)
    if (
        not rows
        and article
        and article.written_by
        and (row := store.entries.get(article.written_by.entry_id))
    ):
        rows = [row]
    if article is None:
        ended_at = (store.articles.get(row.article_id) for row in rows if row.article_id)
        article = next((found for found in ended_at if found), None)
    feed_ids = dict.fromkeys(feed_id for row in rows for feed_id in row.feed_ids)
    feeds = tuple(feed for feed in map(store.feeds.get, feed_ids) if feed)
    return Story(url=url, rows=tuple(rows), feeds=feeds, article=article, feed=store.feeds.find(url))


def tell(story: Story, now: datetime) -> list[tuple[str, str]]:
    """Return the story as (heading, sentence) pairs in the order in which it happened."""
    lines = []
    if story.feed:
        lines += _feed_lines("feed", story.feed)
    for feed in story.feeds:
        lines += _feed_lines("listed by", feed)
    for row in story.rows:
        lines += _row_lines(row, now)
    if story.article:
        lines += _article_lines(story.article)
    return lines


def _feed_lines(heading: str, feed: Feed) -> list[tuple[str, str]]:
    polled = (
        f"{feed.last_outcome} at {when(feed.last_polled_at)}" if feed.last_polled_at else "not polled yet"
    )
    health = (
        f", {feed.consecutive_failures} failures in a row: {feed.error}" if feed.consecutive_failures else ""
    )
    return [
        (heading, f"{feed.title or feed.url} ({feed.feed_id}, {feed.state.value}) {feed.url}"),
        ("poll", f"{polled}{health}; next at {when(feed.next_poll_at)}; {feed.entries_seen} entries seen"),
    ]


def _row_lines(row: LedgerRow, now: datetime) -> list[tuple[str, str]]:
    entry = row.entry
    changes = f", generation {row.generation} since {when(row.admitted_at)}" if row.generation > 1 else ""
    lines = [
        ("entry", f"{entry.title or '(no title)'} ({entry.entry_id})"),
        ("link", entry.url or "none: the feed gives no page to fetch"),
        ("admitted", f"{when(row.first_seen_at)}, last listed {when(row.listed_at)}{changes}"),
    ]
    if row.attempts:
        lines.append(
            ("attempts", f"{row.attempts} failed so far" + (f", last: {row.reason}" if row.reason else ""))
        )
    if row.http_status:
        lines.append(("fetch", f"HTTP {row.http_status}"))
    if timings := _timings(row):
        lines.append(("timings", timings))
    lines.append(("outcome", _outcome(row, now)))
    return lines + _why_lines(row)


def _why_lines(row: LedgerRow) -> list[tuple[str, str]]:
    """Return why a row ended as it did, what was seen, and for a judgement on the text how to overrule it."""
    if row.state is not EntryState.DONE:
        return []
    meaning = explained(row.reason)
    lines = [("why", meaning), ("seen", row.detail)]
    if meaning:
        lines.append(("let it in", letting_in(row.entry.entry_id)))
    return [(heading, sentence) for heading, sentence in lines if sentence]


def _outcome(row: LedgerRow, now: datetime) -> str:
    if row.state is EntryState.DONE:
        return f"{row.outcome}{f' ({row.reason})' if row.reason else ''} at {when(row.done_at)}"
    if row.due_at is None:
        return "pending, held: no active feed lists it"
    why = {
        Wait.NONE: "due since" if row.due_at <= now else "due",
        Wait.SLOT: "waiting for its host's turn, due",
        Wait.RETRY: "waiting for another try, due",
        Wait.LEASE: "being worked on; comes due again",
    }
    return f"pending, {why[row.wait]} {when(row.due_at)}"


def _timings(row: LedgerRow) -> str:
    t = row.timings
    stages = {
        "wait": t.wait_ms,
        "fetch": t.fetch_ms,
        "extract": t.extract_ms,
        "tag": t.tag_ms,
        "write queue": t.write_ms,
        "total": t.total_ms,
    }
    return ", ".join(f"{name} {spent} ms" for name, spent in stages.items() if spent is not None)


def _article_lines(article: Document) -> list[tuple[str, str]]:
    note = f" (the page's own link was not taken: {article.identity_note})" if article.identity_note else ""
    source = f"by {article.extractor} from the {article.body_source}"
    made = f"{article.word_count} words in {article.language} {source}"
    tags = {"countries": told(countries_shown(article)), "topics": told(topics_shown(article))}
    return [
        ("article", f"{article.title} ({article.article_id}, revision {article.revision})"),
        ("url", f"{article.url}{note}"),
        ("published", f"{when(article.published_at)}, says the {article.published_source}"),
        ("extracted", made),
        *((name, said) for name, said in tags.items() if said),
        ("indexed", f"{when(article.indexed_at)}, known to {len(article.feed_ids)} feed(s)"),
    ]
