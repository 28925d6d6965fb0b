"""SIGINT and SIGTERM: the first asks for a stop, the second is not waited for."""

from __future__ import annotations

import signal
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


@contextmanager
def stop_signals(on_stop: Callable[[], None]) -> Iterator[None]:
    """While active, SIGINT and SIGTERM call `on_stop`; a second one falls to the default."""

    def on_signal(number: int, _frame: Any) -> None:
        signal.signal(number, previous[number] or signal.SIG_DFL)
        on_stop()

    if threading.current_thread() is not threading.main_thread():
        yield  # signals belong to the main thread; an embedding program handles its own
        return
    previous = {int(number): signal.signal(number, on_signal) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in previous.items():
            signal.signal(number, handler)
