"""The documents of one version of the article index, page by page."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from worker.models import Document
    from worker.store.base import Store
    from worker.store.rebuilding import Which


def walk(
    store: Store, version: Which, size: int, after: str = "", before: str = ""
) -> Iterator[list[Document]]:
    """Yield pages of up to `size` documents in the order of their ids, those included that have just come.

    `after` and `before` are bounds of `article_id`, an empty `before` is the open end.

    Raises:
        StoreError: there is no such version.
    """
    while True:
        if version == "live":
            store.articles.refresh()  # a page of the twin sees what has just come by itself
        documents = store.versions.page(after, before, size, version)
        if not documents:
            return
        yield documents
        after = documents[-1].article_id
