"""Importing saved objects over the wire, into a Kibana that starts, refuses, or is none."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

import pytest

from tests.fakes import ManualClock
from tests.ops.fake_kibana import PASSWORD, USER, Kibana, fake_kibana
from tests.site import Reply, Site
from worker.errors import OperationError
from worker.ops.kibana import PATIENCE_S, import_objects
from worker.ops.saved_objects import render_objects, shipped_objects

NDJSON = render_objects(shipped_objects("feedmill"))
NAMES = [
    "index-pattern feedmill-articles",
    "index-pattern feedmill-entries",
    "search feedmill-latest-articles",
]


@pytest.fixture
def kibana() -> Iterator[Kibana]:
    with fake_kibana() as kibana:
        yield kibana


def as_user(url: str, password: str = PASSWORD) -> str:
    return url.replace("http://", f"http://{USER}:{quote(password, safe='')}@")


def imported(url: str, ndjson: str = NDJSON, **options: Any) -> list[str]:
    return list(import_objects(url, ndjson, clock=ManualClock(), on_wait=lambda _: None, **options))


def test_one_line_per_object_and_again(kibana: Kibana) -> None:
    assert imported(as_user(kibana.url)) == [f"{name}: imported" for name in NAMES]
    assert render_objects(list(kibana.objects.values())) == NDJSON
    assert imported(as_user(kibana.url)) == [f"{name}: replaced" for name in NAMES]


def test_a_kibana_that_is_starting_is_waited_for_and_that_is_said_once(kibana: Kibana) -> None:
    kibana.starting = 3
    said: list[str] = []
    lines = list(import_objects(as_user(kibana.url), NDJSON, clock=ManualClock(), on_wait=said.append))
    assert (len(lines), kibana.requests) == (3, 4)
    assert said == [f"{kibana.url} is starting (503): waiting up to 180 s"]


def test_one_that_never_starts_is_given_up(kibana: Kibana) -> None:
    kibana.starting = 1_000
    clock = ManualClock()
    with pytest.raises(OperationError, match="HTTP 503: Kibana server is not ready yet"):
        list(import_objects(as_user(kibana.url), NDJSON, clock=clock, on_wait=lambda _: None))
    assert clock.seconds == PATIENCE_S


def test_an_answer_of_200_may_refuse(kibana: Kibana) -> None:
    """The search alone, and a type that this Kibana does not have: both refused, the rest taken."""
    views_without_articles = [
        line for line in NDJSON.splitlines() if '"id":"feedmill-articles","attr' not in line
    ]
    other = json.dumps({"type": "lens", "id": "x", "attributes": {}, "references": []})
    lines = []
    with pytest.raises(OperationError, match="2 of the objects were refused"):
        for line in import_objects(
            as_user(kibana.url),
            "\n".join([*views_without_articles, other]),
            clock=ManualClock(),
            on_wait=lambda _: None,
        ):
            lines.append(line)
    assert lines == [
        "search feedmill-latest-articles: refused: missing_references: index-pattern feedmill-articles",
        "lens x: refused: unsupported_type",
        "index-pattern feedmill-entries: imported",
    ]


@pytest.mark.parametrize(
    ("url", "said"),
    [
        pytest.param(lambda url: as_user(url, "s3cr3t"), "refused our credentials", id="wrong password"),
        pytest.param(lambda url: url, "refused our credentials", id="nobody"),
        pytest.param(lambda url: as_user(f"{url}/s3cr3t"), "HTTP 404: Not Found", id="wrong path"),
        pytest.param(lambda _: "http://u:s3cr3t@127.0.0.1:1", "Connection refused", id="unreachable"),
        pytest.param(
            lambda url: as_user(url, "s3cr3t").replace("http:", "https:"),
            "TLS connection failed",
            id="no TLS",
        ),
    ],
)
def test_what_cannot_be_done_is_one_line_without_the_password(kibana: Kibana, url: Any, said: str) -> None:
    with pytest.raises(OperationError, match=said) as raised:
        imported(url(kibana.url))
    assert "\n" not in str(raised.value)
    assert "s3cr3t" not in str(raised.value).replace("/base/s3cr3t", "")


@pytest.mark.parametrize("body", [b"<html>", b"[]", b"{}", b'{"success": "yes"}'])
def test_what_is_no_kibana(site: Site, body: bytes) -> None:
    site.serve("/api/saved_objects/_import", Reply(body=body))
    with pytest.raises(OperationError, match="no answer of a Kibana"):
        imported(f"http://127.0.0.1:{site.port()}/")


def test_a_missing_file_of_certificates(tmp_path) -> None:
    with pytest.raises(OperationError, match="no such file of certificates"):
        imported("https://127.0.0.1:1", ca_file=tmp_path / "ca.pem")
