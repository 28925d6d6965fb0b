"""What a stop reaches: hints that wait, the writer, and the copy of a rebuild."""

from __future__ import annotations

import threading
from types import SimpleNamespace
from typing import Any

import pytest
from celery.worker import state

from tests.fakes import ManualClock
from worker.app import Line
from worker.progress import Meter
from worker.reindex.bench import Bench
from worker.reindex.helper import Helper
from worker.running import stop
from worker.store.outage import Outage


def test_a_stop_hurries_the_writer_and_ends_turns_at_a_rebuild(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(state, "should_stop", None)
    clock, nothing, hurried = ManualClock(), Any, []
    stopping = threading.Event()
    bench = Bench(store=nothing, pool=nothing, read_page=nothing, clock=clock, stopping=stopping)  # type: ignore[arg-type]
    writer: Any = SimpleNamespace(hurry=lambda: hurried.append(True))
    helper = Helper(bench, 1, has_pages=True)
    stop(Line(nothing, writer, Outage(clock), nothing, nothing, Meter(clock), helper))  # type: ignore[arg-type]
    assert (state.should_stop, hurried, stopping.is_set()) == (0, [True], True)
