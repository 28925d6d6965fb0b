"""The folder of own tags: read at the start, the same in every process, and a mistake is the end."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
import structlog

from worker.cli import run_command
from worker.clock import Clock
from worker.enrich.own import NOTHING_OWN, install, installed
from worker.enrich.tags import tagger_version
from worker.errors import OwnTagsError
from worker.mill import open_mill, open_pool
from worker.settings import read_settings
from worker.store.outage import Outage
from worker.tagging import say_own_tags, use_own_tags

PLACES = "name,country\nGreat Stone,BY\n"
REDIS, ELASTICSEARCH = "redis://127.0.0.1:1/0", "http://127.0.0.1:1"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    folder = tmp_path / "tags"
    folder.mkdir()
    (folder / "places.csv").write_text(PLACES)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("FEEDMILL_TAGS_DIR", "tags")
    yield folder
    install(NOTHING_OWN)


def test_a_folder_is_read_and_what_is_left_aside_is_named(folder):
    (folder / "places.csv~").write_text("x")
    (folder / "old").mkdir()
    (folder / "places.csv.bak").write_bytes(b"\xff")
    own = use_own_tags(read_settings())
    assert [place.name for place in own.places] == ["Great Stone"]
    assert installed() is own
    with structlog.testing.capture_logs() as said:
        say_own_tags(read_settings(), own)
    assert said[0]["ignored"] == ["old", "places.csv.bak", "places.csv~"]
    assert said[0]["digest"] == own.digest


def test_no_folder_no_own_tags(folder, monkeypatch):
    use_own_tags(read_settings())
    monkeypatch.delenv("FEEDMILL_TAGS_DIR")
    assert use_own_tags(read_settings()) is installed() is NOTHING_OWN
    with structlog.testing.capture_logs() as said:
        say_own_tags(read_settings(), NOTHING_OWN)
    assert said == []


@pytest.mark.parametrize(
    ("name", "said"),
    [
        pytest.param("nowhere", "FEEDMILL_TAGS_DIR: nowhere: No such file or directory", id="missing"),
        pytest.param("tags/places.csv", "FEEDMILL_TAGS_DIR: tags/places.csv: Not a directory", id="a file"),
    ],
)
def test_what_is_no_folder(folder, monkeypatch, name, said):
    monkeypatch.setenv("FEEDMILL_TAGS_DIR", name)
    with pytest.raises(OwnTagsError) as wrong:
        use_own_tags(read_settings())
    assert wrong.value.mistakes == (said,)


def test_a_link_to_nothing_is_a_mistake(folder):
    (folder / "topics.toml").symlink_to("nowhere.toml")
    (folder / ".data").symlink_to("nowhere")
    with pytest.raises(OwnTagsError) as wrong:
        use_own_tags(read_settings())
    assert wrong.value.mistakes == ("topics.toml: No such file or directory",)


@pytest.mark.parametrize(
    ("command", "services"),
    [
        pytest.param(["run", "--until-idle"], {}, id="run"),
        pytest.param(["worker"], {"BROKER_URL": REDIS, "STORE_URL": ELASTICSEARCH}, id="worker"),
        pytest.param(["extract", "page.html"], {}, id="extract"),
        pytest.param(["tag", "texts.jsonl"], {}, id="tag"),
        pytest.param(["explain", "https://a.example/"], {}, id="explain"),
    ],
)
def test_a_mistake_ends_a_command_with_a_line_each(folder, monkeypatch, capsys, command, services):
    (folder / "places.csv").write_text("name,country\nGreat Stone,XX\nX,BY\n")
    for name in ("page.html", "texts.jsonl"):
        (folder.parent / name).write_text("<p>x</p>")
    for name, value in services.items():
        monkeypatch.setenv(f"FEEDMILL_{name}", value)
    assert run_command(command) == 2
    assert capsys.readouterr().err.splitlines() == [
        "feedmill: places.csv:2: not a country: 'XX' (ISO 3166-1 alpha-2, or XK)",
        "feedmill: places.csv:3: a name has 2 to 100 characters, letters among them: 'X'",
    ]
    assert not Path("feedmill.db").exists()


def test_children_tag_with_the_same(folder):
    with closing(open_pool(read_settings(extract_processes=1))) as pool:
        assert pool.run(installed) == installed()
        assert pool.run(tagger_version) == tagger_version()
        (folder / "places.csv").unlink()
        assert pool.run(tagger_version) == tagger_version()


def test_the_mill_too(folder):
    with closing(open_mill(read_settings(extract_processes=1), Clock(), outage=Outage(Clock()))) as mill:
        assert mill.pool.run(tagger_version) == tagger_version()
        assert tagger_version().endswith(f"+{installed().digest}")


def test_feedmill_tag_finds_own_names(folder, capsys):
    text = {"id": 1, "title": "", "body": "The plant at Great Stone opened.", "language": "en"}
    (folder.parent / "texts.jsonl").write_text(json.dumps(text))
    assert run_command(["tag", "texts.jsonl"]) == 0
    assert json.loads(capsys.readouterr().out)["country_primary"] == "BY"
