"""Who is at work, and how much more they have room for."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
import redis
from kombu import Connection, Queue

from tests.broker.conftest import Connect
from tests.broker.filling import fill
from tests.servers.looking import free_port
from tests.waiting import wait_for
from worker.broker import roll
from worker.broker.connection import transport_options
from worker.broker.roll import Load, Roll, find_load, queue_lengths, room
from worker.errors import BrokerUnavailableError

ALL = ("control", "poll", "ingest")
on_redis = [pytest.mark.slow, pytest.mark.services]


def load(name: str = "one", threads: int = 4, queues: tuple[str, ...] = ALL, **held: int) -> Load:
    return Load(name, threads, queues, held)


@pytest.mark.parametrize(
    ("length", "loads", "left"),
    [
        pytest.param(0, [], 0, id="nobody is at work"),
        pytest.param(0, [load()], 32, id="a mark for each thread"),
        pytest.param(0, [load(), load("two", threads=2)], 48, id="of every worker"),
        pytest.param(0, [load(), load("two", queues=("poll",))], 32, id="that serves the queue"),
        pytest.param(10, [load()], 22, id="less what waits"),
        pytest.param(10, [load(ingest=4), load("two", ingest=3)], 47, id="less what is held"),
        pytest.param(0, [load(poll=9)], 32, id="of this queue"),
        pytest.param(0, [load(), load("two", queues=("poll",), ingest=5)], 27, id="held by whoever"),
        pytest.param(99, [load(ingest=4)], 0, id="never negative"),
    ],
)
def test_room(length, loads, left) -> None:
    assert room(8, "ingest", {"ingest": length, "poll": 1000}, loads) == left


@pytest.mark.parametrize(
    ("report", "says"),
    [
        (
            '{"worker_id":"one","threads":4,"queues":["poll"],"held":{"poll":2}}',
            load(queues=("poll",), poll=2),
        ),
        ('{"worker_id":"one","threads":4,"queues":[],"held":{},"of a later version":1}', load(queues=())),
        ('{"worker_id":"one","threads":4,"queues":["poll"]}', None),
        ('{"worker_id":"one","threads":"many","queues":[],"held":{}}', None),
        ('{"worker_id":"one","threads":-4,"queues":[],"held":{}}', None),
        ('{"worker_id":"one","threads":4,"queues":[],"held":{"poll":-1}}', None),
        ("[1, 2", None),
        ("", None),
    ],
)
def test_a_report_is_read_or_ignored(report: str, says: Load | None) -> None:
    assert find_load(report) == says


class TestOnRedis:
    pytestmark = on_redis

    def test_workers_come_report_and_leave(self, client: redis.Redis) -> None:
        workers = Roll(client)
        assert workers.all() == []
        workers.report(load("one"))
        workers.report(load("two", ingest=3))
        workers.report(load("one", threads=8))
        assert workers.all() == [load("one", threads=8), load("two", ingest=3)]
        workers.leave("one")
        workers.leave("one")
        assert workers.all() == [load("two", ingest=3)]

    def test_what_is_no_report_is_ignored(self, client: redis.Redis) -> None:
        workers = Roll(client)
        workers.report(load("one"))
        workers.report(load("two"))
        client.set("feedmill:worker:one", "another version's")
        assert workers.all() == [load("two")]

    def test_dead_workers_are_forgotten(self, client: redis.Redis, monkeypatch) -> None:
        workers = Roll(client)
        workers.report(load("alive"))
        monkeypatch.setattr(roll, "REPORT_TTL_MS", 50)
        workers.report(load("dead"))
        client.persist("feedmill:workers")
        wait_for(lambda: workers.all() == [load("alive")], "the other to be struck off", 10, 0.01)
        assert client.smembers("feedmill:workers") == {"alive"}

    def test_nothing_is_left_behind(self, client: redis.Redis, monkeypatch) -> None:
        monkeypatch.setattr(roll, "REPORT_TTL_MS", 50)
        Roll(client).report(load())
        wait_for(lambda: not client.keys("feedmill:worker*"), "every key to expire", 10, 0.01)

    def test_many_report_at_once(self, redis_url: str, connect: Connect, client: redis.Redis) -> None:
        rolls = [Roll(connect(redis_url)) for _ in range(4)]
        loads = [load(f"worker-{n:02}", ingest=n) for n in range(40)]
        with ThreadPoolExecutor(16) as pool:
            list(pool.map(lambda n: rolls[n % 4].report(loads[n]), range(40)))
        assert Roll(client).all() == loads

    def test_lengths_are_those_of_kombu_s_queues(self, own_url: str, own: redis.Redis) -> None:
        with Connection(own_url, transport_options=transport_options()) as connection:
            producer = connection.Producer()
            for _ in range(3):
                producer.publish({}, routing_key="ingest", declare=[Queue("ingest")])
            producer.publish({}, routing_key="poll", declare=[Queue("poll")], priority=9)
        assert queue_lengths(own, ALL) == {"control": 0, "poll": 1, "ingest": 3}
        assert queue_lengths(own, []) == {}

    def test_at_maxmemory_one_can_still_look(self, own: redis.Redis) -> None:
        Roll(own).report(load())
        own.lpush("ingest", "hint")
        fill(own)
        assert queue_lengths(own, ALL)["ingest"] == 1
        assert Roll(own).all() == [load()]
        with pytest.raises(BrokerUnavailableError, match="is full"):
            Roll(own).report(load())
        Roll(own).leave("one")


@pytest.mark.parametrize(
    "call",
    [
        lambda client: Roll(client).report(load()),
        lambda client: Roll(client).all(),
        lambda client: Roll(client).leave("one"),
        lambda client: queue_lengths(client, ALL),
    ],
    ids=["report", "all", "leave", "lengths"],
)
def test_without_a_server(connect: Connect, call) -> None:
    with pytest.raises(BrokerUnavailableError, match="cannot be reached"):
        call(connect(f"redis://127.0.0.1:{free_port()}"))
