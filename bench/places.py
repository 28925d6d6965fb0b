"""`make bench-places`: countries of labelled texts, as Feedmill and two other libraries find them.

The texts lie beside the project (FEEDMILL_EVAL_DATA). geotext counts names of countries, cities and
nationalities; flashgeotext finds names of countries, and its cities say no country. A main country is the one
counted most, the first one found of several; Feedmill says its own, or none.
"""

from __future__ import annotations

import sys
import time
from collections import Counter
from typing import TYPE_CHECKING, NamedTuple

from flashgeotext.geotext import GeoText as FlashGeoText
from geotext import GeoText
from loguru import logger

from tests.eval.test_countries import DATA, records
from worker.enrich.countries import countries_of
from worker.enrich.countries.names import code_of

if TYPE_CHECKING:
    from collections.abc import Callable


class Found(NamedTuple):
    """The countries that a library finds, and the one it holds for the main one."""

    countries: set[str]
    primary: str | None


class Text(NamedTuple):
    """A labelled text; Reuters names the main country only."""

    title: str
    body: str
    countries: set[str] | None
    primary: str


def feedmill(title: str, body: str) -> Found:
    """Find countries with this project's tagger."""
    found = countries_of(title, body, "en")
    return Found(set(found.countries), found.primary)


def geotext(title: str, body: str) -> Found:
    """Find countries with geotext."""
    return _counted(dict(GeoText(f"{title}\n{body}").country_mentions))


_FLASH = FlashGeoText()


def flashgeotext(title: str, body: str) -> Found:
    """Find countries with flashgeotext."""
    found = _FLASH.extract(f"{title}\n{body}")["countries"]
    return _counted({code: each["count"] for name, each in found.items() if (code := code_of(name))})


def _counted(counts: dict[str, int]) -> Found:
    best = Counter(counts).most_common(1)
    return Found(set(counts), best[0][0] if best else None)


def texts_of(name: str, *, dateline: bool = True) -> list[Text]:
    """Return the texts of a labelled set."""
    return [_text(row, row.get("dateline") if dateline else None) for row in records(name)]


def _text(row: dict[str, str], dateline: str | None) -> Text:
    listed = set(row["countries"]) if "countries" in row else None
    return Text(row["title"], f"{dateline or ''} {row['text']}".strip(), listed, row["primary"])


def measured(find: Callable[[str, str], Found], texts: list[Text]) -> tuple[str, str, str]:
    """Return F1 over all (text, country) pairs, the share of right main countries, and texts a second."""
    started = time.process_time()
    found = [find(text.title, text.body) for text in texts]
    spent = time.process_time() - started
    right = sum(each.primary == text.primary for each, text in zip(found, texts, strict=True))
    return (_f1(found, texts), f"{right / len(texts):.3f}", f"{len(texts) / spent:,.0f}")


def _f1(found: list[Found], texts: list[Text]) -> str:
    pairs = [
        (each.countries, text.countries) for each, text in zip(found, texts, strict=True) if text.countries
    ]
    hits = sum(len(given & wanted) for given, wanted in pairs)
    return f"{2 * hits / sum(len(given) + len(wanted) for given, wanted in pairs):.3f}" if pairs else "-"


def main() -> int:
    """Print the table; 1 where the texts are absent."""
    if not DATA.exists():
        print(f"no labelled texts at {DATA} (set FEEDMILL_EVAL_DATA)", file=sys.stderr)
        return 1
    logger.remove()
    sets = {
        "GeoVirus": texts_of("geovirus.jsonl"),
        "TR-News": texts_of("trnews.jsonl"),
        "Reuters, with dateline": texts_of("reuters-one-place.jsonl.gz"),
        "Reuters, without": texts_of("reuters-one-place.jsonl.gz", dateline=False),
    }
    print(f"{'':24}{'':14}{'F1':>7}{'main':>7}{'texts/s':>9}")
    for name, texts in sets.items():
        for find in (feedmill, geotext, flashgeotext):
            measured(find, texts[:50])
            f1, primary, speed = measured(find, texts)
            print(f"{name:24}{find.__name__:14}{f1:>7}{primary:>7}{speed:>9}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
