"""`feedmill setup`: prepare the store."""

from __future__ import annotations

from worker.cli.output import say, settings
from worker.ops.provision import provision


def setup() -> None:
    """Create or migrate what the store needs, and say what changed.

    On an Elasticsearch with FEEDMILL_STORE_ADMIN_PASSWORD set, the users come first: the one that
    FEEDMILL_STORE_URL names, with no more rights than the workers need, Kibana's own, and `reader`.
    """
    changes = 0
    for changes, change in enumerate(provision(settings()), start=1):  # noqa: B007 - the last number counts them
        say(change)
    if not changes:
        say("nothing to do")
