"""Kills writers of an archive at random moments and says what was lost; run as a process of its own.

Children are forked, which is quick and wants a parent without threads. Each tells on a pipe where pages lie,
once they were synced. `python -m tests.archive.killed FOLDER SEED ROUNDS WRITERS` prints what it saw as JSON.
"""

from __future__ import annotations

import hashlib
import json
import os
import random
import signal
import sys
import threading
import time
from dataclasses import asdict
from pathlib import Path

from tests.archive.made import SUBJECT, archive_in, page
from worker.archive.contents import contents_of
from worker.archive.files import Folder
from worker.archive.reading import read_page
from worker.archive.recovery import recover
from worker.archive.writing import Rotation
from worker.clock import Clock
from worker.models import ArchiveLocation

THREADS = 3


def write(path: Path, out: int, seed: int) -> None:
    """Keep pages for ever, from a few threads; after each sync tell of those that were kept before it."""
    write_piecemeal()
    archive = archive_in(path, Rotation(max_bytes=400_000, max_age_s=900), Clock())
    kept: list[tuple[ArchiveLocation, str]] = []

    def keep(number: int) -> None:
        sizes = random.Random(seed + number)
        while True:
            each = page(sizes.randrange(10**6), size=sizes.choice([500, 5_000, 60_000]))
            kept.append((archive.keep(each, SUBJECT), hashlib.sha256(each.body).hexdigest()))

    for number in range(THREADS):
        threading.Thread(target=keep, args=(number,), daemon=True).start()
    while True:
        count = len(kept)
        archive.sync()
        told = "".join(json.dumps([asdict(place), digest]) + "\n" for place, digest in kept[:count])
        del kept[:count]
        os.write(out, told.encode())


def write_piecemeal() -> None:
    """Let the system write less than it is given, as it may: a kill then meets a record half written."""
    real = os.pwrite
    os.pwrite = lambda file, data, offset: real(file, data[:60], offset)


def forked(path: Path, seed: int) -> tuple[int, int]:
    """Start a writer; return its process number and the pipe that it tells on."""
    into, out = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            write(path, out, seed)
        finally:
            os._exit(1)
    os.close(out)
    return child, into


def told(pipe: int) -> list[tuple[ArchiveLocation, str]]:
    """Return what a writer told before it was killed: of a torn last line nothing."""
    with os.fdopen(pipe, "rb") as file:
        lines = file.read().split(b"\n")[:-1]
    return [(ArchiveLocation(**place), digest) for place, digest in map(json.loads, lines)]


def main(path: Path, seed: int, rounds: int, writers: int) -> dict[str, int]:
    """Kill `rounds` times `writers` writers at once, and read all that they said was durable."""
    chance, folder = random.Random(seed), Folder(path)
    path.mkdir()
    seen = {"synced": 0, "lost": 0, "cut": 0, "torn": 0, "damages": 0, "left_open": 0}
    for number in range(rounds):
        children = [forked(path, seed + 101 * number + n) for n in range(writers)]
        acknowledged: list[tuple[ArchiveLocation, str]] = []
        for child, pipe in children:
            reader = threading.Thread(target=lambda pipe=pipe: acknowledged.extend(told(pipe)))
            reader.start()
            time.sleep(chance.uniform(0.005, 0.04))
            recover(folder)  # what the others hold open is not theirs to close
            os.kill(child, signal.SIGKILL)
            os.waitpid(child, 0)
            reader.join()
        recovered = recover(folder)
        seen["cut"] += sum(each.cut for each in recovered)
        seen["torn"] += sum(each.cut > 0 for each in recovered)
        seen["synced"] += len(acknowledged)
        for place, digest in acknowledged:
            seen["lost"] += hashlib.sha256(read_page(folder, place).body).hexdigest() != digest
    for each in folder.files():
        seen["left_open"] += each.name.endswith(".open")
        with each.open("rb") as file:
            seen["damages"] += len(contents_of(file).damages)
    return seen


if __name__ == "__main__":
    print(json.dumps(main(Path(sys.argv[1]), *map(int, sys.argv[2:5]))))
