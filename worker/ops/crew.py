"""Who is at work in a deployment with a shared broker, and what waits for them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from worker.errors import BrokerError
from worker.models import QUEUES

if TYPE_CHECKING:
    from worker.settings import Settings


@dataclass(frozen=True, slots=True, kw_only=True)
class Crew:
    """Live workers, their threads, and hints that wait by queue; `away` says why that can't be told.

    `helpers` are the workers that take part in rebuilds.
    """

    workers: int = 0
    threads: int = 0
    helpers: int = 0
    queues: dict[str, int] | None = None
    away: str | None = None


def find_crew(settings: Settings) -> Crew | None:
    """Ask Redis; None where broker and worker are one process.

    A broker that is away is worth telling, and no reason to tell nothing else.
    """
    if settings.is_embedded:
        return None
    from worker.broker.connection import open_redis  # noqa: PLC0415 - the embedded service has no use for it
    from worker.broker.roll import Roll, queue_lengths  # noqa: PLC0415

    try:
        client = open_redis(settings.broker_url, settings.broker_ca_file)
        loads, queues = Roll(client).all(), queue_lengths(client, QUEUES)
        client.close()
    except BrokerError as error:
        return Crew(away=str(error))
    return Crew(
        workers=len(loads),
        threads=sum(load.threads for load in loads),
        helpers=sum(load.copies > 0 for load in loads),
        queues=queues,
    )
