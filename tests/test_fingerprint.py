"""What a version covers: it changes with what decides an output, and with nothing else."""

import ast
import re
from importlib.metadata import PackageNotFoundError
from pathlib import Path

import pytest

import worker
from worker import fingerprint as made_of
from worker.enrich.tags import tagger_version
from worker.extract.version import RULES, extractor_version
from worker.fingerprint import code_of, fingerprint

PACKAGE = Path(worker.__file__).parent
DECIDES_NOTHING = {"__init__.py", "models.py", "errors.py", "fingerprint.py", "extract/version.py"}
"""Shapes of values and of failures, and what makes the versions themselves."""

BEFORE = '''
"""What it is for."""
LIMIT = 3
"""What that is."""


def double(value: int) -> int:
    """Twice."""
    return value + value  # as it was
'''
SAME = [
    ("comment", BEFORE.replace("as it was", "as it is")),
    ("docstring", BEFORE.replace('"""Twice."""', '"""Two times."""')),
    ("no docstring", BEFORE.replace('    """Twice."""\n', "")),
    ("text below a constant", BEFORE.replace("What that is", "What it is")),
    ("layout", BEFORE.replace("value + value", "(value\n        + value)")),
]
OTHER = [
    ("constant", BEFORE.replace("3", "4")),
    ("expression", BEFORE.replace("value + value", "2 * value")),
    ("name", BEFORE.replace("double", "twice")),
    ("a text that is returned", BEFORE.replace("return value + value", 'return "Twice."')),
]


@pytest.mark.parametrize("source", [row[1] for row in SAME], ids=[row[0] for row in SAME])
def test_what_decides_nothing_is_left_out(source):
    assert source != BEFORE
    assert code_of(source.encode()) == code_of(BEFORE.encode())


@pytest.mark.parametrize("source", [row[1] for row in OTHER], ids=[row[0] for row in OTHER])
def test_what_decides_something_counts(source):
    assert source != BEFORE
    assert code_of(source.encode()) != code_of(BEFORE.encode())


def test_a_module_that_is_only_a_docstring():
    assert code_of(b'"""Nothing."""') == code_of(b"pass")


@pytest.fixture
def package(tmp_path, monkeypatch):
    (tmp_path / "rules").mkdir()
    (tmp_path / "rules" / "code.py").write_text(BEFORE)
    (tmp_path / "rules" / "names.txt").write_text("potash # Belarus")
    monkeypatch.setattr(made_of, "files", lambda _: tmp_path)
    return tmp_path / "rules"


CHANGES = [
    ("code", "code.py", BEFORE.replace("3", "4"), True),
    ("comment in code", "code.py", f"# more\n{BEFORE}", False),
    ("comment in data", "names.txt", "potash # Minsk", True),
    ("another file", "more.txt", "", True),
]


@pytest.mark.parametrize(
    ("name", "content", "changes"), [row[1:] for row in CHANGES], ids=[row[0] for row in CHANGES]
)
def test_a_folder_counts_whole(package, name, content, changes):
    before = fingerprint(["rules"])
    (package / name).write_text(content)
    assert (fingerprint(["rules"]) != before) is changes


def test_a_file_that_moves_counts(package):
    before = fingerprint(["rules"])
    (package / "names.txt").rename(package / "terms.txt")
    assert fingerprint(["rules"]) != before


def test_compiled_files_do_not_count(package):
    before = fingerprint(["rules"])
    (package / "__pycache__").mkdir()
    (package / "__pycache__" / "code.pyc").write_bytes(b"x")
    assert fingerprint(["rules"]) == before


def test_libraries_count():
    assert len({fingerprint([]), fingerprint([], ["lxml"]), fingerprint([], ["lxml", "trafilatura"])}) == 3


def test_what_is_missing_is_said(package):
    with pytest.raises(FileNotFoundError):
        fingerprint(["rules/gone.py"])
    with pytest.raises(PackageNotFoundError):
        fingerprint([], ["no-such-library"])


def imported(path):
    """Return the package's own modules that a module imports, as paths below the package."""
    tree = ast.parse((PACKAGE / path).read_bytes())
    typing = [
        node for node in ast.walk(tree) if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.dump(node.test)
    ]
    only_types = {id(each) for node in typing for each in ast.walk(node)}
    imports = [
        node
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom)
        and id(node) not in only_types
        and node.module.split(".")[0] == "worker"
    ]
    names = {node.module for node in imports} | {
        f"{node.module}.{each.name}" for node in imports for each in node.names
    }
    places = {name.partition(".")[2].replace(".", "/") for name in names}
    found = {f"{place}.py".lstrip("/") for place in places} | {
        f"{place}/__init__.py".lstrip("/") for place in places
    }
    return {each for each in found if (PACKAGE / each).is_file()}


def reached(path):
    seen, left = set(), {path}
    while left:
        seen |= left
        left = {each for one in left for each in imported(one)} - seen
    return seen


def test_the_extractors_version_covers_all_that_makes_a_document():
    needed = {path for path in reached("pipeline.py") if not path.startswith("enrich/")} - DECIDES_NOTHING
    covered = {path for path in needed if any(path == rule or path.startswith(f"{rule}/") for rule in RULES)}
    assert len(needed) > 20
    assert needed - covered - {"extract/__init__.py"} == set()


def test_the_taggers_version_covers_all_that_makes_tags():
    needed = reached("enrich/tags.py") - DECIDES_NOTHING
    assert len(needed) > 30
    assert {path for path in needed if not path.startswith("enrich/")} == set()


def test_the_versions_are_what_is_stored():
    assert re.fullmatch(r"trafilatura [\d.]+, rules [0-9a-f]{8}", extractor_version())
    assert re.fullmatch(r"[0-9a-f]{8}", tagger_version())
