"""TLS and an ACL user on a real server; what is secret is shown nowhere."""

from __future__ import annotations

import traceback
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest
import redis
import structlog
import trustme
from kombu import Connection, Consumer, Queue

from tests.servers.redis import secured_redis
from worker.broker.connection import broker_errors, open_redis, publish_errors, ssl_options, transport_options
from worker.broker.gate import AWAY_WAIT_S, RedisGate
from worker.broker.roll import Load, Roll, queue_lengths
from worker.broker.ticks import RedisTicks
from worker.clock import Clock
from worker.errors import BrokerError, BrokerUnavailableError, HostBusyError
from worker.store.outage import Outage

pytestmark = [pytest.mark.slow, pytest.mark.services]

QUEUES = ("control", "poll", "ingest", "rebuild")
PASSWORD = "no-secret"
KEYS = "~feedmill:* ~control ~poll ~ingest ~rebuild ~unacked ~unacked_index ~unacked_mutex ~_kombu.*"
COMMANDS = (
    "+ping +evalsha +script|load +time +get +set +del +mget +sadd +smembers +srem +pexpire +llen"  # ours
    " +multi +exec +watch +unwatch +lpush +rpush +brpop +hset +hget +hdel +zadd +zrem +zrange"  # kombu's
)
"""The least that Feedmill needs (unwatch only after a failed transaction); for another database than 0 also
+select. Celery's gossip, mingle and remote control would need more: they are off."""
USERS = f"""user admin on >{PASSWORD} ~* &* +@all
user feedmill on >{PASSWORD} {KEYS} -@all {COMMANDS}
user reader on >{PASSWORD} {KEYS} -@all +ping"""


@pytest.fixture(scope="module")
def ca_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("ca") / "ca.pem"


@pytest.fixture(scope="module")
def secured(authority: trustme.CA, ca_file: Path) -> Iterator[str]:
    with secured_redis(authority, ca_file, USERS) as url:
        yield url


def as_user(url: str, user: str = "feedmill", password: str = PASSWORD) -> str:
    return url.replace("://", f"://{user}:{password}@")


@pytest.fixture
def client(secured: str, ca_file: Path) -> Iterator[redis.Redis]:
    with closing(open_redis(as_user(secured), ca_file)) as client:
        yield client


def connection(url: str, ca_file: Path) -> Connection:
    return Connection(url, ssl=ssl_options(ca_file), transport_options=transport_options())


def test_the_gate_grants_and_stops(client: redis.Redis) -> None:
    gate = RedisGate(client, Outage(Clock()))
    assert gate.ask("a.example", 60, 0) == 0
    gate.stop("b.example", 60)
    client.close()
    for site in ("a.example", "b.example"):
        with pytest.raises(HostBusyError) as busy:
            gate.ask(site, 60, 0)
        assert busy.value.wait_s > AWAY_WAIT_S


def test_ticks_and_roll(client: redis.Redis) -> None:
    assert RedisTicks(client).begin("entries", 1)
    workers = Roll(client)
    load = Load("one", 4, QUEUES, {})
    workers.report(load)
    workers.report(Load("two", 4, QUEUES, {}))
    workers.leave("two")
    assert workers.all() == [load]
    assert queue_lengths(client, QUEUES) == dict.fromkeys(QUEUES, 0)


def test_hints_are_sent_taken_and_given_back(secured: str, ca_file: Path, client: redis.Redis) -> None:
    queue, got = Queue("ingest"), []
    with connection(as_user(secured), ca_file) as sending, publish_errors(secured):
        producer = sending.Producer()
        for n in range(3):
            producer.publish({"n": n}, routing_key="ingest", declare=[queue])
    with connection(as_user(secured), ca_file) as taking:
        consumer = Consumer(taking, [queue], on_message=got.append)
        consumer.qos(prefetch_count=3)
        with consumer:
            while len(got) < 3:
                taking.drain_events(timeout=5)
            got[0].ack()
            got[1].reject(requeue=True)
            with pytest.raises(TimeoutError):
                while True:
                    taking.drain_events(timeout=0.1)
            taking.default_channel.qos.restore_visible(interval=1)
    assert [message.payload["n"] for message in got] == [0, 1, 2, 1]
    assert queue_lengths(client, ["ingest"]) == {"ingest": 2}, "what was not acknowledged is given back"


def told(call: Callable[[], object]) -> str:
    """Return everything that an operator could come to see of the failure, the traceback included."""
    with pytest.raises(BrokerError) as raised:
        call()
    line = str(raised.value)
    assert "\n" not in line and len(line) < 250
    return line + "".join(traceback.format_exception(raised.value))


def ping(url: str, ca_file: Path | None) -> str:
    def call() -> None:
        with closing(open_redis(url, ca_file)) as client, broker_errors(url.rpartition("@")[2]):
            client.ping()

    return told(call)


def publish(url: str, ca_file: Path) -> str:
    def call() -> None:
        with publish_errors(url.rpartition("@")[2]), connection(url, ca_file) as sending:
            sending.Producer().publish({}, routing_key="ingest", declare=[Queue("ingest")])

    return told(call)


@pytest.mark.parametrize("try_it", [ping, publish])
@pytest.mark.parametrize("user", ["feedmill", "nobody"], ids=["wrong password", "unknown user"])
def test_refused(secured: str, ca_file: Path, user: str, try_it) -> None:
    said = try_it(as_user(secured, user, "s3cr3t-of-an-operator"), ca_file)
    assert "refused our credentials" in said
    assert "s3cr3t" not in said


@pytest.mark.parametrize("try_it", [ping, publish])
def test_an_authority_that_is_not_trusted(secured: str, tmp_path: Path, try_it) -> None:
    trustme.CA().cert_pem.write_to_path(str(tmp_path / "other.pem"))
    said = try_it(as_user(secured), tmp_path / "other.pem")
    assert "the TLS connection failed" in said and "certificate verify failed" in said
    assert PASSWORD not in said


def test_the_system_s_authorities_are_not_enough(secured: str) -> None:
    assert "the TLS connection failed" in ping(as_user(secured), None)


def test_a_name_that_the_certificate_does_not_have(secured: str, ca_file: Path) -> None:
    said = ping(as_user(secured).replace("127.0.0.1", "localhost"), ca_file)
    assert "the TLS connection failed" in said and "localhost" in said


def test_a_file_that_holds_no_certificates(secured: str) -> None:
    assert "TLS connection failed" in ping(as_user(secured), Path(__file__))


def test_plain_where_the_server_wants_tls(secured: str) -> None:
    said = ping(as_user(secured).replace("rediss", "redis"), None)
    assert "cannot be reached" in said
    assert PASSWORD not in said


def test_a_missing_permission(secured: str, ca_file: Path) -> None:
    with closing(open_redis(as_user(secured, "reader"), ca_file)) as client:
        said = told(lambda: RedisTicks(client).begin("entries", 1))
        assert f"{secured}: our user lacks a permission" in said and "'set'" in said
        assert PASSWORD not in said
        gate = RedisGate(client, Outage(Clock()))
        with structlog.testing.capture_logs() as logged, pytest.raises(HostBusyError):
            gate.ask("a.example", 1, 1)
        assert "our user lacks a permission" in logged[0]["error"]


def test_a_user_without_a_right_to_a_queue(secured: str, ca_file: Path) -> None:
    with closing(open_redis(as_user(secured), ca_file)) as client:
        said = told(lambda: queue_lengths(client, ["another"]))
        assert "our user lacks a permission" in said


def test_what_cannot_be_sent_for_want_of_a_permission_is_an_outage(secured: str, ca_file: Path) -> None:
    with pytest.raises(BrokerUnavailableError, match="our user lacks a permission"), publish_errors("redis"):
        with connection(as_user(secured, "reader"), ca_file) as sending:
            sending.Producer().publish({}, routing_key="ingest", declare=[Queue("ingest")])
