"""Entries that the web makes trouble with, each with the one outcome that it must come to."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace

from tests.faults.press import Odd, Press, Story
from tests.faults.verdict import Expected
from tests.site import Reply, Request
from tests.site.mischief import silence
from tests.site.server import Answer

HOST = "127.0.0.2"
EITHER = frozenset({("indexed", None), ("duplicate", None)})


def story(name: str) -> Story:
    return Story(HOST, f"/odd-{name}")


def ended(kind: str, reason: str) -> Expected:
    return Expected(frozenset({(kind, reason)}))


def hung_page(name: str = "hung-page") -> Odd:
    """Return a page that a child can't finish: libxml2 compares every attribute with every other."""
    attributes = b"".join(b"a%d=1 " % number for number in range(430_000))
    return Odd(
        story(name),
        Reply(body=b"<html><body " + attributes + b"><p>Hello"),
        ended("rejected", "extract_timeout"),
    )


def every_odd(press: Press) -> list[Odd]:
    """Return one entry of each kind. Those that never answer take `gave_up` with three attempts."""
    return [
        Odd(story("missing"), Reply(status=404), ended("rejected", "not_found")),
        Odd(story("silent"), silence(press.site), ended("gave_up", "timeout")),
        Odd(story("huge"), Reply(body=b"<p>" + b"word " * 1_200_000), ended("rejected", "too_large")),
        Odd(story("garbage"), Reply(body=bytes(range(256)) * 40), ended("rejected", "content_type")),
        Odd(story("consent"), wall(), ended("rejected", "consent_wall")),
        hung_page(),
        *(at_last_an_article(press, name, first) for name, first in FIRST.items()),
        moved(press),
        *twice(press),
    ]


FIRST: dict[str, Callable[[Press], Answer]] = {
    "failing-once": lambda press: Reply(status=500),
    "silent-once": lambda press: silence(press.site),
    "cut-once": lambda press: lambda request: [b"HTTP/1.1 200 OK\r\nContent-Length: 99999\r\n\r\n<html>"],
}


def at_last_an_article(press: Press, name: str, first: Callable[[Press], Answer]) -> Odd:
    """Return an entry whose page comes at the second request."""
    told = story(name)
    return Odd(told, first_then(first(press), told.page()), press.article(told))


def moved(press: Press) -> Odd:
    """Return an entry whose page is at another address by now."""
    told, now = story("moved"), story("moved").path + "-to"
    press.site.serve(now, told.page(), host=HOST)
    answer = Reply(status=302, headers={"Location": now})
    return Odd(told, answer, press.article(told, at=now))


def twice(press: Press) -> list[Odd]:
    """Return two entries that are one article by their pages' own word: either may be the first."""
    told = story("twice")
    reply = told.page(canonical=press.site.url(told.path, HOST))
    either = replace(press.article(told), kinds=EITHER)
    return [Odd(told, reply, either), Odd(told, reply, either, path=f"{told.path}-amp")]


def wall() -> Reply:
    text = "With your consent we and our partners store identifiers on your device. Accept all or manage options."
    return Reply(body=f"<html><body><h1>Before you continue</h1><p>{text}</p></body></html>".encode())


def first_then(first: Answer, then: Answer) -> Callable[[Request], Reply | Iterable[bytes]]:
    """Answer the first request with `first`, all others with `then`."""
    left = [first]

    def answer(request: Request) -> Reply | Iterable[bytes]:
        said = left.pop() if left else then
        return said if isinstance(said, Reply) else said(request)

    return answer
