"""Pages that lie about their own address, through the whole service: no article takes another one's place."""

from __future__ import annotations

import random
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, replace
from typing import Any

import pytest

from tests.newsroom import Item, follow, page, rss
from tests.site import Site
from worker.clock import Clock
from worker.mill import open_store
from worker.models import OutcomeKind
from worker.service import run_service
from worker.settings import read_settings

pytestmark = pytest.mark.slow

WORDS = (
    "harbour bridge council winter market teacher orchard signal village engine budget ferry museum painter river"
    " summer castle doctor garden letter mountain neighbour office pilot quarry railway school tunnel union valley"
    " weather window yard bakery cinema doorway evening factory hospital island journey kitchen library morning"
).split()
PLACED = {OutcomeKind.INDEXED, OutcomeKind.REVISED, OutcomeKind.DUPLICATE, OutcomeKind.UNCHANGED}


@dataclass(frozen=True)
class Listed:
    """An entry: its path (the story's name is its last word) and what its page calls its own address."""

    path: str
    canonical: str | None
    og_url: str | None = None
    story: str = ""

    @property
    def name(self) -> str:
        return self.story or self.path.strip("/").replace("/", "-")


@dataclass(frozen=True)
class Case:
    """A host's entries by the run that lists them, and at which paths its articles end.

    Without `ends` all that counts is that each story is there: whose address a lie hands out is luck.
    """

    host: str
    runs: tuple[tuple[Listed, ...], ...]
    ends: tuple[str, ...] | None = None


def one(path: str, canonical: str) -> tuple[tuple[Listed, ...], ...]:
    return ((Listed(path, canonical),),)


def template(names: str, pattern: str = "/plans-for-{}") -> dict[str, Listed]:
    """Return pages of which all name the harbour's as their canonical address."""
    return {name: Listed(pattern.format(name), pattern.format("harbour")) for name in names.split()}


PLANS = template("harbour railway airport")
SLUGS = template("harbour railway airport", "/{}")

CASES = {
    "home page": Case("home.example", one("/storm", "/"), ("/storm",)),
    "section page": Case("section.example", one("/politics/storm", "/politics"), ("/politics/storm",)),
    "other site": Case("copy.example", one("/storm", "https://wire.example.org/storm"), ("/storm",)),
    "other user's subdomain": Case("alice.github.io", one("/storm", "http://bob.github.io/storm"), ("/storm",)),
    "other user's tilde": Case("tilde.example", one("/~alice/storm", "/~bob/storm"), ("/~alice/storm",)),
    "other user's at": Case("at.example", one("/@alice/storm", "/@bob/storm"), ("/@alice/storm",)),
    "unrelated page": Case("slugs.example", (tuple(SLUGS.values()),), ("/harbour", "/railway", "/airport")),
    "one for all, that one first": Case("first.example", ((PLANS["harbour"],), (PLANS["railway"], PLANS["airport"]))),
    "one for all, that one last": Case("last.example", ((PLANS["railway"], PLANS["airport"]), (PLANS["harbour"],))),
    "one for all, at once": Case("once.example", (tuple(PLANS.values()),)),
    "a page that is not there": Case("gone.example", one("/storm-report", "/storm-warning"), ("/storm-warning",)),
    "each other's": Case("chain.example", ((Listed("/storm-one", "/storm-two"), Listed("/storm-two", "/storm-one")),)),
    "another scheme and no port": Case("scheme.example", one("/storm", "https://scheme.example/storm")),
    "with and without a slash": Case("slash.example", one("/storm/", "/storm"), ("/storm",)),
    "without its parameters": Case(
        "query.example",
        ((Listed("/storm?ref=a", "/storm", story="storm"), Listed("/storm?ref=b", "/storm", story="storm")),),
        ("/storm",),
    ),
    "without what selects it": Case(
        "script.example",
        ((Listed("/story.php?id=17", "/story.php"), Listed("/story.php?id=18", "/story.php")),),
        ("/story.php?id=17", "/story.php?id=18"),
    ),
    "og:url names another": Case(
        "og.example", ((Listed("/storm", None, "/flood"), Listed("/flood", None)),), ("/storm", "/flood")
    ),
}  # fmt: skip


def title_of(case: Case, listed: Listed) -> str:
    return f"What {case.host.partition('.')[0]} knows of {listed.name}"


def text_of(case: Case, listed: Listed) -> str:
    """Return ten sentences of which no four words in a row are another story's."""
    draw = random.Random(title_of(case, listed))
    return " ".join(" ".join(draw.choices(WORDS, k=14)).capitalize() + "." for _ in range(10))


def serve(site: Site, case: Case) -> None:
    site.name(case.host, "127.0.0.1")
    for listed in (listed for run in case.runs for listed in run):
        link = (
            site.url(listed.canonical, case.host)
            if (listed.canonical or "").startswith("/")
            else listed.canonical
        )
        reply = page(title_of(case, listed), text_of(case, listed), canonical=link)
        if listed.og_url:
            stated = f'<meta property="og:url" content="{site.url(listed.og_url, case.host)}"></head>'
            reply = replace(reply, body=reply.body.replace(b"</head>", stated.encode()))
        site.serve(listed.path, reply, host=case.host)


def list_run(site: Site, case: Case, run: int) -> None:
    listed = [listed for number in case.runs[: run + 1] for listed in number]
    items = [Item(site.url(one.path, case.host), title_of(case, one)) for one in listed]
    site.serve("/feed.xml", rss(items, case.host), host=case.host)


@dataclass(frozen=True)
class Ended:
    """What is there after both runs."""

    site: Site
    store: Any
    counts: dict[str, int]

    def rows(self, case: Case) -> list[tuple[Listed, Any]]:
        listed = [listed for run in case.runs for listed in run]
        found = [self.store.entries.find_by_url(self.site.url(one.path, case.host)) for one in listed]
        return [(one, row) for one, [row] in zip(listed, found, strict=True)]


@pytest.fixture(scope="module")
def ended(tmp_path_factory) -> Iterator[Ended]:
    """Run the service twice over all the cases together, each on a host of its own."""
    folder = tmp_path_factory.mktemp("canonical")
    with pytest.MonkeyPatch.context() as patch, closing(Site()) as site:
        patch.chdir(folder)
        settings = read_settings(
            store_url=f"sqlite:///{folder}/feedmill.db",
            allow_private_networks="127.0.0.0/8",
            allow_ports="any",
            host_delay_s=0,
            # About as many as feeds: polls go out only as there are threads for them, every second.
            fetch_threads=16,
            extract_processes=2,
        )
        for case in CASES.values():
            serve(site, case)
        for run in range(2):
            for case in CASES.values():
                list_run(site, case, run)
            feeds = follow(*(site.url("/feed.xml", case.host) for case in CASES.values()))
            result = run_service(
                settings, until_idle=True, clock=Clock(3600.0 * run), resolver=site.resolve, on_start=feeds
            )
        with closing(open_store(settings)) as store:
            yield Ended(site, store, result.counts)


def test_every_entry_has_its_outcome(ended):
    entries = sum(len(run) for case in CASES.values() for run in case.runs)
    assert sum(ended.counts.values()) == entries
    assert {kind for kind, rows in ended.counts.items() if rows} <= {kind.value for kind in PLACED}


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_each_story_is_kept_as_its_own_article(ended, case):
    for listed, row in ended.rows(case):
        document = ended.store.articles.get(row.article_id)
        assert row.outcome in PLACED
        if listed.story:
            # Two addresses of one story: whichever came first gave title and text.
            assert document.title.startswith("What query knows of storm")
        else:
            assert (document.title, document.body.split(".")[0]) == (
                title_of(case, listed),
                text_of(case, listed).split(".")[0],
            )


@pytest.mark.parametrize(
    "case",
    [pytest.param(case, id=name) for name, case in CASES.items() if case.ends],
)
def test_and_at_the_address_that_is_its_own(ended, case):
    articles = {row.article_id for _, row in ended.rows(case)}
    at = {ended.store.articles.get(article).url for article in articles}
    assert at == {ended.site.url(path, case.host) for path in case.ends}
