"""`python -m tests.soak --minutes N [--seed S]`: the whole thing under one trouble after another.

New entries are published all the time. At the end everything must be as if nothing had happened: the
exit code is 1 with what is wrong, else 0. Ctrl-C ends the troubles early; a second one quits at once.
"""

from __future__ import annotations

import argparse
import random
import secrets
import shutil
import signal
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from tests.faults.plant import Plant, plant
from tests.faults.press import Press, press
from tests.faults.proxy import proxy
from tests.faults.troubles import Scene, troubles
from tests.servers.restartable import restartable_elasticsearch, restartable_redis
from worker.errors import StoreError

WORKERS = 2
ENTRIES, EVERY_S = 150, 5.0
"""Half of what two cores can do: the rest is to catch up with after a trouble."""
CALM_S = (3.0, 12.0)
"""Between two troubles."""
CATCH_UP_S = 300.0


def main() -> int:
    options = _options()
    seed = options.seed if options.seed is not None else secrets.randbelow(1_000_000)
    say(f"seed {seed}: repeat with --seed {seed}")
    stopping, folder = threading.Event(), Path(tempfile.mkdtemp(prefix="feedmill-soak-"))
    with _first_ctrl_c(stopping), _scene(random.Random(seed), stopping, folder) as scene:
        strike(scene, stopping, 60 * options.minutes)
        code = judge(scene.plant)
    if code == 0:
        shutil.rmtree(folder)
    return code


def strike(scene: Scene, stopping: threading.Event, seconds: float) -> None:
    """Let troubles follow one another for so long, while entries are published."""
    ends = time.monotonic() + seconds
    quiet = threading.Event()
    publisher = threading.Thread(target=publish, args=(scene.plant, quiet))
    publisher.start()
    try:
        for trouble in troubles(scene.draw):
            scene.wait(scene.draw.uniform(*CALM_S))
            if stopping.is_set() or time.monotonic() > ends:
                return
            say(f"{trouble.__name__.replace('_', ' ')} ({scene.plant.done()} entries are done)")
            trouble(scene)
    finally:
        quiet.set()
        publisher.join()


def publish(plant: Plant, quiet: threading.Event) -> None:
    """Publish and follow new feeds until all is to be quiet."""
    while not quiet.is_set():
        follow(plant, plant.press.publish(ENTRIES, feeds=5))
        quiet.wait(EVERY_S)


def follow(plant: Plant, feeds: list[str]) -> None:
    """Follow the feeds, however long the store is away."""
    while True:
        try:
            return plant.follow(feeds)
        except StoreError:
            time.sleep(1)


def judge(plant: Plant) -> int:
    """Wait for the rest, say what is wrong, and return the exit code."""
    say(f"no more trouble; {len(plant.press.expected)} entries were published")
    try:
        plant.wait_for_all(CATCH_UP_S)
    except AssertionError as error:
        say(str(error))
    wrong = plant.verdict()
    for line in wrong:
        say(f"WRONG: {line}")
    say(
        f"{plant.done()} entries are done; {'the logs are in ' + str(plant.folder) if wrong else 'nothing is wrong'}"
    )
    return 1 if wrong else 0


def say(line: str) -> None:
    print(f"{time.strftime('%H:%M:%S')} {line}", flush=True)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.soak", description=__doc__)
    parser.add_argument("--minutes", type=float, default=10)
    parser.add_argument("--seed", type=int)
    return parser.parse_args()


@contextmanager
def _first_ctrl_c(stopping: threading.Event) -> Iterator[None]:
    """Take the first Ctrl-C for a wish to end; the second is Python's own."""

    def on_signal(number: int, frame: object) -> None:
        signal.signal(signal.SIGINT, signal.default_int_handler)
        say("no more troubles; checking what there is (Ctrl-C again to quit at once)")
        stopping.set()

    signal.signal(signal.SIGINT, on_signal)
    yield


@contextmanager
def _scene(draw: random.Random, stopping: threading.Event, folder: Path) -> Iterator[Scene]:
    """Start servers, newspapers, beat and workers; they log into the folder."""
    with ExitStack() as stack:
        redis = stack.enter_context(restartable_redis("--maxmemory-policy", "noeviction"))
        elasticsearch = stack.enter_context(restartable_elasticsearch())
        wire = stack.enter_context(proxy(elasticsearch.url))
        papers: Press = stack.enter_context(press())
        made = stack.enter_context(plant(papers, redis.url, wire.url, folder, elasticsearch.url))
        scene = Scene(made, redis, elasticsearch, wire, stopping.wait, draw)
        scene.more_beats()
        scene.more_workers(WORKERS)
        yield scene


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit(130)
