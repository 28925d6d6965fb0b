"""What is shipped works alone: the wheel in an empty environment runs the demo."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import venv
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]


def run(*command: str | Path, cwd: Path) -> str:
    environment = {k: v for k, v in os.environ.items() if not k.startswith(("FEEDMILL_", "PYTHONPATH"))}
    done = subprocess.run(command, cwd=cwd, env=environment, capture_output=True, text=True, timeout=240)
    assert done.returncode == 0, f"{command}: {done.stdout[-2000:]}{done.stderr[-2000:]}"
    return done.stdout


def test_the_wheel_installed_in_an_empty_environment_runs_the_demo(tmp_path):
    run(sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", tmp_path, cwd=ROOT)
    [wheel] = tmp_path.glob("feedmill-*.whl")
    names = zipfile.ZipFile(wheel).namelist()
    assert {"schemas/article.json", "schemas/entry.json", "schemas/feed.json"} <= set(names)
    assert not [name for name in names if name.startswith(("tests/", "docs/", "bench/"))]

    venv.create(tmp_path / "venv", with_pip=True)
    python = tmp_path / "venv" / "bin" / "python"
    # The lock as constraints: its versions, but only what the wheel itself declares as needed.
    pinned = re.findall(r"^([\w.-]+==[^\\\n]+)", (ROOT / "requirements.txt").read_text(), re.MULTILINE)
    (tmp_path / "constraints.txt").write_text("\n".join(pinned))
    options = ["--quiet", "--disable-pip-version-check", "-c", tmp_path / "constraints.txt"]
    run(python, "-m", "pip", "install", *options, wheel, cwd=tmp_path)
    output = run(tmp_path / "venv" / "bin" / "feedmill", "demo", cwd=tmp_path)
    assert "potash" in output
    assert "revised" in output
    assert not (tmp_path / "feedmill.db").exists()
