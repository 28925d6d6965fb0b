"""A Kibana as its import API shows itself: it starts slowly, keeps what it takes, and refuses what it must."""

from __future__ import annotations

import base64
import email
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email.policy import HTTP
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

USER, PASSWORD = "elastic", "pass:wörd/#"
"""What a URL must escape."""
TYPES = ("index-pattern", "search")


@dataclass
class Kibana:
    """`objects` are what was imported, by type and id. `starting` requests are answered 503 first."""

    url: str = ""
    starting: int = 0
    objects: dict[tuple[str, str], Any] = field(default_factory=dict)
    requests: int = 0

    def answer(self, path: str, headers: Any, body: bytes) -> tuple[int, dict[str, Any]]:
        self.requests += 1
        if self.starting:
            self.starting -= 1
            return 503, {"message": "Kibana server is not ready yet"}
        expected = base64.b64encode(f"{USER}:{PASSWORD}".encode()).decode()
        if headers.get("authorization") != f"Basic {expected}":
            return 401, {"statusCode": 401, "error": "Unauthorized", "message": "Unauthorized"}
        if "kbn-xsrf" not in headers:
            return 400, {"statusCode": 400, "message": "Request must contain a kbn-xsrf header."}
        if path != "/base/api/saved_objects/_import?overwrite=true":
            return 404, {"statusCode": 404, "message": "Not Found"}
        return 200, self._import([json.loads(line) for line in _file(headers, body).splitlines()])

    def _import(self, given: list[Any]) -> dict[str, Any]:
        errors = [error for each in given if (error := self._error(each, given))]
        refused = {(error["type"], error["id"]) for error in errors}
        taken = [each for each in given if (each["type"], each["id"]) not in refused]
        results = [self._take(each) for each in taken]
        answer = {"success": not errors, "successCount": len(results), "successResults": results}
        return answer | ({"errors": errors} if errors else {})

    def _take(self, each: Any) -> dict[str, Any]:
        key = (each["type"], each["id"])
        known = {"overwrite": True} if key in self.objects else {}
        self.objects[key] = each
        return {"type": each["type"], "id": each["id"], "meta": {}} | known

    def _error(self, each: Any, given: list[Any]) -> dict[str, Any] | None:
        named = {"type": each["type"], "id": each["id"], "meta": {}}
        if each["type"] not in TYPES:
            return {**named, "error": {"type": "unsupported_type"}}
        there = {(other["type"], other["id"]) for other in given} | self.objects.keys()
        missing = [r for r in each["references"] if (r["type"], r["id"]) not in there]
        return {**named, "error": {"type": "missing_references", "references": missing}} if missing else None


def _file(headers: Any, body: bytes) -> str:
    """Return the part of the form named `file`; its name must end as Kibana wants it to."""
    form = email.message_from_bytes(
        b"content-type: " + headers["content-type"].encode() + b"\r\n\r\n" + body, policy=HTTP
    )
    (part,) = form.iter_parts()
    assert part.get_param("name", header="content-disposition") == "file"
    assert part.get_filename().endswith(".ndjson")
    return part.get_payload(decode=True).decode()


@contextmanager
def fake_kibana() -> Iterator[Kibana]:
    """Yield one on loopback, under a path of its own."""
    kibana = Kibana()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            status, answer = kibana.answer(self.path, self.headers, body)
            said = json.dumps(answer).encode()
            self.send_response(status)
            self.send_header("content-length", str(len(said)))
            self.end_headers()
            self.wfile.write(said)

        def log_message(self, *_: Any) -> None:
            return

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    kibana.url = f"http://127.0.0.1:{server.server_port}/base"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield kibana
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
