"""Own tags: the examples of docs/own-tags.md, what is wrong named by file and line, and what texts get."""

from __future__ import annotations

import pickle
import random
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from worker.enrich.countries import countries_of
from worker.enrich.own import (
    NOTHING_OWN,
    OwnPatterns,
    OwnPlace,
    OwnTags,
    OwnTopic,
    install,
    installed,
    own_tags,
)
from worker.enrich.own.read import is_ignored, read_own
from worker.enrich.tags import tagger_version
from worker.enrich.topics.tagging import topic_evidence, topics_of
from worker.errors import OwnTagsError

PAGE = (Path(__file__).parents[2] / "docs" / "own-tags.md").read_text(encoding="utf-8")
FILES = {
    name: text.encode()
    for name, text in re.findall(r"`([\w.-]+)`[^`]*\n\n```(?:toml|csv)\n(.*?)```", PAGE, re.DOTALL)
}
EXAMPLES = {name: text for name, text in FILES.items() if not name.startswith("wrong")}
SAID = re.findall(r"^feedmill: (.*)$", PAGE, re.MULTILINE)


@pytest.fixture(autouse=True)
def nothing_stays_installed() -> Iterator[None]:
    yield
    install(NOTHING_OWN)


def mistakes(**files: str | bytes) -> list[str]:
    contents = {
        name.replace("_", "."): text if isinstance(text, bytes) else text.encode()
        for name, text in files.items()
    }
    with pytest.raises(OwnTagsError) as wrong:
        read_own(contents)
    return list(wrong.value.mistakes)


def test_the_page_has_its_examples():
    assert list(FILES) == [
        "topics.toml", "topics-watched.csv", "places.csv", "places.toml", "wrong.csv", "wrong.toml"
    ]  # fmt: skip


def test_the_examples_mean_what_the_page_says():
    own = read_own(EXAMPLES)
    assert own.topics == (
        OwnTopic("own:fertilizers", "Fertilizers", "20000217"),
        OwnTopic("own:potash", "Potash", "own:fertilizers"),
        OwnTopic("watch:shell-companies", "Shell companies"),
        OwnTopic("watch:vessels", "Vessels"),
    )
    assert OwnPatterns("own:potash", (), ("MOP^1.5", "potash^3", "potassium chloride^2")) in own.patterns
    assert (
        OwnPatterns(
            "watch:shell-companies",
            (),
            ("Blue Ferry Logistics^3", "NQH Trading^3", "Northern Quay Holdings^3"),
        )
        in own.patterns
    )
    assert [each.code for each in own.patterns if each.languages == ("en",)] == ["20000642", "watch:vessels"]
    assert own.places == (
        OwnPlace("Bankova", "UA", "metonym"),
        OwnPlace("Georgia", "US", "region", ("en",)),
        OwnPlace("Great Stone industrial park", "BY", "region"),
        OwnPlace("Zangezur corridor", "AM", "region"),
        OwnPlace("Великий камень", "BY", "region", ("ru",)),
    )  # fmt: skip


def test_the_mistakes_of_the_page_are_what_is_said():
    with pytest.raises(OwnTagsError) as wrong:
        read_own(FILES)
    assert list(wrong.value.mistakes) == SAID
    assert str(wrong.value) == "; ".join(SAID)
    assert pickle.loads(pickle.dumps(wrong.value)).mistakes == wrong.value.mistakes


TOPIC = '[[topic]]\ncode = "own:x"\nname = "X"\npatterns = "xylem"\n'
PLACE = '[[place]]\nname = "Xanadu"\ncountry = "CN"\n'
HEAD = "code,name,broader,languages,patterns\n"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        pytest.param("a = 1\n\na = 2\n", ["t.toml:3: not TOML: Cannot overwrite a value"], id="a key twice"),
        pytest.param('[[topic]\ncode = "x"', ["t.toml:1: not TOML: Expected ']]' at the end of an array declaration"], id="broken"),
        pytest.param('[[topic]]\ncode = """x\n\n', ["t.toml:2: not TOML: Unterminated string"], id="never ends"),
        pytest.param("[[topics]]\n", ["t.toml:1: unknown: 'topics' (known: topic, place)"], id="unknown table"),
        pytest.param("\n[[top.ic]]\n", ["t.toml:2: unknown: 'top' (known: topic, place)"], id="unknown dotted table"),
        pytest.param("\n[topic]\n", ["t.toml:2: each topic begins with a line [[topic]]"], id="one table"),
        pytest.param("topic = []\nplace = 3\n", ["t.toml:2: each place begins with a line [[place]]"], id="a number"),
        pytest.param(f"{TOPIC}langs = 'en'\n", ["t.toml:5: unknown: 'langs' (known: code, name, broader, languages, patterns, note)"], id="unknown key"),
        pytest.param(f"{TOPIC}[topic.more]\na = 1\n", ["t.toml:5: unknown: 'more' (known: code, name, broader, languages, patterns, note)"], id="a table within"),
        pytest.param(f"{TOPIC}{PLACE}kind = 3\n", ["t.toml:8: kind must be a text in quotes"], id="no text"),
        pytest.param(f"{TOPIC}languages = ['en', 3]\n", ["t.toml:5: languages must be a text in quotes, or a list of such"], id="no list of texts"),
        pytest.param(TOPIC.replace("xylem", "ab*; xylem; q^x"), ["t.toml:4: pattern 'ab*': too short for `*`", "t.toml:4: pattern weight 'x' is no number"], id="two bad patterns"),
        pytest.param(f"{TOPIC}broader = 'own:y'\n", ["t.toml:5: no such code to stand under: own:y"], id="no such broader"),
        pytest.param(f"{TOPIC}broader = 'own:x'\n", ["t.toml:5: own:x under own:x: a topic stands under itself"], id="its own broader"),
        pytest.param(TOPIC.replace("own:x", "medtop:own"), ["t.toml:2: not a code: 'own' (an IPTC code, or one of your own in small letters, such as own:potash)"], id="neither IPTC's nor own"),
        pytest.param(TOPIC.replace("own:x", "20000642"), ["t.toml:3: 20000642 is IPTC's: it can be given patterns, but no name"], id="IPTC's has a name"),
        pytest.param('[[topic]]\ncode = "medtop:20000642"', ["t.toml:2: no patterns for 20000642"], id="nothing for IPTC's"),
        pytest.param('[[topic]]\nname = "X"\npatterns = "xylem"', ["t.toml:1: no code"], id="no code"),
        pytest.param(TOPIC.replace("xylem", " ; "), ["t.toml:2: no patterns for own:x"], id="empty patterns"),
        pytest.param(TOPIC.replace('"X"', '"X\\u0007"'), ["t.toml:3: a name has no control characters, and 200 letters at most"], id="a bell in a name"),
        pytest.param(PLACE.replace("Xanadu", "X"), ["t.toml:2: a name has 2 to 100 characters, letters among them: 'X'"], id="a short place"),
        pytest.param(f"{PLACE}{PLACE.replace('CN', 'MN')}languages = 'en'\n", ["t.toml:5: 'Xanadu' is CN (region) at t.toml:1"], id="two countries for a name"),
        pytest.param(f"{PLACE}kind = 'village'\n", ["t.toml:4: unknown: 'village' (known: country, region, city, capital, demonym, metonym)"], id="unknown kind"),
        pytest.param(f"{PLACE}languages = 'en, en-GB'\n", ["t.toml:4: not a language: 'en-gb' (ISO 639-1, such as en or uk)"], id="no language"),
    ],
)  # fmt: skip
def test_what_is_wrong_with_toml(text, said):
    assert mistakes(t_toml=text) == said


def test_lines_are_those_of_the_text_whatever_strings_and_comments_hold():
    text = """# [[place]]
[[topic]]
code = 'own:x'  # code = "own:y"
name = '''
[[topic]]
name = "no"
'''
patterns = [
  "code = [[",  # ]]
  '''
[[topic]]''', "fine",
  "bad^7",
]
"languages" = "qq"

  [[ "topic" ]]
code = "own:z"
note.a = 1
"""
    assert mistakes(t_toml=text.replace("\n", "\r\n")) == [
        "t.toml:12: pattern weight 7 is not from 0.1 to 3",
        "t.toml:14: not a language: 'qq' (ISO 639-1, such as en or uk)",
        "t.toml:17: no name for own:z",
        "t.toml:17: no patterns for own:z",
        "t.toml:18: note must be a text in quotes",
    ]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        pytest.param("code,nmae\n", ["t.csv:1: the first line must name either `patterns`, for topics, or `country`, for places"], id="no telling heading"),
        pytest.param("\n# list\npatterns,nmae,patterns\n", ["t.csv:3: no column 'code'", "t.csv:3: two columns 'patterns'", "t.csv:3: unknown: 'nmae' (known: code, name, broader, languages, patterns, note)"], id="headings"),
        pytest.param(f"{HEAD}own:x,X,,,one,two\n", ["t.csv:2: more cells than headings: one that holds the separator needs quotes around it"], id="an unquoted comma"),
        pytest.param(f'{HEAD}own:x,X,,,"xylem\n\n', ["t.csv:2: not CSV: unexpected end of data"], id="an open quote"),
        pytest.param(f'{HEAD}own:x,X,,,"one;\ntwo^9;\nthree"\n\nown:y,Y,,,q^0\n', ["t.csv:3: pattern weight 9 is not from 0.1 to 3", "t.csv:6: pattern weight 0 is not from 0.1 to 3"], id="lines within a cell"),
        pytest.param(f"{HEAD}own:x,X,,,xylem\nown:x,Z,,,phloem\n", ["t.csv:3: own:x has another name at t.csv:2: 'X'"], id="two names"),
        pytest.param("name;country\nXanadu;\n", ["t.csv:2: not a country: '' (ISO 3166-1 alpha-2, or XK)"], id="no country"),
    ],
)  # fmt: skip
def test_what_is_wrong_with_csv(text, said):
    assert mistakes(t_csv=text) == said


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        pytest.param("t_csv", "name,country\nXanadu,CN\nMinsk é,BY".encode("latin-1"), "t.csv:3: not UTF-8 (byte 0xe9): save the file as UTF-8", id="Latin-1"),
        pytest.param("t_toml", TOPIC.encode("utf-16"), "t.toml:1: UTF-16: save the file as UTF-8", id="UTF-16"),
        pytest.param("t_xlsx", b"PK", "t.xlsx: neither .toml nor .csv", id="a workbook"),
        pytest.param("topics", b"", "topics: neither .toml nor .csv", id="no ending"),
    ],
)  # fmt: skip
def test_what_is_no_text_of_ours(name, content, said):
    assert mistakes(**{name: content}) == [said]


def test_all_mistakes_of_all_files_come_in_the_order_of_their_lines():
    lines = "".join(f"own:x{n},X,,,q^9\n" for n in range(12))
    said = mistakes(b_csv=HEAD + lines, a_toml="a = 1")
    assert [line.partition(": ")[0] for line in said] == ["a.toml:1", *(f"b.csv:{n}" for n in range(2, 14))]


def test_codes_are_shared_by_files():
    own = read_own(
        {
            "a.toml": b'[[topic]]\ncode = "own:x"\npatterns = "xylem"',
            "b.csv": b"code\tname\tbroader\tpatterns\nown:x\tX\town:y\t\nown:y\tY\tmedtop:20000642\t\n",
        }
    )
    assert own.topics == (OwnTopic("own:x", "X", "own:y"), OwnTopic("own:y", "Y", "20000642"))


@pytest.mark.parametrize(
    "change",
    [
        pytest.param(lambda name, text: (f"z-{name}", text), id="names of files"),
        pytest.param(lambda name, text: (name, b"\xef\xbb\xbf" + text), id="byte order mark"),
        pytest.param(lambda name, text: (name, text.replace(b"\n", b"\r\n")), id="line ends of Windows"),
        pytest.param(lambda name, text: (name, text.replace(b"\n", b"\r")), id="line ends of old"),
        pytest.param(lambda name, text: (name, b"# A remark.\n\n" + text), id="remarks"),
        pytest.param(lambda name, text: (name, text.replace(b"asked for by the desk", b"")), id="notes"),
        pytest.param(lambda name, text: (name, text.replace(b"[[topic]]  ", b"[[ topic ]]")), id="spaces"),
        pytest.param(lambda name, text: (name.upper(), text), id="endings in capitals"),
    ],
)
def test_the_digest_is_of_what_decides_output(change):
    changed = read_own(dict(change(name, text) for name, text in EXAMPLES.items()))
    assert changed == read_own(EXAMPLES)
    assert re.fullmatch("[0-9a-f]{12}", changed.digest)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        pytest.param(b"potash^3", b"potash^2", id="a weight"),
        pytest.param(b'"Potash"', b'"Kali"', id="a name"),
        pytest.param(b"own:fertilizers", b"own:fertilisers", id="a code"),
        pytest.param(b"20000217", b"20000223", id="what it stands under"),
        pytest.param(b'["de", "ru"]', b'["de"]', id="a language"),
        pytest.param(b"Bankova;UA", b"Bankova;PL", id="a country"),
        pytest.param(b"metonym", b"city", id="a kind"),
    ],
)
def test_another_meaning_is_another_digest(old, new):
    changed = {name: text.replace(old, new) for name, text in EXAMPLES.items()}
    assert read_own(changed) != read_own(EXAMPLES)


def test_no_order_matters():
    places = [OwnPlace(f"Town {n}", "BY", "city") for n in range(20)]
    patterns = [OwnPatterns("own:x", (), (f"p{n}",)) for n in range(20)]
    first = own_tags([], patterns, places)
    random.Random(7).shuffle(places)
    assert own_tags([], patterns[::-1], places).digest == first.digest
    assert own_tags([], [OwnPatterns("own:x", (), tuple(f"p{n}" for n in range(20)))], places) == first


@pytest.mark.parametrize(
    "name", [".git", ".#a.toml", "~$list.csv", "#a.toml#", "a.toml~", "a.csv.bak", "README.md", "a.TXT"]
)
def test_leftovers_are_ignored(name):
    assert is_ignored(name)
    assert read_own({name: b"\xff"}) is NOTHING_OWN


@pytest.mark.parametrize("name", ["a.toml", "a.CSV", "a.tml", "a.xlsx", "a.toml.swpx"])
def test_all_else_is_not(name):
    assert not is_ignored(name)


def test_the_version_names_what_is_installed():
    own = pickle.loads(pickle.dumps(read_own(EXAMPLES)))
    before = tagger_version()
    install(own)
    assert installed() is own
    assert tagger_version() == f"{before}+{own.digest}"


PLACES = own_tags(
    [],
    [],
    [
        OwnPlace("Georgia", "US", "region", ("en",)),
        OwnPlace("Rosehill Quay", "US", "city", ("en",)),
        OwnPlace("Great Stone", "BY", "region"),
        OwnPlace("Свислочград", "BY", "city", ("ru",)),
        OwnPlace("Свислочка", "BY", "city"),
        OwnPlace("新石城", "BY", "city", ("zh",)),
        OwnPlace("PVT", "BY", "metonym"),
    ],
)


@pytest.mark.parametrize(
    ("title", "body", "language", "expected"),
    [
        pytest.param("", "The talks in Georgia went on until Monday.", "en", {"US": "region"}, id="wins over the country"),
        pytest.param("", "Les négociations au Rosehill Quay.", "fr", {}, id="only in its language"),
        pytest.param("", "The plant at Great Stone opened.", "en", {"BY": "region"}, id="new name"),
        pytest.param("", "L'usine de Great Stone a ouvert.", "fr", {"BY": "region"}, id="in every language"),
        pytest.param("", "Das Werk in Great Stone.", "xx", {"BY": "region"}, id="in one that is unknown"),
        pytest.param("GREAT STONE OPENS", "", "en", {"BY": "region"}, id="a headline in capitals"),
        pytest.param("", "The great stone fell.", "en", {}, id="capitals count"),
        pytest.param("", "The Great Stones fell.", "en", {}, id="whole words"),
        pytest.param("", "В Свислочграде открылся завод.", "ru", {"BY": "city"}, id="inflected in its language"),
        pytest.param("", "В Свислочке открылся завод.", "ru", {}, id="not inflected in all"),
        pytest.param("", "这座新石城很大。", "zh", {"BY": "city"}, id="without spaces"),
        pytest.param("", "The PVT said nothing.", "en", {"BY": "metonym"}, id="metonym"),
        pytest.param("", "South Georgia is cold.", "en", {"GS": "region"}, id="a longer name holds it"),
    ],
)  # fmt: skip
def test_own_places(title, body, language, expected):
    install(PLACES)
    found = countries_of(title, body, language)
    assert {each.country: each.kind for each in found.evidence} == expected


def test_without_own_places_all_is_as_before():
    before = countries_of("", "The talks in Georgia went on.", "en")
    install(PLACES)
    assert countries_of("", "The talks in Georgia went on.", "en").primary == "US"
    install(NOTHING_OWN)
    assert countries_of("", "The talks in Georgia went on.", "en") == before


TOPICS = read_own(EXAMPLES)


def own_codes(title: str, body: str, language: str) -> list[str]:
    return [code for code in topics_of(title, body, language).codes if not code.startswith("medtop:")]


@pytest.mark.parametrize(
    ("title", "body", "language", "expected"),
    [
        pytest.param("Potash prices rise", "", "en", ["own:potash"], id="in the title"),
        pytest.param("POTASH PRICES RISE", "", "en", ["own:potash"], id="in any case"),
        pytest.param("", "Potash is mined here.", "en", [], id="once in the text"),
        pytest.param("", "Potash is mined here, as MOP or potassium chloride.", "en", ["own:potash"], id="three patterns"),
        pytest.param("", "Potash is mined here, as mop.", "en", [], id="capitals as they are written"),
        pytest.param("Ceny potash", "", "pl", ["own:potash"], id="a language without a lexicon"),
        pytest.param("Kalisalze teurer", "", "de", ["own:potash"], id="patterns of a language"),
        pytest.param("Kalisalze teurer", "", "en", [], id="not in another"),
        pytest.param("Northern Quay Holdings and NQH Trading", "", "und", ["watch:shell-companies"], id="watched"),
    ],
)  # fmt: skip
def test_own_topics(title, body, language, expected):
    install(TOPICS)
    assert own_codes(title, body, language) == expected


def test_an_own_topic_has_name_ancestors_score_and_evidence():
    install(TOPICS)
    topics = topics_of("Potash prices", "Of potash.", "pl")
    where = topics.codes.index("own:potash")
    assert topics.names[where] == "Potash"
    assert topics.all[:4] == ("own:potash", "own:fertilizers", "medtop:20000217", "medtop:20000209")
    assert topics.top == ("medtop:04000000",)
    assert topics.scores["own:potash"] == pytest.approx(0.667, abs=0.001)
    evidence = topic_evidence("Potash prices", "Of potash.", "pl")
    assert [(each.start, each.end, each.topic, each.pattern) for each in evidence] == [
        (0, 6, "own:potash", "potash"),
        (17, 23, "own:potash", "potash"),
    ]


def test_an_own_topic_under_nothing_changes_no_other():
    text = ("Specially designated nationals", "Secondary sanctions on specially designated nationals.", "en")
    install(read_own({"topics.toml": EXAMPLES["topics.toml"]}))
    before = topics_of(*text)
    assert "medtop:20000642" in before.codes
    sanctions = OwnTopic("own:s", "S")
    install(own_tags([*TOPICS.topics, sanctions], [*installed().patterns, OwnPatterns("own:s", (), ("sanctions^3", "specially designated^3"))], []))  # fmt: skip
    after = topics_of(*text)
    assert set(after.codes) - set(before.codes) == {"own:s"}
    assert {code: after.scores[code] for code in before.codes} == dict(before.scores)


def test_any_number_of_own_topics_is_assigned():
    names = [f"Firm{letter}" for letter in "abcdefgh"]
    install(
        own_tags(
            [OwnTopic(f"watch:{name.lower()}", name) for name in names],
            [OwnPatterns(f"watch:{name.lower()}", (), (f"{name}^3",)) for name in names],
            [],
        )
    )
    assert len(own_codes(" ".join(names), "", "en")) == len(names)


def test_nothing_own_is_nothing():
    assert OwnTags() == NOTHING_OWN == own_tags([], [], []) == read_own({})
