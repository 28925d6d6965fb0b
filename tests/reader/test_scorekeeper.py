"""The scorekeeper itself: a perfect reader loses nothing, each bad habit its own mark."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.reader.scorekeeper import DAY_S, Log, Visit, lost_marks
from tests.site import Reply, Request

AGENT = "Reader/1 (+https://reader.example)"
GIVEN = {"ETag": 'W/"1;"', "Last-Modified": "yesterday"}
BACK = {"if-none-match": 'W/"1;"', "if-modified-since": "yesterday"}


def visit(at_s: float, status: int = 200, told: dict[str, str] | None = None, **says: str) -> Visit:
    asks = {"host": "h", "user-agent": AGENT, "accept": "*/*", "accept-encoding": "gzip"}
    headers = asks | {name.replace("_", "-"): said for name, said in says.items()}
    request = Request("GET", "/feed", "h", headers, at_s)
    return Visit(at_s, request, Reply(status=status, headers=GIVEN | (told or {})))


def conditional(at_s: float, **more: str) -> Visit:
    return visit(at_s, 304, **{name.replace("-", "_"): said for name, said in BACK.items()}, **more)


def moved(wrong: Visit, **changes: str) -> Visit:
    return replace(wrong, request=replace(wrong.request, **changes))


def test_full_marks():
    visits = [visit(0), conditional(600), conditional(1200), visit(2000), conditional(9000), visit(8 * DAY_S)]
    assert lost_marks(Log("/feed", visits)) == {}


HABITS = [
    ("validators on the first visit", [conditional(0)], "first_unconditional"),
    ("never conditional", [visit(0), visit(600), visit(1200)], "then_conditional"),
    ("one of two forgotten", [visit(0), visit(600, 304, if_none_match='W/"1;"')], "then_conditional"),
    ("another byte", [visit(0), visit(600, 304, if_none_match='"1;"', if_modified_since="yesterday")], "then_conditional"),
    ("too soon", [visit(0), conditional(299)], "not_too_often"),
    ("twice on add", [visit(0), conditional(1)], "not_too_often"),
    ("within max-age", [visit(0, told={"Cache-Control": "max-age=3600"}), conditional(3599)], "not_too_often"),
    ("within Retry-After", [visit(0), visit(600, 429, {"Retry-After-S": "900"}, if_none_match='W/"1;"', if_modified_since="yesterday"),
     conditional(1499)], "waits_as_told"),
    ("a cookie", [visit(0, cookie="a=b")], "sends_no_more_than_needed"),
    ("a referer", [visit(0, referer="http://x/")], "sends_no_more_than_needed"),
    ("query cruft", [moved(visit(0), path="/feed?t=1")], "asks_for_the_feed_alone"),
    ("HEAD before GET", [moved(visit(0), method="HEAD"), conditional(300)], "asks_for_the_feed_alone"),
    ("two names", [visit(0), conditional(600, user_agent="Other/1 (+https://o.example)")], "says_who_it_is"),
    ("no address", [visit(0, user_agent="Mozilla/5.0")], "says_who_it_is"),
    ("plain text only", [visit(0, accept_encoding="identity")], "takes_it_compressed"),
]  # fmt: skip


@pytest.mark.parametrize(("visits", "mark"), [row[1:] for row in HABITS], ids=[row[0] for row in HABITS])
def test_each_bad_habit_costs_its_mark(visits, mark):
    assert list(lost_marks(Log("/feed", visits))) == [mark]
