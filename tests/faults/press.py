"""Fifty newspapers on fifty addresses: what they publish, and what must come of it.

Pages are as small as an article can be: all of it shares two cores with what is tested.
"""

from __future__ import annotations

import random
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from html import escape

from tests.faults.verdict import Expected
from tests.newsroom import Item, rss
from tests.site import Reply, Request, Site
from tests.site.server import Answer
from worker import urls

HOSTS = tuple(f"127.0.0.{number}" for number in range(2, 52))
HELD_S = 30.0
"""Longer than any client waits."""
INDEXED = frozenset({("indexed", None)})
WORDS = (
    "harbour bridge council winter market teacher orchard signal village engine budget ferry museum painter river"
    " summer castle doctor garden letter mountain neighbour office pilot quarry railway school tunnel union valley"
    " weather window yard bakery cinema doorway evening factory hospital island journey kitchen library morning"
).split()


@dataclass(frozen=True)
class Story:
    """An article as its newspaper has it."""

    host: str
    path: str

    @property
    def title(self) -> str:
        return f"What the {self.host.rpartition('.')[2]} knows of {self.path.strip('/').replace('-', ' ')}"

    @property
    def paragraphs(self) -> list[str]:
        """Four paragraphs of which no four words in a row are another story's.

        Together they have more than 700 characters: below that the extractor asks a second time.
        """
        draw = random.Random(f"{self.host}{self.path}")
        return [" ".join(draw.choices(WORDS, k=36)).capitalize() + "." for _ in range(4)]

    def page(self, canonical: str | None = None) -> Reply:
        link = f'<link rel="canonical" href="{canonical}">' if canonical else ""
        text = "".join(f"<p>{part}</p>" for part in self.paragraphs)
        return Reply(
            body=f'<!doctype html><html lang="en"><head><title>{escape(self.title)}</title>{link}</head>'
            f"<body><article><h1>{escape(self.title)}</h1>{text}</article></body></html>".encode()
        )


@dataclass
class Press:
    """Publishes, and keeps what is to be expected of every entry, by its link.

    While `open` is not set, stories are asked for and don't come.
    """

    site: Site
    expected: dict[str, Expected] = field(default_factory=dict)
    feeds: list[str] = field(default_factory=list)
    open: threading.Event = field(default_factory=threading.Event)
    _listed: dict[str, list[Item]] = field(default_factory=dict)
    _editions: int = 0

    def __post_init__(self) -> None:
        self.open.set()

    def publish(self, entries: int, feeds: int = 25) -> list[str]:
        """Add feeds that list so many new stories on all hosts between them; return the feeds' URLs."""
        self._editions += 1
        made = []
        for number in range(feeds):
            host = HOSTS[number * len(HOSTS) // feeds]
            self.list_in(host, f"/edition-{self._editions}.xml", self._stories(entries, feeds, number))
            made.append(self.site.url(f"/edition-{self._editions}.xml", host))
        return made

    def list_in(self, host: str, feed: str, stories: Iterable[Story]) -> str:
        """Publish stories and list them, newest first, before what the feed lists already; return its URL."""
        url = self.site.url(feed, host)
        items = [self._published(story) for story in stories]
        self._listed[url] = items + self._listed.get(url, [])
        return self._served(url, host, feed)

    def list_odd(self, host: str, feed: str, odd: Iterable[Odd]) -> str:
        """Publish odd entries and list them like `list_in`; return the feed's URL."""
        url = self.site.url(feed, host)
        items = [Item(self.publish_odd(each), each.story.title) for each in odd]
        self._listed[url] = items + self._listed.get(url, [])
        return self._served(url, host, feed)

    def publish_odd(self, odd: Odd) -> str:
        """Publish one odd entry, without listing it; return its link."""
        path = odd.path or odd.story.path
        self.site.serve(path, odd.answer, host=odd.story.host)
        link = self.site.url(path, odd.story.host)
        self.expected[link] = odd.expected
        return link

    def readers(self) -> set[str]:
        """Return who asked for anything so far, by user agent."""
        return {request.headers.get("user-agent", "") for request in self.site.requests}

    def asked(self, path: str) -> Request | None:
        """Return the first request for `path`, if there was one."""
        return next((request for request in self.site.requests if request.path == path), None)

    def article(self, story: Story, at: str | None = None) -> Expected:
        """Return what comes of an entry that ends at this story; `at` is its path, if not its own."""
        return Expected(
            kinds=INDEXED,
            article_id=urls.article_id_of(self.site.url(at or story.path, story.host)),
            title=story.title,
            body=" ".join(story.paragraphs),
        )

    def _published(self, story: Story) -> Item:
        link = self.site.url(story.path, story.host)
        self.site.serve(story.path, self._once_open(story.page()), host=story.host)
        self.expected[link] = self.article(story)
        return Item(link, story.title)

    def _once_open(self, page: Reply) -> Callable[[Request], Reply]:
        def answer(request: Request) -> Reply:
            self.open.wait(HELD_S)
            return page

        return answer

    def _served(self, url: str, host: str, feed: str) -> str:
        self.site.serve(feed, rss(self._listed[url], f"Paper of {host}"), host=host)
        if url not in self.feeds:
            self.feeds.append(url)
        return url

    def _stories(self, entries: int, feeds: int, number: int) -> Iterator[Story]:
        share = entries // feeds + (number < entries % feeds)
        for at in range(share):
            host = HOSTS[(number + at * feeds) % len(HOSTS)]
            yield Story(host, f"/edition-{self._editions}-{number}-{at}")


@dataclass(frozen=True)
class Odd:
    """An entry out of the ordinary: how its address answers, and what must come of it.

    `path` is the entry's, where it is not the story's own.
    """

    story: Story
    answer: Answer
    expected: Expected
    path: str | None = None


@contextmanager
def press() -> Iterator[Press]:
    """Open fifty newspapers that have published nothing yet."""
    with closing(Site(addresses=HOSTS)) as site:
        yield Press(site)
