"""The words that an operator says of a rebuild: apart, as every command loads them. Pure."""

from __future__ import annotations

from enum import StrEnum

STALE = "stale"
"""The name in a selection of what another extractor or tagger made; all other names are search options."""


class Source(StrEnum):
    """What documents are made from: the archived pages, or the text that the index has."""

    ARCHIVE = "archive"
    INDEX = "index"


class Step(StrEnum):
    """What is done anew. Mapping is what every rebuild does: documents are indexed by today's schema."""

    EXTRACT = "extract"
    TAGS = "tags"
    MAPPING = "mapping"
