"""`feedmill setup`: templates, first indices and aliases, created or brought up to date."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from elasticsearch import BadRequestError, NotFoundError

from worker.errors import StoreError, StoreVersionError
from worker.store.elasticsearch.faults import store_errors
from worker.store.elasticsearch.templates import (
    Layout,
    changed_fields,
    is_same_analysis,
    layouts,
    new_fields,
    shared_template,
    signature,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from elasticsearch import Elasticsearch

    from worker.store.elasticsearch.cluster import Cluster

ALREADY_THERE = "resource_already_exists_exception"


def set_up(cluster: Cluster, ledger_shards: int) -> list[str]:
    """Create or update what the store needs; return one line per change.

    What only a new index can change, the ledger's number of primary shards among it, is refused before
    anything is written; of the articles, whose index a re-index can make anew, once all that this takes is
    there.

    Raises:
        StoreError: an index must be rebuilt first, or an alias's name is taken by an index.
        StoreVersionError: a newer Feedmill set it up.
    """
    wanted = layouts(cluster.prefix, cluster.names, ledger_shards)
    with store_errors(cluster.place):
        live = {layout.alias: _live(cluster, layout) for layout in wanted}
        late = _check_all(cluster, wanted, live)
        done = list(put_templates(cluster, wanted))
        for layout in wanted:
            if not (late and layout.alias == cluster.names.articles):
                done += _create_or_extend(cluster.client, layout, live[layout.alias])
    if late:
        raise late
    return done


def _live(cluster: Cluster, layout: Layout) -> dict[str, Any]:
    """Return the indices behind the aliases, with settings and mappings; none before the first setup."""
    found: dict[str, Any] = {}
    for alias in layout.aliases:
        try:
            found |= cluster.client.indices.get(index=alias).body
        except NotFoundError:
            continue
        if alias in found:
            raise StoreError(
                f"{cluster.place}: {alias} is an index, not an alias: delete it, then run `feedmill setup`"
            )
    return found or _without_aliases(cluster, layout)


def _without_aliases(cluster: Cluster, layout: Layout) -> dict[str, Any]:
    """Return the one index that has lost its aliases, to be given them again."""
    found: dict[str, Any] = cluster.client.indices.get(index=f"{layout.alias}-0*").body
    if len(found) > 1:
        names = ", ".join(sorted(found))
        raise StoreError(f"{cluster.place}: {names} have no alias {layout.alias}: give it to the right one")
    return found


def _check_all(
    cluster: Cluster, wanted: list[Layout], live: Mapping[str, Mapping[str, Any]]
) -> StoreError | None:
    """Raise what keeps anything from being written; return what keeps the articles as they are."""
    late = None
    for layout in wanted:
        for index, said in live[layout.alias].items():
            _check_version(cluster, layout, index, said)
            outdated = _find_outdated(cluster, layout, index, said)
            if outdated and layout.alias != cluster.names.articles:
                raise outdated
            late = late or outdated
    return late


def _check_version(cluster: Cluster, layout: Layout, index: str, live: Mapping[str, Any]) -> None:
    version = int(live["mappings"].get("_meta", {}).get("version", 0))
    if version > layout.version:
        raise StoreVersionError(
            f"{cluster.place}: {index}: schema {version} is from a newer Feedmill "
            f"(this one knows {layout.version}): upgrade Feedmill"
        )


def _find_outdated(
    cluster: Cluster, layout: Layout, index: str, live: Mapping[str, Any]
) -> StoreError | None:
    """Return what to say of an index that has to be made anew, None where it need not be."""
    changed = list(changed_fields(layout.mappings["properties"], live["mappings"].get("properties", {})))
    if not is_same_analysis(layout.analysis, live["settings"]["index"].get("analysis", {})):
        changed.append("analysis settings")
    shards = int(live["settings"]["index"]["number_of_shards"])
    if layout.shards not in (None, shards):
        changed.append(f"number_of_shards {layout.shards} instead of {shards}")
    if not changed:
        return None
    said = f"{index} must be rebuilt for {', '.join(changed)}: run `feedmill reindex start`"
    return StoreError(f"{cluster.place}: {said}")


def put_templates(cluster: Cluster, wanted: list[Layout]) -> Iterator[str]:
    """Create or update templates, which takes an administrator's rights; yield one line per change."""
    indices, client = cluster.client.indices, cluster.client.cluster
    name, shared = shared_template(cluster.prefix)
    stored = _stored(client.get_component_template, name, "component_templates", "component_template")
    if stored != signature(shared):
        client.put_component_template(name=name, **_arguments(shared))
        yield f"component template {name}"
    for layout in wanted:
        stored = _stored(indices.get_index_template, layout.template, "index_templates", "index_template")
        if stored != signature(layout.body):
            indices.put_index_template(name=layout.template, **_arguments(layout.body))
            yield f"index template {layout.template}, version {layout.version}"


def _stored(get: Any, name: str, plural: str, singular: str) -> str | None:
    """Return the signature of a template on the server, None where there is none."""
    try:
        return signature(get(name=name)[plural][0][singular])
    except NotFoundError:
        return None


def _arguments(body: Mapping[str, Any]) -> dict[str, Any]:
    """Return a template's body as the client's method takes it."""
    return {"meta" if name == "_meta" else name: value for name, value in body.items()}


def _create_or_extend(client: Elasticsearch, layout: Layout, live: Mapping[str, Any]) -> Iterator[str]:
    if not live:
        yield from _create(client, layout)
    for index, said in live.items():
        missing = [alias for alias in layout.aliases if alias not in said["aliases"]]
        if missing and len(live) == 1:
            client.indices.update_aliases(
                actions=[{"add": {"index": index, "alias": each}} for each in missing]
            )
            yield f"index {index}: aliases {', '.join(missing)}"
        added = new_fields(layout.mappings["properties"], said["mappings"].get("properties", {}))
        if added:
            client.indices.put_mapping(index=index, properties=added, meta=dict(layout.mappings["_meta"]))
            yield f"index {index}: fields {', '.join(added)}"


def _create(client: Elasticsearch, layout: Layout) -> Iterator[str]:
    try:
        client.indices.create(index=layout.first_index, aliases={alias: {} for alias in layout.aliases})
    except BadRequestError as error:
        if error.error != ALREADY_THERE:
            raise
        return  # another setup has been faster, and did the same
    yield f"index {layout.first_index}, aliases {', '.join(layout.aliases)}"
