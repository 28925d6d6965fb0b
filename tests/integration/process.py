"""`feedmill run` as a process of its own, and how to watch it."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from worker.mill import open_store
from worker.settings import read_settings


class Service:
    """`feedmill run` in a process of its own, over one database."""

    def __init__(self, folder: Path, log: Path | None = None, **settings: str) -> None:
        self.folder = folder
        self.settings = {f"FEEDMILL_{name.upper()}": value for name, value in settings.items()}
        self.database = folder / "feedmill.db"
        self.log = log or folder / "log"

    def said(self) -> str:
        """Return everything that was logged so far."""
        return self.log.read_text() if self.log.exists() else ""

    def start(self, *arguments: str) -> subprocess.Popen[str]:
        environment = {
            **{k: v for k, v in os.environ.items() if not k.startswith("FEEDMILL_")},
            "FEEDMILL_STORE_URL": f"sqlite:///{self.database}",
            "FEEDMILL_ALLOW_PRIVATE_NETWORKS": "127.0.0.0/8",
            "FEEDMILL_ALLOW_PORTS": "any",
            "FEEDMILL_HOST_DELAY_S": "0",
            "FEEDMILL_FETCH_THREADS": "8",
            **self.settings,
        }
        with self.log.open("a") as log:
            return subprocess.Popen(
                [sys.executable, "-m", "worker", "run", *arguments],
                cwd=self.folder,
                env=environment,
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
            )

    def counts(self) -> dict[str, int]:
        return self.ask(lambda store: store.entries.counts())

    def ask(self, question: Callable[[Any], Any]) -> Any:
        store = open_store(read_settings(store_url=f"sqlite:///{self.database}"))
        try:
            return question(store)
        finally:
            store.close()

    def done(self) -> int:
        return sum(n for kind, n in self.counts().items() if kind != "pending")
