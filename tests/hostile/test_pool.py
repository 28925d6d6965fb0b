"""Pages that hang, grow, crash or break their child: each is lost alone, with its reason."""

from __future__ import annotations

import pytest

from tests.hostile import jobs
from tests.hostile.desk import HEALTHY, open_desk
from tests.newsroom import body_of, page
from tests.site import Reply

SETTINGS = {"extract_timeout_s": 1.5}
INDEXED = ("indexed", None)

STORY = page("A canal for the delta", body_of("Vilkovo", "canal plan")).body
MISCHIEF = {
    "spin": ("rejected", "extract_timeout"),
    "fill memory": ("rejected", "extract_crash"),
    "leave": ("rejected", "extract_crash"),
    "crash": ("rejected", "extract_crash"),
    "recurse": ("rejected", "extract_crash"),
    "be told to stop": ("retry", "extract_stopped"),
    "fail in lxml": ("retry", "bug"),
}
OTHERS = [f"other {n}" for n in range(20)]


def test_children_were_asked_for_every_mischief():
    assert set(MISCHIEF) == set(jobs.MISCHIEF)


@pytest.fixture(scope="module")
def ended(desk, web):
    for name in (*MISCHIEF, *OTHERS):
        asked = f"<!-- mischief: {name} -->".encode() if name in MISCHIEF else b""
        web.serve(f"/{name.replace(' ', '-')}", Reply(body=STORY + asked))
    links = {name: web.url(f"/{name.replace(' ', '-')}") for name in (*OTHERS[:10], *MISCHIEF, *OTHERS[10:])}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("worker.ingest.build_candidate", jobs.build_or_suffer)
        return desk.listed(links, threads=8)


@pytest.mark.parametrize("name", MISCHIEF)
def test_a_bad_page_is_lost_alone_with_its_reason(ended, name):
    assert ended[name].verdict == MISCHIEF[name]


@pytest.mark.parametrize("name", OTHERS)
def test_every_other_page_is_read(ended, name):
    assert ended[name].verdict == INDEXED


def filled(start: bytes, piece: bytes) -> bytes:
    """Return a page just below the client's cap of 5 MB."""
    return start + piece * ((4_990_000 - len(start)) // len(piece))


PARAGRAPH = f"<p>{body_of('Vilkovo', 'canal plan')}</p>".encode()
LARGE = {
    "plain HTML": (filled(b"<html><body><article>", PARAGRAPH), INDEXED),
    "divs": (filled(b"<html><body>", b"<div>"), ("rejected", "no_article")),
    "one word": (filled(b"<html><body><p>", b"a"), ("rejected", "no_article")),
    "script": (filled(b"<html><head><script>", b"x();"), ("rejected", "no_article")),
    "JSON-LD": (filled(b"<html><script type='application/ld+json'>", b"["), ("rejected", "no_article")),
    # libxml2 compares every attribute of an element with every other.
    "attributes": (
        b"<html><body " + b"".join(b"a%d=1 " % n for n in range(430_000)) + b"><p>Hello",
        ("rejected", "extract_timeout"),
    ),
}


@pytest.mark.slow
def test_pages_of_5_mb_end_in_one_outcome_each(web, tmp_path):
    for number, (body, _) in enumerate(LARGE.values()):
        web.serve(f"/large/{number}", Reply(body=body))
    links = {name: web.url(f"/large/{number}") for number, name in enumerate(LARGE)}
    with open_desk(tmp_path, web, extract_timeout_s=10) as desk:
        ended = desk.listed(links, threads=2)
    verdicts = {name: ended[name].verdict for name in LARGE}
    assert verdicts == {name: verdict for name, (_, verdict) in LARGE.items()}
    assert ended[HEALTHY].verdict == INDEXED
