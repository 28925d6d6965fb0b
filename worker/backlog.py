"""How much work is on its way: hints in the broker's queues, and those that live workers hold."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from celery.worker import state

from worker.broker.roll import Load, copy_room, hints_for, room
from worker.models import QUEUES, REBUILD

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from celery.worker.request import Request


@dataclass(frozen=True, slots=True)
class Backlog:
    """What is on its way through each queue.

    lengths: the number of hints that wait in the named queues of the broker. loads: what each live
    worker holds, and how much it can take.
    """

    lengths: Callable[[Sequence[str]], Mapping[str, int]]
    loads: Callable[[], Sequence[Load]]

    def size(self, queue: str) -> int:
        """Return how many hints were sent to the queue whose tasks have not ended."""
        return self.lengths([queue])[queue] + sum(load.held.get(queue, 0) for load in self.loads())

    def room(self, queue: str, per_thread: int) -> int:
        """Return how many more hints may be sent: `per_thread` for each live thread, less the backlog."""
        return room(per_thread, queue, self.lengths([queue]), self.loads())

    def copy_hints(self, free: int) -> int:
        """Return how many hints for turns at a rebuild to send now, where so many slices are free."""
        loads = self.loads()
        return hints_for(min(free, copy_room(REBUILD, self.lengths([REBUILD]), loads)), loads)


def own_load(worker_id: str, threads: int, queues: tuple[str, ...] = QUEUES, copies: int = 0) -> Load:
    """Return what this process holds: hints that Celery has reserved, and tasks that run."""
    return Load(worker_id, threads, queues, Counter(map(_queue_of, _reserved())), copies)


def _reserved() -> list[Request]:
    """Return Celery's own list of them, which other threads change meanwhile."""
    while True:
        try:
            return list(state.reserved_requests)
        except RuntimeError:  # the set changed while it was copied
            continue


def _queue_of(request: Request) -> str:
    return str(request.delivery_info["routing_key"])
