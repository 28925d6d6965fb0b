"""Ports: the operator's list holds for links and for every hop."""

from __future__ import annotations

import pytest

from tests.hostile.desk import HEALTHY, open_desk
from tests.site import Reply

PORTS = {"ssh": 22, "smtp": 25, "redis": 6379, "elasticsearch": 9200, "another": 8080, "TLS under http": 444}
UNSAFE = ("rejected", "unsafe_url")


@pytest.fixture(scope="module")
def ended(web, trusting, tmp_path_factory):
    links = {name: f"http://news.example:{port}/a" for name, port in PORTS.items()}
    for name, port in PORTS.items():
        web.serve(f"/{port}", Reply(status=302, headers={"Location": f"http://news.example:{port}/a"}))
        links |= {f"{name}, by {s}": web.url(f"/{port}", scheme=s) for s in ("http", "https")}
    web.serve("/failing", Reply(status=500))
    links["a server that fails"] = web.url("/failing")
    allowed = frozenset({web.port("http"), web.port("https")})
    with open_desk(
        tmp_path_factory.mktemp("ports"), web, trusting, allow_ports=allowed, max_attempts=1
    ) as desk:
        return desk.listed(links)


@pytest.mark.parametrize("way", ["", ", by http", ", by https"], ids=["straight", "http hop", "https hop"])
@pytest.mark.parametrize("name", PORTS)
def test_ports_that_are_not_allowed(ended, name, way):
    assert ended[f"{name}{way}"].verdict == UNSAFE


def test_the_allowed_port_is_read(ended):
    assert ended[HEALTHY].verdict == ("indexed", None)


def test_the_last_attempt_gives_up_with_the_same_reason(ended):
    assert ended["a server that fails"].verdict == ("gave_up", "http_5xx")
    assert ended["a server that fails"].http_status == 500
