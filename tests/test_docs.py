"""The documentation is true to the code: generated pages, commands, settings, module map, changelog."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from docs.generate import commands_page, settings_page
from worker.settings import Settings

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")


@pytest.mark.parametrize(("name", "page"), [("settings.md", settings_page), ("commands.md", commands_page)])
def test_a_generated_page_is_up_to_date(name, page):
    assert (ROOT / "docs" / name).read_text(encoding="utf-8") == page(), "run `make docs`"


def test_every_setting_named_anywhere_exists():
    known = {f"FEEDMILL_{name.upper()}" for name in Settings.model_fields}
    known |= {f"{name}_FILE" for name in known} | {"FEEDMILL_REQUIRE_SERVICES", "FEEDMILL_EVAL_DATA"}
    pages = [ROOT / "README.md", ROOT / "CHANGELOG.md", *(ROOT / "docs").glob("*.md")]
    named = {
        name for page in pages for name in re.findall(r"FEEDMILL_[A-Z_]*[A-Z]\b", page.read_text("utf-8"))
    }
    assert named - known == set()


def test_every_command_shown_in_the_readme_exists():
    commands = set(re.findall(r"^## `feedmill ([a-z ]+)`", commands_page(), re.MULTILINE))
    shown = {match.strip() for match in re.findall(r"^feedmill ((?:[a-z]+ ?){1,2})", README, re.MULTILINE)}
    assert shown
    assert {line for line in shown if line not in commands and line.split()[0] not in commands} == set()


def test_the_module_map_names_what_there_is():
    mapped = set(re.findall(r"^\| `(worker/[a-z_/]+(?:\.py)?)` \|", README, re.MULTILINE))
    rooms = {
        f"worker/{path.name}/" for path in (ROOT / "worker").iterdir() if (path / "__init__.py").exists()
    }
    modules = {
        f"worker/{path.name}" for path in (ROOT / "worker").glob("*.py") if not path.name.startswith("__")
    }
    assert mapped == rooms | modules


def test_every_make_target_in_the_readme_exists():
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE))
    assert set(re.findall(r"(?:^|`)make ([a-z-]+)", README, re.MULTILINE)) <= targets


def test_the_changelog_has_an_operators_line():
    assert "### Operators" in (ROOT / "CHANGELOG.md").read_text("utf-8")


def test_the_lock_records_no_download_address():
    assert "://" not in (ROOT / "requirements.txt").read_text("utf-8")
