"""What operators add to the tagger: own topics and watch-lists, more patterns, own names of places."""

from worker.enrich.own.current import install, installed
from worker.enrich.own.values import NOTHING_OWN, OwnPatterns, OwnPlace, OwnTags, OwnTopic, own_tags

__all__ = [
    "NOTHING_OWN",
    "OwnPatterns",
    "OwnPlace",
    "OwnTags",
    "OwnTopic",
    "install",
    "installed",
    "own_tags",
]
