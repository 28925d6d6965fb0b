"""Beat and workers as processes over real servers, what they were given to do, and how it ended."""

from __future__ import annotations

import os
import re
import secrets
import subprocess
import sys
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from celery import Celery

from tests.faults.press import Odd, Press
from tests.faults.processes import MARK, children_of, kill, marked
from tests.faults.records import ledger_and_index
from tests.faults.verdict import mistakes
from tests.store.elasticsearch.backend import delete_all
from tests.waiting import wait_for
from worker import urls
from worker.clock import Clock
from worker.errors import StoreError
from worker.mill import open_store
from worker.models import Entry
from worker.ops.subscriptions import new_feed
from worker.settings import read_settings

SETTINGS = {
    "allow_private_networks": "127.0.0.0/8",
    "allow_ports": "any",
    "host_delay_s": "0.02",
    "lease_s": "15",
    "fetch_timeout_s": "5",
    "connect_timeout_s": "3",
    "extract_timeout_s": "3",
    "retry_base_s": "1",
    "fetch_threads": "8",
    "extract_processes": "1",
    "log_format": "text",
}
ROOT = Path(__file__).parents[2]
PROGRAM = (sys.executable, "-m", "worker")
SKEWED = (sys.executable, "-m", "tests.faults.skewed")
LOOK_S = 0.5
"""How often the ledger is counted: each time it is refreshed for it, which costs."""
SHOWN = 1500
"""Characters of each log that are shown when nothing moves."""
STOP_S = 60.0
"""Fetch deadline, extraction and the writer's grace, on a machine that has other work."""
GONE_S = 12.0
"""A child on a page that hangs ends itself five seconds after its timeout (`worker.extract.pool`)."""


@dataclass(frozen=True)
class Running:
    """One process that was started: the supervisor of a worker, or beat."""

    name: str
    mark: str
    process: subprocess.Popen[bytes]

    def celery(self) -> int:
        """Return the process in which Celery runs; that of the supervisor where it has none under it."""
        (child,) = wait_for(lambda: children_of(self.process.pid), f"{self.name}'s own child", 20)
        return int(child)


@dataclass
class Plant:
    """Processes over one broker, one prefix of one store, and one press."""

    press: Press
    broker_url: str
    store_url: str
    """What the processes are given; `direct_url` is how the test itself gets there."""
    direct_url: str
    folder: Path
    overrides: Mapping[str, str] = field(default_factory=dict)
    prefix: str = field(default_factory=lambda: f"feedmill-{secrets.token_hex(4)}")
    started: list[Running] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.settings = read_settings(
            store_url=self.direct_url, store_prefix=self.prefix, broker_url=self.broker_url
        )
        self.store = open_store(self.settings)

    def follow(self, urls: Iterable[str], interval_s: int = 1800) -> None:
        """Follow these feeds: within a test they are polled once."""
        now = Clock().now()
        self.store.feeds.add(new_feed(url, now, interval_s) for url in urls)

    def first_tick(self) -> None:
        """Leave word for the workers to look for due feeds: beat's own comes a second after its start."""
        with Celery(broker=self.broker_url, set_as_current=False) as app:
            app.send_task("feedmill.dispatch_feeds", queue="control")

    def start(self) -> tuple[Running, Running, Running]:
        """Start beat and two workers."""
        self.first_tick()
        return self.beat(), self.worker("worker-1"), self.worker("worker-2")

    def start_busy(self, entries: int) -> tuple[Running, Running, Running]:
        """Publish so many entries, start, and return in the middle of the work."""
        self.follow(self.press.publish(entries))
        running = self.start()
        self.wait_for_done(entries // 5)
        assert not self.is_done()
        return running

    def admit(self, odd: Odd, feed: str) -> None:
        """Publish an odd entry and put it straight into the ledger, as if `feed` had listed it just now."""
        feed_id, link = urls.feed_id_of(feed), self.press.publish_odd(odd)
        entry = Entry(
            entry_id=urls.entry_id_of(link),
            feed_id=feed_id,
            url=link,
            domain=odd.story.host,
            title=odd.story.title,
        )
        self.store.entries.admit(feed_id, [entry], Clock().now())

    def worker(self, name: str, *arguments: str) -> Running:
        return self._start(name, (*PROGRAM, "worker", *arguments))

    def skewed_worker(self, name: str, offset_s: float) -> Running:
        """Start a worker, without a supervisor, whose clock is so many seconds ahead."""
        return self._start(name, (*SKEWED, f"{offset_s:g}"))

    def beat(self, name: str = "beat") -> Running:
        return self._start(name, (*PROGRAM, "beat"))

    def ask(self, *arguments: str) -> str:
        """Run a command and return what it printed; it must end well."""
        done = subprocess.run(
            [*PROGRAM, *arguments],
            cwd=self.folder,
            env=self._environment("command", f"{self.prefix}/command"),
            capture_output=True,
            text=True,
            timeout=60,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    def stop(self, running: Running) -> int:
        """Ask one process to stop and return its exit code."""
        running.process.terminate()
        return running.process.wait(STOP_S)

    def left_of(self, running: Running) -> set[int]:
        """Return the processes that run on its behalf."""
        return marked(running.mark)

    def done(self) -> int:
        """Return how many entries have an outcome; 0 while the store can't say."""
        return sum(count for kind, count in self._counts().items() if kind != "pending")

    def is_done(self) -> bool:
        """Return whether every entry that was published has its outcome."""
        counts = self._counts()
        return counts.get("pending") == 0 and sum(counts.values()) >= len(self.press.expected)

    def wait_for_done(self, entries: int, deadline_s: float = 60.0) -> None:
        wait_for(lambda: self.done() >= entries, f"{entries} entries to be done", deadline_s, LOOK_S)

    def wait_for_all(self, deadline_s: float = 120.0) -> None:
        """Wait until nothing is left to do.

        What is wrong then is said by `verdict`; what is wrong if that never comes, by the message.
        """
        try:
            wait_for(self.is_done, "the rest", deadline_s, LOOK_S)
        except AssertionError as error:
            said = {**self._counts(), "waiting": self.store.entries.waiting()}
            logs = "\n".join(f"{path.name}:\n{log[-SHOWN:]}" for path, log in self.logs())
            raise AssertionError(f"{error} of {len(self.press.expected)} entries: {said}\n{logs}") from error

    def wait_for_progress(self, deadline_s: float = 60.0) -> None:
        """Wait until one entry more is done: after whatever it was, work goes on within a minute."""
        self.wait_for_done(self.done() + 1, deadline_s)

    def restarts(self) -> list[str]:
        """Return where a supervisor had to start its child anew: help from outside, if nobody killed it."""
        return [path.name for path, log in self.logs() if "child ended" in log]

    def verdict(self) -> list[str]:
        """Return what is wrong: with ledger and index, as `verdict.mistakes` has it, and in the logs."""
        rows, articles = ledger_and_index(self.direct_url, self.prefix)
        wrong = mistakes(self.press.expected, rows, articles, self.store.entries.counts())
        return wrong + [f"{path.name}: {crash}" for path, log in self.logs() if (crash := find_crash(log))]

    def logs(self) -> Iterator[tuple[Path, str]]:
        """Yield the log of every process, by its file."""
        for path in sorted(self.folder.glob("*.log")):
            yield path, path.read_text(errors="replace")

    def close(self) -> None:
        """Stop everything that was started and see it gone; delete what is in the store."""
        for running in self.started:
            running.process.terminate()
        for running in self.started:
            try:
                running.process.wait(STOP_S)
            except subprocess.TimeoutExpired:
                running.process.kill()
                running.process.wait()
        left = self._left()
        kill(*left)
        self.store.close()
        delete_all(self.direct_url, self.prefix)
        assert not left, f"processes were left: {left}"

    def _left(self) -> set[int]:
        try:
            wait_for(lambda: not marked(self.prefix), "every process to be gone", GONE_S)
        except AssertionError:
            return marked(self.prefix)
        return set()

    def _start(self, name: str, command: Iterable[str]) -> Running:
        mark = f"{self.prefix}/{name}"
        with (self.folder / f"{name}.log").open("ab") as log:
            process = subprocess.Popen(
                list(command),
                cwd=self.folder,
                env=self._environment(name, mark),
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        self.started.append(Running(name, mark, process))
        return self.started[-1]

    def _environment(self, name: str, mark: str) -> dict[str, str]:
        settings = {
            **SETTINGS,
            "broker_url": self.broker_url,
            "store_url": self.store_url,
            "store_prefix": self.prefix,
            "run_dir": str(self.folder / "run"),
            "user_agent": f"Feedmill test ({name})",
            **self.overrides,
        }
        inherited = {key: value for key, value in os.environ.items() if not key.startswith("FEEDMILL_")}
        named = {f"FEEDMILL_{key.upper()}": value for key, value in settings.items()}
        return {**inherited, **named, MARK: mark, "PYTHONPATH": str(ROOT)}

    def _counts(self) -> dict[str, int]:
        try:
            return self.store.entries.counts()
        except StoreError:
            return {}  # being away may be the test


def find_crash(log: str) -> str | None:
    """Return the last line of the first traceback in a log, if there is one."""
    found = re.search(r"^Traceback .*\n(?:[ \t].*\n)*(.*)|^Fatal Python error.*", log, re.MULTILINE)
    return (found[1] or found[0]) if found else None


@contextmanager
def plant(
    press: Press,
    broker_url: str,
    store_url: str,
    folder: Path,
    direct_url: str | None = None,
    **overrides: str,
) -> Iterator[Plant]:
    """Yield a plant whose store is set up and of which nothing runs yet."""
    made = Plant(press, broker_url, store_url, direct_url or store_url, folder, overrides)
    try:
        made.store.setup()
        yield made
    finally:
        made.close()
