"""A service with its archive, whole: every article's place reads back to the page that the site served."""

from __future__ import annotations

import gzip

import pytest
from warcio.archiveiterator import ArchiveIterator

from tests.newsroom import Item, body_of, follow, page, publish, rss
from tests.site import Reply
from tests.test_service import HOUR, run, settings, store
from worker.archive.contents import contents_of
from worker.archive.files import Folder
from worker.archive.reading import read_page
from worker.service import run_service
from worker.settings import Settings

__all__ = ["run", "settings", "store"]

pytestmark = pytest.mark.slow


@pytest.fixture
def folder(settings: Settings) -> Folder:
    return Folder(settings.archive_folder)


def archived(folder: Folder) -> list[tuple[str, str]]:
    """Return type and URL of every record of pages, as an independent reader finds them; all must be whole."""
    found = []
    for path in folder.files():
        assert not path.name.endswith(".open")
        with path.open("rb") as file:
            assert contents_of(file).damages == ()
            file.seek(0)
            for record in ArchiveIterator(file, check_digests="raise"):
                record.content_stream().read()
                if record.rec_type in ("response", "revisit"):
                    found.append((record.rec_type, record.rec_headers["WARC-Target-URI"]))
    return found


def test_every_article_can_be_made_again_from_what_is_kept(run, site, store, folder):
    towns = [f"town{number}" for number in range(20)]
    publish(site, towns)
    packed = page("Plans for Riga move on", body_of("Riga", "harbour project"))
    site.serve(
        "/riga",
        Reply(body=gzip.compress(packed.body), headers={"Content-Encoding": "gzip", "X-Odd": "gar\xe7on"}),
    )
    site.serve("/short", Reply(status=301, headers={"Location": site.url("/riga")}))
    site.serve("/b.xml", rss([Item(site.url("/short"), "Riga")]))
    run(site.url("/feed.xml"), site.url("/b.xml"))
    opened = store()
    for town in towns:
        url = site.url(f"/{town}")
        document = opened.articles.find_by_url(url)
        found = read_page(folder, document.archive)
        expected = page(f"Plans for {town} move on", body_of(town.title(), f"{town} project")).body
        assert (found.url, found.final_url, found.body) == (url, url, expected)
        assert found.fetched_at == document.fetched_at
        [row] = opened.entries.find_by_url(url)
        assert row.archive == document.archive
    riga = read_page(folder, opened.articles.find_by_url(site.url("/riga")).archive)
    assert (riga.url, riga.final_url, riga.body) == (site.url("/short"), site.url("/riga"), packed.body)
    assert [(hop.status, hop.url) for hop in riga.redirects] == [(301, site.url("/short"))]
    assert (riga.headers["content-encoding"], riga.headers["x-odd"]) == ("gzip", "gar\xe7on")
    kept = archived(folder)
    assert len(kept) == len(towns) + 1 + 2
    assert {("response", site.url("/feed.xml")), ("response", site.url("/b.xml"))} <= set(kept)


def test_an_unchanged_page_is_a_revisit_and_a_changed_one_is_kept_again(run, site, store, folder):
    link = site.url("/story")
    first = page("The story", body_of("Minsk", "potash deal"))
    site.serve("/story", first)
    site.serve("/feed.xml", rss([Item(link, "The story")]))
    run(site.url("/feed.xml"))
    place = store().articles.find_by_url(link).archive
    for hours, title in ((1, "The story, again"), (2, "The story, once more")):
        site.serve("/feed.xml", rss([Item(link, title)]))
        assert run(at_s=hours * HOUR).counts["unchanged"] == 1
    opened = store()
    assert opened.articles.find_by_url(link).archive == place
    assert [row.archive for row in opened.entries.find_by_url(link)] == [place]
    assert read_page(folder, place).body == first.body
    second = page("The story, corrected", body_of("Minsk", "potash agreement"))
    site.serve("/story", second)
    site.serve("/feed.xml", rss([Item(link, "The story, corrected")]))
    run(at_s=3 * HOUR)
    document = store().articles.find_by_url(link)
    assert document.archive != place
    assert read_page(folder, document.archive).body == second.body
    kinds = [kind for kind, url in archived(folder) if url == link]
    assert kinds == ["response", "revisit", "revisit", "response"]


def test_what_is_rejected_or_no_feed_is_kept_for_a_second_look(run, site, store, folder):
    site.serve("/wall", Reply(body=b"<html><body></body></html>"))
    site.serve("/feed.xml", rss([Item(site.url("/wall"), "Behind the wall")]))
    site.serve("/broken.xml", Reply(body=b"Down for maintenance"))
    result = run(site.url("/feed.xml"), site.url("/broken.xml"))
    assert result.counts["rejected"] == 1
    [row] = store().entries.find_by_url(site.url("/wall"))
    assert read_page(folder, row.archive).body == b"<html><body></body></html>"
    assert ("response", site.url("/broken.xml")) in archived(folder)


def test_feeds_that_bring_nothing_new_are_not_kept_again(run, site, folder):
    publish(site, ["harbour"])
    run(site.url("/feed.xml"))
    run(at_s=HOUR)
    assert [url for _, url in archived(folder)].count(site.url("/feed.xml")) == 1


def test_off_keeps_nothing(run, site, store, settings, tmp_path):
    publish(site, ["harbour"])
    off = settings.model_copy(update={"archive_url": "off"})
    run_service(off, until_idle=True, resolver=site.resolve, on_start=follow(site.url("/feed.xml")))
    assert store().articles.find_by_url(site.url("/harbour")).archive is None
    assert not list(tmp_path.rglob("*.warc.gz*"))


def test_articles_from_before_the_archive_get_their_place_when_they_are_fetched_again(
    run, site, store, settings
):
    link = site.url("/story")
    site.serve("/story", page("The story", body_of("Minsk", "potash deal")))
    site.serve("/feed.xml", rss([Item(link, "The story")]))
    off = settings.model_copy(update={"archive_url": "off"})
    run_service(off, until_idle=True, resolver=site.resolve, on_start=follow(site.url("/feed.xml")))
    site.serve("/feed.xml", rss([Item(link, "The story (again)")]))
    assert run(at_s=HOUR).counts["unchanged"] == 1
    document = store().articles.find_by_url(link)
    assert read_page(Folder(settings.archive_folder), document.archive).final_url == link
