"""What a robots.txt means for us (RFC 9309), and how long it does."""

from __future__ import annotations

import time
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.fakes import START
from worker.fetch.policy import ROBOTS
from worker.fetch.robots import (
    ALLOWED_AFTER,
    ASK_AGAIN_AFTER,
    FRESH_FOR,
    answered,
    failed,
    is_fresh,
    origin_of,
    product_token,
    rules_of,
    text_of,
)

HOST = "https://news.example"


def rules(text: str | bytes, token: str = "feedmill"):
    return rules_of(
        answered(HOST, text_of(text.encode() if isinstance(text, str) else text), START), token, START
    )


def allowed(text: str | bytes, path: str, token: str = "feedmill") -> bool:
    return rules(text, token).allow(f"{HOST}{path}")


@pytest.mark.parametrize(
    ("text", "path", "expected"),
    [
        pytest.param("", "/a", True, id="nothing said"),
        pytest.param("User-agent: *\nDisallow: /", "/a", False, id="all, everything"),
        pytest.param("User-agent: *\nDisallow:", "/a", True, id="an empty rule disallows nothing"),
        pytest.param("User-agent: *\nDisallow: /p/", "/p/a", False, id="beginning of the path"),
        pytest.param("User-agent: *\nDisallow: /p/", "/q/p/", True, id="only the beginning"),
        pytest.param("User-agent: *\nDisallow: /P/", "/p/a", True, id="paths are case-sensitive"),
        pytest.param("Disallow: /", "/a", True, id="a rule before any group counts for nobody"),
        # groups: 2.2.1
        pytest.param("User-agent: Feedmill\nDisallow: /", "/a", False, id="our own group"),
        pytest.param("USER-AGENT: feedMILL\nDISALLOW: /", "/a", False, id="names and keys in any case"),
        pytest.param("User-agent: feed\nDisallow: /", "/a", True, id="a name ours begins with"),
        pytest.param("User-agent: feedmillbot\nDisallow: /", "/a", True, id="a name that begins with ours"),
        pytest.param("User-agent: mill\nDisallow: /", "/a", True, id="a name within ours"),
        pytest.param("User-agent: Feedmill/1.0\nDisallow: /", "/a", False, id="with a version"),
        pytest.param("User-agent: Feedmill  # us\nDisallow: /", "/a", False, id="with a comment"),
        pytest.param("User-agent: *\nDisallow: /\nUser-agent: feedmill\nAllow: /", "/a", True, id="ours beats all"),
        pytest.param("User-agent: feedmill\nAllow: /\n\nUser-agent: *\nDisallow: /", "/a", True, id="in any order"),
        pytest.param("User-agent: feedmill\nUser-agent: x\nDisallow: /", "/a", False, id="a group of several"),
        pytest.param("User-agent: x\n\nUser-agent: feedmill\n\nDisallow: /", "/a", False, id="blank lines end nothing"),
        pytest.param("User-agent: x\nDisallow: /\nUser-agent: y\nDisallow: /", "/a", True, id="groups of others"),
        pytest.param(
            "User-agent: feedmill\nDisallow: /a\nUser-agent: x\nDisallow: /\nUser-agent: feedmill\nDisallow: /b",
            "/b", False, id="our groups are one",
        ),
        pytest.param(
            "User-agent: feedmill\nDisallow: /b\nUser-agent: *\nDisallow: /a", "/a", True, id="and all's rules are not added"
        ),
        pytest.param("User-agent: *\nSitemap: /s.xml\nDisallow: /a", "/a", False, id="other lines end no group"),
        # matching: 2.2.2, 2.2.3
        pytest.param("User-agent: *\nDisallow: /a\nAllow: /a/b", "/a/b", True, id="longest match: allow"),
        pytest.param("User-agent: *\nAllow: /a\nDisallow: /a/b", "/a/b", False, id="longest match: disallow"),
        pytest.param("User-agent: *\nDisallow: /a\nAllow: /a", "/a", True, id="as long: allow"),
        pytest.param("User-agent: *\nDisallow: /*.php", "/x/y.php?a=1", False, id="wildcard"),
        pytest.param("User-agent: *\nDisallow: /*.php$", "/x.php?a=1", True, id="end of the path"),
        pytest.param("User-agent: *\nDisallow: /*.php$", "/x.php", False, id="at its end"),
        pytest.param("User-agent: *\nDisallow: /*?print", "/a?print=1", False, id="the query counts"),
        pytest.param("User-agent: *\nDisallow: /%C3%A9", "/é", False, id="escapes or not"),
        pytest.param("User-agent: *\nDisallow: /é", "/%c3%a9", False, id="the other way round"),
        pytest.param("User-agent: *\nDisallow: /", "/robots.txt", True, id="itself"),
        # bytes: 2.2, 2.5
        pytest.param(b"\xef\xbb\xbfUser-agent: *\nDisallow: /", "/a", False, id="byte order mark"),
        pytest.param("User-agent: *\r\nDisallow: /\r\n", "/a", False, id="CRLF"),
        pytest.param("User-agent: *\rDisallow: /\r", "/a", False, id="CR"),
        pytest.param(b"\x89PNG\r\n\x1a\n\x00\xff" * 100, "/a", True, id="binary"),
        pytest.param("<html><body>Not found, User-agent: *</body></html>", "/a", True, id="a page"),
        pytest.param(b"\x00User-agent: *\x00\nDisallow: /", "/a", False, id="NUL bytes"),
        pytest.param(b"User-agent: *\nDisallow: /\xff\nDisallow: /b", "/b", False, id="no UTF-8"),
        pytest.param(b"User-agent: *\n#" + b"x" * ROBOTS.max_bytes + b"\nDisallow: /", "/a", True, id="beyond the cap"),
    ],
)  # fmt: skip
def test_allowed_or_not(text, path, expected):
    body = (text.encode() if isinstance(text, str) else text)[: ROBOTS.max_bytes]
    assert allowed(body, path) is expected


def test_a_rule_that_the_cap_cut_short_is_none():
    """Half of `Disallow: /private` would disallow the whole site."""
    filling = b"User-agent: *\nDisallow: /x\n#" + b"." * ROBOTS.max_bytes
    cut = (filling[: ROBOTS.max_bytes - 12] + b"\nDisallow: /private")[: ROBOTS.max_bytes]
    assert cut.endswith(b"\nDisallow: /")
    assert allowed(cut, "/public") and not allowed(cut, "/x")


@pytest.mark.parametrize(
    ("header", "token"),
    [
        ("Feedmill/0.1 (+https://github.com/feedmill/feedmill)", "feedmill"),
        ("My-News_Bot", "my-news_bot"),
        ("Gazette reader, ops@gazette.example", "gazette"),
        ("Mozilla/5.0 (compatible; GazetteBot/2.0; +https://gazette.example)", "gazettebot"),
        ("Mozilla/5.0 (X11; Linux x86_64)", "mozilla"),
        ("123 456 789", ""),
    ],
)
def test_the_name_that_robots_may_call_us_by(header, token):
    assert product_token(header) == token


def test_without_a_name_the_rules_for_all_hold():
    text = "User-agent: x\nDisallow: /a\nUser-agent: *\nDisallow: /b"
    assert (allowed(text, "/a", ""), allowed(text, "/b", "")) == (True, False)


@pytest.mark.parametrize(
    ("lines", "delay_s"),
    [
        ("", 0), ("Crawl-delay: 5", 5), ("crawl-delay:0.5", 0.5), ("Crawl-delay: 3600", 30), ("Crawl-delay: 0", 0),
        ("Crawl-delay: soon", 0), ("Crawl-delay: -5", 0), ("Crawl-delay: nan", 0), ("Crawl-delay: inf", 0),
        ("Crawl-delay: 10s", 0), ("Crawl-delay: " + "9" * 100_000, 0), ("Crawl-delay: ", 0), ("Crawl-delay: 1e1", 10),
        ("Request-rate: 1/9x", 0), ("Crawl-delay: \u0665", 5),
    ],
)  # fmt: skip
def test_crawl_delay(lines, delay_s):
    assert rules(f"User-agent: *\n{lines}\nDisallow: /x").crawl_delay_s == delay_s
    assert rules(f"User-agent: other\n{lines}\nUser-agent: *\nDisallow: /x").crawl_delay_s == 0


@pytest.mark.parametrize(
    ("url", "origin"),
    [
        ("https://news.example/a?b", "https://news.example"),
        ("http://news.example/a", "http://news.example"),
        ("https://news.example:8443/", "https://news.example:8443"),
        ("http://[::1]:80/x", "http://[::1]:80"),
    ],
)
def test_each_scheme_and_authority_has_its_own(url, origin):
    assert origin_of(url) == origin


@pytest.mark.parametrize(
    ("text", "token"),
    [
        pytest.param("".join(f"User-agent: a{n}\n" for n in range(15_000)) + "Allow:/x\n" * 25_000, "us", id="15,000 agents"),
        pytest.param("".join(f"user \t agent a{n}\n" for n in range(15_000)) * 2, "us", id="named twice, oddly"),
        pytest.param("User-agent: *\n" + "".join(f"Allow:/{n}\n" for n in range(40_000)), "us", id="40,000 rules"),
        pytest.param("User-agent: *\n" + "Disallow: /*" + "a*" * 240_000 + "b", "us", id="wildcards"),
        pytest.param("User-agent: *\n" + "Disallow: /*a*b\n" * 30_000, "us", id="many wildcards"),
        pytest.param("User-agent: *\nDisallow: /" + "%41" * 160_000, "us", id="escapes"),
        pytest.param("User-agent:" * 46_000, "us", id="one long line"),
        pytest.param("user " * 100_000, "us", id="words"),
    ],
)  # fmt: skip
def test_hostile_files_are_read_in_a_moment(text, token):
    started = time.process_time()
    rules(text[: ROBOTS.max_bytes - 1], token).allow(f"{HOST}/" + "a" * 2000)
    assert time.process_time() - started < 5


@given(st.text(max_size=300), st.text(max_size=50))
def test_no_text_is_too_odd(text, path):
    assert rules_of(answered(HOST, text, START), "feedmill", START).allow(f"{HOST}/{path}") in (True, False)


def test_an_answer_lasts_a_day():
    known = answered(HOST, "", START)
    assert is_fresh(known, START + FRESH_FOR - timedelta(seconds=1))
    assert not is_fresh(known, START + FRESH_FOR)
    assert not is_fresh(known, START - timedelta(days=365))


def test_while_it_fails_nothing_is_known_and_after_a_month_all_is_allowed():
    known = failed(None, HOST, START)
    assert rules_of(known, "feedmill", START).unknown
    assert is_fresh(known, START) and not is_fresh(known, START + ASK_AGAIN_AFTER)
    later = failed(known, HOST, START + ALLOWED_AFTER)
    assert later.failing_since == START
    assert rules_of(later, "feedmill", START + ALLOWED_AFTER - timedelta(seconds=1)).unknown
    over = rules_of(later, "feedmill", START + ALLOWED_AFTER)
    assert not over.unknown and over.allow(f"{HOST}/a")


def test_what_was_read_holds_while_it_fails():
    known = failed(answered(HOST, "User-agent: *\nDisallow: /p", START), HOST, START + FRESH_FOR)
    for moment in (START + FRESH_FOR, START + 2 * ALLOWED_AFTER):
        rules = rules_of(known, "feedmill", moment)
        assert (rules.unknown, rules.allow(f"{HOST}/p"), rules.allow(f"{HOST}/q")) == (False, False, True)
    assert answered(HOST, "", START + 2 * FRESH_FOR).failing_since is None
