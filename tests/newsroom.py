"""A newsroom for tests: pages and feeds as a publisher would write them, built from a few words."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from email.utils import format_datetime
from html import escape
from typing import Any

from tests.fakes import START
from tests.site import Reply, Site

SENTENCES = (
    "Officials in {place} said on Tuesday that the {topic} would go ahead as planned this year.",
    "Critics of the {topic} point to its cost, which has doubled since the first estimate was made.",
    "Residents of {place} interviewed by this newspaper were divided, and many had not heard of it.",
    "A decision on the next stage of the {topic} is expected before the end of the month, aides said.",
    "The regional government of {place} has promised to publish every document on the matter.",
    "Experts who have studied the {topic} for years warn that the figures should be read with care.",
)


def body_of(place: str, topic: str, extra: str = "") -> str:
    """Return six sentences of article text."""
    return " ".join(sentence.format(place=place, topic=topic) for sentence in SENTENCES) + extra


def page(title: str, body: str, *, canonical: str | None = None, lang: str = "en") -> Reply:
    """Return an article's page with the usual navigation and footer around it."""
    link = f'<link rel="canonical" href="{canonical}">' if canonical else ""
    paragraphs = "".join(f"<p>{escape(part)}.</p>" for part in body.rstrip(".").split(". "))
    html = (
        f'<!doctype html><html lang="{lang}"><head><meta charset="utf-8"><title>{escape(title)} - The Gazette</title>'
        f'{link}<meta property="og:title" content="{escape(title)}"><meta property="og:site_name" content="The Gazette">'
        f"</head><body><nav><a href='/'>Home</a> <a href='/sport'>Sport</a></nav><article><h1>{escape(title)}</h1>"
        f"{paragraphs}</article><footer>All rights reserved by the Gazette</footer></body></html>"
    )
    return Reply(body=html.encode())


@dataclass(frozen=True)
class Item:
    """One item of an RSS feed."""

    link: str
    title: str
    guid: str | None = None
    updated: Any = START


def rss(items: Iterable[Item], title: str = "Gazette") -> Reply:
    """Return an RSS 2.0 feed."""
    parts = "".join(
        f"<item><title>{escape(i.title)}</title><link>{escape(i.link)}</link>"
        f"<guid isPermaLink='false'>{escape(i.guid or i.link)}</guid>"
        f"<pubDate>{format_datetime(i.updated)}</pubDate></item>"
        for i in items
    )
    xml = f"<?xml version='1.0'?><rss version='2.0'><channel><title>{title}</title>{parts}</channel></rss>"
    return Reply(body=xml.encode(), content_type="application/rss+xml")


def publish(site: Site, names: Iterable[str], feed: str = "/feed.xml", **options: Any) -> list[Item]:
    """Serve one page per name, and a feed that lists them; return the items."""
    items = []
    for name in names:
        title = f"Plans for {name} move on"
        site.serve(f"/{name}", page(title, body_of(name.title(), f"{name} project"), **options))
        items.append(Item(site.url(f"/{name}"), title))
    site.serve(feed, rss(items))
    return items


def follow(*urls: str, interval_s: int = 1800) -> Callable[[Any], None]:
    """Return an `on_start` for `run_service` that follows these feeds."""
    from worker.ops.subscriptions import new_feed

    def on_start(mill: Any) -> None:
        mill.store.feeds.add(new_feed(url, mill.clock.now(), interval_s) for url in urls)

    return on_start
