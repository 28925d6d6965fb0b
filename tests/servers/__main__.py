"""`python -m tests.servers`: fetch now what the tests would otherwise fetch while a test's time runs."""

from __future__ import annotations

import os

from tests.servers import distribution
from tests.servers.elasticsearch import HOW, has_docker, installed

if not (os.environ.get("FEEDMILL_TEST_ELASTICSEARCH_URL") or installed() or has_docker()):
    print(f"Elasticsearch for tests: {distribution.unpacked() or f'none; {HOW}'}")
