"""Where a document goes: a pure decision between what is stored and what comes. No I/O, no clock."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import TYPE_CHECKING, Literal

from worker.models import OutcomeKind, WrittenBy
from worker.store.text import fold, is_cjk, split_scripts, words
from worker.urls import canonical_url, displaced_article_id_of, site_of

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from worker.models import Candidate, Document

Action = Literal["create", "replace", "merge", "keep", "fallback"]

SHINGLE = 4
"""Words in a row that are compared: long enough that two stories on one event share few by chance."""
COMMON_TEXT = 0.3
"""Least share of the shorter text's shingles that makes two texts one article. A rewritten lead or an
added paragraph leaves most of them. Of 5,165 pairs of different stories in 60 real feeds half share
none and nine in ten less than .04; only video descriptions that are mostly boilerplate reach .3."""
OTHER_ARTICLE = "canonical: other article there"

BOILERPLATE = "boilerplate"
BOILERPLATE_PAGES = 3
"""Pages of a site that show one text under as many titles before it is the site's, not an article's."""
BOILERPLATE_WORDS = 300
"""A longer text is never boilerplate: under three titles it is an article whose headline was edited. The
longest consent walls that we know have 250 words."""
SHOWINGS_LOOKED_AT = 50
"""Latest rows with the same text: three titles among them decide, and a site may have thousands of rows."""
WITH_ARTICLE = (OutcomeKind.INDEXED, OutcomeKind.REVISED, OutcomeKind.UNCHANGED, OutcomeKind.DUPLICATE)
"""Outcomes of a row that has an article to lose."""
CLOCKS_DIFFER = timedelta(seconds=300)
"""How far the clocks of machines may differ (design, claim)."""
_FOLDED_OUT = re.compile(r"[\d\s]+")


@dataclass(frozen=True, slots=True)
class Decision:
    """What to do about a candidate.

    create and replace write `document`; merge changes only what it knows of feeds and times; keep
    writes nothing. With fallback there is no document or outcome yet: decide again about
    `candidate`, which now has the fetched page's own identity.
    """

    action: Action
    document: Document | None = None
    outcome: OutcomeKind | None = None
    candidate: Candidate | None = None


def decide(existing: Document | None, candidate: Candidate, now: datetime) -> Decision:
    """Return what becomes of `candidate` where `existing` has its article's identity at time `now`.

    The newest is the larger `fetched_at`. A retry of the write that made `existing` what it is
    repeats that outcome, and adds the feeds that have come since. Only `indexed` and `revised` set
    `written_by`.
    """
    if existing is None:
        return Decision("create", _first(candidate, now), OutcomeKind.INDEXED)
    if repeated := _repeated_outcome(existing, candidate):
        known = replace(existing, feed_ids=all_feed_ids(existing, candidate.document))
        return Decision("keep" if known == existing else "merge", known, repeated)
    if candidate.fallback_id and is_other_article(existing, candidate):
        return Decision("fallback", candidate=_without_canonical(candidate))
    if candidate.document.fetched_at < existing.fetched_at or has_same_content(existing, candidate.document):
        merged = _merged(existing, candidate.document)
        return Decision("keep" if merged == existing else "merge", merged, _nothing_new(candidate))
    return Decision("replace", _revised(existing, candidate, now), OutcomeKind.REVISED)


def has_same_content(existing: Document, document: Document) -> bool:
    """Return whether the two hold one text, as far as their extractors can be compared.

    Equal hashes mean equal text under any version. Unequal ones mean a change only under the same
    version; under different ones the fetched bytes decide.
    """
    if existing.content_hash == document.content_hash:
        return True
    return (
        existing.extractor_version != document.extractor_version
        and existing.raw_digest == document.raw_digest
    )


def is_other_article(existing: Document, candidate: Candidate) -> bool:
    """Return whether `existing` plainly is not the candidate's article, whatever its page claims.

    Templates that name one page as the canonical of all would make each article overwrite the last.
    """
    written_by = existing.written_by
    if written_by is not None and written_by.entry_id == candidate.entry_id:
        return False
    if _normal(existing.title) == _normal(candidate.document.title):
        return False
    return containment(existing.body, candidate.document.body) < COMMON_TEXT


def containment(one: str, other: str) -> float:
    """Return the share of the shorter text's word 4-grams that the other holds, 0 to 1.

    Containment (Broder 1997), not resemblance: a story that grew from three paragraphs to thirty is
    still the same one.
    """
    sets = sorted((_shingles(one), _shingles(other)), key=len)
    return len(sets[0] & sets[1]) / len(sets[0]) if sets[0] else 0.0


@dataclass(frozen=True, slots=True)
class Showing:
    """One page that shows a text: its entry, the title its feed gives it, the article it ended at, if any."""

    entry_id: str
    title: str
    article_id: str | None = None


def body_hash(document: Document) -> str | None:
    """Return what texts of one site are compared by: 32 hex characters; case, digits and blanks count not.

    None where the text can't be boilerplate: it is longer than `BOILERPLATE_WORDS`, or the feed's own
    (podcasts describe every episode in the same words).
    """
    if document.body_source != "page" or document.word_count > BOILERPLATE_WORDS:
        return None  # asked first: folding a long text costs a tenth of settling it
    folded = _FOLDED_OUT.sub("", document.body.casefold())
    if not folded:
        return None
    return hashlib.sha256(folded.encode("utf-8", "surrogatepass")).hexdigest()[:32]


def seen_on(pages: int, domain: str) -> str:
    """Return what the operator is told of a text that was found to be boilerplate."""
    return f"{pages} pages of {domain} show this text under different titles"


def is_boilerplate(showings: Iterable[Showing]) -> bool:
    """Return whether pages of one site that show one text make it boilerplate.

    It takes `BOILERPLATE_PAGES` pages and titles. Rows that ended at one article are one page, and the
    same story under three URLs with one title is a story. Titles are folded as texts are: reports that
    differ only in their figures (lottery numbers, closing prices) differ so in both.
    """
    showings = list(showings)
    pages = {each.article_id or each.entry_id for each in showings}
    titles = {_FOLDED_OUT.sub("", _normal(each.title)) for each in showings} - {""}
    return min(len(pages), len(titles)) >= BOILERPLATE_PAGES


def _shingles(text: str) -> set[tuple[str, ...]]:
    # CJK writes without spaces: there a character stands for a word.
    pieces = (piece for word in words(text) for piece in split_scripts(word))
    units = [unit for piece in pieces for unit in (piece if is_cjk(piece) else (fold(piece),))]
    return (
        {tuple(units[i : i + SHINGLE]) for i in range(max(1, len(units) - SHINGLE + 1))} if units else set()
    )


def _normal(title: str) -> str:
    return " ".join(map(fold, words(title)))


def _repeated_outcome(existing: Document, candidate: Candidate) -> OutcomeKind | None:
    by = existing.written_by
    same = by is not None and (by.entry_id, by.generation) == (candidate.entry_id, candidate.generation)
    return by.outcome if by and same else None


def _nothing_new(candidate: Candidate) -> OutcomeKind:
    """Return `unchanged` where a later generation ended at its own article again, else `duplicate`."""
    again = candidate.generation > 1 and candidate.known_article_id == candidate.document.article_id
    return OutcomeKind.UNCHANGED if again else OutcomeKind.DUPLICATE


def _written(candidate: Candidate, outcome: OutcomeKind) -> WrittenBy:
    return WrittenBy(entry_id=candidate.entry_id, generation=candidate.generation, outcome=outcome)


def _first(candidate: Candidate, now: datetime) -> Document:
    document = candidate.document
    # Neither a date that is only ours nor a page that others fetched long ago says anything about how long
    # the way from the publisher took.
    dated = document.published_source != "first_seen"
    dated = dated and document.fetched_at > document.first_seen_at - CLOCKS_DIFFER
    late_s = max(0, int((now - document.published_at).total_seconds())) if dated else None
    return replace(
        document,
        feed_ids=all_feed_ids(document),
        revision=1,
        indexed_at=now,
        publish_to_index_s=late_s,
        written_by=_written(candidate, OutcomeKind.INDEXED),
    )


def _merged(existing: Document, document: Document) -> Document:
    return replace(
        existing,
        feed_ids=all_feed_ids(existing, document),
        first_seen_at=min(existing.first_seen_at, document.first_seen_at),
        fetched_at=max(existing.fetched_at, document.fetched_at),
        archive=existing.archive or (document.archive if has_same_content(existing, document) else None),
    )


def _revised(existing: Document, candidate: Candidate, now: datetime) -> Document:
    merged = _merged(existing, candidate.document)
    revised = replace(
        candidate.document,
        feed_id=existing.feed_id,
        feed_title=existing.feed_title,
        feed_ids=merged.feed_ids,
        first_seen_at=merged.first_seen_at,
        indexed_at=now,
        publish_to_index_s=existing.publish_to_index_s,
        revision=existing.revision + 1,
        written_by=_written(candidate, OutcomeKind.REVISED),
    )
    if revised.published_source != "first_seen":
        return revised
    known = min((existing, revised), key=lambda document: document.published_at)
    return replace(revised, published_at=known.published_at, published_source=known.published_source)


def all_feed_ids(owned: Document, *others: Document) -> tuple[str, ...]:
    """Return the feeds that any of the documents knows, and the one that `owned` belongs to."""
    return tuple(sorted({owned.feed_id, *owned.feed_ids}.union(*(each.feed_ids for each in others))))


def _without_canonical(candidate: Candidate) -> Candidate:
    document = candidate.document
    url = candidate.fallback_url or document.url
    own = replace(
        document,
        article_id=candidate.fallback_id or document.article_id,
        url=url,
        canonical_url=canonical_url(url),
        domain=site_of(url),
        identity_note=OTHER_ARTICLE,
    )
    # The page's own address may be taken too: a template named it for other pages that came before.
    displaced = displaced_article_id_of(candidate.entry_id)
    next_id, next_url = (None, None) if candidate.fallback_id == displaced else (displaced, url)
    return replace(candidate, document=own, fallback_id=next_id, fallback_url=next_url)
