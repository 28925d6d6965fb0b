"""Topics of a text, as codes of IPTC's Media Topics."""

from worker.enrich.topics.tagging import Evidence, Topics, topics_of

__all__ = ["Evidence", "Topics", "topics_of"]
