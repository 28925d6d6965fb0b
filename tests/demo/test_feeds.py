from __future__ import annotations

import io
import json

import feedparser
import pytest

from tests.demo.conftest import BASE, NOW
from worker.demo.load import load_outlets

FEEDS = {
    "/courier/feed.xml": ("rss20", "en", 15),
    "/morgenblatt/atom.xml": ("atom10", "de", 9),
    "/quai/index.rdf": ("rss10", "fr", 8),
    "/vestnik/rss": ("rss20", "ru", 8),
}


@pytest.fixture(scope="module")
def parsed(site_answers):
    return {
        path: feedparser.parse(
            io.BytesIO(site_answers[path].body),
            response_headers={"content-type": site_answers[path].content_type},
        )
        for path in FEEDS
    }


def entry(feed, ending):
    return next(e for e in feed.entries if e.get("link", e.id).split("?")[0].endswith(ending))


@pytest.mark.parametrize(("path", "version", "language", "count"), [(p, *rest) for p, rest in FEEDS.items()])
def test_feeds_are_well_formed(parsed, path, version, language, count):
    feed = parsed[path]
    assert not feed.bozo
    assert (feed.version, feed.feed.language, len(feed.entries)) == (version, language, count)
    assert feed.feed.title == next(one.name for one in load_outlets() if one.feed_path == path)


def test_the_json_feed_lists_its_outlet(site_answers):
    feed = json.loads(site_answers["/faro/feed.json"].body)
    assert feed["version"].endswith("version/1.1")
    assert len(feed["items"]) == 7
    assert all({"id", "url", "title", "date_published", "authors"} <= set(item) for item in feed["items"])


def test_entries_come_newest_first_and_only_one_lacks_a_date(parsed):
    dates = [
        [e.get("published_parsed", e.get("updated_parsed")) for e in feed.entries] for feed in parsed.values()
    ]
    assert sum(date is None for listed in dates for date in listed) == 1
    for listed in dates:
        known = [date for date in listed if date]
        assert sorted(known[:-1], reverse=True) == known[:-1]
        assert max(known) < NOW.utctimetuple()


def test_cdata_title(site_answers, parsed):
    assert b"<![CDATA[Brazil's growers count losses as frost burns coffee & citrus]]>" in (
        site_answers["/courier/feed.xml"].body
    )
    assert entry(parsed["/courier/feed.xml"], "brazil-coffee-frost").title.endswith("coffee & citrus")


@pytest.mark.parametrize(
    ("path", "ending", "tag"),
    [
        ("/morgenblatt/atom.xml", "bohrkern-402.html", "<em>tausend Jahre</em>"),
        ("/quai/index.rdf", "tunisie-oliviers-satellite", "<em>surveillés depuis l'espace</em>"),
    ],
    ids=["atom type=html", "rdf escaped"],
)
def test_html_in_titles(parsed, path, ending, tag):
    assert tag in entry(parsed[path], ending).title


def test_atom_links_are_relative_to_xml_base(site_answers, parsed):
    assert b'href="http' not in site_answers["/morgenblatt/atom.xml"].body.split(b"<entry", 1)[1]
    assert all(e.link.startswith(f"{BASE}/morgenblatt/") for e in parsed["/morgenblatt/atom.xml"].entries)


def test_a_walled_entry_says_in_the_feed_what_its_page_hides(parsed, site_answers):
    summary = entry(parsed["/courier/feed.xml"], "airport-lounge-prices").summary
    assert summary.startswith("Three of the largest airport operators")
    assert summary.encode() not in site_answers["/courier/business/airport-lounge-prices"].body


def test_an_entry_without_link_carries_its_text(parsed):
    (found,) = [e for e in parsed["/courier/feed.xml"].entries if "link" not in e]
    assert found.id == "/courier/feed.xml:south-korea-chip-exports"
    assert found.content[0].value.count("<p>") == 5


def test_an_enclosure_is_the_picture_and_not_the_link(parsed, site_answers):
    found = entry(parsed["/vestnik/rss"], "/news/10021")
    picture = site_answers[found.enclosures[0].href.removeprefix(BASE)]
    assert picture.content_type == found.enclosures[0].type == "image/svg+xml"
    assert picture.body.startswith(b"<svg")


def test_one_item_is_listed_twice(parsed):
    links = [e.get("link") for e in parsed["/courier/feed.xml"].entries]
    assert links.count(f"{BASE}/courier/science/kenya-geothermal-rift-drilling") == 2
    assert len(links) - len(set(links)) == 1


def test_foreign_items_name_their_language(parsed):
    languages = {
        e.link.removeprefix(f"{BASE}/vestnik/"): e.get("language") for e in parsed["/vestnik/rss"].entries
    }
    assert (languages["zh/10027"], languages["ar/10028"], languages["news/10021"]) == ("zh", "ar", None)
