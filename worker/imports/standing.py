"""Whether a captured page has anything to say to an entry that the ledger may know already. Pure."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING

from worker.models import EntryState

if TYPE_CHECKING:
    from datetime import datetime

    from worker.models import Document, LedgerRow


class Standing(StrEnum):
    """What is to be done with a capture.

    take: it is the first page of its entry, or a newer one. known: the ledger knows as much or more.
    waiting: the entry's page is about to be fetched, which will be newer.
    """

    TAKE = "take"
    KNOWN = "known"
    WAITING = "waiting"


def standing(row: LedgerRow | None, article: Document | None, fetched_at: datetime | None) -> Standing:
    """Return what becomes of a capture that was fetched then; None of one whose answer is no page.

    `article` is the one that the row ended at. An entry whose page could never be fetched takes any capture.
    """
    if row is None:
        return Standing.TAKE
    if row.state is EntryState.PENDING:
        return Standing.TAKE if row.due_at is None else Standing.WAITING
    if fetched_at is None:
        return Standing.KNOWN
    seen = (row.fetched_at, article.fetched_at if article else None)
    return Standing.TAKE if all(at is None or at < fetched_at for at in seen) else Standing.KNOWN
