"""Making a new version of the article index: from the present template, under a number of its own."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from elasticsearch import AuthorizationException

from worker.errors import StoreError, StoreUnavailableError
from worker.store.elasticsearch.faults import store_errors
from worker.store.elasticsearch.setup import put_templates
from worker.store.elasticsearch.templates import layouts
from worker.store.elasticsearch.twin import find_versions

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from worker.store.elasticsearch.cluster import Cluster, Found

COUNTER = "latest version"
"""The id under which the highest number so far is kept: a name that was dropped is not given out again."""
_NUMBER = re.compile(r"-(\d{6,})$")


def create(cluster: Cluster) -> str:
    """Make an empty index the articles' twin and return its name; see `ArticleVersions.create`.

    Raises:
        StoreError: there is a twin, or the template is out of date and may not be changed.
    """
    if twin := find_versions(cluster).twin:
        raise StoreError(f"{cluster.place}: {twin} is there already: drop it first")
    _put_template(cluster)
    index = f"{cluster.names.articles}-{_next_number(cluster):06}"
    aliases: dict[str, Any] = {cluster.names.articles_twin: {}}
    with store_errors(cluster.place):
        check_heard(cluster, cluster.client.indices.create(index=index, aliases=aliases))
        if find_versions(cluster).twins != (index,):
            cluster.client.indices.delete(index=index)
            raise StoreError(f"{cluster.place}: another version is being made at the same time")
    # Whatever was written before anybody could see the twin is in the pages that are read from now on.
    cluster.refresh(cluster.names.articles)
    return index


def check_heard(cluster: Cluster, answer: Any) -> None:
    """Raise where some node has not heard of a change in time: writers there might miss the twin."""
    if not answer["acknowledged"]:
        raise StoreUnavailableError(f"{cluster.place}: some nodes have not heard of the change yet")


def _put_template(cluster: Cluster) -> None:
    """Bring the template up to date: nothing to do, and no rights needed, where `setup` has done it."""
    every = layouts(cluster.prefix, cluster.names, ledger_shards=1)
    try:
        with store_errors(cluster.place):
            list(put_templates(cluster, [each for each in every if each.alias == cluster.names.articles]))
    except StoreError as error:
        if isinstance(error.__cause__, AuthorizationException):
            said = "the articles' template is not up to date: run `feedmill setup` first"
            raise StoreError(f"{cluster.place}: {said}") from error
        raise


def _next_number(cluster: Cluster) -> int:
    with store_errors(cluster.place):
        there = cluster.client.indices.get_alias(index=f"{cluster.names.articles}-*")
    numbers = [0, *(int(number[1]) for index in there if (number := _NUMBER.search(index)))]

    def plan(_: Sequence[str], found: Mapping[str, Found]) -> dict[str, dict[str, Any]]:
        numbers.extend(each.source["latest"] for each in found.values())
        return {COUNTER: {"latest": max(numbers) + 1}}

    cluster.rewrite(cluster.names.rebuilds, [COUNTER], plan)
    return max(numbers) + 1
