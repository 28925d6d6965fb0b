"""`feedmill dead`: what was seen stands in the list, and a false rejection is one command away."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
from typer.testing import CliRunner

from tests.store.builders import NOW, A, claim_one, entry, feed, rejected
from worker.cli import app
from worker.models import EntryState, Outcome, OutcomeKind
from worker.store.sqlite import SqliteStore, open_sqlite


@pytest.fixture
def database(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Two entries that the gate rejected."""
    path = tmp_path / "feedmill.db"
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("FEEDMILL_STORE_URL", f"sqlite:///{path}")
    store = open_sqlite(path)
    store.feeds.add([feed()])
    store.entries.admit(A, [entry("1"), entry("2")], NOW)
    for n, reason in (("1", "consent_wall"), ("2", "link_list")):
        outcome = Outcome(kind=OutcomeKind.REJECTED, reason=reason, detail=f"seen in {n}\x1b[31m")
        store.entries.finish([replace(rejected(claim_one(store, f"entry-{n}")), outcome=outcome)], NOW)
    store.close()
    return path


def run(*words: str) -> str:
    result = CliRunner().invoke(app, ["dead", *words])
    assert result.exit_code == 0, result.output
    return result.stdout


def forced(path: Path) -> dict[str, bool]:
    """Return the entries that were put back to work, and whether they are let in."""
    store: SqliteStore = open_sqlite(path)
    rows = [store.entries.get(f"entry-{n}") for n in (1, 2)]
    store.close()
    return {row.entry.entry_id: row.forced for row in rows if row and row.state is EntryState.PENDING}


def test_the_list_shows_what_was_seen(database: Path) -> None:
    said = run("list")
    assert "consent_wall" in said
    assert "seen in 1 [31m" in said
    assert "\x1b" not in said


def test_json_has_the_detail(database: Path) -> None:
    rows = [json.loads(line) for line in run("list", "--json").splitlines()]
    assert [(row["reason"], row["forced"]) for row in rows] == [("link_list", False), ("consent_wall", False)]
    assert rows[0]["forced"] is False
    assert rows[1]["detail"].startswith("seen in 1")


@pytest.mark.parametrize(
    ("words", "put_back"),
    [
        pytest.param(("retry", "entry-1"), {"entry-1": False}, id="a retry"),
        pytest.param(("retry", "--force", "entry-1"), {"entry-1": True}, id="one let in"),
        pytest.param(
            ("retry", "--force", "entry-1", "entry-2"), {"entry-1": True, "entry-2": True}, id="two"
        ),
        pytest.param(("retry", "--force", "--reason", "link_list"), {"entry-2": True}, id="by reason"),
    ],
)
def test_retry(database: Path, words: tuple[str, ...], put_back: dict[str, bool]) -> None:
    assert ("2 entries" if len(put_back) == 2 else "1 entry") in run(*words)
    assert forced(database) == put_back
