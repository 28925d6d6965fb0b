"""Commands that can reach nothing but their store: every process of theirs refuses all other sockets."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from urllib.parse import urlsplit

_HOOK = """
import os
import sys

ALLOWED = {allowed!r}


def _note(line):
    with open({notes!r}, "a") as file:
        file.write(line + "\\n")


def _hear(event, args):
    if event == "socket.connect" and not isinstance(args[1], (str, bytes)):  # those are names of local sockets
        asked = args[1][:2]
    elif event in ("socket.getaddrinfo", "socket.gethostbyname", "socket.gethostbyaddr"):
        asked = (args[0], *(args[1:2] if event == "socket.getaddrinfo" else (None,)))
    elif event in ("socket.sendto", "socket.sendmsg") and args[1] is not None:
        asked = args[1][:2]
    else:
        return
    if asked[0] not in [host for host, _ in ALLOWED] or asked[1] not in (None, *[port for _, port in ALLOWED]):
        _note(f"refused {{event}} {{asked}}")
        raise ConnectionRefusedError(f"nothing but the store: {{asked}}")


sys.addaudithook(_hear)
_note(f"watched {{os.getpid()}}")
"""


class Offline:
    """The environment of such commands, and what they tried."""

    def __init__(self, folder: Path, path: str, store_url: str) -> None:
        self._notes = folder / "notes"
        where = urlsplit(store_url)
        allowed = [(where.hostname, where.port)] if where.hostname else []
        folder.mkdir()
        # Python itself imports it, in each process that starts: also in the one that the pool's children come of.
        (folder / "sitecustomize.py").write_text(_HOOK.format(allowed=allowed, notes=str(self._notes)))
        self.environment = {"PYTHONPATH": f"{folder}:{path}"}

    def watched(self) -> int:
        """Return how many processes began under the hook."""
        return len(self._lines("watched"))

    def refused(self) -> Sequence[str]:
        return self._lines("refused")

    def _lines(self, word: str) -> list[str]:
        lines = self._notes.read_text().splitlines() if self._notes.exists() else []
        return [line for line in lines if line.startswith(word)]
