"""What the wheel holds. That it works alone is shown in tests/deploy/test_image.py."""

from __future__ import annotations

import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]

pytestmark = pytest.mark.slow


def test_the_wheel_holds_what_the_commands_read_and_nothing_of_development(tmp_path: Path) -> None:
    build = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(tmp_path)]
    subprocess.run(build, cwd=ROOT, check=True, capture_output=True, timeout=60)
    (wheel,) = tmp_path.glob("feedmill-*.whl")
    names = set(zipfile.ZipFile(wheel).namelist())
    indices = {"schemas/article.json", "schemas/entry.json", "schemas/feed.json", "schemas/shared.json"}
    assert indices | {"schemas/kibana/feedmill.ndjson"} <= names
    assert not [name for name in names if name.startswith(("tests/", "docs/", "bench/", "deploy/"))]
