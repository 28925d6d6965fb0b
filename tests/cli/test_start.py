"""What every command loads: nothing that only some need and that takes a while."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

HEAVY = ["celery", "elasticsearch", "fastwarc", "fsspec", "numpy", "py3langid", "redis", "trafilatura"]
CODE = f"import json, sys, worker.cli; print(json.dumps([name for name in {HEAVY} if name in sys.modules]))"


@pytest.mark.slow
def test_a_command_starts_without_what_others_need():
    assert json.loads(subprocess.check_output([sys.executable, "-c", CODE])) == []
