"""What the rest of Feedmill knows of the archive.

`keep` says at once where a page lies; nothing may point there before a `sync` that began later has
returned. One `sync` does for everything kept so far: the store's writer calls it once for a batch.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from worker.archive.records import Subject
    from worker.models import ArchiveLocation, Page


class Archive(Protocol):
    """Where fetched pages and feeds are kept; safe to use from many threads at once."""

    def keep(
        self, page: Page, subject: Subject, earlier: ArchiveLocation | None = None
    ) -> ArchiveLocation | None:
        """Keep a page and return where its body lies, None where none are kept.

        `earlier` is where the page lay when it was fetched before: of a body that is still the same, only
        that it was seen again is kept, and the body's place is the earlier one.

        Raises:
            ArchiveUnavailableError: it can't be kept now.
        """
        ...

    def require(self) -> None:
        """Pass if pages can be kept, as far as is known: to be asked before a page is fetched.

        Raises:
            ArchiveUnavailableError: the archive failed a moment ago.
        """
        ...

    def sync(self) -> None:
        """Make durable what was kept before the call, and close files that are full or old enough.

        Raises:
            ArchiveUnavailableError: it is not durable yet.
        """
        ...

    def close(self) -> None:
        """Close the file, durably. Nobody may keep anything any more.

        Raises:
            ArchiveUnavailableError: it is left open, for the next start to close.
        """
        ...


class NoArchive:
    """Keeps nothing."""

    def keep(self, _page: Page, _subject: Subject, _earlier: ArchiveLocation | None = None) -> None:
        return None

    def require(self) -> None:
        pass

    def sync(self) -> None:
        pass

    def close(self) -> None:
        pass
