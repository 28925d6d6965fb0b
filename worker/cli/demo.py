"""`feedmill demo`: the whole way, live, on a small news site of our own."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.text import Text

from worker.cli.articles import say_page
from worker.cli.output import CLOCK, pairs, say
from worker.cli.progress import watching
from worker.cli.run import summary
from worker.cli.status import status_lines
from worker.clock import Clock
from worker.mill import open_store
from worker.ops.logs import configure_logs
from worker.ops.subscriptions import new_feed
from worker.settings import read_settings
from worker.store.query import make_request

if TYPE_CHECKING:
    from worker.demo.server import DemoSite
    from worker.mill import Mill
    from worker.settings import Settings
    from worker.store.base import Store

SEARCHES: tuple[tuple[str, dict[str, Any]], ...] = (
    ("potash", {}),
    ("elections", {}),
    ('"interest rate" OR inflation', {}),
    ("", {"language": "de", "sort": "date", "limit": 3}),
    ("выборы", {}),
)
"""What the demo asks: a word, a word in another form, a phrase, a filter alone, another script."""

LATER_S = 3600.0
"""Changes of one entry are admitted 30 minutes apart, so the second run's clock is an hour ahead."""


def demo(
    keep: Annotated[
        Path | None,
        typer.Option(help="Keep the demo's database under this name, its archive beside it.", dir_okay=False),
    ] = None,
) -> None:
    """Ingest a small news site on loopback, live, and search it."""
    from worker.demo.server import DemoSite

    with tempfile.TemporaryDirectory(prefix="feedmill-demo-") as folder, DemoSite() as site:
        settings = demo_settings(keep or Path(folder) / "demo.db")
        configure_logs(settings)
        say(Text(f"A news site of {len(site.feed_urls)} feeds runs at {site.url}", style="bold"))
        _ingest(settings, site)
        _republish(settings, site)
        store = open_store(settings)
        try:
            _show(store, site)
        finally:
            store.close()
    if keep:
        where = f"FEEDMILL_STORE_URL={settings.store_url} FEEDMILL_ARCHIVE_URL={settings.archive_url}"
        say(f"\nThe database and its archive stay:\nexport {where}\nfeedmill search potash")
    say("\nNow with real feeds: feedmill feeds add URL, then feedmill run")


def demo_settings(database: Path) -> Settings:
    """Return settings for the demo's own site: loopback and any port allowed, no pause between requests."""
    return read_settings(
        store_url=f"sqlite:///{database}",
        archive_url=str(database.with_name(f"{database.stem}-archive")),
        broker_url="memory://",
        allow_private_networks="127.0.0.0/8",
        allow_ports="any",
        host_delay_s=0,
        log_level="warning",
    )


def _ingest(settings: Settings, site: DemoSite) -> None:
    from worker.service import run_service

    def follow(mill: Mill) -> None:
        now = mill.clock.now()
        mill.store.feeds.add(new_feed(url, now, settings.poll_interval_s) for url in site.feed_urls)

    with watching("ingesting") as watch:
        result = run_service(settings, until_idle=True, on_start=follow, watch=watch)
    say(summary(result))


def _republish(settings: Settings, site: DemoSite) -> None:
    from worker.service import run_service

    say(Text("\nAn hour later, one article was edited and every feed is polled again:", style="bold"))
    site.publish_edit()
    with watching("polling again") as watch:
        result = run_service(settings, until_idle=True, clock=Clock(offset_s=LATER_S), watch=watch)
    say(summary(result))


def _show(store: Store, site: DemoSite) -> None:
    from worker.ops.explain import find_story, tell
    from worker.ops.status import collect_status

    for query, filters in SEARCHES:
        options = "".join(f" --{name} {value}" for name, value in filters.items())
        say(Text(f"\n$ feedmill search{f' {query!r}' if query else ''}{options}", style="bold"))
        page = store.articles.search(make_request(query, now=CLOCK.now(), **{"limit": 2, **filters}))
        say_page(page)
    for url in site.telling_urls:
        say(Text(f"\n$ feedmill explain {url}", style="bold"))
        pairs(tell(find_story(store, url), CLOCK.now()))
    say(Text("\n$ feedmill status", style="bold"))
    pairs(status_lines(collect_status(store, CLOCK.now()), CLOCK.now()))
