"""The one query language: text → a small frozen tree, which each store compiles. Pure.

    election results            both words, in any inflection the document's language has
    "election results"          exactly these words in this order
    elect*                      words that begin so
    -sport   -"live blog"       without
    war OR peace talks          (war or peace) and talks: OR binds tighter than the space
    title:election              in the title; also title:"…" and title:elect*
    country:BY topic:politics language:ru domain:bbc.com feed:1f0c…      filters; -country:RU excludes

Every text has a meaning and none is an error: what holds no letter or digit is ignored (`-`, `""`, a
lone `OR`), an unclosed quote ends at the end, an unknown field is two words, and parentheses are
punctuation. A query without any term asks for everything the filters let through, newest first; one
that only excludes asks for everything else.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING, Literal, get_args

from worker.enrich.countries.names import code_of
from worker.enrich.topics.taxonomy import PREFIX, find_code
from worker.errors import UsageError
from worker.store.text import fold, language_key, split_scripts, storable, words
from worker.urls import feed_id_of, find_link

if TYPE_CHECKING:
    from worker.models import Document

Sort = Literal["relevance", "date"]

MAX_TEXT = 2_000
"""Characters of a query that count; Google reads 32 words, and nobody types more than this."""
MAX_TERMS = 64
"""Terms that count. Each becomes up to ten alternatives; FTS5 nests at most 256 deep."""
MAX_LIMIT = 10_000
"""Most results in one answer: Elasticsearch's `index.max_result_window`."""


class Scope(StrEnum):
    """Where words are looked for."""

    ALL = "all"
    TITLE = "title"


@dataclass(frozen=True, slots=True)
class Word:
    """One word, to be found in any inflection."""

    text: str
    scope: Scope = Scope.ALL


@dataclass(frozen=True, slots=True)
class Phrase:
    """Words that stand next to each other exactly so, but for case and accents."""

    words: tuple[str, ...]
    scope: Scope = Scope.ALL


@dataclass(frozen=True, slots=True)
class Prefix:
    """A phrase whose last word may go on."""

    words: tuple[str, ...]
    scope: Scope = Scope.ALL


@dataclass(frozen=True, slots=True)
class Filter:
    """A field that must hold this value, normalised as documents are stored."""

    field: str
    value: str


Term = Word | Phrase | Prefix | Filter


@dataclass(frozen=True, slots=True)
class Not:
    """Documents that `term` does not match."""

    term: Term


@dataclass(frozen=True, slots=True)
class AnyOf:
    """At least one of the options matches; there is at least one."""

    options: tuple[Term | Not, ...]


@dataclass(frozen=True, slots=True)
class Query:
    """Every clause matches; there is at least one."""

    clauses: tuple[AnyOf, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchRequest:
    """What to search: `query` None is everything; `since` ≤ published_at < `until`.

    Without a text term, relevance is date. Filter values are normalised (see `filter_value`).
    """

    query: Query | None = None
    country: str | None = None
    topic: str | None = None
    language: str | None = None
    domain: str | None = None
    feed: str | None = None
    since: datetime | None = None
    until: datetime | None = None
    sort: Sort = "relevance"
    limit: int = 10
    offset: int = 0


_TERM = re.compile(
    r"""(?P<minus>-*)                                     # a run of them is one
        (?:(?P<field>[A-Za-z]+):(?=[^\s]))?
        (?:"(?P<quoted>[^"]*)(?:"|\Z) | (?P<bare>[^\s"]+))""",
    re.VERBOSE,
)
_FEED_ID = re.compile(r"[0-9a-f]{16}\Z")
_SHAPES = {
    # What a value must look like to be possible at all; `topic` and `domain` are free text.
    "country": (re.compile(r"[A-Z]{2}\Z"), "an ISO 3166-1 code such as DE, or a country's name"),
    "language": (re.compile(r"[a-z]{2,3}\Z"), "an ISO 639-1 code such as de"),
    "feed": (_FEED_ID, "a feed's id or its URL"),
}
_AGE = re.compile(r"(\d+)\s*([hdw])\Z", re.ASCII)
_UNITS = {"h": "hours", "d": "days", "w": "weeks"}
FILTERS = ("country", "topic", "language", "domain", "feed")


@dataclass(frozen=True, slots=True, kw_only=True)
class Hit:
    """One search result. `highlights` are plain-text fragments with matches between U+E000/U+E001."""

    document: Document
    score: float
    highlights: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchPage:
    """A page of search results and how many documents match in all."""

    hits: tuple[Hit, ...]
    total: int


def make_request(
    text: str,
    *,
    country: str | None = None,
    topic: str | None = None,
    language: str | None = None,
    domain: str | None = None,
    feed: str | None = None,
    since: str | None = None,
    until: str | None = None,
    sort: str = "relevance",
    limit: int = 10,
    now: datetime | None = None,
) -> SearchRequest:
    """Return the request that a command line's strings mean.

    `since` and `until` are ISO 8601 dates or times (UTC where they name no zone), or ages before `now`
    such as `7d` and `12h`; a date as `until` includes that day.

    Raises:
        UsageError: an option can never match: no such country code, an unreadable date, an empty span.
    """
    if sort not in get_args(Sort):
        raise UsageError(f"--sort {sort}: must be relevance or date")
    if not 1 <= limit <= MAX_LIMIT:
        raise UsageError(f"--limit {limit}: must be 1 to {MAX_LIMIT}")
    from_at = _time("since", since, now, whole_day=timedelta(0))
    until_at = _time("until", until, now, whole_day=timedelta(days=1))
    if from_at and until_at and from_at >= until_at:
        raise UsageError(f"--since {since} is not before --until {until}")
    return SearchRequest(
        query=parse_query(text),
        country=_option("country", country),
        topic=_option("topic", topic),
        language=_option("language", language),
        domain=_option("domain", domain),
        feed=_option("feed", feed),
        since=from_at,
        until=until_at,
        sort="date" if sort == "date" else "relevance",
        limit=limit,
    )


def parse_query(text: str) -> Query | None:
    """Return the tree of `text`, or None where it holds no term. Never raises."""
    clauses: list[AnyOf] = []
    joined = False
    for found in list(_TERM.finditer(storable(text[:MAX_TEXT])))[:MAX_TERMS]:
        if found[0] == "OR":
            joined = bool(clauses)
        elif option := _option_of(found):
            _append(clauses, option, joined=joined)
            joined = False
    return Query(tuple(clauses)) if clauses else None


def filter_value(field: str, value: str) -> str:
    """Return a filter's value as documents are stored: DE, de, bbc.com, a folded topic, a feed's id."""
    value = value.strip()
    match field:
        case "country":
            return (len(value) > 2 and code_of(value)) or value.upper()
        case "language":
            return language_key(value)
        case "feed":
            return feed_id_of(value) if find_link(value) else value.lower()
        case "topic":
            code = find_code(value)
            return f"{PREFIX}{code}" if code else topic_value(value)
        case _:
            return value.lower()


def topic_value(value: str) -> str:
    """Return a topic's code or name as both sides compare it; bare digits are an IPTC code."""
    folded = " ".join(map(fold, value.lower().split()))
    return f"{PREFIX}{folded}" if folded.isdigit() else folded


def _append(clauses: list[AnyOf], option: Term | Not, *, joined: bool) -> None:
    if joined:
        clauses[-1] = AnyOf((*clauses[-1].options, option))
    else:
        clauses.append(AnyOf((option,)))


def _option_of(found: re.Match[str]) -> Term | Not | None:
    term = _term_of(found)
    return Not(term) if term and found["minus"] else term


def _term_of(found: re.Match[str]) -> Term | None:
    field = (found["field"] or "").lower()
    quoted, value = found["quoted"], found["bare"] or found["quoted"]
    if field in FILTERS:
        return Filter(field, filter_value(field, value)) if words(value) else None
    if field == "title":
        return _text_term(value, quoted, Scope.TITLE)
    return _text_term(f"{field} {value}", quoted, Scope.ALL)


def _text_term(value: str, quoted: str | None, scope: Scope) -> Term | None:
    found = tuple(words(value))
    if not found:
        return None
    if quoted is None and value.endswith("*"):
        return Prefix(found, scope)
    if quoted is None and len(found) == 1 and len(split_scripts(found[0])) == 1:
        return Word(found[0], scope)
    return Phrase(found, scope)


def _option(field: str, value: str | None) -> str | None:
    if value is None:
        return None
    normal = filter_value(field, value)
    shape, meaning = _SHAPES.get(field, (re.compile(r".*\w"), "a name or a code"))
    if not shape.match(normal):
        raise UsageError(f"--{field} {value}: must be {meaning}")
    return normal


def find_age(text: str) -> timedelta | None:
    """Return what `7d`, `12h` or `2w` means, None of anything else.

    Raises:
        OverflowError: it is longer than the calendar.
    """
    age = _AGE.match(text.strip())
    return timedelta(**{_UNITS[age[2]]: int(age[1])}) if age else None


def _time(name: str, value: str | None, now: datetime | None, *, whole_day: timedelta) -> datetime | None:
    """Return the time `value` names; `whole_day` is added to one that is only a date."""
    if value is None:
        return None
    text = value.strip()
    try:
        if now and (age := find_age(text)) is not None:
            return now - age
        time = datetime.fromisoformat(text)
        time += whole_day if len(text) <= len("2026-11-01") else timedelta(0)
        return (time if time.tzinfo else time.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise UsageError(
            f"--{name} {value}: must be a date such as 2026-11-01, or an age such as 7d"
        ) from error
