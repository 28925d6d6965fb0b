"""`feedmill kibana`: what is printed, and the exit codes."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import quote

import pytest

from tests.ops.fake_kibana import PASSWORD, USER, fake_kibana
from worker.cli import run_command
from worker.ops.saved_objects import render_objects, shipped_objects


@pytest.fixture(autouse=True)
def empty_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def test_import_under_the_prefix_in_force(capsys, monkeypatch) -> None:
    with fake_kibana() as kibana:
        url = kibana.url.replace("//", f"//{USER}:{quote(PASSWORD, safe='')}@")
        monkeypatch.setenv("FEEDMILL_KIBANA_URL", url)
        monkeypatch.setenv("FEEDMILL_STORE_PREFIX", "my-news")
        assert run_command(["kibana", "import"]) == 0
    assert capsys.readouterr().out.splitlines() == [
        "index-pattern my-news-articles: imported",
        "index-pattern my-news-entries: imported",
        "search my-news-latest-articles: imported",
    ]


def test_a_file_of_ones_own_is_sent_as_it_is(capsys, monkeypatch, tmp_path) -> None:
    (tmp_path / "own.ndjson").write_text(render_objects(shipped_objects("feedmill")[:1]))
    with fake_kibana() as kibana:
        monkeypatch.setenv(
            "FEEDMILL_KIBANA_URL", kibana.url.replace("//", f"//{USER}:{quote(PASSWORD, safe='')}@")
        )
        monkeypatch.setenv("FEEDMILL_STORE_PREFIX", "my-news")
        assert run_command(["kibana", "import", "own.ndjson"]) == 0
    assert capsys.readouterr().out == "index-pattern feedmill-articles: imported\n"


def test_a_refusal_fails_and_the_password_stays_out(capsys, monkeypatch) -> None:
    with fake_kibana() as kibana:
        monkeypatch.setenv("FEEDMILL_KIBANA_URL", kibana.url.replace("//", "//elastic:s3cr3t@"))
        assert run_command(["kibana", "import"]) == 1
    said = capsys.readouterr()
    assert said.err == f"feedmill: {kibana.url}: refused our credentials\n"
    assert "s3cr3t" not in said.out + said.err


def test_check(capsys) -> None:
    assert run_command(["kibana", "check"]) == 0
    assert capsys.readouterr().out == "3 objects, no problems\n"


def test_check_fails_with_a_line_per_problem(capsys, tmp_path) -> None:
    broken = shipped_objects("feedmill")[:1]
    broken[0]["attributes"]["timeFieldName"] = "when"
    (tmp_path / "own.ndjson").write_text(render_objects(broken))
    assert run_command(["kibana", "check", "own.ndjson"]) == 1
    said = capsys.readouterr()
    assert said.out == "index-pattern feedmill-articles: its time field when is not in the mapping\n"
    assert said.err == "feedmill: 1 problems\n"


@pytest.mark.parametrize(
    ("command", "said"),
    [
        (["kibana", "import"], "say where Kibana is: FEEDMILL_KIBANA_URL="),
        (["kibana", "check", "missing.ndjson"], "missing.ndjson: No such file"),
        (["kibana", "check", "."], "Is a directory"),
        (["kibana", "check", "image.png"], "not UTF-8"),
    ],
)
def test_wrong_usage(capsys, tmp_path, command: list[str], said: str) -> None:
    (tmp_path / "image.png").write_bytes(b"\x89PNG\xff")
    assert run_command(command) == 2
    assert said in capsys.readouterr().err
