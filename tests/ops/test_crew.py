"""What `status` tells of workers and queues."""

from __future__ import annotations

import pytest

from tests.servers.looking import free_port
from worker.broker.connection import open_redis
from worker.broker.roll import Load, Roll
from worker.cli.status import crew_lines
from worker.ops.crew import Crew, find_crew
from worker.settings import read_settings


def test_the_embedded_service_has_none() -> None:
    assert find_crew(read_settings(broker_url="memory://")) is None


def test_a_broker_that_is_away_is_told_without_its_password() -> None:
    crew = find_crew(read_settings(broker_url=f"redis://user:secret@127.0.0.1:{free_port()}/0"))
    assert crew
    assert crew.away
    assert "cannot be reached" in crew.away
    assert "secret" not in crew.away


@pytest.mark.slow
@pytest.mark.services
def test_live_workers_and_what_waits_for_them(redis_url: str) -> None:
    client = open_redis(redis_url)
    Roll(client).report(Load("crew-test", 16, ("ingest",), {}, copies=2))
    client.rpush("poll", "hint")
    crew = find_crew(read_settings(broker_url=redis_url))
    Roll(client).leave("crew-test")
    client.delete("poll")
    client.close()
    assert crew == Crew(
        workers=1, threads=16, helpers=1, queues={"control": 0, "poll": 1, "ingest": 0, "rebuild": 0}
    )


@pytest.mark.parametrize(
    ("crew", "lines"),
    [
        (
            Crew(workers=2, threads=32, queues={"control": 0, "poll": 3, "ingest": 40}),
            [("workers", "2 with 32 threads"), ("queued", "3 poll, 40 ingest")],
        ),
        (Crew(queues={"poll": 0}), [("workers", "none"), ("queued", "nothing")]),
        (Crew(away="redis://r: is full"), [("broker", "redis://r: is full")]),
    ],
    ids=["at work", "nobody", "away"],
)
def test_lines(crew: Crew, lines: list[tuple[str, str]]) -> None:
    assert crew_lines(crew) == lines
