from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.feeds.listed import rss
from worker.feeds.clean import cut_bytes, cut_text, plain_line, plain_text
from worker.feeds.entries import choose_texts
from worker.feeds.listing import RawEntry

TITLES = [
    ("plain", "Plain title", "Plain title"),
    ("tags", "A <b>bold</b> <a href='x'>claim</a>", "A bold claim"),
    ("break is a space", "One<br/>Two", "One Two"),
    ("entities", "P&ecirc;che &#38; Bar", "Pêche & Bar"),
    ("escaped twice", "AT&amp;amp;T &amp;#8217;s", "AT&T ’s"),
    ("markup escaped twice", "&lt;b&gt;Bold&lt;/b&gt; title", "Bold title"),
    ("an opening tag alone is what it shows", "How to use &lt;br&gt;", "How to use <br>"),
    ("generics are no tags", "vector<int> and Map<K, V>", "vector<int> and Map<K, V>"),
    ("comparison", "1 < 2 > 0", "1 < 2 > 0"),
    ("heart", "Tokyo &lt;3", "Tokyo <3"),
    ("unknown entity", "R&D; &bogus;", "R&D; &bogus;"),
    ("no semicolon, no entity", "Pros &notes &gt", "Pros &notes &gt"),
    ("whitespace", " a\n\t b\u00a0 c ", "a b c"),
    ("controls", "a\x07b\u202ec\u00add\ufeff", "abcd"),
    ("joiners stay", "👩\u200d👧", "👩\u200d👧"),
    ("lone surrogate", "a\ud800b", "ab"),
    ("only tags", "<p></p>", None),
    ("empty", "", None),
    ("none", None, None),
]


@pytest.mark.parametrize(("markup", "line"), [row[1:] for row in TITLES], ids=[row[0] for row in TITLES])
def test_plain_line(markup, line):
    assert plain_line(markup) == line


def test_cdata_titles_read_like_escaped_ones():
    feed = rss(
        "<item><guid>1</guid><title><![CDATA[A &amp; <i>B</i>]]></title></item>"
        "<item><guid>2</guid><title>A &amp;amp; &lt;i&gt;B</title></item>"
    )
    assert [entry.title for entry in feed.entries] == ["A & B", "A & B"]


TEXTS = [
    ("paragraphs", "<p>One.</p>\n<p>Two<br>lines.</p>", "One.\n\nTwo\nlines."),
    ("source line breaks are spaces", "<p>One\n two</p>", "One two"),
    ("plain text keeps its lines", "One\ntwo\n\n\n\nthree", "One\ntwo\n\nthree"),
    ("lists", "<ul><li>a</li><li>b</li></ul>c", "a\nb\n\nc"),
    ("cells", "<table><tr><td>a</td><td>b</td></tr><tr><td>c</td></tr></table>", "a b\nc"),
    ("scripts and styles", "a<script>x()</script><style>p{}</style><svg><text>y</text></svg> b", "a b"),
    ("comments", "a<!-- b -->c", "ac"),
    ("inline tags add no space", "un<b>believ</b>able", "unbelievable"),
    ("preformatted", "<pre>a\n  b</pre>", "a\nb"),
    ("entities", "<p>a&nbsp;&amp;&lt;b&gt;</p>", "a &<b>"),
    ("entities without tags", "a &amp; b", "a & b"),
    ("escaped twice", "&lt;p&gt;One&lt;/p&gt;&lt;p&gt;Two&lt;/p&gt;", "One\n\nTwo"),
    ("code that shows tags", "<p>Write <code>&lt;p&gt;x&lt;/p&gt;</code></p>", "Write <p>x</p>"),
    ("unclosed", "<p>One<p>Two <b>three", "One\n\nTwo three"),
    ("an XML declaration", '<?xml version="1.0" encoding="utf-16"?><p>a</p>', "a"),
    ("lone surrogate", "<p>a\ud800</p>", "a?"),
    ("only an image", '<img src="a.png">', ""),
    ("empty", "", ""),
]


@pytest.mark.parametrize(("markup", "text"), [row[1:] for row in TEXTS], ids=[row[0] for row in TEXTS])
def test_plain_text(markup, text):
    assert plain_text(markup) == text


@given(
    st.text(st.characters(codec=None))
    | st.lists(st.sampled_from(["<p>", "</p>", "&", "&lt;", "<", "a", "<pre>", "<br/>"])).map("".join)
)
def test_any_text_becomes_clean_text(markup):
    for text in (plain_text(markup), plain_line(markup) or ""):
        assert text.encode().decode() == text
        assert "\x00" not in text
        assert text == text.strip()


CUTS = [
    ("fits", "one two", 7, "one two"),
    ("at a word", "one two three", 10, "one two…"),
    ("no words", "漢字" * 10, 5, "漢字漢字…"),
    ("one long word", "a " + "b" * 60, 50, "a " + "b" * 47 + "…"),
]


@pytest.mark.parametrize(("text", "size", "cut"), [row[1:] for row in CUTS], ids=[row[0] for row in CUTS])
def test_cut_text(text, size, cut):
    assert cut_text(text, size) == cut


@given(st.text(max_size=60), st.integers(0, 50))
def test_cut_bytes_is_a_beginning_that_fits(text, size):
    cut = cut_bytes(text, size)
    assert text.startswith(cut)
    assert len(cut.encode()) <= size or text == cut


LONG = "word " * 301
CHOICES = [
    ("short description is a teaser", RawEntry(descriptions=("Short.",)), "Short.", None),
    ("long description is the article", RawEntry(descriptions=(LONG,)), LONG.strip(), LONG.strip()),
    ("one character less is not", RawEntry(descriptions=(LONG[:1499],)), LONG[:1499], None),
    (
        "full text is taken as it is",
        RawEntry(descriptions=("S.",), full_texts=("<p>Full.</p>",)),
        "S.",
        "Full.",
    ),
    ("full text without summary", RawEntry(full_texts=("<p>Full.</p>",)), "Full.", "Full."),
    (
        "full text that ends as a teaser",
        RawEntry(descriptions=("S.",), full_texts=("Begin […]",)),
        "S.",
        None,
    ),
    (
        "full text that asks to read on",
        RawEntry(full_texts=("Begin. Continue reading →",)),
        "Begin. Continue reading →",
        None,
    ),
    ("long text may end so", RawEntry(full_texts=(LONG + "…",)), LONG + "…", LONG + "…"),
    ("the longest of several", RawEntry(full_texts=("a", "abc")), "abc", "abc"),
    ("a second description that is long", RawEntry(descriptions=("S.", LONG)), "S.", LONG.strip()),
    ("nothing", RawEntry(), None, None),
    ("markup without text", RawEntry(descriptions=("<img src='x'>",)), None, None),
]


@pytest.mark.parametrize(
    ("raw", "summary", "content"), [row[1:] for row in CHOICES], ids=[row[0] for row in CHOICES]
)
def test_summary_and_content(raw, summary, content):
    texts = choose_texts(raw)
    assert (texts.summary, texts.content) == (summary, content)


def test_summary_and_content_are_bounded():
    texts = choose_texts(RawEntry(full_texts=("żółw " * 50_000,)))
    assert len(texts.summary) <= 2_000
    assert texts.summary.endswith("…")
    assert 100 * 1024 - 10 < len(texts.content.encode()) <= 100 * 1024
    assert texts.content.endswith("żółw")


@pytest.mark.timeout(5)
def test_many_dots_cost_nothing():
    dots = "." * 100_000 + "a"
    assert choose_texts(RawEntry(full_texts=(dots,))).content == dots
