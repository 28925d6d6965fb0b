"""`feedmill setup`: prepare the store."""

from __future__ import annotations

from worker.cli.output import opened_store, say


def setup() -> None:
    """Create or migrate what the store needs, and say what changed."""
    with opened_store() as store:
        for change in store.setup() or ["nothing to do"]:
            say(change)
