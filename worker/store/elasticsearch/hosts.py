"""What hosts asked for: stops by site and robots.txt by origin, in one index: no origin is a site's name."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from worker.models import HostStop, Robots
from worker.store.elasticsearch.bulk import Operation
from worker.store.elasticsearch.cluster import delete_of
from worker.store.records import decode, encoded_fields, to_ms

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from worker.store.elasticsearch.cluster import Cluster, Found


class ElasticsearchHosts:
    """`HostStore` on Elasticsearch. Everything sees what was written before."""

    def __init__(self, cluster: Cluster) -> None:
        self._cluster = cluster
        self._index = cluster.names.hosts

    def stop(self, site: str, until: datetime) -> None:
        wanted = encoded_fields(HostStop(host=site, stopped_until=until))

        def plan(_: Sequence[str], found: Mapping[str, Found]) -> dict[str, dict[str, Any]]:
            known = found[site].source["stopped_until"] if site in found else 0
            return {site: wanted} if known < wanted["stopped_until"] else {}

        self._cluster.rewrite(self._index, [site], plan)

    def stops(self, now: datetime) -> dict[str, datetime]:
        self._cluster.refresh(self._index)
        query = {"range": {"stopped_until": {"gt": to_ms(now)}}}
        found = [each for page in self._cluster.scan(self._index, "host", query) for each in page]
        stops = [decode(HostStop, each.source) for each in found]
        return {stop.host: stop.stopped_until for stop in stops}

    def robots(self, origin: str) -> Robots | None:
        found = self._cluster.read(self._index, [origin])
        return decode(Robots, found[origin].source) if found else None

    def keep_robots(self, robots: Robots) -> None:
        said = {name: value for name, value in encoded_fields(robots).items() if value is not None}
        operation = Operation(action="index", index=self._index, id=robots.host, body=said)
        (answer,) = self._cluster.bulk([operation])
        self._cluster.is_done(answer)

    def prune(self, before: datetime) -> int:
        self._cluster.refresh(self._index)
        is_old = [{"range": {name: {"lt": to_ms(before)}}} for name in ("stopped_until", "asked_at")]
        done = 0
        for page in self._cluster.scan(self._index, "host", {"bool": {"should": is_old}}, ()):
            done += sum(map(self._cluster.is_done, self._cluster.bulk(list(map(delete_of, page)))))
        return done
