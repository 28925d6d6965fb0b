"""How often the operator wants feeds polled."""

from __future__ import annotations

from typing import TYPE_CHECKING

from worker.feeds.schedule import Bounds

if TYPE_CHECKING:
    from worker.models import Feed
    from worker.settings import Settings


def bounds_of(feed: Feed, settings: Settings) -> Bounds:
    """Return the bounds of this feed: everybody's, and its own floor."""
    bounds = Bounds(
        first_s=settings.poll_interval_s,
        floor_s=settings.poll_min_s,
        ceiling_s=settings.poll_max_s,
        patience=settings.poll_patience,
    )
    return bounds.for_feed(feed.min_interval_s)
