"""`feedmill retag` and `refetch` as their user sees them."""

from __future__ import annotations

import pytest

from worker.cli import run_command
from worker.models import EntryState
from worker.store.sqlite import open_sqlite


@pytest.fixture
def run(capsys):
    def run_it(*words):
        code = run_command(list(words))
        said = capsys.readouterr()
        return code, said.out, said.err

    return run_it


@pytest.mark.slow
def test_retag(older_articles, run):
    assert run("retag", "--domain", "news.example")[:2] == (0, "12 retagged\n")
    assert run("retag")[:2] == (0, "nothing\n")
    assert run("retag", "--all", "--where", "nosuchword")[:2] == (0, "nothing\n")


def pending(path):
    store = open_sqlite(path)
    rows = [store.entries.get(f"entry-{number}") for number in range(1, 13)]
    store.close()
    return sum(row.state is EntryState.PENDING for row in rows)


def test_refetch_is_a_dry_run_first(older_articles, run):
    code, out, _ = run("refetch", "--domain", "news.example")
    assert code == 0
    assert out.endswith("12 entries would be fetched again: `--yes` does it.\n")
    assert "https://news.example/" in out
    assert pending(older_articles) == 0
    assert run("refetch", "--domain", "news.example", "--yes")[:2] == (
        0,
        "12 entries will be fetched again\n",
    )
    assert pending(older_articles) == 12


WRONG = [
    pytest.param(("refetch",), "say which", id="nothing said"),
    pytest.param(("refetch", "--yes"), "say which", id="not everything by mistake"),
    pytest.param(("refetch", "--since", "soon"), "--since soon", id="unreadable time"),
    pytest.param(("retag", "--country", "Q9Q"), "--country Q9Q", id="no such country"),
]


@pytest.mark.parametrize(("words", "said"), WRONG)
def test_what_is_wrong_is_said_in_a_line(older_articles, run, words, said):
    code, out, err = run(*words)
    assert (code, out) == (2, "")
    assert said in err
    assert err.count("\n") == 1
