"""Wrong input: one clear line on stderr, exit code 1 or 2, no traceback, nothing lost."""

from __future__ import annotations

import os
import resource
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from worker.cli import run_command


@pytest.fixture(autouse=True)
def empty_folder(tmp_path, monkeypatch) -> Path:
    for name in [name for name in os.environ if name.startswith("FEEDMILL_")]:
        monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def one_line(capsys) -> str:
    """Return the single line on stderr; nothing else may have been printed there."""
    said = capsys.readouterr().err
    assert said.count("\n") == 1, said
    assert said.startswith("feedmill: ")
    return said


@pytest.mark.parametrize(
    ("command", "code", "said"),
    [
        pytest.param(["--nonsense"], 2, "No such option: --nonsense", id="unknown option"),
        pytest.param(
            ["search", "--nonsense"], 2, "No such option: --nonsense", id="unknown option of a command"
        ),
        pytest.param(["browse"], 2, "No such command 'browse'", id="unknown command"),
        pytest.param(["search", "--limit", "many"], 2, "--limit", id="not a number"),
        pytest.param(["search", "--since", "soon"], 2, "soon", id="not a date"),
        pytest.param(["search", "--sort", "colour"], 2, "colour", id="not an order"),
        pytest.param(["feeds", "add", "not a url"], 2, "not a web address: 'not a url'", id="no URL"),
        pytest.param(["feeds", "add", "ftp://example.com/x"], 2, "not a web address", id="wrong scheme"),
        pytest.param(
            ["feeds", "check", "http://user:pw@example.com/"], 2, "not a web address", id="credentials"
        ),
        pytest.param(["feeds", "check", "http://127.0.0.1/feed"], 1, "127.0.0.1", id="private address"),
        pytest.param(["feeds", "show", "0123456789abcdef"], 1, "no such feed", id="unknown feed"),
        pytest.param(["feeds", "import", "missing.opml"], 2, "missing.opml: No such file", id="missing file"),
        pytest.param(["feeds", "import", "."], 2, "Is a directory", id="folder instead of a file"),
        pytest.param(
            ["run", "--feeds", "missing.opml"], 2, "missing.opml: No such file", id="missing feeds file"
        ),
        pytest.param(["feeds", "export", "no/such/folder/x.opml"], 1, "No such file", id="unwritable export"),
        pytest.param(["show", "https://example.com/never"], 1, "no such article", id="unknown article"),
        pytest.param(["explain", "https://example.com/never"], 1, "never heard of", id="unknown URL"),
        pytest.param(
            ["extract", "nothing.html"], 2, "neither a web address nor a file", id="nothing to extract"
        ),
        pytest.param(["dead", "retry"], 2, "say which", id="retry what"),
        pytest.param(["worker"], 2, "feedmill run", id="worker without a shared broker"),
    ],
)
def test_one_line_and_a_code(command, code, said, capsys):
    assert run_command(command) == code
    assert said in one_line(capsys)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        pytest.param(b"<opml><body><outline xmlUrl=", "line 1", id="broken XML"),
        pytest.param(b"<html><body>hello</body></html>", "<html> is not an OPML list", id="other XML"),
        pytest.param(b"\x89PNG\r\n\x1a\n\x00\x00", "line 1", id="an image"),
        pytest.param(b"just some words\nand more", "line 1", id="prose"),
    ],
)
def test_an_unreadable_feed_list_is_named_with_its_line(content, said, capsys, empty_folder):
    (empty_folder / "list.opml").write_bytes(content)
    assert run_command(["feeds", "import", "list.opml"]) == 2
    line = one_line(capsys)
    assert said in line
    assert "list.opml" in line


def test_a_list_with_some_bad_lines_imports_the_rest_and_says_which(capsys, empty_folder):
    (empty_folder / "list.txt").write_text("https://example.com/feed\nnonsense\n")
    assert run_command(["feeds", "import", "list.txt"]) == 0
    assert "1 feeds added, 0 known already; line 2 is no web address: nonsense" in capsys.readouterr().out


@pytest.mark.parametrize("command", [["search", "x"], ["status"], ["feeds", "list"], ["run", "--until-idle"]])
def test_a_file_that_is_no_database_is_left_as_it_is(command, capsys, empty_folder):
    database = empty_folder / "feedmill.db"
    database.write_bytes(b"this is not a database" * 500)
    assert run_command(command) == 1
    assert "feedmill.db" in one_line(capsys)
    assert database.read_bytes() == b"this is not a database" * 500


def test_a_database_of_a_newer_version_is_refused(capsys, empty_folder):
    assert run_command(["status"]) == 0
    capsys.readouterr()
    with sqlite3.connect(empty_folder / "feedmill.db") as database:
        database.execute("PRAGMA user_version = 999")
    database.close()
    assert run_command(["search", "x"]) == 1
    assert "newer" in one_line(capsys)


def test_a_missing_folder_is_named(capsys, monkeypatch):
    monkeypatch.setenv("FEEDMILL_STORE_URL", "sqlite:///no/such/folder/feedmill.db")
    assert run_command(["status"]) == 1
    assert "no/such/folder" in one_line(capsys)


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root to become nobody, whom permissions bind")
@pytest.mark.slow
def test_a_missing_permission_is_named(empty_folder):
    assert run_command(["status"]) == 0
    for path in [empty_folder, *empty_folder.parents]:
        if path.stat().st_uid == 0 and path != Path("/") and path != Path("/tmp"):
            path.chmod(0o755)
    (empty_folder / "feedmill.db").chmod(0o600)
    # Run once before: the interpreter itself may lie where nobody may read.
    program = (
        "import os; from worker.cli import run_command; run_command(['status']); "
        "os.setgid(65534); os.setuid(65534); raise SystemExit(run_command(['status']))"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 1, done.stderr
    assert done.stderr.count("\n") == 1
    assert "feedmill.db" in done.stderr


def test_wrong_settings_are_all_named_at_once(capsys, monkeypatch):
    monkeypatch.setenv("FEEDMILL_HOST_DELAY_S", "-1")
    monkeypatch.setenv("FEEDMILL_FETCH_THREADS", "none")
    assert run_command(["status"]) == 2
    line = one_line(capsys)
    assert "HOST_DELAY_S" in line
    assert "FETCH_THREADS" in line


@pytest.mark.slow
def test_a_full_disk_is_one_line_and_what_was_stored_stays(empty_folder):
    """A limit on file size stands in for the disk: the kernel refuses the write in the same place."""
    assert run_command(["feeds", "add", "--no-check", "https://example.com/first"]) == 0
    (empty_folder / "many.txt").write_text("".join(f"https://example{n}.com/feed\n" for n in range(20_000)))

    def limit_files() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (600_000, 600_000))

    done = subprocess.run(
        [sys.executable, "-m", "worker", "feeds", "import", "many.txt"],
        preexec_fn=limit_files,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])},
    )
    assert done.returncode == 1, done.stdout + done.stderr
    assert done.stderr.count("\n") == 1
    assert "feedmill.db" in done.stderr
    assert run_command(["feeds", "show", "https://example.com/first"]) == 0
