"""What `feedmill worker` and `feedmill beat` keep at work: `python -m worker.child KIND NOTE [QUEUE…]`.

It stops when its standard input ends, which is when its supervisor is gone.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
from pathlib import Path
from typing import TYPE_CHECKING

from worker.errors import FeedmillError
from worker.ops.logs import configure_logs
from worker.production import run_beat, run_worker
from worker.settings import read_settings

if TYPE_CHECKING:
    from collections.abc import Sequence


def main(kind: str, note: Path, queues: Sequence[str]) -> None:
    """Run one production process until it is told to stop."""
    settings = read_settings()
    configure_logs(settings)
    threading.Thread(target=stop_when_alone, name="parent", daemon=True).start()
    if kind == "worker":
        run_worker(settings, queues=queues, note=note)
    else:
        run_beat(settings, note=note)


def stop_when_alone() -> None:
    """Wait for the end of standard input, then stop as on a signal."""
    # Unbuffered: a thread that waits in a buffer's lock is a fatal error when the interpreter ends.
    os.read(sys.stdin.fileno(), 1)
    os.kill(os.getpid(), signal.SIGTERM)


if __name__ == "__main__":
    try:
        main(sys.argv[1], Path(sys.argv[2]), sys.argv[3:])
    except FeedmillError as error:
        sys.exit(f"feedmill: {error}")
