"""The newspapers: each at an address of its own, each story unlike the others."""

from __future__ import annotations

import urllib.request
from urllib.parse import urlsplit

import pytest

from tests.faults.press import HOSTS, Story, press
from worker.store.decide import containment


@pytest.fixture
def newspapers():
    with press() as made:
        yield made


def read(url: str) -> str:
    with urllib.request.urlopen(url) as reply:
        return reply.read().decode()


def test_every_story_is_listed_once_and_on_all_hosts_together(newspapers):
    feeds = newspapers.publish(100)
    listed = "".join(map(read, feeds))
    assert [listed.count(f"<link>{link}</link>") for link in newspapers.expected] == [1] * 100
    assert {urlsplit(link).hostname for link in newspapers.expected} == set(HOSTS)


def test_a_story_is_where_its_link_says(newspapers):
    newspapers.publish(10)
    for link, expected in newspapers.expected.items():
        assert expected.title in read(link)


def test_the_next_edition_is_another(newspapers):
    assert not {*newspapers.publish(10, feeds=5)} & {*newspapers.publish(10, feeds=5)}
    assert len(newspapers.expected) == 20


def test_stories_have_nothing_in_common():
    one, other = (" ".join(Story(HOSTS[0], path).paragraphs) for path in ("/a", "/b"))
    assert containment(one, other) == 0
    assert len(one) > 700
