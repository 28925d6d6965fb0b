"""The feeds: few, so what no query can order or compare is done here."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from worker.models import Feed, FeedState
from worker.store.elasticsearch import scripts
from worker.store.elasticsearch.bulk import Operation
from worker.store.elasticsearch.cluster import PAGE, Cluster, Found, pages
from worker.store.elasticsearch.records import feed_key, feed_source, read_feed
from worker.store.records import to_ms
from worker.store.turns import EVERYTHING, LOOKED_AT, DueFeed, take_turns

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from datetime import datetime

    from worker.store.turns import Share

_KEYS = ("feed_id", "url_key", "redirect_key")
_ACTIVE = {"term": {"state": FeedState.ACTIVE.value}}


class ElasticsearchFeeds:
    """`FeedStore` on Elasticsearch. All of it sees what was written before."""

    def __init__(self, cluster: Cluster) -> None:
        self._cluster = cluster
        self._index = cluster.names.feeds

    def add(self, feeds: Iterable[Feed]) -> list[str]:
        return [feed_id for page in pages(list(feeds), PAGE) for feed_id in self._add_page(page)]

    def get(self, feed_id: str) -> Feed | None:
        found = self._cluster.read(self._index, [feed_id])
        return read_feed(found[feed_id].source) if found else None

    def find(self, url: str) -> Feed | None:
        key = feed_key(url)
        found = self._with_keys({key}) if key else []
        first_added = [feed for feed in found if feed.feed_id == key]
        return next(iter((*first_added, *found)), None)

    def all(self) -> Iterator[Feed]:
        self._cluster.refresh(self._index)
        scanned = self._cluster.scan(self._index, "feed_id", {"match_all": {}}, ("title", "url"))
        ids = [each.id for each in sorted((each for page in scanned for each in page), key=_by_title)]
        for page in pages(ids, PAGE):
            found = self._cluster.read(self._index, page)
            yield from (read_feed(found[id_].source) for id_ in page if id_ in found)

    def claim_due(self, now: datetime, limit: int, lease_s: float, share: Share = EVERYTHING) -> list[Feed]:
        # A search that does not know of the last claim, a second ago, finds the same feeds again.
        self._cluster.refresh(self._index)
        taken, put_off = take_turns(self._due(now), limit, share, lease_s)
        claims = [scripts.claim_feed(self._index, id_, now, lease_s) for id_ in taken]
        others = [scripts.put_off(self._index, id_, now, wait_s) for id_, wait_s in put_off.items()]
        answers = self._cluster.bulk([*claims, *others])[: len(claims)]
        return [read_feed(each.returned) for each in answers if self._cluster.is_done(each)]

    def update(self, feed_id: str, changes: Mapping[str, Any]) -> bool:
        def plan(_: Sequence[str], found: Mapping[str, Found]) -> dict[str, dict[str, Any]]:
            return {
                id_: feed_source(replace(read_feed(each.source), **changes)) for id_, each in found.items()
            }

        return bool(self._cluster.rewrite(self._index, [feed_id], plan))

    def remove(self, feed_id: str) -> bool:
        (answer,) = self._cluster.bulk([Operation(action="delete", index=self._index, id=feed_id)])
        return answer.verdict == "done"

    def poll_now(self, now: datetime) -> int:
        self._cluster.refresh(self._index)
        for page in self._cluster.scan(self._index, "feed_id", _ACTIVE, ()):
            self._cluster.bulk([scripts.poll_now(self._index, each.id, now) for each in page])
        return self._cluster.count(self._index, _ACTIVE)

    def _due(self, now: datetime) -> list[DueFeed]:
        is_due = {"range": {"next_poll_at": {"lte": to_ms(now)}}}
        answer = self._cluster.search(
            self._index,
            query={"bool": {"filter": [_ACTIVE, is_due]}},
            sort=[{"next_poll_at": "asc"}],
            size=LOOKED_AT,
            source=["domain"],
        )
        return [DueFeed(hit["_id"], hit["_source"].get("domain", "")) for hit in answer["hits"]["hits"]]

    def _with_keys(self, keys: Iterable[str]) -> list[Feed]:
        """Return the feeds that any of the keys names, by id, first URL, present URL or redirect."""
        self._cluster.refresh(self._index)
        named = [{"terms": {name: sorted(keys)}} for name in _KEYS]
        scanned = self._cluster.scan(self._index, "feed_id", {"bool": {"should": named}})
        return [read_feed(each.source) for page in scanned for each in page]

    def _add_page(self, feeds: Sequence[Feed]) -> list[str]:
        known = _keys(*self._with_keys(_keys(*feeds)))
        fresh = []
        for feed in feeds:
            keys = _keys(feed)
            if not keys & known:
                known |= keys
                fresh.append(feed)
        creates = [
            Operation(action="create", index=self._index, id=feed.feed_id, body=feed_source(feed))
            for feed in fresh
        ]
        return [
            operation.id
            for operation, answer in zip(creates, self._cluster.bulk(creates), strict=True)
            if self._cluster.is_done(answer)
        ]


def feed_states(cluster: Cluster, feed_ids: Iterable[str]) -> dict[str, FeedState]:
    """Return the state of each of the feeds that exist, as of now."""
    found = cluster.read(cluster.names.feeds, sorted(feed_ids), ("state",))
    return {feed_id: FeedState(each.source["state"]) for feed_id, each in found.items()}


def _keys(*feeds: Feed) -> set[str]:
    keys = {key for feed in feeds for key in (feed.feed_id, feed_key(feed.url), feed_key(feed.redirect_url))}
    return {key for key in keys if key}


def _by_title(found: Found) -> tuple[str, str, str]:
    url = found.source["url"]
    return (found.source.get("title") or url).lower(), url, found.id
