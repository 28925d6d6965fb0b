"""A digest of the code and data that decide an output, so that its version changes whenever they do.

Comments, docstrings and layout decide nothing and are left out.
"""

from __future__ import annotations

import ast
import hashlib
from importlib.metadata import version
from importlib.resources import files
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from importlib.resources.abc import Traversable

_LENGTH = 8
"""Hex characters of a fingerprint: two in four billion are alike."""


def fingerprint(parts: Iterable[str], libraries: Iterable[str] = ()) -> str:
    """Return 8 hex characters of modules, folders and data files below `worker`, and of libraries' versions.

    `parts` are paths such as `extract` or `urls.py`; of a folder everything in it counts.

    Raises:
        FileNotFoundError: a part is not there.
        PackageNotFoundError: a library is not installed.
    """
    digest = hashlib.sha256()
    for part in parts:
        for path, content in _contents(files("worker").joinpath(part), part):
            digest.update(f"\0{path}\0".encode())
            digest.update(content)
    for library in libraries:
        digest.update(f"\0{library} {version(library)}".encode())
    return digest.hexdigest()[:_LENGTH]


def code_of(source: bytes) -> bytes:
    """Return what a module does, in one way of writing it.

    Raises:
        SyntaxError: this is no Python.
    """
    tree = ast.parse(source)
    for node in ast.walk(tree):
        if isinstance(node, (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)):
            node.body = [statement for statement in node.body if not _is_text(statement)] or [ast.Pass()]
    return ast.unparse(tree).encode("utf-8", "surrogatepass")


def _contents(found: Traversable, path: str) -> Iterator[tuple[str, bytes]]:
    """Yield each file's path and what counts of it, in the order of their names."""
    if found.is_dir():
        for each in sorted(found.iterdir(), key=lambda each: each.name):
            if each.name != "__pycache__":
                yield from _contents(each, f"{path}/{each.name}")
    else:
        content = found.read_bytes()
        yield path, code_of(content) if path.endswith(".py") else content


def _is_text(statement: ast.stmt) -> bool:
    """Say whether a statement is only a text: a docstring, or what is said below a constant."""
    return (
        isinstance(statement, ast.Expr)
        and isinstance(statement.value, ast.Constant)
        and isinstance(statement.value.value, str)
    )
