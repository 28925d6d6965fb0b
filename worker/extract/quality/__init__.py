"""The quality gate: whether what was extracted is the article, and if not, what it is instead. Pure."""

from worker.extract.quality.gate import FEED_STANDS_IN, Judge, address_behind, judge, require_text

__all__ = ["FEED_STANDS_IN", "Judge", "address_behind", "judge", "require_text"]
