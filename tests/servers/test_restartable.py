"""A server that was stopped, or whose plug was pulled, comes back where it was, with what it knew."""

from __future__ import annotations

import json
import urllib.request
from collections.abc import Callable

import pytest
import redis

from tests.servers.elasticsearch import answers
from tests.servers.restartable import Restartable, restartable_elasticsearch, restartable_redis

pytestmark = [pytest.mark.slow, pytest.mark.services]

STOPS: dict[str, Callable[[Restartable], None]] = {"stopped": Restartable.stop, "killed": Restartable.kill}


@pytest.mark.parametrize("stop", STOPS.values(), ids=STOPS)
def test_redis(stop):
    with restartable_redis("--appendfsync", "always") as server:
        with redis.Redis.from_url(server.url) as client:
            client.set("town", "Riga")
            stop(server)
            with pytest.raises(redis.ConnectionError):
                client.ping()
            server.start()
            assert client.get("town") == b"Riga"


def test_elasticsearch():
    """Only its plug is pulled: a stop in good order is the easier half, and a start takes ten seconds."""
    with restartable_elasticsearch() as server:
        document = f"{server.url}/towns/_doc/1"
        write = urllib.request.Request(
            document, b'{"name": "Riga"}', {"Content-Type": "application/json"}, method="PUT"
        )
        urllib.request.urlopen(write).close()
        server.kill()
        assert not answers(server.url)
        server.start()
        with urllib.request.urlopen(document) as reply:
            assert json.load(reply)["_source"] == {"name": "Riga"}
