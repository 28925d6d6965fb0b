"""Which index holds the live articles, and which is its twin: what the aliases say."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from worker.errors import StoreError, StoreMissingError

if TYPE_CHECKING:
    from worker.store.elasticsearch.cluster import Cluster


@dataclass(frozen=True, slots=True)
class Versions:
    """The index that is searched, and its twin while there is one.

    Two twins are there for a moment when two are made at once: until one of them is deleted, writers write
    to all, as they cannot know which.
    """

    live: str
    twins: tuple[str, ...]

    @property
    def twin(self) -> str | None:
        return self.twins[0] if self.twins else None

    def all(self) -> tuple[str, ...]:
        return (self.live, *self.twins)


def find_versions(cluster: Cluster) -> Versions:
    """Return the indices behind the articles' aliases, as of now.

    Raises:
        StoreMissingError: there is none.
    """
    names = cluster.names
    found = cluster.aliases(f"{names.articles}-*")
    live, twins = (
        sorted(index for index, aliases in found.items() if alias in aliases)
        for alias in (names.articles_write, names.articles_twin)
    )
    if not live:
        raise StoreMissingError(f"{cluster.place}: there is no {names.articles_write}: run `feedmill setup`")
    if len(live) > 1:
        said = f"{', '.join(live)} share the alias {names.articles_write}: leave it to the right one"
        raise StoreError(f"{cluster.place}: {said}")
    return Versions(live[0], tuple(twins))
