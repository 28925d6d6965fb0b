"""A file system in memory, to fill up."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest


class Disk:
    """A file system in memory, as small as wanted."""

    def __init__(self, folder: Path, size: str) -> None:
        self.folder = folder
        self.mount(f"size={size}")

    def mount(self, options: str) -> None:
        command = ["mount", "-t", "tmpfs", "-o", options, "tmpfs", str(self.folder)]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode:
            pytest.skip(f"cannot mount: {done.stderr.strip()}")

    def grow(self, size: str) -> None:
        subprocess.run(["mount", "-o", f"remount,size={size}", str(self.folder)], check=True)

    def close(self) -> None:
        subprocess.run(["umount", "-l", str(self.folder)], check=True)
