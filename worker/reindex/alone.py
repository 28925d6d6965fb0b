"""Whether a copy is the only one at a database: then what killed ones held need not be waited for."""

from __future__ import annotations

import fcntl
from contextlib import contextmanager
from typing import TYPE_CHECKING

from worker.errors import OperationError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path
    from typing import TextIO

    from worker.store.base import Store


@contextmanager
def beside_others(store: Store, database: Path | None) -> Iterator[None]:
    """Hold a place among the copies at a database; the first to come gives back what dead ones held.

    At a server (None) nobody can tell who else copies: there the dead ones' leases have to end.

    Raises:
        OperationError: the folder of the database can't be written.
    """
    if database is None:
        yield
        return
    path = database.with_name(f"{database.name}.reindex.lock")
    try:
        file = path.open("a")
    except OSError as error:
        raise OperationError(f"cannot write {path}: {error.strerror}") from error
    with file:
        if _is_alone(file):
            store.rebuilds.release()
        # From alone to shared is no single step: who comes between finds nothing claimed yet.
        fcntl.flock(file, fcntl.LOCK_SH)
        yield


def _is_alone(file: TextIO) -> bool:
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
