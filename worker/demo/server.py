"""The demo site on a loopback socket."""

from __future__ import annotations

import threading
from collections import Counter
from http import HTTPStatus
from typing import TYPE_CHECKING, Self

from worker.clock import Clock
from worker.demo.content import Kind
from worker.demo.edition import Edition
from worker.demo.load import load_outlets
from worker.demo.routes import NOT_FOUND, Answer, answers
from worker.demo.wire import LoopbackServer

if TYPE_CHECKING:
    from datetime import datetime
    from types import TracebackType


class DemoSite:
    """A small news group, served from `url` while the context lasts.

    Articles are dated up to 30 hours before `now` (default: the present), which fixes every byte but
    the port. `slow_s` is how many seconds the one slow page takes.
    """

    def __init__(self, now: datetime | None = None, slow_s: float = 2.0) -> None:
        self._slow_s = slow_s
        self._lock = threading.Lock()
        self._served: Counter[str] = Counter()
        self._closing = threading.Event()
        self._server = LoopbackServer(self.answer)
        self.url = f"http://127.0.0.1:{self._server.server_port}/"
        self._edition = Edition(self.url.rstrip("/"), now or Clock().now(), load_outlets())
        self._answers = answers(self._edition)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._closing.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    @property
    def feed_urls(self) -> tuple[str, ...]:
        return tuple(self._edition.url(outlet.feed_path) for outlet in self._edition.outlets)

    @property
    def telling_urls(self) -> tuple[str, ...]:
        """Return links of entries whose story is worth telling: edited, copied, moved, removed, walled."""
        articles = [article for outlet in self._edition.outlets for article in outlet.articles]
        return tuple(
            self._edition.listed_url(one)
            for one in articles
            if one.updated_hours_ago != one.hours_ago
            or one.canonical_path != one.path
            or (one.listed_as and one.listed_status == HTTPStatus.MOVED_PERMANENTLY)
            or one.kind in (Kind.REMOVED, Kind.CONSENT, Kind.PAYWALL)
        )

    def publish_edit(self) -> None:
        """Change the edited article now: its page, its title and its feed's times. Once only."""
        self._edition = self._edition.revised()
        self._answers = answers(self._edition)

    def requests(self) -> Counter[str]:
        """Return how often each path (without its query) was asked for."""
        with self._lock:
            return Counter(self._served)

    def answer(self, path: str) -> Answer:
        """Return the answer to a path, counted; waits where the page is the slow one."""
        with self._lock:
            self._served[path] += 1
        found = self._answers.get(path, NOT_FOUND)
        if found.slow:
            self._closing.wait(self._slow_s)
        return found
