from __future__ import annotations

import socket
import threading
from ipaddress import ip_address

import pytest

from worker.errors import DnsError
from worker.fetch import resolver
from worker.fetch.resolver import BoundedResolver, system_resolver

URL = "http://news.example/"


def test_the_system_resolver_returns_each_address_once():
    assert system_resolver("127.0.0.1") == (ip_address("127.0.0.1"),)


def test_answers_keep_their_order():
    found = (ip_address("2606:4700::1"), ip_address("1.1.1.1"))
    assert BoundedResolver(lambda host: list(found)).resolve("news.example", URL, 5) == found


@pytest.mark.parametrize(
    "answer",
    [
        pytest.param(socket.gaierror(socket.EAI_NONAME, "Name or service not known"), id="no such name"),
        pytest.param(socket.gaierror(socket.EAI_AGAIN, "Temporary failure"), id="name server down"),
        pytest.param(OSError("no file descriptors"), id="out of descriptors"),
        pytest.param([], id="no address"),
    ],
)
def test_a_name_without_an_answer_is_a_dns_error(answer):
    def fake(host):
        if isinstance(answer, OSError):
            raise answer
        return answer

    with pytest.raises(DnsError, match="news.example"):
        BoundedResolver(fake).resolve("news.example", URL, 5)


def test_lookups_left_behind_are_bounded_and_come_back(monkeypatch):
    monkeypatch.setattr(resolver, "_MAX_LOOKUPS", 2)
    hang = threading.Event()

    def fake(host):
        if host == "slow.example":
            hang.wait(30)
        return [ip_address("1.1.1.1")]

    bounded = BoundedResolver(fake)
    for _ in range(2):
        with pytest.raises(DnsError, match="did not resolve"):
            bounded.resolve("slow.example", URL, 0.01)
    with pytest.raises(DnsError, match="hanging"):
        bounded.resolve("fast.example", URL, 5)
    hang.set()
    for thread in threading.enumerate():
        if thread.name == "dns slow.example":
            thread.join(timeout=10)
    assert bounded.resolve("fast.example", URL, 5)
