"""`python -m tests.faults.skewed SECONDS`: a worker whose clock is that far ahead."""

from __future__ import annotations

import sys

from worker.clock import Clock
from worker.ops.logs import configure_logs
from worker.production import run_worker
from worker.settings import read_settings

if __name__ == "__main__":
    settings = read_settings()
    configure_logs(settings)
    run_worker(settings, clock=Clock(offset_s=float(sys.argv[1])))
