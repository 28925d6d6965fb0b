"""The roll of live workers, and how much more work they have room for."""

from __future__ import annotations

from collections.abc import Mapping  # noqa: TC003 - pydantic reads the annotations of Load
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import Field, TypeAdapter, ValidationError

from worker.broker.connection import broker_errors, place_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    import redis
    from redis.client import Pipeline

REPORT_TTL_MS = 10_000
"""How long a report counts. Workers report every second or so: a late one or a short outage strikes nobody
off, and a dead worker's threads are counted for ten seconds, no longer."""
_INDEX = "feedmill:workers"


@dataclass(frozen=True, slots=True)
class Load:
    """What a worker can do and has to do.

    `held`: hints that it has reserved or works on, by queue. `copies`: how many turns at a rebuild it may
    take at once.
    """

    worker_id: str
    threads: Annotated[int, Field(ge=1)]
    queues: tuple[str, ...]
    held: Mapping[str, Annotated[int, Field(ge=0)]]
    copies: Annotated[int, Field(ge=0)] = 0


_LOAD = TypeAdapter(Load)


class Roll:
    """Who is at work, as told by the workers themselves. Every method raises BrokerError."""

    def __init__(self, client: redis.Redis) -> None:
        self._client = client
        self._place = place_of(client)

    def report(self, load: Load) -> None:
        """Note what a worker holds now; it stays on the roll for `REPORT_TTL_MS`."""
        with broker_errors(self._place):
            pipeline = _batch(self._client)
            pipeline.set(_key(load.worker_id), _LOAD.dump_json(load), px=REPORT_TTL_MS)
            pipeline.sadd(_INDEX, load.worker_id)
            pipeline.pexpire(_INDEX, REPORT_TTL_MS)
            pipeline.execute()

    def all(self) -> list[Load]:
        """Return what each live worker last reported; those whose report has expired are forgotten."""
        with broker_errors(self._place):
            members: Any = self._client.smembers(_INDEX)
            ids = sorted(members)
            reports: Any = self._client.mget(map(_key, ids)) if ids else []
            # One that reports again just now is back with its next report, a second later.
            if expired := [name for name, report in zip(ids, reports, strict=True) if report is None]:
                self._client.srem(_INDEX, *expired)
        return [load for report in reports if report is not None and (load := find_load(report))]

    def leave(self, worker_id: str) -> None:
        """Strike a worker off, as it stops; who reads the roll next forgets its name."""
        with broker_errors(self._place):
            self._client.delete(_key(worker_id))


def find_load(report: str) -> Load | None:
    """Return what a report says, or None where it is another version's."""
    try:
        return _LOAD.validate_json(report)
    except ValidationError:
        return None


def queue_lengths(client: redis.Redis, queues: Sequence[str]) -> dict[str, int]:
    """Return how many messages wait in each queue: kombu keeps it in a list of the queue's name.

    Raises:
        BrokerError: Redis could not be asked.
    """
    with broker_errors(place_of(client)):
        pipeline = _batch(client)
        for queue in queues:
            pipeline.llen(queue)
        return dict(zip(queues, pipeline.execute(), strict=True))


def room(mark_per_thread: int, queue: str, lengths: Mapping[str, int], loads: Iterable[Load]) -> int:
    """Return how many hints may still be sent to `queue` before its backlog reaches the mark.

    The mark is `mark_per_thread` for each thread of the live workers that serve the queue; the backlog
    is what waits in it and what workers hold of it. A hint on its way between the two, or held since
    the last report, is not seen: the mark is passed by as many, and no harm is done.
    """
    loads = list(loads)
    threads = sum(load.threads for load in loads if queue in load.queues)
    return _left(mark_per_thread * threads, queue, lengths, loads)


def copy_room(queue: str, lengths: Mapping[str, int], loads: Iterable[Load]) -> int:
    """Return how many more turns at a rebuild the live workers may take now, with the same blind spots."""
    loads = list(loads)
    return _left(sum(load.copies for load in loads), queue, lengths, loads)


def hints_for(places: int, loads: Iterable[Load]) -> int:
    """Return how many hints it takes to fill so many free places for turns at a rebuild.

    A hint goes to whoever has a free thread, and comes to nothing where no place is free: of n workers a
    given one gets none of 3 n hints with a chance of 5 %. Those that come to nothing cost nothing.
    """
    helpers = [load.copies for load in loads if load.copies]
    if places <= 0 or len(helpers) < 2:
        return places if helpers else 0
    return len(helpers) * (max(helpers) + 2)


def _left(mark: int, queue: str, lengths: Mapping[str, int], loads: Iterable[Load]) -> int:
    held = sum(load.held.get(queue, 0) for load in loads)
    return max(0, mark - lengths[queue] - held)


def _batch(client: redis.Redis) -> Pipeline:
    # No transaction: at maxmemory Redis refuses whatever comes in one, reads and deletions too.
    return client.pipeline(transaction=False)


def _key(worker_id: str) -> str:
    return f"feedmill:worker:{worker_id}"
