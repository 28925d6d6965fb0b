"""What is deployed, as tests look at it: compose, Dockerfile, locks, and the commands that they call."""

from __future__ import annotations

import io
import re
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import typer
import yaml
from dockerfile_parse import DockerfileParser

from worker.cli import app

ROOT = Path(__file__).parents[2]
COMPOSE_TEXT = (ROOT / "docker-compose.yml").read_text("utf-8")
COMPOSE: dict[str, Any] = yaml.safe_load(COMPOSE_TEXT)
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
DOCKERFILE_TEXT = (ROOT / "deploy" / "Dockerfile").read_text("utf-8")
PYPROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
LONG_RUNNING = {"elasticsearch", "redis", "kibana", "beat", "worker"}
ONE_SHOT = {"setup", "kibana-objects"}


@dataclass(frozen=True)
class Instruction:
    """One line of a Dockerfile, continuation lines joined."""

    word: str
    value: str


def stages() -> list[list[Instruction]]:
    """Return the Dockerfile's stages, each from its FROM on."""
    parser = DockerfileParser(fileobj=io.BytesIO(DOCKERFILE_TEXT.encode()))
    found: list[list[Instruction]] = []
    for each in parser.structure:
        if each["instruction"] == "FROM":
            found.append([])
        if found:
            found[-1].append(Instruction(each["instruction"], each["value"]))
    return found


def of(stage: list[Instruction], *words: str) -> Iterator[str]:
    """Yield the values of a stage's instructions of these kinds."""
    return (each.value for each in stage if each.word in words)


def copied(stage: list[Instruction]) -> list[str]:
    """Return what a stage copies from the project's folder."""
    return [source for value in of(stage, "COPY") if "--from" not in value for source in value.split()[:-1]]


def pinned(lock: str) -> dict[str, str]:
    """Return the names and versions in a lock."""
    return dict(re.findall(r"^([\w.-]+)==([^\s\\;]+)", (ROOT / lock).read_text("utf-8"), re.MULTILINE))


def unknown(words: list[str]) -> list[str]:
    """Return what the command line does not know of `feedmill WORDS…`: a command, or options."""
    command: Any = typer.main.get_command(app)
    words = list(words)
    while hasattr(command, "commands"):
        name = words.pop(0) if words else "(no command)"
        if name not in command.commands:
            return [name]
        command = command.commands[name]
    options = {option for parameter in command.params for option in parameter.opts}
    return [word for word in words if word.startswith("-") and word.partition("=")[0] not in options]


def seconds(text: str) -> int:
    """Return a duration of compose's in seconds."""
    number, unit = re.fullmatch(r"(\d+)(s|m)", text).groups()
    return int(number) * {"s": 1, "m": 60}[unit]
