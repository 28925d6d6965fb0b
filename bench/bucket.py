"""What a page costs that is read from object storage: `python -m bench.bucket`. Needs no network.

The server is moto's, in a process of its own: its time is not counted, and says nothing of a real one's.
"""

from __future__ import annotations

import logging
import os
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING

import structlog
from fsspec import config

from tests.archive.made import SUBJECT, page
from tests.servers.s3 import USER, s3
from worker.archive.bucket import Bucket
from worker.archive.files import Folder
from worker.archive.reading import read_page
from worker.archive.spool import Spool
from worker.archive.uploading import upload
from worker.archive.writing import Rotation, WarcArchive
from worker.clock import Clock
from worker.reindex.pages import READERS

if TYPE_CHECKING:
    from collections.abc import Callable

PAGES, SIZE, ROUNDS = 300, 33_000, 5


def cost_ms(work: Callable[[], object]) -> tuple[float, float]:
    """Return CPU and wall time of a page, in milliseconds: the median of a few rounds over all."""
    cpu, wall = [], []
    for _ in range(ROUNDS):
        began = time.process_time(), time.perf_counter()
        work()
        cpu.append((time.process_time() - began[0]) / PAGES * 1000)
        wall.append((time.perf_counter() - began[1]) / PAGES * 1000)
    return median(cpu), median(wall)


def main() -> None:
    with tempfile.TemporaryDirectory() as name, s3() as server:
        config.conf["s3"] = {**USER, "endpoint_url": server.url}
        folder = Folder(Path(name))
        archive = WarcArchive(folder, Rotation(max_bytes=10**9, max_age_s=900), Clock(), print)
        places = [archive.keep(page(number, size=SIZE), SUBJECT) for number in range(PAGES)]
        archive.close()
        places = places[::2] + places[1::2]
        bucket = Bucket(f"{server.make_bucket('bench')}/pages", Clock())
        spool = Spool(Path(name), bucket)
        here = cost_ms(lambda: [read_page(folder, each) for each in places])
        [path] = folder.files()
        structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.INFO))
        size, began = path.stat().st_size, (time.process_time(), time.perf_counter())
        upload(path, bucket)
        cpu, wall = time.process_time() - began[0], time.perf_counter() - began[1]
        there = cost_ms(lambda: [read_page(spool, each) for each in places])
        with ThreadPoolExecutor(READERS) as threads:
            together = cost_ms(lambda: list(threads.map(partial(read_page, spool), places)))
        rounds = 2 * PAGES * ROUNDS
        asked = len(server.requests("GET /", path.name)) / rounds
    print(f"{PAGES} pages of {SIZE / 1000:.0f} KB, packed; median of {ROUNDS} rounds; {os.cpu_count()} cores")
    print(f"read from a folder: {here[0]:.2f} ms CPU, {here[1]:.2f} ms")
    print(f"read from the object store: {there[0]:.2f} ms CPU, {there[1]:.2f} ms, {asked:.2f} requests")
    print(f"the same, {READERS} at once: {together[0]:.2f} ms CPU, {together[1]:.2f} ms")
    print(f"uploaded and read back: {size / 1e6:.1f} MB, {cpu:.2f} s CPU, {wall:.2f} s")


if __name__ == "__main__":
    main()
