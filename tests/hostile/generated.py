"""Responses and feeds as hypothesis makes them up: parts of valid ones, wrongly put together, then damaged."""

from __future__ import annotations

import socket
import threading
from contextlib import suppress
from ipaddress import ip_address
from pathlib import Path

from hypothesis import strategies as st

from tests.newsroom import body_of, page
from tests.site.mischief import COMPRESSORS

FEEDS = Path(__file__).parents[1] / "data" / "feeds"


class LastWord:
    """A server that answers everything with its present `answer` and hangs up."""

    def __init__(self) -> None:
        self.answer = b""
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=64)
        self.url = f"http://news.example:{self._listener.getsockname()[1]}/a"
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def resolve(self, host: str):
        if host != "news.example":
            raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")
        return [ip_address("127.0.0.1")]

    def close(self) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._thread.join(timeout=5)

    def _serve(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            with connection, suppress(OSError):  # the client may hang up as soon as it has seen enough
                asked = b""
                while b"\r\n\r\n" not in asked and (more := connection.recv(65_536)):
                    asked += more
                connection.sendall(self.answer)


@st.composite
def damaged(draw, whole: st.SearchStrategy[bytes], scraps: st.SearchStrategy[bytes], most: int = 4) -> bytes:
    """Cut pieces out of the bytes and put scraps in."""
    body = draw(whole)
    for _ in range(draw(st.integers(0, most))):
        at = draw(st.integers(0, len(body)))
        body = body[:at] + draw(scraps) + body[at + draw(st.integers(0, 40)) :]
    return body


STATUS_LINES = st.sampled_from(
    [f"HTTP/1.1 {n} X" for n in (200, 200, 200, 200, 200, 100, 101, 103, 199, 201, 202, 203, 204, 205, 206, 226)]
    + [f"HTTP/1.1 {n} X" for n in (300, 301, 302, 303, 304, 305, 307, 308, 400, 403, 404, 410, 429, 500, 503, 999)]
    + ["HTTP/1.0 200 OK", "HTTP/0.9 200", "HTTP/2 200", "HTTP/1.1", "HTTP/1.1 200", "HTTP/1.1  200 OK", "http/1.1 200 OK"]
    + ["HTTP/1.1 -200 X", "HTTP/1.1 2OO X", "HTTP/1.1 00200 X", "HTTP/1.1 99999 X", "", "SSH-2.0", "HTTP/1.1 200 \x00\xff"]
)  # fmt: skip
NAMES = st.sampled_from(
    ["Content-Type", "Content-Encoding", "Content-Length", "Transfer-Encoding", "Location", "Retry-After", "ETag"]
    + ["Last-Modified", "Connection", "Set-Cookie", "Trailer", "Content-Range", "Bad Name", "", ":", "\x00", "X" * 300]
)  # fmt: skip
VALUES = st.one_of(
    st.sampled_from(
        ["text/html", "text/html; charset=utf-8", "text/html; charset=\x00", "application/pdf", "image/png", ";", "gzip"]
        + ["br", "zstd", "deflate", "identity", "gzip, br", "gzip,gzip,gzip,gzip,gzip,gzip", "lzma", "chunked", "chunked, gzip"]
        + ["0", "-1", "10", "99999999999999999999", "1e3", "0x10", "+5", "5, 5", "/b", "//b", "http://[", "http://127.0.0.2/"]
        + ["file:///etc/passwd", "?", "#", "http://news.example:99999/", "http://a\x00b/", "Tue, 99 Foo 9999 99:99:99 GMT", "120"]
        + ["Fri, 31 Dec 99999 23:59:59 GMT", "W/\"\x80\"", "close", "bytes 0-1/2", "\udcff".encode("utf-8", "surrogateescape").decode("latin-1")]
    ),
    st.text(st.characters(max_codepoint=255), max_size=12),
)  # fmt: skip
STORY = page("Title", body_of("Riga", "harbour plan")).body
BODIES = st.sampled_from(
    [b"", b"a", STORY, STORY[:200], b"\xef\xbb\xbf" + STORY[:99], bytes(range(256))]
) | st.binary(max_size=60)
WIRE_SCRAPS = st.sampled_from(
    [b"\r\n", b"\r\n\r\n", b"\n", b"\r", b"\x00", b"\xff", b": ", b"HTTP/1.1 100 Continue\r\n\r\n", b"ffffffffffffffff\r\n"]
    + [b"-1\r\n", b"0\r\n\r\n", b"0;x=\"y\r\n", b"Transfer-Encoding: chunked\r\n", b"Content-Length: 7\r\n", b"\t", b" ", b"\x1f\x8b"]
) | st.binary(max_size=6)  # fmt: skip


def chunked(body: bytes, size: int) -> bytes:
    pieces = [body[at : at + size] for at in range(0, len(body), size)]
    return b"".join(b"%x\r\n%b\r\n" % (len(piece), piece) for piece in pieces) + b"0\r\n\r\n"


@st.composite
def whole_responses(draw) -> bytes:
    """Put a status line, headers, a coding and a framing together; they may contradict each other."""
    body = draw(BODIES)
    headers = draw(st.lists(st.tuples(NAMES, VALUES), max_size=4))
    if coding := draw(st.sampled_from([None, None, *COMPRESSORS])):
        body = COMPRESSORS[coding](body)
        headers.append(("Content-Encoding", coding))
    match draw(st.sampled_from(["close", "length", "wrong length", "chunks", "wrong chunks"])):
        case "length":
            headers.append(("Content-Length", str(len(body))))
        case "wrong length":
            headers.append(("Content-Length", str(draw(st.integers(0, 400)))))
        case "chunks":
            headers.append(("Transfer-Encoding", "chunked"))
            body = chunked(body, draw(st.integers(1, 300)))
        case "wrong chunks":
            headers.append(("Transfer-Encoding", "chunked"))
    lines = [draw(STATUS_LINES), *(f"{name}: {value}" for name, value in headers)]
    return "\r\n".join(lines).encode("latin-1") + b"\r\n\r\n" + body


RESPONSES = damaged(whole_responses(), WIRE_SCRAPS)

SEEDS = [path.read_bytes() for path in sorted(FEEDS.iterdir()) if not path.name.endswith(".expected.json")]
TAGS = (
    "rss channel item entry feed title link guid id description summary content:encoded content author dc:creator"
    " pubDate published updated category media:content media:thumbnail media:player enclosure itunes:image image url"
    " width svg math textarea rdf:RDF a b xhtml:div geo:point georss:polygon source cloud generator"
).split()
ATTRIBUTES = (
    "", " href='http://a.example/'", " href='//['", " isPermaLink='false'", " rel='alternate' type='text/html'",
    " type='xhtml'", " type='html' mode='base64'", " mode='escaped'", " xml:base='http://['", " xml:lang='\x00'",
    " url='x' width='-1' height='9e9'", " xmlns='http://www.w3.org/2005/Atom'", " version='2.0'", " version=2",
    " xmlns:media='http://search.yahoo.com/mrss/'", " length='x'", " domain='\ud83d'", "/",
)  # fmt: skip
TEXTS = (
    "text", "&lt;b&gt;x&lt;/b", "<![CDATA[<p>x]]>", "&#xD83D;&#xDE0A;", "&#0;", "&nope;", "&amp;amp;", "]]>", "<!--", "-->",
    "Tue, 03 Mar 2026 20:00:00 GMT", "2026-02-30T25:61:61Z", "9999-12-31T23:59:59-23:59", "0001-01-01", "https://a.example/x",
    "http://[::1", "javascript:x", "<?xml version='1.0' encoding='utf-16'?>", "<!DOCTYPE rss [<!ENTITY x 'y'>]>", "&x;", "é",
    "\u202e", "\x00", "\x1b[31m", "\ufffe", "1e999", "-", "{", '{"version": "https://jsonfeed.org/version/1.1", "items": [',
    '{"id": 1, "url": "//[", "date_published": "x"}', "]}",
)  # fmt: skip
TOKENS = st.one_of(
    st.builds("<{}{}>".format, st.sampled_from(TAGS), st.sampled_from(ATTRIBUTES)),
    st.sampled_from(TAGS).map("</{}>".format),
    st.sampled_from(TEXTS),
)
ENCODINGS = st.sampled_from(["utf-8", "utf-8", "utf-8", "latin-1", "utf-16", "utf-32-be", "cp037"])
FEED_SCRAPS = TOKENS.map(lambda token: token.encode("utf-8", "surrogatepass")) | st.binary(max_size=8)


@st.composite
def invented_feeds(draw) -> bytes:
    """Put tags, attributes and texts of feeds in any order, in any encoding."""
    start = draw(
        st.sampled_from(
            ["", "<rss version='2.0'><channel>", "<feed xmlns='http://www.w3.org/2005/Atom'>", "{"]
        )
    )
    text = start + "".join(draw(st.lists(TOKENS, max_size=25)))
    return text.encode(draw(ENCODINGS), "replace")


FEED_BODIES = damaged(st.sampled_from(SEEDS), FEED_SCRAPS) | invented_feeds()
FEED_TYPES = st.sampled_from(
    [None, "application/rss+xml", "text/xml; charset=iso-8859-1", "text/html", "application/json", ";charset=\x00", "x" * 99]
)  # fmt: skip
