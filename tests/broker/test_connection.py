"""What connecting to Redis may come to, and how it is said: one line, its place, never a password."""

from __future__ import annotations

import inspect
import socket
import time
import traceback
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest
import redis
from celery import Celery
from kombu.exceptions import OperationalError
from kombu.transport.redis import Channel
from redis._parsers.base import BaseParser

from tests.broker.conftest import Connect
from tests.broker.filling import fill
from tests.servers.looking import free_port
from tests.servers.redis import own_redis
from tests.servers.restartable import Restartable, restartable_redis
from worker.broker import connection
from worker.broker.connection import (
    broker_errors,
    open_redis,
    place_of,
    publish_errors,
    ssl_options,
    transport_options,
)
from worker.errors import BrokerError, BrokerUnavailableError

PLACE = "redis://r:6379/0"


@pytest.mark.parametrize(
    ("answer", "kind", "said"),
    [
        ("WRONGPASS invalid username-password pair", BrokerError, "refused our credentials: invalid"),
        ("NOAUTH Authentication required.", BrokerError, "refused our credentials: Auth"),
        ("NOPERM this user has no permissions", BrokerError, "our user lacks a permission: this"),
        ("ERR unknown command 'PING'", BrokerError, "unknown command"),
        ("LOADING Redis is loading the dataset in memory", BrokerUnavailableError, "is starting: Redis"),
        ("OOM command not allowed", BrokerUnavailableError, "is full (maxmemory): command"),
        (
            "READONLY You can't write against a read only replica.",
            BrokerUnavailableError,
            "is a replica: You",
        ),
        ("MASTERDOWN Link with MASTER is down", BrokerUnavailableError, "has lost its master: Link"),
        ("CLUSTERDOWN The cluster is down", BrokerUnavailableError, "is part of a cluster that is down: The"),
        ("TRYAGAIN Multiple keys request", BrokerUnavailableError, "is being rebalanced: Mul"),
        ("NOSCRIPT No matching script.", BrokerUnavailableError, "was flushed: No"),
        ("MISCONF Redis can't save", BrokerUnavailableError, "can't save to its disk: MISCONF Redis"),
        (
            "NOREPLICAS Not enough good replicas",
            BrokerUnavailableError,
            "has too few replicas: NOREPLICAS Not",
        ),
        ("BUSY Redis is busy running a script", BrokerUnavailableError, "runs a script: BUSY Redis"),
        ("ERR max number of clients reached", BrokerUnavailableError, "cannot be reached: max number"),
    ],
)
def test_what_an_answer_means(answer: str, kind: type, said: str) -> None:
    with pytest.raises(BrokerError) as raised, broker_errors(PLACE):
        raise BaseParser.parse_error(answer)
    assert type(raised.value) is kind
    assert str(raised.value).startswith(f"{PLACE}: {said}")


def test_an_answer_to_a_batch_is_said_without_its_commands() -> None:
    error = redis.exceptions.OutOfMemoryError(
        "Command # 1 (SET a secret) of pipeline caused error: not allowed\n"
    )
    with pytest.raises(BrokerError) as raised, broker_errors(PLACE):
        raise error
    assert str(raised.value) == f"{PLACE}: is full (maxmemory): not allowed"


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (OSError("no buffer space"), "cannot be reached: no buffer space"),
        (OperationalError("timed out"), "cannot be reached: timed out"),
        (redis.exceptions.OutOfMemoryError("not allowed"), "is full (maxmemory): not allowed"),
        (redis.exceptions.AuthenticationError("invalid"), "refused our credentials: invalid"),
    ],
)
def test_whatever_keeps_a_message_from_being_sent_is_an_outage(error: Exception, said: str) -> None:
    with pytest.raises(BrokerUnavailableError) as raised, publish_errors(PLACE):
        raise error
    assert str(raised.value) == f"{PLACE}: {said}"


def test_bugs_pass() -> None:
    for errors in (broker_errors, publish_errors):
        with pytest.raises(ZeroDivisionError), errors(PLACE):
            raise ZeroDivisionError


@pytest.mark.parametrize(
    ("url", "ca_file", "line"),
    [
        ("redis://u:12secret@host:no-port", None, "redis://host:no-port: is not the URL"),
        ("redis://u:12#secret@host", None, "redis://host: is not the URL"),
        ("redis://u:12@34#secret@host", None, "redis://host: is not the URL"),
        ("redis://u:[secret@host", None, "redis://host: is not the URL"),
        ("nonsense", None, "nonsense: is not the URL"),
        ("http://u:secret@host", None, "http://host: is not the URL"),
        ("rediss://u:secret@host", Path("/nowhere/ca.pem"), "/nowhere/ca.pem: no such file of certificates"),
    ],
)
def test_what_is_no_place_to_connect_to(url: str, ca_file: Path | None, line: str) -> None:
    with pytest.raises(BrokerError, match=line) as raised:
        open_redis(url, ca_file)
    assert "secret" not in "".join(traceback.format_exception(raised.value))


@pytest.mark.parametrize(
    ("url", "place"),
    [
        ("redis://u:secret@host:7000/2", "redis://host:7000/2"),
        ("rediss://:secret@host", "rediss://host:6379/0"),
        ("redis://", "redis://localhost:6379/0"),
    ],
)
def test_where_a_client_connects_to(connect: Connect, url: str, place: str) -> None:
    assert place_of(connect(url)) == place


def test_celery_is_given_what_its_transport_takes() -> None:
    names = set(transport_options()) - {"max_retries"}  # taken by kombu.Connection itself
    assert names <= set(Channel.from_transport_options)
    assert transport_options()["socket_timeout"] > 2 * 1.0, "a consumer's BRPOP waits a second"
    assert set(ssl_options(Path("ca.pem"))) <= set(inspect.signature(redis.SSLConnection.__init__).parameters)
    assert ssl_options(None) == {"ssl_cert_reqs": "required", "ssl_check_hostname": True}


def test_a_server_that_hangs_is_tried_once(connect: Connect, monkeypatch) -> None:
    monkeypatch.setattr(connection, "SOCKET_TIMEOUT_S", 0.1)
    with closing(socket.create_server(("127.0.0.1", 0))) as silent:
        client = connect(f"redis://u:secret@127.0.0.1:{silent.getsockname()[1]}")
        with pytest.raises(BrokerUnavailableError, match="did not answer in time"), broker_errors(PLACE):
            client.ping()
        silent.accept()[0].close()
        silent.setblocking(False)
        with pytest.raises(BlockingIOError):
            silent.accept()


def test_a_server_that_is_not_there(connect: Connect) -> None:
    with pytest.raises(BrokerUnavailableError, match="cannot be reached"), broker_errors(PLACE):
        connect(f"redis://127.0.0.1:{free_port()}").ping()


@pytest.mark.slow
@pytest.mark.services
class TestOnRedis:
    def test_after_a_fail_over_the_next_connection_may_find_the_master(self, connect: Connect) -> None:
        with own_redis() as url:
            client = connect(url)
            client.replicaof("127.0.0.1", free_port())
            before = client.client_id()
            with pytest.raises(BrokerUnavailableError, match="is a replica"), broker_errors(PLACE):
                client.set("a", 1)
            assert client.client_id() != before

    @pytest.fixture
    def server(self) -> Iterator[Restartable]:
        with restartable_redis() as server:
            yield server

    @pytest.fixture
    def send(self, server: Restartable) -> Iterator[Callable[[], None]]:
        """Send a message as our tasks do."""
        app = Celery("sender", broker=server.url, set_as_current=False)
        app.conf.broker_transport_options = transport_options()

        def send() -> None:
            with publish_errors(PLACE):
                app.send_task("t", queue="ingest", retry=False)

        with closing(app):
            yield send

    def test_a_server_restarted_between_two_messages(
        self, server: Restartable, send, connect: Connect
    ) -> None:
        send()
        server.stop()
        server.start()
        send()
        assert connect(server.url).llen("ingest") == 2

    def test_messages_while_the_server_is_down(self, server: Restartable, send, connect: Connect) -> None:
        server.stop()
        began = time.monotonic()
        for _ in range(3):
            with pytest.raises(BrokerUnavailableError, match="cannot be reached"):
                send()
        assert time.monotonic() - began < 2, "kombu's own tries took six seconds each"
        server.start()
        send()
        server.kill()
        with pytest.raises(BrokerUnavailableError, match="cannot be reached"):
            send()
        server.start()
        send()
        assert connect(server.url).llen("ingest") >= 1

    def test_messages_at_maxmemory(self, server: Restartable, send, connect: Connect) -> None:
        client = connect(server.url)
        send()
        client.config_set("maxmemory", "3mb")
        fill(client)
        for _ in range(3):
            with pytest.raises(BrokerUnavailableError, match=r"is full \(maxmemory\): command not allowed"):
                send()
        client.delete("filling")
        send()
        assert client.llen("ingest") == 2

    def test_messages_to_a_replica(self, server: Restartable, send, connect: Connect) -> None:
        connect(server.url).replicaof("127.0.0.1", free_port())
        with pytest.raises(BrokerUnavailableError, match="is a replica"):
            send()
