"""The words that an operator says of a rebuild: apart, as every command loads them. Pure."""

from __future__ import annotations

from enum import StrEnum


class Source(StrEnum):
    """What documents are made from: the archived pages, or the text that the index has."""

    ARCHIVE = "archive"
    INDEX = "index"


class Step(StrEnum):
    """What is done anew. Mapping is what every rebuild does: documents are indexed by today's schema."""

    EXTRACT = "extract"
    TAGS = "tags"
    MAPPING = "mapping"
