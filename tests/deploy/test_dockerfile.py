"""The image is pinned, locked, small, and not root's."""

from __future__ import annotations

import re
from pathlib import PurePath

import pytest

from tests.deploy.project import DOCKERFILE_TEXT, PYPROJECT, ROOT, copied, of, stages, unknown
from worker.settings import Settings

BUILDER, FINAL = stages()
IGNORED = [
    line
    for line in (ROOT / ".dockerignore").read_text("utf-8").splitlines()
    if line and not line.startswith("#")
]


def test_both_stages_stand_on_one_pinned_python() -> None:
    bases = {value.split()[0] for stage in (BUILDER, FINAL) for value in of(stage, "FROM")}
    (base,) = bases
    assert re.fullmatch(r"python:\d+\.\d+\.\d+-slim-[a-z]+", base)
    assert base.startswith(f"python:{PYPROJECT['tool']['mypy']['python_version']}.")


@pytest.mark.parametrize("source", copied(BUILDER))
def test_what_is_copied_exists(source: str) -> None:
    assert (ROOT / source).exists()


def test_the_package_is_copied_whole() -> None:
    assert set(PYPROJECT["tool"]["hatch"]["build"]["targets"]["wheel"]["packages"]) <= set(copied(BUILDER))


def test_the_final_stage_takes_nothing_but_what_was_built() -> None:
    assert list(of(FINAL, "COPY", "ADD")) == ["--from=builder /opt/feedmill /opt/feedmill"]


def test_the_final_stage_installs_nothing() -> None:
    assert not re.search(r"\b(apt|apt-get|gcc|pip|curl|wget|make)\b", " ".join(of(FINAL, "RUN")))


def test_it_does_not_run_as_root_and_its_user_has_a_fixed_number() -> None:
    words = [each.word for each in FINAL]
    (user,) = of(FINAL, "USER")
    assert re.fullmatch(r"[1-9]\d{3,}:[1-9]\d{3,}", user)
    assert "RUN" not in words[words.index("USER") :]
    (run,) = of(FINAL, "RUN")
    uid, _, gid = user.partition(":")
    assert f"useradd --uid {uid} --gid {gid}" in run


def test_the_working_folder_belongs_to_that_user() -> None:
    (folder,) = of(FINAL, "WORKDIR")
    assert f"install --directory --owner feedmill --group feedmill {folder}" in next(of(FINAL, "RUN"))


def test_everything_installed_is_locked() -> None:
    installs = re.findall(r"pip (?:--python \S+ )?install ([^&]+)", " ".join(of(BUILDER, "RUN")))
    assert len(installs) == 3
    for options in installs:
        assert (
            "--require-hashes --only-binary :all: -r deploy/" in options
            or "--no-deps --no-index dist/" in options
        )


def test_no_cache_stays_behind() -> None:
    assert "PIP_NO_CACHE_DIR=1" in " ".join(of(BUILDER, "ENV"))


def test_it_runs_a_command_that_exists() -> None:
    (entry,) = of(FINAL, "ENTRYPOINT")
    assert entry == '["feedmill"]'
    assert PYPROJECT["project"]["scripts"].keys() == {"feedmill"}
    assert unknown(["worker"]) == []


def test_settings_exist() -> None:
    named = set(re.findall(r"FEEDMILL_([A-Z_]+)", DOCKERFILE_TEXT))
    assert named == {"LOG_FORMAT"}
    assert {name.lower() for name in named} <= Settings.model_fields.keys()


def test_output_is_not_held_back() -> None:
    assert "PYTHONUNBUFFERED=1" in " ".join(of(FINAL, "ENV"))


def test_nothing_else_is_sent_to_the_builder() -> None:
    """All is left out but what is copied: `.env`, `.git` and databases cannot get in by being forgotten."""
    assert IGNORED[0] == "*"
    assert {line[1:] for line in IGNORED if line.startswith("!")} == set(copied(BUILDER))


@pytest.mark.parametrize("name", [".env", ".git", ".venv", "feedmill.db", "deploy/make-env.sh"])
def test_what_must_stay_out_is_not_let_in(name: str) -> None:
    let_in = {PurePath(line[1:]) for line in IGNORED if line.startswith("!")}
    path = PurePath(name)
    assert not let_in & {path, *path.parents}
