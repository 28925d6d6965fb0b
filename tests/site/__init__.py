"""The hostile web server: a small web on loopback that tests fill with sites and mischief.

    site.serve("/feed.xml", Reply(body=FEED, content_type="application/rss+xml"))
    page = make_fetcher(site).fetch(site.url("/feed.xml"), FEED)
    assert site.count("/feed.xml") == 1

Every name under `.example` leads to the site; `site.name("evil.example", "10.0.0.1")` says otherwise.
A route is a `Reply`, or a function of the `Request` that returns a `Reply` or raw bytes, piece by
piece (see `tests.site.mischief`). Fixtures are in `tests/conftest.py`.
"""

from __future__ import annotations

from tests.site.server import Reply, Request, Site, Trap

__all__ = ["Reply", "Request", "Site", "Trap"]
