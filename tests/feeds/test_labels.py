from __future__ import annotations

import pytest

from tests.feeds.listed import rss
from worker.feeds.labels import clean_authors, find_language, find_section

BYLINES = [
    ("plain", ["Jane Doe"], ("Jane Doe",)),
    ("by", ["By Jane Doe"], ("Jane Doe",)),
    ("von", ["Von: Erika Muster"], ("Erika Muster",)),
    ("Byron keeps his name", ["Byron Smith"], ("Byron Smith",)),
    ("address and name", ["jane@site.example (Jane Doe)"], ("Jane Doe",)),
    ("address alone", ["jane@site.example"], ()),
    ("link", ["https://site.example/jane"], ()),
    ("two people", ["Jane Doe and John Roe"], ("Jane Doe", "John Roe")),
    ("three people", ["Jane Doe, John Roe & Max Beispiel"], ("Jane Doe", "John Roe", "Max Beispiel")),
    ("family name first", ["Doe, Jane"], ("Doe, Jane",)),
    ("agency", ["Reuters"], ("Reuters",)),
    ("a single name and another", ["Cher and Jane Doe"], ("Cher and Jane Doe",)),
    ("account", ["admin"], ()),
    ("account in capitals", ["WEBMASTER"], ()),
    ("twice", ["Jane Doe", "Jane Doe"], ("Jane Doe",)),
    ("markup", ["<a href='x'>Jane&nbsp;Doe</a>"], ("Jane Doe",)),
    ("a paragraph is no name", ["x" * 121], ()),
    ("at most ten", [f"Author {n}" for n in range(20)], tuple(f"Author {n}" for n in range(10))),
]


@pytest.mark.parametrize(("names", "authors"), [row[1:] for row in BYLINES], ids=[row[0] for row in BYLINES])
def test_authors(names, authors):
    assert clean_authors(names) == authors


SECTIONS = [
    ("first", ["World", "Europe"], "World"),
    ("link skipped", ["https://site.example/tag/x", "World"], "World"),
    ("term of a scheme skipped", ["tag:site.example,2026:x", "World"], "World"),
    ("list of tags skipped", ["a, b, c", "World"], "World"),
    ("hashtags skipped", ["#one #two", "World"], "World"),
    ("number skipped", ["1234", "World"], "World"),
    ("nothing chosen", ["Uncategorized", "Allgemein"], None),
    ("two of a kind", ["Arts, Culture"], "Arts, Culture"),
    ("entities", ["Arts &amp; Culture"], "Arts & Culture"),
    ("too long", ["x" * 61], None),
    ("none", [], None),
]


@pytest.mark.parametrize(
    ("categories", "section"), [row[1:] for row in SECTIONS], ids=[row[0] for row in SECTIONS]
)
def test_section(categories, section):
    assert find_section(categories) == section


LANGUAGES = [
    ("region", ("en-US",), "en"),
    ("underscore", ("pt_BR",), "pt"),
    ("capitals", ("DE",), "de"),
    ("three letters", ("eng",), "en"),
    ("name", ("English",), "en"),
    ("withdrawn code", ("iw",), "he"),
    ("script", ("zh-Hans-CN",), "zh"),
    ("entry before feed", ("de", "en"), "de"),
    ("unusable entry, usable feed", ("und", "en"), "en"),
    ("private", ("x-klingon",), None),
    ("none", (None, ""), None),
]


@pytest.mark.parametrize(("tags", "code"), [row[1:] for row in LANGUAGES], ids=[row[0] for row in LANGUAGES])
def test_language(tags, code):
    assert find_language(*tags) == code


def test_language_of_an_entry_of_its_own():
    feed = rss("<item><title>a</title></item><item><title>b</title><dc:language>de</dc:language></item>",
               channel="<title>T</title><language>en-gb</language>")  # fmt: skip
    assert (feed.language, [entry.language for entry in feed.entries]) == ("en", ["en", "de"])


MEDIA = [
    (
        "widest media:content",
        '<media:content url="/s.jpg" medium="image" width="10"/><media:content url="/l.jpg" medium="image" width="99"/>',
        "l.jpg",
    ),
    (
        "media:content before thumbnail",
        '<media:thumbnail url="/t.jpg"/><media:content url="/c.jpg" type="image/jpeg"/>',
        "c.jpg",
    ),
    (
        "video is no image",
        '<media:content url="/v.mp4" medium="video"/><media:thumbnail url="/t.jpg"/>',
        "t.jpg",
    ),
    ("untyped but named like one", '<media:content url="/c.webp?w=1"/>', "c.webp?w=1"),
    ("image enclosure", '<enclosure url="/e.png" type="image/png"/>', "e.png"),
    ("audio enclosure", '<enclosure url="/e.mp3" type="audio/mpeg"/>', None),
    ("first picture of the content", "<description>&lt;img src='/d.jpg'&gt;</description>", "d.jpg"),
    (
        "not the counting pixel",
        "<description>&lt;img src='/p.gif' width='1'&gt;&lt;img src='/d.jpg'&gt;</description>",
        "d.jpg",
    ),
    (
        "not a reader count",
        "<description>&lt;img src='https://feeds.feedburner.com/~r/x'&gt;</description>",
        None,
    ),
    (
        "lazy picture",
        "<description>&lt;img src='data:image/gif;base64,R0' data-src='/z.jpg'&gt;</description>",
        "z.jpg",
    ),
    ("inline data", "<description>&lt;img src='data:image/gif;base64,R0'&gt;</description>", None),
]


@pytest.mark.parametrize(("media", "image"), [row[1:] for row in MEDIA], ids=[row[0] for row in MEDIA])
def test_image(media, image):
    (entry,) = rss(f"<item><title>t</title><link>https://site.example/x/y</link>{media}</item>").entries
    assert entry.image_url == (image and f"https://site.example/{image}")


@pytest.mark.timeout(5)
@pytest.mark.parametrize(
    "text", ["a." * 50_000, "a" * 50_000 + "@", "(" * 100_000], ids=["dots", "at", "brackets"]
)
def test_long_bylines_cost_nothing(text):
    assert clean_authors([text]) == ()
