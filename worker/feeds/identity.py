"""Which entries of a listing are one, and by what id: the design's paragraph "Identity"."""

from __future__ import annotations

import hashlib
import unicodedata
from collections import defaultdict
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from worker.models import Collapsed
from worker.urls import entry_id_of, identity_url, identity_url_with_fragment, is_home

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from worker.feeds.listing import StatedTime
    from worker.models import Entry


@dataclass(frozen=True, slots=True)
class Draft:
    """A cleaned entry that has no id yet.

    `published` and `updated` are what the feed stated, before any rule that depends on the time of
    the poll: an id or a hash must not change from poll to poll.
    """

    entry: Entry
    published: StatedTime
    updated: StatedTime


def identify(drafts: Sequence[Draft]) -> list[Entry]:
    """Return the entries with `entry_id` and `entry_hash` set, duplicates still among them."""
    keys = _link_keys(drafts)
    guids: dict[str, set[str]] = defaultdict(set)
    for draft, key in zip(drafts, keys, strict=True):
        if key and draft.entry.guid:
            guids[key].add(draft.entry.guid)
    return [
        replace(draft.entry, entry_id=_id(draft, key, len(guids[key]) > 1), entry_hash=entry_hash(draft))
        for draft, key in zip(drafts, keys, strict=True)
    ]


def collapse(entries: Sequence[Entry]) -> tuple[tuple[Entry, ...], tuple[Collapsed, ...]]:
    """Return the entries with each id once, the first listed staying, and what was dropped by which rule."""
    kept: dict[str, Entry] = {}
    dropped: list[Collapsed] = []
    for entry in entries:
        first = kept.setdefault(entry.entry_id, entry)
        if first is not entry:
            dropped.append(Collapsed(title=entry.title, url=entry.url, rule=_rule(first, entry)))
    return tuple(kept.values()), tuple(dropped)


def entry_hash(draft: Draft) -> str:
    """Return what changes when the entry counts as changed: normalised title, the feed's updated time.

    16 hex characters. The summary stays out: feeds put counters, shares and ads there.
    """
    title = " ".join(unicodedata.normalize("NFKC", draft.entry.title or "").casefold().split())
    return hashlib.sha256(f"{title}\n{_moment(draft.updated)}".encode()).hexdigest()[:16]


def _link_keys(drafts: Sequence[Draft]) -> list[str]:
    """Return each entry's identity URL, '' where its link identifies nothing.

    Where several entries of the listing differ only by fragment, it is part of the identity.
    """
    keys = [_link_key(draft, identity_url) for draft in drafts]
    exact = [_link_key(draft, identity_url_with_fragment) for draft in drafts]
    variants: dict[str, set[str]] = defaultdict(set)
    for key, fuller in zip(keys, exact, strict=True):
        variants[key].add(fuller)
    return [fuller if len(variants[key]) > 1 else key for key, fuller in zip(keys, exact, strict=True)]


def _link_key(draft: Draft, identity: Callable[[str], str]) -> str:
    url = draft.entry.url
    return "" if url is None or is_home(url) else identity(url)


def _id(draft: Draft, key: str, guids_differ: bool) -> str:
    entry = draft.entry
    if key and not (guids_differ and entry.guid):
        return entry_id_of(key)
    if entry.guid:
        return entry_id_of(entry.feed_id, entry.guid)
    return entry_id_of(entry.feed_id, entry.title or "", entry.summary or "", _moment(draft.published))


def _moment(stated: StatedTime) -> str:
    return stated.time.isoformat() if stated.time else stated.text


def _rule(first: Entry, second: Entry) -> str:
    if first.guid != second.guid:
        return "same link, one without a guid"
    if first.url and second.url:
        return "same link and guid" if first.guid else "same link, no guid"
    return "same guid, no link" if first.guid else "same title, summary and date"
