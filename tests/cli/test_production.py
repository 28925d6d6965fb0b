"""`feedmill worker` and `beat`: what they refuse, and what `--check` says of those that run."""

from __future__ import annotations

from pathlib import Path

import pytest

from worker.cli import run_command
from worker.clock import Clock
from worker.progress import Progress, note_of, write_note

REDIS, ELASTICSEARCH = "redis://:secret@127.0.0.1:1/0", "http://u:secret@127.0.0.1:1"


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("FEEDMILL_RUN_DIR", str(tmp_path / "run"))


@pytest.mark.parametrize(
    ("command", "broker", "store", "said"),
    [
        pytest.param(["worker"], "memory://", ELASTICSEARCH, "use `feedmill run`", id="no shared broker"),
        pytest.param(["beat"], "memory://", ELASTICSEARCH, "use `feedmill run`", id="nor for beat"),
        pytest.param(["worker"], REDIS, "sqlite:///x.db", "SQLite serves one service", id="no shared store"),
        pytest.param(["run"], REDIS, ELASTICSEARCH, "run `worker` and `beat`", id="run is embedded"),
        pytest.param(
            ["worker", "--queues", "polls"], REDIS, ELASTICSEARCH, "choose from", id="unknown queue"
        ),
        pytest.param(["worker", "--queues", ","], REDIS, ELASTICSEARCH, "choose from", id="no queue"),
        pytest.param(["worker"], "amqp://:secret@h", ELASTICSEARCH, "must be memory://", id="another broker"),
    ],
)
def test_wrong_usage(monkeypatch, capsys, command: list[str], broker: str, store: str, said: str) -> None:
    monkeypatch.setenv("FEEDMILL_BROKER_URL", broker)
    monkeypatch.setenv("FEEDMILL_STORE_URL", store)
    assert run_command(command) == 2
    line = capsys.readouterr().err
    assert said in line
    assert line.count("\n") == 1
    assert "secret" not in line


def test_check_without_a_process(capsys) -> None:
    assert run_command(["worker", "--check"]) == 1
    assert "no worker runs here" in capsys.readouterr().err


def test_check_tells_how_each_one_gets_on(tmp_path: Path, capsys) -> None:
    now = Clock().now().timestamp()
    with note_of(tmp_path / "run", "worker") as note:
        write_note(note, Progress(at=now, moved_at=now, ended=1234, running=2, waiting=5))
        assert run_command(["worker", "--check"]) == 0
        assert "1,234 tasks done, 2 running, 5 waiting" in capsys.readouterr().out
        write_note(note, Progress(at=now, moved_at=now - 900, trouble="redis://r: cannot be reached"))
        assert run_command(["worker", "--check"]) == 1
        captured = capsys.readouterr()
        assert "no progress for 900 s: redis://r: cannot be reached" in captured.out
        assert "does not get on" in captured.err
        assert run_command(["beat", "--check"]) == 1


def test_settings_never_show_credentials(monkeypatch) -> None:
    from worker.settings import read_settings

    monkeypatch.setenv("FEEDMILL_BROKER_URL", REDIS)
    monkeypatch.setenv("FEEDMILL_STORE_URL", ELASTICSEARCH)
    settings = read_settings(store_api_key="secret")
    assert "secret" not in repr(settings) + str(settings)
    assert settings.broker_place == "redis://127.0.0.1:1/0"
