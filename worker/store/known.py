"""A page that was fetched for one entry is not fetched for another that links to it, too. Pure.

Entries of one listing that share a link under different guids are entries of their own (the design's
paragraph "Identity"), and a feed may change its guids or its links: each is a row, and there is one page.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from worker.models import Wait
from worker.store.ledger import CHANGE_SPACING
from worker.urls import article_id_of, is_home

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from worker.models import Entry, LedgerRow, PageRow

MOST_AT_PAGE = 50
"""Rows that are looked at: a live blog lists some thirty entries at once."""
BEING_FETCHED_WAIT_S = 2.0
"""How long a row waits while another's page, which is its own, is fetched and written: most take less."""


def link_key(entry: Entry) -> str | None:
    """Return the key of the page that an entry links to, which is the id its article would have.

    None where there is no page, or where the entry's own id is the same: as it is unless its listing
    tells entries of one link apart.
    """
    if entry.url is None or (key := article_id_of(entry.url)) == entry.entry_id:
        return None
    return None if is_home(entry.url) else key


def is_first_look(row: LedgerRow) -> bool:
    """Return whether nobody wants the page of a claimed row itself.

    A row that has ended before is pending again because its entry changed or because an operator asked
    for it; what ended without an attempt (its feed was removed) has no timings.
    """
    return not row.forced and row.article_id is None and row.timings.total_ms is None


def known_article(row: LedgerRow, others: Sequence[PageRow]) -> str | None:
    """Return the article that the row's page is already, None where the page is to be fetched."""
    ended = [each for each in others if each.article_id]
    if not ended or _tells_news(row, ended):
        return None
    return max(ended, key=lambda each: (each.done_at or row.first_seen_at, each.entry_id)).article_id


def wait_s(row: LedgerRow, others: Sequence[PageRow], now: datetime) -> float:
    """Return the seconds for which the row leaves its page alone, 0 where it is the one to fetch it.

    Of rows that are claimed at the same time the first claimed goes first, whatever its age, so that
    one of them always does. One whose tries failed keeps the others from failing too until its next.
    """
    failing = [each.due_at for each in others if each.wait is Wait.RETRY and each.attempts and each.due_at]
    ended = [each for each in others if each.article_id]
    again_at = [fetched_at + CHANGE_SPACING] if (fetched_at := _fetched_at(ended)) else []
    waits = [(at - now).total_seconds() for at in (*failing, *again_at)]
    if any(_goes_first(each, row, now) for each in others):
        waits.append(BEING_FETCHED_WAIT_S)
    return max([0.0, *waits])


def _tells_news(row: LedgerRow, ended: Sequence[PageRow]) -> bool:
    """Return whether the page must have changed: its own feed publishes an entry later than its last fetch.

    So do live blogs, and briefings that have one address for every day.
    """
    fetched_at = _fetched_at([each for each in ended if each.feed_id == row.entry.feed_id])
    stated = [at for at in (row.entry.published_at, row.entry.updated_at) if at]
    return fetched_at is not None and bool(stated) and max(stated) > fetched_at


def _fetched_at(ended: Sequence[PageRow]) -> datetime | None:
    """Return when the page was fetched last. A row that ended without a request has no status."""
    return max((each.done_at for each in ended if each.done_at and each.http_status), default=None)


def _goes_first(other: PageRow, row: LedgerRow, now: datetime) -> bool:
    if other.wait is not Wait.LEASE or other.due_at is None or other.due_at <= now:
        return False
    return (other.due_at, other.entry_id) < (row.due_at or now, row.entry.entry_id)
