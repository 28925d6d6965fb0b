"""Protocol: redirects that lead nowhere, answers that are none, headers that no server should send."""

from __future__ import annotations

import pytest

from tests.hostile.desk import HEALTHY
from tests.newsroom import body_of, page
from tests.site import Reply
from tests.site.mischief import cut, raw
from tests.site.server import head

INDEXED = ("indexed", None)
PROTOCOL = ("retry", "protocol")
REDIRECTS = ("rejected", "redirects")
UNSAFE = ("rejected", "unsafe_url")
NO_ARTICLE = ("rejected", "no_article")
CODING = ("rejected", "content_coding")
CUT = ("retry", "connection_cut")

STORY = page("A canal for the delta", body_of("Vilkovo", "canal plan"))


def to(location: str | None, status: int = 302) -> Reply:
    return Reply(status=status, headers={} if location is None else {"Location": location})


def story(**headers: str) -> Reply:
    return Reply(body=STORY.body, headers={n.replace("_", "-"): value for n, value in headers.items()})


def status(number: int, **headers: str) -> Reply:
    return Reply(status=number, body=STORY.body, headers=headers)


ROWS = {
    "a redirect to itself": ({"/self": to("/self")}, REDIRECTS),
    "a loop of three": ({"/l1": to("/l2"), "/l2": to("/l3"), "/l3": to("/l1")}, REDIRECTS),
    "a loop that grows": ({"/grows": lambda request: to(f"{request.path}x")}, ("rejected", "not_found")),
    "11 hops": ({f"/e{n}": to(f"/e{n + 1}") for n in range(11)} | {"/e11": STORY}, REDIRECTS),
    "10 hops": ({f"/t{n}": to(f"/t{n + 1}") for n in range(10)} | {"/t10": STORY}, INDEXED),
    "to ftp": ({"/ftp": to("ftp://news.example/a")}, UNSAFE),
    "to file": ({"/file": to("file:///etc/passwd")}, UNSAFE),
    "to data": ({"/data": to("data:text/html,<p>hello")}, UNSAFE),
    "to javascript": ({"/js": to("javascript:alert(1)")}, UNSAFE),
    "to credentials": ({"/cred": to("http://user:secret@news.example/a")}, UNSAFE),
    "to control characters": ({"/ctrl": to("/a\x01b")}, UNSAFE),
    "relative Location": ({"/dir/rel": to("../target?x=1"), "/target?x=1": STORY}, INDEXED),
    "protocol-relative Location": ({"/prel": to("//news.example:{port}/prel2"), "/prel2": STORY}, INDEXED),
    "empty Location": ({"/empty": to("")}, REDIRECTS),
    "blank Location": ({"/blank": to("  ")}, REDIRECTS),
    "no Location": ({"/none": to(None)}, REDIRECTS),
    "Location that is no URL": ({"/bad": to("http://[bad")}, REDIRECTS),
    "300 without a choice": ({"/300": status(300)}, REDIRECTS),
    "to the home page": ({"/gone-home": to("/"), "/": STORY}, ("rejected", "redirected_home")),
    "304 without a validator": ({"/304": raw(head(304, {}))}, PROTOCOL),
    "204": ({"/204": raw(head(204, {}))}, NO_ARTICLE),
    "empty 200": ({"/200": Reply()}, NO_ARTICLE),
    "206": ({"/206": status(206, **{"Content-Range": "bytes 0-99/999"})}, PROTOCOL),
    "100 before 200": ({"/100": raw(b"HTTP/1.1 100 Continue\r\n\r\n", STORY.wire())}, INDEXED),
    "103 and no answer": ({"/103": raw(b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n")}, PROTOCOL),
    "101": ({"/101": raw(head(101, {"Upgrade": "websocket"}))}, PROTOCOL),
    "202": ({"/202": status(202)}, ("retry", "http_5xx")),
    "401": ({"/401": status(401)}, ("rejected", "http_4xx")),
    "404": ({"/404": status(404)}, ("rejected", "not_found")),
    "410": ({"/410": status(410)}, ("rejected", "gone")),
    "500": ({"/500": status(500)}, ("retry", "http_5xx")),
    "999": ({"/999": status(999)}, ("retry", "http_5xx")),
    "000": ({"/000": raw(b"HTTP/1.1 000 No\r\n\r\n")}, PROTOCOL),
    "no HTTP at all": ({"/ssh": raw(b"SSH-2.0-OpenSSH_9.6\r\n")}, PROTOCOL),
    "HTTP/0.9": ({"/09": raw(b"<html><p>Hello</p></html>")}, PROTOCOL),
    "nothing": ({"/nothing": raw()}, CUT),
    "cut in the status line": ({"/cut1": raw(b"HTTP/1.1 2")}, PROTOCOL),
    "cut in the headers": ({"/cut2": raw(b"HTTP/1.1 200 OK\r\nContent-Ty")}, CUT),
    "cut in the body": ({"/cut3": cut(STORY.body[:500], len(STORY.body))}, CUT),
    "cut in a chunk": ({"/cut4": raw(head(200, {"Transfer-Encoding": "chunked"}) + b"ff\r\nabc")}, CUT),
    "chunks without a length": ({"/chunk": raw(head(200, {"Transfer-Encoding": "chunked"}) + b"zz\r\na")}, PROTOCOL),
    "two Content-Lengths": ({"/two": raw(b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab")}, PROTOCOL),
    "unknown coding": ({"/lzma": story(Content_Encoding="lzma")}, CODING),
    "gzip that is none": ({"/gz": story(Content_Encoding="gzip")}, CODING),
    "control characters in headers": ({"/head": story(X_Odd="a\x00b\x1bc", ETag='"\x07"')}, INDEXED),
    "a folded header": ({"/fold": raw(b"HTTP/1.1 200 OK\r\nX: a\r\n b\r\n\r\n" + STORY.body)}, INDEXED),
    "a name that is none": ({"/name": raw(b"HTTP/1.1 200 OK\r\nBad Name: x\r\n: y\r\n\r\n" + STORY.body)}, INDEXED),
}  # fmt: skip

WITH_STATUS = {"401": 401, "404": 404, "410": 410, "10 hops": 200, "204": 204, "a redirect to itself": None}


@pytest.fixture(scope="module")
def ended(desk, web):
    links = {}
    for name, (routes, _) in ROWS.items():
        for path, answer in routes.items():
            web.serve(path, with_port(answer, web.port()))
        links[name] = web.url(next(iter(routes)))
    return desk.listed(links, threads=8)


def with_port(answer, port):
    if not isinstance(answer, Reply):
        return answer
    headers = {name: value.replace("{port}", str(port)) for name, value in answer.headers.items()}
    return Reply(status=answer.status, body=answer.body, headers=headers)


@pytest.mark.parametrize("name", ROWS)
def test_each_answer_ends_in_one_outcome(ended, name):
    assert ended[name].verdict == ROWS[name][1]


@pytest.mark.parametrize("name", WITH_STATUS)
def test_the_status_is_kept_where_a_page_answered(ended, name):
    assert ended[name].http_status == WITH_STATUS[name]


def test_nothing_else_was_disturbed(ended, desk):
    assert ended[HEALTHY].verdict == INDEXED
    assert desk.bugs == []
    assert desk.mill.store.entries.reasons().keys() == {
        verdict for _, verdict in ROWS.values() if verdict[0] == "rejected"
    }
    assert sum(desk.mill.store.entries.counts().values()) == len(ended)
