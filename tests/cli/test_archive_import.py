"""`feedmill archive import|prune` as its user sees them."""

from __future__ import annotations

import json
import os
import time

import pytest

from tests.archive.made import SUBJECT, archive_in
from tests.archive.made import page as our_page
from tests.archive.strange import by_library, http, packed, record, story
from tests.fakes import ManualClock
from worker.cli import run_command

TOWNS = ("riga", "tartu", "vilnius")


@pytest.fixture
def run(tmp_path, monkeypatch, capsys):
    """Run `feedmill …` in a folder of its own; return its exit code and what it printed."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("FEEDMILL_STORE_URL", "sqlite:///feedmill.db")
    monkeypatch.setenv("FEEDMILL_ARCHIVE_URL", "archive")
    monkeypatch.setenv("FEEDMILL_EXTRACT_PROCESSES", "1")

    def run_it(*words):
        code = run_command(list(words))
        said = capsys.readouterr()
        # A machine under load takes long enough for a line on the progress.
        told = [line for line in said.err.splitlines(keepends=True) if not line.endswith(" MB\n")]
        return code, said.out, "".join(told)

    return run_it


@pytest.fixture
def crawl(tmp_path):
    path = tmp_path / "crawl.warc.gz"
    path.write_bytes(by_library({f"https://news.example/{town}": story(town) for town in TOWNS}))
    return path.name


class TestImport:
    pytestmark = pytest.mark.slow

    def test_twice(self, run, crawl):
        code, out, err = run("archive", "import", crawl)
        assert (code, err) == (0, "")
        assert out == "3 pages: 3 indexed; passed over: 3 request, 1 warcinfo\n"
        assert "Plans for riga move on" in run("search", "Riga")[1]
        first = run("archive", "import", crawl, "--json")[1]
        assert json.loads(first)["known"] == 3
        assert run("archive", "import", crawl)[1].startswith("3 pages: nothing new; 3 known already; ")

    def test_all_that_is_not_an_article_is_told(self, run, tmp_path):
        raw = packed(
            record(),
            record("https://news.example/gone", http(b"", status="404 Not Found")),
            record("https://news.example/x.png", http(b"\x89PNG", content_type="image/png")),
            record("https://news.example/\x1b[31mred", block_digest="sha1:AAAA"),
        )
        (tmp_path / "odd.warc.gz").write_bytes(raw)
        code, out, err = run("archive", "import", "odd.warc.gz")
        assert code == 0
        assert out == ("3 pages: 2 rejected, 1 indexed (1 not_found, 1 content_type); 1 broken record\n")
        assert err.count("\n") == 1
        assert err.startswith("feedmill: odd.warc.gz: archive_damaged at ")
        assert "\x1b" not in err

    def test_files_that_cannot_be_read_cost_no_other(self, run, crawl, tmp_path):
        (tmp_path / "page.html").write_bytes(story())
        code, out, err = run("archive", "import", "page.html", crawl, "nowhere.warc.gz")
        assert (code, out.split(";")[0]) == (1, "3 pages: 3 indexed")
        assert err == (
            "feedmill: page.html is no WARC file; cannot read nowhere.warc.gz: No such file or directory\n"
        )

    def test_its_feed_is_never_polled_and_leaves_its_articles(self, run, crawl):
        assert run("archive", "import", "--name", "cc news", crawl)[0] == 0
        (listed,) = run("feeds", "list", "--json")[1].splitlines()
        feed = json.loads(listed)
        assert (feed["state"], feed["title"], feed["url"]) == (
            "imported",
            "cc news",
            "urn:feedmill:import:cc%20news",
        )
        for word in ("pause", "resume"):
            code, _, err = run("feeds", word, feed["feed_id"])
            assert (code, err) == (1, "feedmill: cc news is an import: nothing is polled for it\n")
        assert run("feeds", "export", "--text")[1] == ""
        assert run("feeds", "list", "--problem")[1].count("\n") == 1
        assert "Plans for" in run("search", "Riga", "--feed", feed["feed_id"])[1]
        assert run("feeds", "remove", feed["feed_id"])[0] == 0
        assert "Plans for" in run("search", "Riga")[1]

    def test_without_an_archive_nothing_is_kept(self, run, crawl, tmp_path, monkeypatch):
        monkeypatch.setenv("FEEDMILL_ARCHIVE_URL", "off")
        assert run("archive", "import", crawl)[1].startswith("3 pages: 3 indexed")
        assert not (tmp_path / "archive").exists()
        assert run("archive", "import", crawl)[1].startswith("3 pages: nothing new")

    def test_a_lost_database_comes_back_from_the_archive(self, run, crawl, tmp_path):
        run("archive", "import", crawl)
        (tmp_path / "feedmill.db").rename(tmp_path / "lost.db")
        (name,) = os.listdir(tmp_path / "archive")
        assert run("archive", "import", f"archive/{name}")[1].startswith("3 pages: 3 indexed")
        assert os.listdir(tmp_path / "archive") == [name]
        assert run("reindex", "start", "--from", "archive")[1].count("3 remade") == 1

    @pytest.mark.parametrize("name", ["", " ", "a\nb", "x" * 81])
    def test_a_name_that_is_none(self, run, crawl, name):
        code, out, err = run("archive", "import", "--name", name, crawl)
        assert (code, out, err.count("\n")) == (2, "", 1)
        assert err.startswith("feedmill: not a name for an import: ")


class TestPrune:
    @pytest.fixture
    def old(self, tmp_path):
        """Two files that were closed two days ago."""
        folder = tmp_path / "archive"
        for number in (1, 2):
            archive = archive_in(folder, clock=ManualClock(seconds=number))
            archive.keep(our_page(number, size=5_000), SUBJECT)
            archive.close()
        ago = time.time() - 2 * 86_400
        for path in folder.iterdir():
            path.rename(path.with_name(path.name.replace("feedmill-2026", "feedmill-2021")))
        for path in folder.iterdir():
            os.utime(path, (ago, ago))
        return folder

    def test_a_dry_run_and_then_for_real(self, run, old):
        code, out, err = run("archive", "prune", "--older-than", "1d")
        assert (code, err) == (0, "")
        assert out.splitlines()[-1] == "2 files, 0.000 GB of 0.000 GB, would be deleted: --yes does it"
        assert len(list(old.iterdir())) == 2
        assert (
            run("archive", "prune", "--older-than", "1d", "--yes")[1].splitlines()[-1].endswith(", deleted")
        )
        assert list(old.iterdir()) == []
        assert run("archive", "prune", "--older-than", "1d", "--yes")[1] == "nothing to delete\n"

    @pytest.mark.slow
    def test_what_is_being_imported_stays(self, run, old):
        """Nothing points to it before its first pages are settled."""
        assert run("archive", "import", *map(str, sorted(old.iterdir())))[0] == 0
        out = run("archive", "prune", "--older-than", "1d", "--yes")[1]
        assert out.splitlines() == ["2 more stay: closed a moment ago", "nothing to delete"]

    def test_the_settings_are_the_default(self, run, old, monkeypatch):
        monkeypatch.setenv("FEEDMILL_ARCHIVE_KEEP_DAYS", "1")
        assert "2 files" in run("archive", "prune")[1]
        monkeypatch.setenv("FEEDMILL_ARCHIVE_MAX_GB", "1")
        assert "nothing to delete" in run("archive", "prune", "--max-gb", "1")[1]

    @pytest.mark.parametrize(
        ("words", "code", "said"),
        [
            ((), 2, "say which files"),
            (("--older-than", "soon"), 2, "--older-than soon: must be an age such as 90d"),
            (("--older-than", "9" * 20 + "d"), 2, "must be an age"),
            (("--max-gb", "-1"), 2, "--max-gb"),
        ],
        ids=["no limit", "no age", "an age beyond time", "less than nothing"],
    )
    def test_wrong_usage(self, run, old, words, code, said):
        got, out, err = run("archive", "prune", *words)
        assert (got, out, err.count("\n")) == (code, "", 1)
        assert said in err

    def test_without_an_archive(self, run, monkeypatch):
        monkeypatch.setenv("FEEDMILL_ARCHIVE_URL", "off")
        code, _, err = run("archive", "prune", "--older-than", "1d")
        assert (code, err) == (1, "feedmill: no pages are kept: FEEDMILL_ARCHIVE_URL is `off`\n")
