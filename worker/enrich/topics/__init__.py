"""Topics of a text, as codes of IPTC's Media Topics."""

from worker.enrich.topics.tagging import Evidence, Topics, topic_evidence, topics_of

__all__ = ["Evidence", "Topics", "topic_evidence", "topics_of"]
