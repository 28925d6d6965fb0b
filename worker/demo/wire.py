"""HTTP for the demo site: sends answers, with 304 for a fresh copy and gzip for those who take it."""

from __future__ import annotations

import gzip
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from worker.demo.routes import Answer


class LoopbackServer(ThreadingHTTPServer):
    """Serves what `answer_of` says for a path, on a port that the system picks: two sites fit."""

    daemon_threads = True

    def __init__(self, answer_of: Callable[[str], Answer]) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.answer_of = answer_of


class _Handler(BaseHTTPRequestHandler):
    server: LoopbackServer
    protocol_version = "HTTP/1.1"
    server_version = "LoopbackPress/1"
    sys_version = ""
    wbufsize = -1  # Headers and body in one packet: apart, Nagle and a delayed ACK cost 40 ms.

    def do_GET(self) -> None:
        answer = self.server.answer_of(urlsplit(self.path).path)
        asked = self.headers
        if is_not_modified(answer, asked.get("If-None-Match"), asked.get("If-Modified-Since")):
            self._send(HTTPStatus.NOT_MODIFIED, _validators(answer), b"")
        else:
            fields, body = _encoded(answer, asked.get("Accept-Encoding", ""))
            self._send(answer.status, _validators(answer) | fields, body)

    def _send(self, status: HTTPStatus, fields: Mapping[str, str], body: bytes) -> None:
        self.send_response(status)
        for name, value in fields.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class's name
        """Say nothing: the demo's output belongs to the service."""


def is_not_modified(answer: Answer, tags: str | None, since: str | None) -> bool:
    """Return whether the client's copy still holds, by its If-None-Match and If-Modified-Since.

    A tag outweighs the date (RFC 9110, 13.1.3). The date must be the one that was sent: a site whose
    articles are dated into the past could else call an edit older than the copy.
    """
    if answer.etag and tags is not None:
        return answer.etag in tags
    return since is not None and since == answer.last_modified


def _validators(answer: Answer) -> dict[str, str]:
    fields = {"ETag": answer.etag, "Last-Modified": answer.last_modified, "Location": answer.location}
    return {name: value for name, value in fields.items() if value}


def _encoded(answer: Answer, accepted: str) -> tuple[dict[str, str], bytes]:
    """Return the header fields that describe the body, and the body as the client can take it."""
    zipped = "gzip" in accepted and bool(answer.body)
    body = gzip.compress(answer.body, mtime=0) if zipped else answer.body
    coding = {"Content-Encoding": "gzip"} if zipped else {}
    length = {"Content-Length": str(len(body))}
    return {"Content-Type": answer.content_type, "Vary": "Accept-Encoding", **coding, **length}, body
