"""What the Dockerfile does to build the image, done here without Docker; then what it built is used."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.deploy.project import PYPROJECT, ROOT, copied, of, stages

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]

BUILDER, FINAL = stages()


def run(command: list[str], folder: Path, path: str) -> str:
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("FEEDMILL_", "PYTHON"))}
    done = subprocess.run(
        command,
        cwd=folder,
        env={**kept, "PATH": path},
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )
    assert done.returncode == 0, f"{command}: {done.stdout[-2000:]}{done.stderr[-2000:]}"
    return done.stdout


@pytest.fixture(scope="module")
def image(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder that the final stage takes from the builder, made by the builder's own lines."""
    root = tmp_path_factory.mktemp("image")
    (root / "build" / "deploy").mkdir(parents=True)
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    for source in copied(BUILDER):
        place = root / "build" / source
        if (ROOT / source).is_dir():
            shutil.copytree(ROOT / source, place, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(ROOT / source, place)
    for line in of(BUILDER, "RUN"):
        run(["sh", "-ec", line.replace("/opt/", f"{root}/opt/")], root / "build", path)
    return root / "opt" / "feedmill"


def feedmill(image: Path, folder: Path, *words: str) -> str:
    return run([str(image / "bin" / "feedmill"), *words], folder, f"{image / 'bin'}:/usr/bin:/bin")


def test_it_says_its_version(image: Path, tmp_path: Path) -> None:
    assert feedmill(image, tmp_path, "--version") == f"feedmill {PYPROJECT['project']['version']}\n"


def test_it_runs_the_demo_and_leaves_nothing(image: Path, tmp_path: Path) -> None:
    output = feedmill(image, tmp_path, "demo")
    assert "potash" in output
    assert "revised" in output
    assert list(tmp_path.iterdir()) == []


def test_what_ships_for_kibana_is_in_it(image: Path, tmp_path: Path) -> None:
    assert "no problems" in feedmill(image, tmp_path, "kibana", "check")


def test_neither_pip_nor_what_built_it_is_in_it(image: Path) -> None:
    programs = {path.name for path in (image / "bin").iterdir()}
    assert "feedmill" in programs
    assert not [name for name in programs if name.startswith(("pip", "hatch"))]
    (packages,) = image.glob("lib/python3.*/site-packages")
    assert not [name for name in ("pip", "hatchling", "pytest", "tests") if (packages / name).exists()]
