"""`feedmill feeds …`: what is followed."""

from __future__ import annotations

from contextlib import contextmanager, nullcontext
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from worker.cli.output import CLOCK, opened_store, pairs, say, say_error, say_json, settings, table
from worker.errors import OperationError, SitePausedError, UsageError, WorkError
from worker.models import FeedState
from worker.ops import subscriptions
from worker.ops.health import Trouble, find_problems
from worker.ops.text import one_line, when

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from worker.models import Feed
    from worker.ops.look import Look
    from worker.ops.preview import Checked
    from worker.store.base import Store

app = typer.Typer(help="Follow, list, check, import and export feeds.", no_args_is_help=True)

Which = Annotated[str, typer.Argument(metavar="URL|ID", help="The feed's URL or id.")]
AsJson = Annotated[bool, typer.Option("--json", help="One JSON object per line.")]
IgnoreRobots = Annotated[
    bool, typer.Option("--ignore-robots", help="Fetch its articles whatever the site's robots.txt says.")
]

Country = Annotated[
    str | None,
    typer.Option(
        help="Where they are published (GE, Georgia): it decides what a name such as Georgia means."
    ),
]


@app.command()
def add(
    urls: Annotated[list[str], typer.Argument(metavar="URL…", help="Feeds, or pages that link to one.")],
    tag: Annotated[list[str] | None, typer.Option(help="Tag for these feeds; may be repeated.")] = None,
    check: Annotated[bool, typer.Option(help="Fetch each first; --no-check adds it as it is.")] = True,
    country: Country = None,
    ignore_robots: IgnoreRobots = False,
) -> None:
    """Follow feeds or news sitemaps. A page's URL stands for the one feed it links."""
    addresses = [subscriptions.parse_feed_url(url) for url in urls]
    wishes = {"tags": tag or [], "country": _code_of(country), "ignore_robots": ignore_robots}
    failures = []
    with opened_store() as store, looking(store) if check else nullcontext() as look:
        for address in addresses:
            try:
                checked = look.at(address) if look and not _is_known(store, address) else None
                _add(store, address, checked, **wishes)
            except SitePausedError as error:
                failures.append(f"{error}: add it then, or now with --no-check, to be polled after that")
            except (WorkError, OperationError) as error:
                failures.append(str(error))
    if failures:
        raise OperationError(f"not added: {'; '.join(failures)}")


def _code_of(country: str | None) -> str | None:
    return subscriptions.parse_country(country) if country else None


def _is_known(store: Store, address: str) -> bool:
    return store.feeds.find(address) is not None


def _add(store: Store, address: str, checked: Checked | None, **wishes: Any) -> None:
    """Add the feed at the address, or that its page links; what was seen of it already is taken in."""
    address, title = _only_feed(checked) if checked else (address, None)
    now = CLOCK.now()
    feed = subscriptions.new_feed(address, now, settings().poll_interval_s, title=title, **wishes)
    if not store.feeds.add([feed]):
        known = store.feeds.find(address) or feed
        say(f"already followed: {one_line(known.title or known.url)} ({known.feed_id})")
        return
    if checked and checked.feed:
        subscriptions.take_first_listing(store, feed, checked.page, checked.feed, settings(), CLOCK)
    say(f"added: {one_line(title or address)} ({feed.feed_id})")


def _only_feed(checked: Checked) -> tuple[str, str | None]:
    if checked.feed:
        return checked.url, checked.feed.title
    if len(checked.found) > 1:
        choices = ", ".join(found.url for found in checked.found)
        raise OperationError(f"{checked.url} links {len(checked.found)} feeds, add one of them: {choices}")
    return checked.found[0].url, checked.found[0].title


@app.command("list")
def list_feeds(
    json: AsJson = False,
    problem: Annotated[
        bool,
        typer.Option(
            "--problem", help="Only feeds that are gone, failing, silent, slow, moved, or miss entries."
        ),
    ] = False,
) -> None:
    """List the followed feeds."""
    with opened_store() as store:
        feeds: Iterable[Feed] = store.feeds.all()
        if problem:
            _list_problems(feeds, json=json)
        elif json:
            for feed in feeds:
                say_json(feed)
        else:
            columns = ("id", "title", "state", "last poll", "result", "entries", "tags")
            table(columns, map(_feed_row, feeds))


def _list_problems(feeds: Iterable[Feed], *, json: bool) -> None:
    now = CLOCK.now()
    found = [(feed, problems) for feed in feeds if (problems := find_problems(feed, now))]
    if json:
        for feed, problems in found:
            say_json({**asdict(feed), "problems": [asdict(each) for each in problems]})
        return
    rows = [(feed, each) for feed, problems in found for each in problems]
    rows.sort(key=lambda row: list(Trouble).index(row[1].trouble))
    columns = ("id", "title", "problem", "what")
    table(columns, ((f.feed_id, f.title or f.url, p.trouble.value, p.said) for f, p in rows))


def _feed_row(feed: Feed) -> tuple[str, ...]:
    state = feed.state.value + (
        f" ({feed.consecutive_failures} failures)" if feed.consecutive_failures else ""
    )
    return (
        feed.feed_id,
        feed.title or feed.url,
        state,
        when(feed.last_polled_at),
        feed.last_outcome or "-",
        str(feed.entries_seen),
        ", ".join(feed.tags),
    )


@app.command()
def show(which: Which, json: AsJson = False) -> None:
    """Show everything known of one feed."""
    with opened_store() as store:
        feed = subscriptions.find_feed(store, which)
    if json:
        say_json(feed)
        return
    pairs((name, _shown(getattr(feed, name))) for name in type(feed).__dataclass_fields__)


def _shown(value: object) -> str:
    if isinstance(value, tuple):
        return ", ".join(value) or "-"
    if isinstance(value, datetime):
        return when(value)
    return "-" if value is None else str(value)


@app.command("set")
def set_options(
    which: Which,
    title: Annotated[str | None, typer.Option(help="Its title from now on.")] = None,
    country: Country = None,
    ignore_robots: Annotated[
        bool | None,
        typer.Option(
            "--ignore-robots/--respect-robots",
            help="Whether its articles are fetched whatever the site's robots.txt says.",
        ),
    ] = None,
    min_interval_s: Annotated[
        int | None, typer.Option(min=1, help="Least seconds between two polls of this feed.")
    ] = None,
) -> None:
    """Change what is kept for one feed."""
    wishes = {
        "title": title,
        "country": _code_of(country),
        "ignore_robots": ignore_robots,
        "min_interval_s": min_interval_s,
    }
    changes = {name: wish for name, wish in wishes.items() if wish is not None}
    if not changes:
        raise UsageError("nothing to change: see `feedmill feeds set --help`")
    with opened_store() as store:
        feed = subscriptions.find_feed(store, which)
        store.feeds.update(feed.feed_id, changes)
    say(f"set: {', '.join(f'{name} {wish}' for name, wish in changes.items())} ({feed.feed_id})")


@app.command()
def remove(which: Which) -> None:
    """Stop following a feed; its articles stay."""
    with opened_store() as store:
        feed = subscriptions.find_feed(store, which)
        ended = subscriptions.remove_feed(store, feed, CLOCK.now())
    say(f"removed: {one_line(feed.title or feed.url)}; {ended} waiting entries ended, its articles stay")


@app.command()
def pause(which: Which) -> None:
    """Stop polling a feed for now; what waits is held."""
    with opened_store() as store:
        feed = subscriptions.find_feed(store, which)
        held = subscriptions.pause_feed(store, feed)
    say(f"paused: {one_line(feed.title or feed.url)}; {held} waiting entries held")


@app.command()
def resume(which: Which) -> None:
    """Poll a paused or gone feed again."""
    with opened_store() as store:
        feed = subscriptions.find_feed(store, which)
        released = subscriptions.resume_feed(store, feed, CLOCK.now())
    say(f"resumed: {one_line(feed.title or feed.url)}; {released} held entries go on")


@app.command("import")
def import_file(
    file: Annotated[Path, typer.Argument(help="An OPML file, or a text file with one URL a line.")],
    country: Country = None,
) -> None:
    """Follow the feeds of an OPML or text file; folders become tags."""
    code = _code_of(country)
    with opened_store() as store:
        say(import_into(store, file, code))


def import_into(store: Store, file: Path, country: str | None = None) -> str:
    """Import a file and return what to tell of it."""
    from worker.feeds.opml import parse_feed_list

    try:
        body = file.read_bytes()
    except OSError as error:
        raise UsageError(f"cannot read {file}: {error.strerror}") from error
    listed = parse_feed_list(body, str(file))
    done = subscriptions.import_feeds(store, listed.feeds, CLOCK.now(), settings().poll_interval_s, country)
    skipped = "".join(
        f"; line {number} is no web address: {one_line(text)}" for number, text in listed.skipped
    )
    return f"{len(done.added)} feeds added, {done.known} known already{skipped}"


@app.command()
def export(
    file: Annotated[Path | None, typer.Argument(help="Where to write; standard output without it.")] = None,
    text: Annotated[bool, typer.Option("--text", help="One URL a line instead of OPML.")] = False,
) -> None:
    """Write the followed feeds as OPML, tags as folders."""
    from worker.feeds.opml import format_list, format_opml

    with opened_store() as store:
        feeds = [feed for feed in store.feeds.all() if feed.state is not FeedState.IMPORTED]
    written = format_list(feeds) if text else format_opml(feeds, CLOCK.now())
    if file is None:
        typer.echo(written, nl=False)
        return
    try:
        file.write_text(written, encoding="utf-8")
    except OSError as error:
        raise OperationError(f"cannot write {file}: {error.strerror}") from error
    say(f"{len(feeds)} feeds written to {file}")


@app.command()
def check(
    url: Annotated[str, typer.Argument(help="A feed, or a page that links feeds.")], json: AsJson = False
) -> None:
    """Show what a feed would bring, storing nothing."""
    address = subscriptions.parse_feed_url(url)
    with opened_store() as store, looking(store) as look:
        checked = look.at(address)
    if json:
        say_json(
            {"url": checked.url, "feed": None, "found": checked.found} if not checked.feed else checked.feed
        )
        return
    if not checked.feed:
        say("This is a page, not a feed. It links:")
        table(("feed", "title"), ((found.url, found.title or "-") for found in checked.found))
        return
    _say_feed(checked)


def _say_feed(checked: Checked) -> None:
    feed = checked.feed
    if feed is None:
        return
    pairs(
        [
            ("feed", feed.title or "(no title)"),
            ("format", feed.format),
            ("site", feed.site_url or "-"),
            ("language", feed.language or "-"),
            (
                "entries",
                f"{len(feed.entries)}, after {len(feed.collapsed)} duplicates of {feed.listed} collapsed",
            ),
            *(("note", note) for note in feed.notes),
        ]
    )
    table(
        ("published", "title", "link"),
        (
            (when(e.published_at), e.title or "(no title)", e.url or "none (its own text)")
            for e in feed.entries
        ),
    )
    if feed.collapsed:
        say("Collapsed:")
        table(("rule", "title", "link"), ((c.rule, c.title or "-", c.url or "-") for c in feed.collapsed))


@contextmanager
def looking(store: Store) -> Iterator[Look]:
    """Open a client and one child process for looks at the web; what is waited for is said on stderr."""
    from worker.ops.look import open_look

    with open_look(settings(), CLOCK, store.hosts, say_error) as look:
        yield look
