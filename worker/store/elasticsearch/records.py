"""Between the frozen values of `worker.models` and documents in the cluster. Pure.

Times are milliseconds since 1970 UTC, which date fields take as they are; what is not set is left out.
A few fields are derived on writing, because a query needs them: keys of a feed's URLs and of an entry's
link, the text that a language's analyzer reads, and the archive's file that an article was made from.
"""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any

from worker.models import Document, Feed, LedgerRow, PageRow
from worker.store.known import link_key
from worker.store.records import decode, encoded_fields
from worker.store.text import STEMMERS, has_cjk, language_key
from worker.urls import feed_id_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

LONGEST_URL = 8191
"""`ignore_above` of URLs in the templates: a longer one is stored, but nothing finds it."""
_TEXTS = ("title", "summary", "body")


def feed_source(feed: Feed) -> dict[str, Any]:
    """Return a feed as stored. Its keys are what two spellings of one URL share: http and https are one."""
    keys = {"url_key": feed_key(feed.url) or feed.feed_id, "redirect_key": feed_key(feed.redirect_url)}
    return _present({**encoded_fields(feed), **keys})


def read_feed(source: Mapping[str, Any]) -> Feed:
    """Return the feed that `feed_source` stored."""
    return decode(Feed, source)


def feed_key(url: str | None) -> str | None:
    """Return the id that a feed first added under `url` would have, None where it is no URL at all."""
    try:
        return feed_id_of(url) if url else None
    except ValueError:
        return None


def row_source(row: LedgerRow) -> dict[str, Any]:
    """Return a ledger row as stored: entry, state and timings side by side."""
    values = encoded_fields(row)
    entry, timings = values.pop("entry"), values.pop("timings")
    return _present({**entry, "link_key": link_key(row.entry), **values, **timings})


def read_row(source: Mapping[str, Any]) -> LedgerRow:
    """Return the row that `row_source` stored."""
    return decode(LedgerRow, {"feed_ids": (), **source, "entry": source, "timings": source})


@dataclass(frozen=True, slots=True, kw_only=True)
class HeldRow:
    """What settling needs of a row: all of it, with its feed's text, costs three times as much to read."""

    entry_id: str
    domain: str = ""
    title: str | None = None
    feed_ids: tuple[str, ...] = ()
    article_id: str | None = None
    forced: bool = False
    claim: str | None = None


HELD_FIELDS = tuple(each.name for each in fields(HeldRow))


def read_held(source: Mapping[str, Any]) -> HeldRow:
    """Return what `HELD_FIELDS` of a stored row say."""
    return decode(HeldRow, source)


PAGE_FIELDS = tuple(each.name for each in fields(PageRow))


def document_source(document: Document) -> dict[str, Any]:
    """Return an article as stored, its text once more under every language key that must find it."""
    values = _present(encoded_fields(document))
    texts = {name: unicodedata.normalize("NFC", values[name]) for name in _TEXTS if name in values}
    kept = {"archive_file": document.archive.file} if document.archive else {}
    return {**values, **kept, "lang_text": dict.fromkeys(_language_keys(document), texts)}


def known_part(source: Mapping[str, Any], properties: Mapping[str, Any]) -> dict[str, Any]:
    """Return what of a source a strict mapping with these properties takes."""
    return {
        name: known_part(value, properties[name]["properties"])
        if isinstance(value, dict) and "properties" in properties[name]
        else value
        for name, value in source.items()
        if name in properties
    }


def read_document(source: Mapping[str, Any]) -> Document:
    """Return the article that `document_source` stored."""
    return decode(Document, source)


def _language_keys(document: Document) -> Iterator[str]:
    """Yield the document's own language, and `cjk` where its text holds any: Chinese names are everywhere."""
    language = language_key(document.language)
    if language in STEMMERS:
        yield language
    if any(has_cjk(text) for text in (document.title, document.summary or "", document.body)):
        yield "cjk"


def _present(values: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in values.items() if value not in (None, [], {})}
