"""A server that takes part of a request, and connections that broke: what is sent again, and what is not."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import closing
from typing import Any

import pytest
from elastic_transport import ConnectionError as BrokenConnectionError
from elastic_transport import HttpHeaders, Urllib3HttpNode
from elastic_transport._node import NodeApiResponse
from elasticsearch import Elasticsearch

from tests.fakes import ManualClock
from worker.errors import StoreError, StoreUnavailableError
from worker.store.elasticsearch.bulk import Operation
from worker.store.elasticsearch.cluster import PAUSES_S, Cluster


class Server:
    """Answers bulk requests with the next statuses of each document; breaks connections when told to."""

    def __init__(self, **statuses: list[int]) -> None:
        self.statuses = statuses
        self.bulks: list[list[str]] = []
        self.requests = 0
        self.broken = 0

    def node_class(self) -> type[Urllib3HttpNode]:
        server = self

        class Node(Urllib3HttpNode):
            def perform_request(self, method, target, body=None, **options: Any):
                meta = self._meta()
                server.requests += 1
                if server.broken:
                    server.broken -= 1
                    raise BrokenConnectionError("Connection aborted")
                said = server.bulk(body) if target.startswith("/_bulk") else {"count": 7}
                return NodeApiResponse(meta, json.dumps(said).encode())

            def _meta(self) -> Any:
                from elastic_transport import ApiResponseMeta

                headers = {"content-type": "application/json", "x-elastic-product": "Elasticsearch"}
                return ApiResponseMeta(200, "1.1", HttpHeaders(headers), 0.0, self.config)

        return Node

    def bulk(self, body: bytes) -> dict[str, Any]:
        ids = [json.loads(line)["create"]["_id"] for line in body.splitlines()[::2]]
        self.bulks.append(ids)
        return {"items": [{"create": {"_id": id_, **self._item(id_)}} for id_ in ids]}

    def _item(self, id_: str) -> dict[str, Any]:
        status = self.statuses.get(id_, [201]).pop(0) if id_ in self.statuses else 201
        return (
            {"status": status} if status < 300 else {"status": status, "error": {"type": "as the test says"}}
        )


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


def cluster_of(server: Server, clock: ManualClock) -> Cluster:
    client = Elasticsearch("http://127.0.0.1:9", max_retries=0, node_class=server.node_class())
    return Cluster(client, "here", "feedmill", clock)


@pytest.fixture
def make(clock: ManualClock) -> Iterator[Any]:
    made: list[Cluster] = []

    def cluster(server: Server) -> Cluster:
        made.append(cluster_of(server, clock))
        return made[-1]

    yield cluster
    for each in made:
        each.close()


def creates(*ids: str) -> list[Operation]:
    return [Operation(action="create", index="i", id=id_, body={}) for id_ in ids]


@pytest.mark.parametrize("status", [429, 502, 503, 504])
def test_only_what_was_not_taken_is_sent_again(make, clock: ManualClock, status: int) -> None:
    server = Server(b=[status, 201], c=[status, status, 409], d=[400])
    answers = make(server).bulk(creates("a", "b", "c", "d"))
    assert server.bulks == [["a", "b", "c", "d"], ["b", "c"], ["c"]]
    assert [answer.verdict for answer in answers] == ["done", "done", "conflict", "refused"]
    assert clock.slept == list(PAUSES_S[:2])


def test_one_document_that_is_never_taken_fails_the_call(make, clock: ManualClock) -> None:
    server = Server(b=[429] * 9)
    with pytest.raises(StoreUnavailableError, match="overloaded"):
        make(server).bulk(creates("a", "b"))
    assert server.bulks == [["a", "b"], *[["b"]] * len(PAUSES_S)]
    assert clock.slept == list(PAUSES_S)


def test_a_read_survives_one_broken_connection(make) -> None:
    server = Server()
    server.broken = 1
    assert make(server).count("i") == 7
    assert server.requests == 2


def test_a_read_does_not_try_for_ever(make) -> None:
    server = Server()
    server.broken = 9
    with pytest.raises(StoreUnavailableError, match="cannot be reached"):
        make(server).count("i")
    assert server.requests == 2


def test_a_write_is_left_to_who_asked_for_it(make) -> None:
    server = Server()
    server.broken = 1
    with pytest.raises(StoreUnavailableError, match="cannot be reached"):
        make(server).bulk(creates("a"))
    assert server.requests == 1


def test_both_are_done_at_once_and_both_have_ended(make) -> None:
    with closing(cluster_of(Server(), ManualClock())) as cluster:
        assert cluster.both(lambda: 1, lambda: 2) == (1, 2)
        ended = []

        def fail(name: str) -> None:
            ended.append(name)
            raise StoreError(name)

        with pytest.raises(StoreError, match="one"):
            cluster.both(lambda: fail("one"), lambda: fail("other"))
        assert sorted(ended) == ["one", "other"]
