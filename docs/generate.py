"""Write the pages that are made from code: settings.md from the Settings table, commands.md from the CLI.

`--check` writes nothing and exits 1 where a page differs from the code.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from worker.cli import app
from worker.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Iterator

DOCS = Path(__file__).parent
HEADER = "<!-- Made by `make docs` from the code: change it there. -->\n\n"


def settings_page() -> str:
    """Return the settings as a Markdown table."""
    rows = "".join(
        f"| `FEEDMILL_{name.upper()}` | `{default_of(field)}` | {field.description} |\n"
        for name, field in Settings.model_fields.items()
    )
    return (
        f"{HEADER}# Settings\n\nRead once at start, from the environment, a `.env` file, or `feedmill.toml` "
        "(there without the prefix, in lower case), in this order; all mistakes are reported at once. "
        "Each may also be given as `FEEDMILL_…_FILE`, the name of a file that holds the value.\n\n"
        f"| setting | default | meaning |\n| --- | --- | --- |\n{rows}"
    )


def default_of(field: Any) -> str:
    """Return a setting's default in the form in which it is set."""
    if isinstance(field.default, (tuple, frozenset)):
        return ",".join(str(part) for part in sorted(field.default)) or " "
    return str(field.default)


def commands_page() -> str:
    """Return every command's help."""
    parts = [
        f"## `{path}`\n\n```\n{text}\n```\n" for path, text in helps(typer.main.get_command(app), "feedmill")
    ]
    return f"{HEADER}# Commands\n\nExit codes: 0 done, 1 it failed, 2 wrong usage.\n\n" + "\n".join(parts)


def helps(command: Any, path: str, parent: Any = None) -> Iterator[tuple[str, str]]:
    """Yield (path, help text) of a command and all below it."""
    context = type(command).context_class(
        command, info_name=path.rsplit(maxsplit=1)[-1], parent=parent, max_content_width=100
    )
    context.terminal_width = 100
    yield path, command.get_help(context).strip()
    for name, child in getattr(command, "commands", {}).items():
        yield from helps(child, f"{path} {name}", context)


def main() -> int:
    """Write or check the pages; return the exit code."""
    check = "--check" in sys.argv[1:]
    stale = 0
    for name, page in (("settings.md", settings_page()), ("commands.md", commands_page())):
        path = DOCS / name
        if check and (not path.exists() or path.read_text(encoding="utf-8") != page):
            sys.stderr.write(f"docs/{name} differs from the code: run `make docs`\n")
            stale = 1
        elif not check:
            path.write_text(page, encoding="utf-8")
    return stale


if __name__ == "__main__":
    sys.exit(main())
