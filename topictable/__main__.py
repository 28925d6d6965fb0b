"""Write worker/enrich/data/topic_words.xz: `python -m topictable ITEMS.jsonl.gz SECTIONS.json`.

The arguments are news items with their sections and what these stand for, see `examples.news`. The same bytes
each time on the same machine.
"""

from __future__ import annotations

import sys
from pathlib import Path

from topictable.collapse import collapsed
from topictable.embedding import embedding
from topictable.examples import definitions, lexicon_lines, news, usual
from topictable.packing import packed

TARGET = Path(__file__).parents[1] / "worker" / "enrich" / "data" / "topic_words.xz"
_LARGEST = 1_300_000


def main(items: Path, sections: Path) -> None:
    """Build the file and say how large it became.

    Raises:
        SystemExit: it is larger than the wheel should carry.
    """
    sources = [news(items, sections), definitions(), lexicon_lines()]
    known = embedding()
    file = packed(known.vocabulary, *collapsed(known, sources), usual(items))
    TARGET.write_bytes(file)
    examples = "{:,} news items, {:,} definitions, {:,} lexicon lines".format(*map(len, sources))
    print(f"{TARGET.name}: {len(known.vocabulary):,} pieces from {examples}, {len(file):,} bytes")
    if len(file) > _LARGEST:
        sys.exit(f"larger than {_LARGEST:,} bytes")


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
