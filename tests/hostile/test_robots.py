"""Hostile robots.txt files: each ends in one outcome, and no host is in another's way."""

from __future__ import annotations

import pytest

from tests.hostile.desk import HEALTHY, open_desk
from tests.newsroom import body_of, page
from tests.site import Reply
from tests.site.mischief import flood, raw, silence
from tests.site.server import head

pytestmark = pytest.mark.slow

RULES = b"User-agent: *\nDisallow: /no\n"
UNAVAILABLE, DISALLOWED, INDEXED = ("retry", "robots_unavailable"), ("rejected", "robots"), ("indexed", None)


def test_every_kind_of_mischief(site, tmp_path) -> None:
    bomb = "".join(f"User-agent: a{n}\n" for n in range(15_000)) + "Allow:/x\n" * 25_000
    kinds = {
        "hang": (silence(site), "/story", UNAVAILABLE),
        "failing": (Reply(status=500), "/story", UNAVAILABLE),
        "not-http": (raw(b"220 ftp\r\n"), "/story", UNAVAILABLE),
        "disallow": (Reply(body=RULES), "/no", DISALLOWED),
        "endless": (flood(site, head(200, {}) + RULES, b"# more\n" * 1000), "/no", DISALLOWED),
        "huge": (Reply(body=RULES + b"#" * 10_000_000), "/no", DISALLOWED),
        "agents": (Reply(body=bomb.encode()), "/story", INDEXED),
        "loop": (Reply(status=301, headers={"Location": "/robots.txt"}), "/story", INDEXED),
        "inward": (Reply(status=302, headers={"Location": "http://169.254.169.254/"}), "/story", INDEXED),
        "binary": (Reply(body=bytes(range(256)) * 1000), "/story", INDEXED),
        "none": (Reply(status=404), "/story", INDEXED),
    }
    for name, (answer, path, _) in kinds.items():
        site.serve("/robots.txt", answer, host=f"{name}.example")
        site.serve(path, page(f"The {name} story", body_of("Riga", f"{name} affair")), host=f"{name}.example")
    links = {name: site.url(path, host=f"{name}.example") for name, (_, path, _) in kinds.items()}
    with open_desk(tmp_path, site, robots="respect", fetch_timeout_s=3) as desk:
        ended = desk.listed(links)
        assert {name: ended[name].verdict for name in kinds} == {
            name: kind[2] for name, kind in kinds.items()
        }
        assert ended[HEALTHY].verdict == INDEXED
        assert not desk.bugs
