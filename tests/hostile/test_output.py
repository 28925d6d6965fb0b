"""Text that attacks its reader: stored as text, shown harmless, one JSON object a line."""

from __future__ import annotations

import json
import logging
import unicodedata
from collections.abc import Callable

import pytest
import structlog

from tests.newsroom import SENTENCES
from tests.site import Reply
from worker.cli import run_command
from worker.ops.logs import configure_logs
from worker.settings import read_settings

ATTACKS = {
    "colour": "\x1b[31mred\x1b[0m",
    "clear screen": "\x1b[2J\x1b[H",
    "hyperlink": "\x1b]8;;http://evil.example/\x1b\\here\x1b]8;;\x07",
    "window title": "\x1b]0;owned\x07",
    "8-bit control": "\x9b31mred\x9d0;owned\x9c",
    "backspaces": "good\x08\x08\x08\x08evil",
    "carriage return": "good\revil",
    "line breaks": "one\ntwo\u2028three\u2029four\x85five\x0bsix\x0cseven",
    "markup": "[bold red]x[/bold red] [link=http://evil.example/]y[/link] [/] :skull:",
    "JSON": '"},{"title":"x"} \\u001b[31m \\',
    "right-to-left override": "invoice\u202egnp.exe",
    "isolates": "\u2066a\u2067b\u2068c\u2069 \u061c\u200e\u200f",
    "invisible": "a\u200bb\ufeffc\u00add\u2060e\U000e0041f",
    "NUL": "a\x00b",
    "lone surrogate": "a\ud800b\udfffc",
    "noncharacters": "a\uffffb\ufdd0c",
    "our own marks": "a\ue000b\ue001c\ue002d",
    "DEL": "a\x7fb",
}
ALL = " ".join(ATTACKS.values())
LONG = "w" * 100_000
ARTICLE = " ".join(SENTENCES).format(place="Riga", topic="harbour plan")
KEPT_FORMAT = "\u200c\u200d"


def is_harmless(character: str) -> bool:
    if character == "\n" or character in KEPT_FORMAT:
        return True
    return unicodedata.category(character) not in ("Cc", "Cf", "Cs", "Co", "Zl", "Zp")


def assert_harmless(shown: str) -> None:
    assert sorted({hex(ord(c)) for c in shown if not is_harmless(c)}) == []


def json_feed(site) -> bytes:
    """A JSON Feed, since in JSON every character can be written."""
    link = site.url("/story?q=%1b\u202e")
    items = [
        {"id": "story", "url": link, "title": f"Story {ALL}", "summary": ALL, "authors": [{"name": f"Ann {ALL}"}], "tags": [ALL]},
        {"id": "own", "title": f"Own {ALL}", "content_text": f"{ALL} {ARTICLE}", "language": "en\x1b"},
        {"id": f"dead {ALL}", "url": site.url(f"/missing?{ALL}"), "title": f"Dead {ALL}"},
        {"id": "long", "title": f"Long {LONG}", "content_text": f"Harbour {LONG} {ARTICLE}"},
    ]  # fmt: skip
    feed = {"version": "https://jsonfeed.org/version/1.1", "title": f"Feed {ALL}", "items": items}
    return json.dumps(feed | {"home_page_url": "https://home.example/", "language": f"en{ALL}"}).encode()


def html_page() -> bytes:
    shown = ALL.encode("utf-8", "replace").decode().replace("<", "&lt;")
    html = (
        f'<!doctype html><html lang="en\x1b"><head><meta charset="utf-8"><title>Page {shown}</title>'
        f'<meta name="author" content="Bo &#27;[31m{shown.replace(chr(34), "")}">'
        f'<meta property="article:section" content="News &#155;31m &#8238;x"></head><body><article><h1>Page {shown}</h1>'
        f"<p>{shown} &#27;[31m &#x202e; &#0; &#xd800;</p>"
        f"{''.join(f'<p>{s}</p>' for s in ARTICLE.split('. '))}<p>{LONG}</p></article></body></html>"
    )
    return html.encode()


@pytest.fixture(scope="module")
def told(desk, web, tmp_path_factory):
    """Everything above, polled and ingested; a failing feed whose page has such a title; a saved page."""
    web.serve("/story", Reply(body=html_page()))
    web.serve("/attack.json", Reply(body=json_feed(web), content_type="application/feed+json"))
    web.serve("/down.xml", Reply(body=f"<html><title>Down {ALL}".encode("utf-8", "replace")))
    feed = desk.polled(web.url("/attack.json"))
    assert (feed.last_outcome, feed.entries_seen) == ("parsed", 4)
    assert desk.polled(web.url("/down.xml")).last_outcome == "not_a_feed"
    ended = desk.worked_off(4)
    saved = tmp_path_factory.mktemp("saved") / "page.html"
    saved.write_bytes(html_page())
    address = f"http://127.0.0.1:{web.port()}"
    story = next(e.document for e in ended.values() if e.document and e.document.title.startswith("Page"))
    return {
        "feed": feed.feed_id,
        "feed url": feed.url,
        "failing": web.url("/down.xml"),
        "article": story.article_id,
        "story": story.url,
        "dead": next(r.entry.url for r in desk.mill.store.entries.dead()),
        "saved": str(saved),
        "page": f"{address}/story",
        "checked": f"{address}/attack.json",
        "ended": ended,
        "document": story,
    }


@pytest.fixture
def feedmill(desk, monkeypatch, tmp_path, capsys) -> Callable[..., str]:
    """Run a command on the desk's store and return what it printed."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("FEEDMILL_STORE_URL", desk.mill.settings.store_url)
    monkeypatch.setenv("FEEDMILL_ALLOW_PRIVATE_NETWORKS", "127.0.0.1/32")
    monkeypatch.setenv("FEEDMILL_ALLOW_PORTS", "any")

    def run(*arguments: str, code: int = 0) -> str:
        assert run_command(list(arguments)) == code
        printed = capsys.readouterr()
        return printed.err if code else printed.out

    return run


COMMANDS = {
    "search": ["search", "harbour"],
    "search by date": ["search", "harbour", "--sort", "date"],
    "show by id": ["show", "{article}"],
    "show by URL": ["show", "{story}"],
    "explain an article": ["explain", "{story}"],
    "explain a dead link": ["explain", "{dead}"],
    "explain a feed": ["explain", "{feed url}"],
    "explain a failing feed": ["explain", "{failing}"],
    "status": ["status"],
    "feeds list": ["feeds", "list"],
    "feeds show": ["feeds", "show", "{feed}"],
    "feeds show a failing one": ["feeds", "show", "{failing}"],
    "feeds check": ["feeds", "check", "{checked}"],
    "dead list": ["dead", "list"],
    "extract a file": ["extract", "{saved}"],
    "extract a page": ["extract", "{page}"],
}


@pytest.mark.parametrize("name", COMMANDS)
def test_commands_print_nothing_that_a_terminal_obeys(told, feedmill, name):
    shown = feedmill(*(part.format(**told) for part in COMMANDS[name]))
    assert_harmless(shown)
    assert len(shown.splitlines()) == shown.count("\n") > 0


@pytest.mark.parametrize("name", COMMANDS)
def test_json_is_one_valid_object_a_line(told, feedmill, name):
    shown = feedmill(*(part.format(**told) for part in COMMANDS[name]), "--json")
    assert_harmless(shown)
    lines = shown.splitlines()
    assert len(lines) == shown.count("\n") > 0
    assert all(isinstance(json.loads(line), dict) for line in lines)


@pytest.mark.parametrize("arguments", [["show", ALL.replace("\0", "")], ["explain", "https://x.example/\x1b[31m\u202e\udcff"],
    ["search", '"\x1b[31m\u202e\udcff'], ["feeds", "add", "\x1b[31m"], ["browse\x1b[31m"], ["feeds", "show", "\x1b]0;x\x07"]],
    ids=["show", "explain", "search", "add", "command", "feeds show"])  # fmt: skip
def test_what_was_typed_comes_back_harmless(told, feedmill, capsys, arguments):
    run_command(arguments)
    printed = capsys.readouterr()
    assert_harmless(printed.out + printed.err)


def test_attacks_are_stored_as_the_text_that_is_left_of_them(told, desk):
    story = told["document"]
    rows = [row.entry for row in desk.mill.store.entries.dead()]
    stored = [story.title, story.body, *story.authors, story.section or "", *(row.title for row in rows)]
    for text in stored:
        assert not [c for c in text if unicodedata.category(c) in ("Cc", "Cs") and c != "\n"]
        assert not set(text) & set("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
    for kept in (
        "[31mred[0m",
        "[bold red]x[/bold red] [link=http://evil.example/]y[/link] [/] :skull:",
        "invoicegnp.exe",
    ):
        assert kept in story.title
        assert kept in story.body
        assert kept in rows[0].title


def test_every_entry_ended(told):
    assert {e.verdict for e in told["ended"].values()} == {("indexed", None), ("rejected", "not_found")}


@pytest.mark.parametrize("log_format", ["text", "json"])
def test_log_lines_are_harmless_and_whole(desk, web, told, capsys, log_format):
    before = logging.getLogger().handlers[:], logging.getLogger().level
    configure_logs(read_settings(log_format=log_format))
    try:
        structlog.get_logger("worker.told").info(f"told {ALL}", title=ALL, feeds=[ALL], about={ALL: (ALL,)})
        logging.getLogger("foreign").warning("foreign %s", ALL)
        try:
            raise ValueError(ALL)
        except ValueError as error:
            structlog.get_logger("worker.told").exception("bug", error=str(error))
            logging.getLogger("celery").exception("task failed")
        desk.polled(web.url("/down.xml"))
    finally:
        logging.getLogger().handlers[:], _ = before
        logging.getLogger().setLevel(before[1])
        structlog.reset_defaults()
    logged = capsys.readouterr().err
    assert_harmless(logged)
    if log_format == "json":
        assert len([json.loads(line) for line in logged.splitlines()]) == 5
