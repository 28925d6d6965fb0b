"""The one image that stands for an entry."""

from __future__ import annotations

import re
from itertools import chain
from typing import TYPE_CHECKING

from worker.feeds.clean import parse_markup
from worker.urls import find_link

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

_PIXEL_SIZE = 3
"""Counting pixels are of 0 to 2 pixels a side; no picture is that small."""

_COUNTER = re.compile(
    # Addresses that count readers, and buttons.
    r"//(?:feeds\.feedburner\.com/~|feedads\.|stats\.wordpress\.com|pixel\.|b\.scorecardresearch)|/pixel\.gif|/spacer\.gif"
    r"|2mdn\.net|//s\.w\.org/images/core/emoji",
    re.IGNORECASE,
)


def find_image(candidates: Iterable[str], markups: Iterable[str], base: str) -> str | None:
    """Return the first usable candidate, else the first picture in the markup; None where there is none."""
    # Lazily: most entries state an image, and parsing markup for one costs as much as its text.
    pictures = (source for markup in markups if "<img" in markup.lower() for source in _pictures(markup))
    for source in chain(candidates, pictures):
        image = find_link(source, base)
        if image and not _COUNTER.search(image):
            return image
    return None


def _pictures(markup: str) -> Iterator[str]:
    tree = parse_markup(markup)
    for img in tree.iter("img") if tree is not None else ():
        if not any(_is_tiny(img.get(side)) for side in ("width", "height")):
            # Lazy loading leaves a placeholder in src.
            yield img.get("data-src") or img.get("src") or ""


def _is_tiny(size: str | None) -> bool:
    found = re.match(r"[0-9]{1,5}", size or "")
    return found is not None and int(found[0]) < _PIXEL_SIZE
