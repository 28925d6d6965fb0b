"""Many documents made anew in one call to a child process. Pure.

What goes wrong with one document is a value: it costs neither the others nor the document, which is then kept
as it is. Only a page without an article, by today's rules, leaves the index.
"""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from typing import TYPE_CHECKING

from worker.archive.reading import glance, unpack_page
from worker.archive.records import is_made_of
from worker.errors import ArchiveDamagedError, ArchiveNotUploadedError, ExtractError, WorkError
from worker.models import Tags
from worker.reindex.remake import remade, retagged, row_of
from worker.reindex.steps import Step

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from worker.archive.reading import Packed
    from worker.models import Document, LedgerRow, Page

COPIED, RETAGGED, REMADE = "copied", "retagged", "remade"
REJECTED, KEPT = "rejected", "kept"
"""Words that begin a result; a reason follows after a colon."""
_TAGS = (*(field.name for field in fields(Tags)), "tagger_version")


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """A document, and what it is to be made from: without a page its own text."""

    document: Document
    steps: frozenset[Step]
    page: Packed | None = None
    row: LedgerRow | None = None
    publisher: str | None = None


@dataclass(frozen=True, slots=True)
class Made:
    """What a document became, None where it is no article any more, and what that is called."""

    document: Document | None
    result: str


def make_all(jobs: Sequence[Job], tick: Callable[[], float]) -> list[Made]:
    """Return what each job came to, in order."""
    return [make(job, tick) for job in jobs]


def make(job: Job, tick: Callable[[], float]) -> Made:
    """Return what a job came to; `tick` reads a monotonic clock in seconds."""
    try:
        return _made(job, tick)
    except ExtractError as error:
        return Made(None, f"{REJECTED}: {error.reason}")
    except WorkError as error:
        return kept(job.document, error)


def kept(document: Document, error: WorkError) -> Made:
    """Return a document as it is, since it could not be made anew."""
    return Made(document, f"{KEPT}: {error.reason}")


def is_not_uploaded(made: Made) -> bool:
    """Return whether a document was kept because its page is not in the archive yet."""
    return made.result == f"{KEPT}: {ArchiveNotUploadedError.reason}"


def _made(job: Job, tick: Callable[[], float]) -> Made:
    document = job.document
    if job.page is None:
        if Step.TAGS not in job.steps:
            return Made(document, COPIED)
        return Made(retagged(document, job.publisher), RETAGGED)
    row = job.row or row_of(document)
    new = remade(document, page_for(document, job.page), row, tick=tick, publisher=job.publisher)
    if Step.TAGS not in job.steps:
        new = replace(new, **{name: getattr(document, name) for name in _TAGS})
    return Made(new, REMADE)


def page_for(document: Document, packed: Packed) -> Page:
    """Return the page that the document was made of, which the digest of its body proves.

    Raises:
        ArchiveDamagedError, ArchiveKindError: it is not there.
    """
    page = glance(packed)
    if page and is_made_of(document, page):
        return page
    page = unpack_page(packed)
    if not is_made_of(document, page):
        raise ArchiveDamagedError(document.url, "the archived page is another one than the document's")
    return page
