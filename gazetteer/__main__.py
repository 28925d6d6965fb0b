"""Write worker/enrich/data/gazetteer.txt.xz: `python -m gazetteer REGIONS.json`, the same bytes each time."""

from __future__ import annotations

import lzma
import sys
from pathlib import Path

from gazetteer.cities import add_cities, add_regions
from gazetteer.countries import LANGUAGES, add_countries, add_demonyms
from gazetteer.entries import Sections
from gazetteer.own import add_language, add_own, senses
from gazetteer.words import flags_of

TARGET = Path(__file__).parents[1] / "worker" / "enrich" / "data" / "gazetteer.txt.xz"
_LARGEST = 1_000_000
_LARGEST_WORD = 55
"""Ten times log10 of 350,000: larger cities are meant by their name even where it is a word."""


def main(regions: Path) -> None:
    """Build the file and say how large it became.

    Raises:
        SystemExit: it is larger than the wheel should carry.
    """
    sections = Sections()
    add_countries(sections)
    add_own(sections)
    add_demonyms(sections)
    for language in LANGUAGES:
        add_language(sections, language)
    add_cities(sections)
    add_regions(sections, regions)
    small, abroad = sections.towns("latin", _LARGEST_WORD), sections.outside("latin", ("DE", "AT", "CH"))
    flags = flags_of(_spelled(sections), small, abroad)
    text = "\n".join((*sections.lines(flags), *senses(), ""))
    packed = lzma.compress(text.encode(), preset=9 | lzma.PRESET_EXTREME)
    TARGET.parent.mkdir(exist_ok=True)
    TARGET.write_bytes(packed)
    print(f"{TARGET.name}: {text.count(chr(10)):,} lines, {len(text):,} characters, {len(packed):,} bytes")
    if len(packed) > _LARGEST:
        sys.exit(f"larger than {_LARGEST:,} bytes")


def _spelled(sections: Sections) -> set[str]:
    """Return the names in Latin script: the towns', and those in the languages written in it."""
    return sections.names("latin").union(
        *(sections.names(language) for language in ("en", "fr", "es", "pt", "it", "de"))
    )


if __name__ == "__main__":
    main(Path(sys.argv[1]))
