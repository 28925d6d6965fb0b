"""`feedmill reindex` as its user sees it: the whole way, and what is said where something is wrong."""

from __future__ import annotations

import json

import pytest

from worker.cli import run_command
from worker.cli.copying import _who_helps
from worker.clock import Clock
from worker.models import Phase
from worker.ops.crew import Crew
from worker.reindex import control
from worker.reindex.control import Asked
from worker.reindex.steps import Source
from worker.store.sqlite import open_sqlite


@pytest.fixture
def run(capsys):
    """Run `feedmill reindex …`; return its exit code and what it printed."""

    def run_it(*words):
        code = run_command(["reindex", *words])
        said = capsys.readouterr()
        return code, said.out, said.err

    return run_it


@pytest.mark.slow
def test_the_whole_way(older_articles, run):
    code, out, _ = run("start", "--from", "index")
    assert (code, "12 documents: 12 retagged" in out) == (0, True)
    assert out.splitlines()[0] == "1 → 2, from index: tags of all documents"
    code, out, _ = run("status")
    assert code == 0
    assert "12 of 12" in out
    assert "promote" in out
    code, out, _ = run("diff", "--json")
    report = json.loads(out)
    assert (code, report["compared"], report["lost"], report["limits_broken"]) == (0, 12, 0, [])
    assert report["countries"]["XX"] == {"added": 0, "removed": 12}
    assert report["fields"]["countries"] == 12
    code, out, _ = run("diff")
    assert code == 0
    assert "countries" in out
    assert "12 (100.00%)" in out
    assert run("promote")[:2] == (0, "2 is searched now; `feedmill reindex rollback` takes it back.\n")
    assert run("rollback")[:2] == (0, "1 is searched again; 2 stays beside it.\n")
    assert run("promote")[0] == 0
    assert run("clean")[:2] == (0, "1 would be deleted: `feedmill reindex clean --yes` does it.\n")
    assert run("clean", "--yes")[:2] == (0, "1 deleted\n")
    assert run("clean")[:2] == (0, "There is one version only: nothing to delete.\n")
    assert json.loads(run("status", "--json")[1])["phase"] == "cleaned"


@pytest.mark.slow
def test_a_broken_limit_stops_the_promotion(older_articles, run):
    assert run("start", "--from", "index")[0] == 0
    code, _, err = run("diff", "--max-countries", "50%")
    assert (code, err) == (
        1,
        "feedmill: documents with other countries: 12 of 12 (100.00%), more than 50.00%\n",
    )
    code, _, err = run("promote", "--max-countries", "50%")
    assert code == 1
    assert err.endswith("not promoted (--force does it all the same)\n")
    assert run("promote", "--max-countries", "50%", "--force")[0] == 0


@pytest.mark.slow
def test_cancelled(older_articles, run):
    assert run("start", "--from", "index", "--only", "mapping")[0] == 0
    assert run("cancel")[:2] == (0, "2 deleted\n")
    assert run("cancel")[0] == 1


WRONG = [
    pytest.param(
        ("start", "--from", "index", "--only", "extract"), 2, "--from archive", id="no pages, no extraction"
    ),
    pytest.param(("start", "--from", "web"), 2, "'web'", id="no such source"),
    pytest.param(("start", "--since", "soon"), 2, "--since soon", id="unreadable time"),
    pytest.param(("start", "--country", "Q9Q"), 2, "--country Q9Q", id="no such country"),
    pytest.param(("diff", "--max-lost", "few"), 2, "--max-lost few", id="no share"),
    pytest.param(("diff", "--max-lost", "101%"), 2, "--max-lost 101%", id="more than all"),
    pytest.param(("status",), 1, "there is no rebuilt index", id="status of nothing"),
    pytest.param(("diff",), 1, "there is no rebuilt index", id="diff of nothing"),
    pytest.param(("promote",), 1, "there is no rebuilt index", id="promote nothing"),
    pytest.param(("rollback",), 1, "there is no rebuilt index", id="roll nothing back"),
]


@pytest.mark.parametrize(("words", "code", "said"), WRONG)
def test_what_is_wrong_is_said_in_a_line(older_articles, run, words, code, said):
    got, out, err = run(*words)
    assert (got, out) == (code, "")
    assert said in err
    assert err.count("\n") == 1


def test_without_an_archive_only_the_index_serves(older_articles, run, monkeypatch):
    monkeypatch.setenv("FEEDMILL_ARCHIVE_URL", "off")
    code, _, err = run("start")
    assert (code, err) == (2, "feedmill: no pages are kept (FEEDMILL_ARCHIVE_URL is off): --from index\n")
    assert run("status")[0] == 1


@pytest.mark.parametrize(
    "broker", ["memory://", "redis://127.0.0.1:1/0"], ids=["no other process", "a store for one service"]
)
def test_the_copy_is_left_to_workers_only_where_there_can_be_some(older_articles, run, monkeypatch, broker):
    monkeypatch.setenv("FEEDMILL_BROKER_URL", broker)
    code, out, err = run("start", "--detach")
    assert (code, out, err.count("\n")) == (2, "", 1)
    assert "--detach leaves the copy to `feedmill worker`" in err
    assert run("status")[0] == 1


def test_another_version_of_this_program_is_refused_in_a_line(older_articles, run, tmp_path):
    store = open_sqlite(tmp_path / "feedmill.db")
    begun = control.start(store, Clock(), Asked(source=Source.INDEX))
    store.rebuilds.update(begun.rebuild_id, {"tagger_version": "older"}, if_phase=Phase.COPYING)
    store.close()
    code, out, err = run("start")
    assert (code, out, err.count("\n")) == (1, "", 1)
    assert "its tagger is older, ours " in err
    assert run("cancel")[:2] == (0, "2 deleted\n")


@pytest.mark.parametrize(
    ("crew", "said"),
    [
        (Crew(workers=3, helpers=2), "Workers that take part: 2."),
        (Crew(workers=3), "No worker takes part yet"),
        (Crew(away="redis://r: is full"), "No worker can take part now: redis://r: is full"),
    ],
    ids=["two", "none", "away"],
)
def test_who_goes_on_with_the_copy(crew, said):
    assert _who_helps(crew).startswith(said)


@pytest.mark.slow
def test_a_killed_copy_is_gone_on_with_at_once(older_articles, run, tmp_path):
    store = open_sqlite(tmp_path / "feedmill.db")
    control.start(store, Clock(), Asked(source=Source.INDEX))
    while store.rebuilds.claim_slice(Clock().now(), 3600, "killed"):
        pass
    store.close()
    code, out, _ = run("start")
    assert (code, "12 documents: 12 retagged" in out) == (0, True)
