"""The image gets the versions that the tests ran with, no more packages than it needs, all by their hashes."""

from __future__ import annotations

import re

import pytest

from tests.deploy.project import PYPROJECT, ROOT, pinned

IMAGE, BUILD = "deploy/requirements.txt", "deploy/build-requirements.txt"


def name_of(requirement: str) -> str:
    return re.split(r"[^\w.-]", requirement)[0].lower().replace("_", "-")


@pytest.mark.parametrize("lock", [IMAGE, BUILD])
def test_versions_are_those_of_the_development_lock(lock: str) -> None:
    assert pinned(lock).items() <= pinned("requirements.txt").items()


def test_every_dependency_is_in_the_image() -> None:
    assert {name_of(each) for each in PYPROJECT["project"]["dependencies"]} <= pinned(IMAGE).keys()


def test_what_builds_the_wheel_is_in_the_other() -> None:
    assert {name_of(each) for each in PYPROJECT["build-system"]["requires"]} <= pinned(BUILD).keys()


def test_nothing_of_development_is_in_the_image() -> None:
    development = {name_of(each) for each in PYPROJECT["dependency-groups"]["dev"]}
    assert pinned(IMAGE).keys() & development == set()


@pytest.mark.parametrize("lock", [IMAGE, BUILD])
def test_each_has_hashes_and_no_download_address(lock: str) -> None:
    text = (ROOT / lock).read_text("utf-8")
    blocks = re.split(r"^(?=[\w.-]+==)", text, flags=re.MULTILINE)[1:]
    assert [block for block in blocks if "--hash=sha256:" not in block] == []
    assert "://" not in text


def test_make_lock_writes_them_all() -> None:
    makefile = (ROOT / "Makefile").read_text("utf-8")
    assert re.findall(r"^\t.*\$\(LOCK\).* -o (\S+)$", makefile, re.MULTILINE) == [
        "requirements.txt",
        IMAGE,
        BUILD,
    ]
