"""`feedmill search`, `show` and `explain`: reading what was ingested."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer
from rich.text import Text

from worker.cli.output import CLOCK, opened_store, pairs, say, say_json, settings
from worker.errors import OperationError
from worker.ops.text import counted, lines, one_line, when
from worker.store.query import make_request
from worker.tagging import use_own_tags

if TYPE_CHECKING:
    from worker.models import Document
    from worker.store.query import Hit, SearchPage

AsJson = Annotated[bool, typer.Option("--json", help="One JSON object per line.")]


def search(  # noqa: PLR0917 - one parameter per option of the command
    query: Annotated[
        list[str] | None,
        typer.Argument(help='Words, "phrases", -not, OR, prefix*, field:value.', metavar="QUERY"),
    ] = None,
    country: Annotated[str | None, typer.Option(help="ISO 3166 code or name: BY, Belarus.")] = None,
    topic: Annotated[
        str | None, typer.Option(help="IPTC code or name, or an own topic's; with all below it.")
    ] = None,
    language: Annotated[str | None, typer.Option(help="ISO 639 code: en.")] = None,
    domain: Annotated[str | None, typer.Option(help="Site: example.com.")] = None,
    feed: Annotated[str | None, typer.Option(help="Feed id.")] = None,
    since: Annotated[str | None, typer.Option(help="Published from: 2026-11-01, or 7d, 12h ago.")] = None,
    until: Annotated[str | None, typer.Option(help="Published until, in the same forms.")] = None,
    sort: Annotated[str, typer.Option(help="relevance or date.")] = "relevance",
    limit: Annotated[int, typer.Option(min=1, max=1000, help="Most results to print.")] = 10,
    json: AsJson = False,
) -> None:
    """Search the articles."""
    request = make_request(
        " ".join(query or []),
        country=country,
        topic=topic,
        language=language,
        domain=domain,
        feed=feed,
        since=since,
        until=until,
        sort=sort,
        limit=limit,
        now=CLOCK.now(),
    )
    with opened_store() as store:
        page = store.articles.search(request)
    if json:
        for hit in page.hits:
            say_json(hit.document)
        return
    say_page(page)


def say_page(page: SearchPage) -> None:
    """Print the results, and how many there are in all."""
    for hit in page.hits:
        say_hit(hit)
    shown = f", the first {len(page.hits)} shown" if page.total > len(page.hits) else ""
    say(Text(f"{counted(page.total, 'article')}{shown}", style="dim"))


def say_hit(hit: Hit) -> None:
    """Print one result: title, where and when, a fragment with its matches in bold."""
    document = hit.document
    say(Text(one_line(document.title), style="bold cyan"))
    tags = " · ".join(filter(None, (when(document.published_at)[:16], document.domain, document.language)))
    say(Text(f"  {tags} · {one_line(document.url)}", style="dim"))
    for fragment in hit.highlights[:2]:
        say(Text("  ") + marked(fragment))


def marked(fragment: str) -> Text:
    """Return a highlighted fragment with its matches (between U+E000 and U+E001) in bold."""
    text = Text()
    for part in fragment.split("\ue000"):
        match, found, rest = part.partition("\ue001")
        if found:
            text.append(flat(match), style="bold yellow")
        text.append(flat(rest if found else match))
    return text


def flat(text: str) -> str:
    """Return text on one line with its outer spaces kept: fragments are glued together."""
    flat = one_line(text)
    if not flat:
        return " " * bool(text)
    return f"{' ' * text[0].isspace()}{flat}{' ' * text[-1].isspace()}"


def show(
    which: Annotated[str, typer.Argument(metavar="ARTICLE_ID|URL")],
    json: AsJson = False,
) -> None:
    """Show one article."""
    with opened_store() as store:
        document = store.articles.get(which) or store.articles.find_by_url(which)
    if document is None:
        raise OperationError(f"no such article: {which} (`feedmill explain URL` tells what became of a link)")
    if json:
        say_json(document)
        return
    say_document(document)


def say_document(document: Document) -> None:
    """Print one article whole: title, facts, text."""
    say(Text(one_line(document.title), style="bold cyan"))
    pairs(_facts(document))
    say("")
    say(Text(lines(document.body)))


def _facts(document: Document) -> list[tuple[str, str]]:
    facts = {
        "url": document.url,
        "authors": ", ".join(document.authors),
        "feed": document.feed_title,
        "published": f"{when(document.published_at)} (says the {document.published_source})",
        "language": document.language,
        "countries": _countries(document),
        "topics": ", ".join(f"{name} {score:.2f}" for name, score in _topics(document)),
        "section": document.section,
        "image": document.image_url,
        "words": str(document.word_count),
        "revision": str(document.revision),
        "id": document.article_id,
    }
    return [(name, value) for name, value in facts.items() if value]


def _countries(document: Document) -> str:
    """Return the countries, the main one first and named so; its confidence may be below the others'."""
    main = document.country_primary
    scored = sorted(document.country_scores.items(), key=lambda each: (each[0] != main, -each[1]))
    return ", ".join(f"{code} {score:.2f}{' (main)' * (code == main)}" for code, score in scored)


def _topics(document: Document) -> list[tuple[str, float]]:
    """Return the topics' names with their scores, the specific ones first."""
    named = zip(document.topics, document.topic_names, strict=True)
    return [(name, document.topic_scores[code]) for code, name in named]


def explain(
    url: Annotated[str, typer.Argument(help="An article's, an entry's or a feed's URL.")],
    json: AsJson = False,
) -> None:
    """Tell the whole story of a URL."""
    from worker.ops.explain import find_story, tell

    use_own_tags(settings())
    with opened_store() as store:
        story = find_story(store, url)
    if story.is_empty:
        raise OperationError(f"never heard of {url}: no feed listed it (yet)")
    if json:
        say_json(story)
        return
    pairs(tell(story, CLOCK.now()))
