"""A rebuild as a re-index makes it, over the protocol alone: pages of live documents, carried into the twin."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace

from worker.models import Carried, CarryState, Document
from worker.store.base import Store


class Killed(Exception):
    """The copier was stopped where it stood."""


def rebuilt(before: Document) -> Document:
    return replace(before, extractor="rebuilt", title=f"{before.title}, rebuilt")


@dataclass
class Copier:
    """Carries every live document; `kill_at` is the step (from 0) before which it is killed, once."""

    store: Store
    into: str
    page_size: Callable[[], int]
    kill_at: int | None = None
    steps: int = 0
    seen: list[str] = field(default_factory=list)

    def run(self, cursor: str = "") -> None:
        self._step()
        while page := self.store.versions.page(cursor, "", self.page_size(), "live"):
            self._carry(page)
            cursor = page[-1].article_id
            self.seen += [each.article_id for each in page]
            self._step()

    def _carry(self, page: list[Document]) -> None:
        while page:
            self._step()
            carried = [Carried(before=each, after=rebuilt(each)) for each in page]
            results = self.store.versions.carry(carried, self.into)
            changed = [
                each.before.article_id
                for each, result in zip(carried, results, strict=True)
                if result.state is CarryState.CHANGED
            ]
            assert CarryState.REFUSED not in {each.state for each in results}
            page = [again for each in changed if (again := self.store.articles.get(each))]

    def _step(self) -> None:
        self.steps += 1
        if self.steps - 1 == self.kill_at:
            raise Killed
