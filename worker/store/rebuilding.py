"""What a rebuild of the article index needs of a store: two protocols beside those of `worker.store.base`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, Protocol

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from worker.models import Carried, CarryResult, Document, Phase, Rebuild, Slice

Which = Literal["live", "twin"]


class ArticleVersions(Protocol):
    """The live article index, and from `create` to `drop` another version of it, its twin.

    As long as there is a twin, whatever `Store.settle` and `EntryLedger.admit` write to an article (new,
    revised, more feeds, withdrawn) reaches both versions before its row is finished. Both may hold another
    text of one article, never that of an older write (`store.versions`). An article that the twin was not
    to have (`carry` without a document) comes back with the next write to it.
    """

    def live(self) -> str:
        """Return the name of the version that is searched."""
        ...

    def twin(self) -> str | None:
        """Return the name of the other version: the one being filled, after `swap` the former live one."""
        ...

    def create(self) -> str:
        """Make an empty version from the present schema, to be the twin; return its name.

        Every write that ended before this returns is in `page`; every later one reaches both versions.

        Raises:
            StoreError: there is a twin already.
        """
        ...

    def page(self, after: str, before: str, limit: int, version: Which) -> list[Document]:
        """Return up to `limit` documents with after < article_id < before, in that order, each as it is now.

        An empty `before` is the open end. Live articles that have come since the last refresh may be missing.

        Raises:
            StoreError: there is no such version.
        """
        ...

    def carry(self, rebuilt: Sequence[Carried], into: str) -> list[CarryResult]:
        """Put documents into the twin, each only while the live one is as it was read; one answer for each.

        Where the live document is gone, the twin's goes too. Repeating it changes nothing, so that a rebuild
        which was killed begins its page anew.

        Raises:
            StoreError: `into` is not the twin. A rebuild that slept through a swap must not touch the version
                that is the way back.
        """
        ...

    def amend(self, changes: Sequence[Carried]) -> list[CarryResult]:
        """Write `after` over live documents that are still as in `before`; one answer for each.

        A live write is never overwritten. The twin, where there is one, stays as it is.
        """
        ...

    def level(self, since: datetime) -> None:
        """Bring to the twin what was written to live articles since then and has not reached it.

        For writers that were killed in between, and whose entries then ended otherwise than by a write.
        """
        ...

    def swap(self) -> None:
        """Let the twin be live and the live version the twin, at one moment for all readers and writers.

        Raises:
            StoreError: there is no twin.
        """
        ...

    def drop(self) -> str | None:
        """Delete the twin, and what earlier drops that were killed left; return its name if there was one."""
        ...

    def files(self) -> dict[str, int]:
        """Return the archive files that documents point to, and how many do: one in both versions is two."""
        ...


class RebuildStore(Protocol):
    """The record of the latest rebuild, from which any machine can go on with it."""

    def get(self) -> Rebuild | None:
        """Return the latest rebuild as it is now, None before the first."""
        ...

    def begin(self, rebuild: Rebuild, slices: Sequence[Slice]) -> bool:
        """Keep a rebuild in place of the last; False, and nothing kept, while that is still under way.

        Of several callers at once one begins.
        """
        ...

    def update(self, rebuild_id: str, changes: Mapping[str, Any], *, if_phase: Phase) -> bool:
        """Set the named fields of the rebuild while it is in that phase; False where it is not."""
        ...

    def slices(self) -> list[Slice]:
        """Return the slices of the latest rebuild, by id."""
        ...

    def claim_slice(self, now: datetime, lease_s: float, token: str) -> Slice | None:
        """Claim the first slice with work in it that nobody's lease is on; None where there is none.

        Slices are worked on in the copying phase only.
        """
        ...

    def save_slice(self, part: Slice, now: datetime, lease_s: float) -> bool:
        """Keep how far a claimed slice has come, and begin its lease anew.

        False, and nothing kept, where its claim no longer holds it or the copying phase is over.
        """
        ...

    def release(self) -> int:
        """Give back every slice that somebody holds while it is copying; return how many.

        For a copy that knows it is alone: whoever held them was killed, and their leases need not be waited
        for. Were one alive after all, it would find its claim gone when it saves.
        """
        ...
