"""Write worker/enrich/data/mediatopics.tsv: `python -m topictable.taxonomy FILE.json`.

The file is IPTC's Media Topics in British English as JSON-LD, from https://iptc.org/standards/media-topics/.
Retired concepts are left out.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

TARGET = Path(__file__).parents[1] / "worker" / "enrich" / "data" / "mediatopics.tsv"
_LANGUAGE = "en-GB"


def main(source: Path) -> None:
    """Write the table and say how many concepts it has."""
    scheme = json.loads(source.read_text(encoding="utf-8"))
    rows = rows_of(scheme)
    lines = (_heading(scheme["dateReleased"][:10]), *("\t".join(row) for row in rows), "")
    TARGET.write_text("\n".join(lines), encoding="utf-8", newline="")
    print(f"{TARGET.name}: {len(rows):,} concepts")


def rows_of(scheme: dict[str, Any]) -> list[tuple[str, str, str, str]]:
    """Return code, broader code, label and definition of each live concept, by code."""
    return sorted(_row(concept) for concept in scheme["conceptSet"] if "retired" not in concept)


def _row(concept: dict[str, Any]) -> tuple[str, str, str, str]:
    """Return a concept's row; its texts, on one line.

    Raises:
        ValueError: it stands below two others, so the taxonomy is no tree any more.
    """
    broader = concept.get("broader", [])
    if len(broader) > 1:
        raise ValueError(f"{concept['qcode']} has {len(broader)} broader concepts")
    label, definition = (" ".join(concept[name][_LANGUAGE].split()) for name in ("prefLabel", "definition"))
    return (_code(concept["qcode"]), _code("".join(broader)), label, definition)


def _code(name: str) -> str:
    """Return the code at the end of `medtop:20000002` or of its address."""
    return name.replace(":", "/").rpartition("/")[2]


def _heading(released: str) -> str:
    return (
        f"# IPTC Media Topics, {released}. Copyright IPTC, https://iptc.org, CC BY 4.0."
        " code, broader code, label, definition"
    )


if __name__ == "__main__":
    main(Path(sys.argv[1]))
