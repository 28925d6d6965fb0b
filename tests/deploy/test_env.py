"""make-env.sh: every secret that compose asks for, random, for its owner's eyes, and never a second time."""

from __future__ import annotations

import os
import re
import shutil
import stat
import subprocess
from pathlib import Path

import pytest
from dotenv import dotenv_values

from tests.deploy.project import COMPOSE_TEXT, ROOT

SCRIPT = ROOT / "deploy" / "make-env.sh"
SHELL = shutil.which("dash") or "sh"


def make_env(folder: Path, shell: str = SHELL) -> subprocess.CompletedProcess[str]:
    (folder / "deploy").mkdir(exist_ok=True)
    script = shutil.copy(SCRIPT, folder / "deploy")
    return subprocess.run([shell, script], cwd="/", capture_output=True, text=True, timeout=30, check=False)


def made(folder: Path) -> dict[str, str | None]:
    done = make_env(folder)
    assert (done.returncode, done.stderr) == (0, "")
    return dotenv_values(folder / ".env")


def test_it_writes_every_name_that_compose_asks_for(tmp_path: Path) -> None:
    asked = set(re.findall(r"\$\{([A-Z_]+)", COMPOSE_TEXT))
    assert made(tmp_path).keys() == asked


def test_no_name_is_taken_for_a_setting(tmp_path: Path) -> None:
    """Feedmill reads `.env` in the working folder, too: what is meant for compose must not change it."""
    assert [name for name in made(tmp_path) if name.startswith("FEEDMILL_")] == []


def test_secrets_are_long_distinct_and_need_no_escaping(tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    values = [value for folder in (tmp_path, tmp_path / "other") for value in made(folder).values() if value]
    assert len(set(values)) == len(values) == 12
    assert all(re.fullmatch("[A-Za-z0-9]{40}", value) for value in values)


def test_the_script_tells_no_secret(tmp_path: Path) -> None:
    done = make_env(tmp_path)
    secrets = [value for value in dotenv_values(tmp_path / ".env").values() if value]
    assert not [value for value in secrets if value in done.stdout]


def test_only_its_owner_reads_it(tmp_path: Path) -> None:
    made(tmp_path)
    assert stat.S_IMODE((tmp_path / ".env").stat().st_mode) == 0o600


@pytest.mark.parametrize("what", ["a file", "a link to nowhere"])
def test_what_is_there_is_left_alone(tmp_path: Path, what: str) -> None:
    if what == "a file":
        (tmp_path / ".env").write_text("ELASTIC_PASSWORD=old\n")
    else:
        (tmp_path / ".env").symlink_to(tmp_path / "elsewhere")
    done = make_env(tmp_path)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == "make-env.sh: .env exists already; nothing was changed\n"
    assert not (tmp_path / "elsewhere").exists()
    assert what != "a file" or (tmp_path / ".env").read_text() == "ELASTIC_PASSWORD=old\n"


def test_it_is_plain_shell_and_may_be_run(tmp_path: Path) -> None:
    assert subprocess.run([SHELL, "-n", SCRIPT], check=False).returncode == 0
    assert os.access(SCRIPT, os.X_OK)
    assert SCRIPT.read_text().startswith("#!/bin/sh\n")
