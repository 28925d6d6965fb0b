"""Which country a name stands for. Texts are our own."""

from __future__ import annotations

import pytest

from worker.enrich.countries import countries_of

TRAPS = [
    ("Georgia, the country", "Protesters in Tbilisi accuse Georgia's government of rigging the vote.", {"GE"}),
    ("Georgia, the state", "The governor of Georgia visited Atlanta and Savannah on Monday.", {"US"}),
    ("Jordan, the country", "Jordan took in refugees from Syria, officials in Amman said.", {"JO", "SY"}),
    ("Jordan, a player", "Michael Jordan scored 40 points. Jordan left the court in silence.", set()),
    ("Chad, the country", "Rebels crossed into Chad from Sudan.", {"TD", "SD"}),
    ("Chad, a man", "Chad Williams opened his bakery at dawn. Chad said he slept badly.", set()),
    ("Niger", "Soldiers seized power in Niger; crowds gathered in Niamey.", {"NE"}),
    ("Niger is not Nigeria", "Lawmakers in Abuja debated the budget of Nigeria.", {"NG"}),
    ("the three Guineas", "Guinea, Guinea-Bissau and Equatorial Guinea signed.", {"GN", "GW", "GQ"}),
    ("Papua New Guinea", "An earthquake shook Papua New Guinea.", {"PG"}),
    ("Turkey, the country", "Turkey closed its border, Ankara announced.", {"TR"}),
    ("turkey, the bird", "We roast a turkey at Thanksgiving. Turkey with gravy and stuffing tastes best.", set()),
    ("Congo with Kinshasa", "The government of Congo in Kinshasa blamed rebels near Goma.", {"CD"}),
    ("Congo with Brazzaville", "Congo's president spoke in Brazzaville.", {"CG"}),
    ("both Congos", "The Republic of the Congo and the Democratic Republic of the Congo agreed.", {"CG", "CD"}),
    ("Korea, north", "North Korea fired a missile, Pyongyang's media said.", {"KP"}),
    ("Korea, south", "Voters in South Korea went to the polls.", {"KR"}),
    ("Northern Ireland", "Talks in Northern Ireland collapsed in Belfast.", {"GB"}),
    ("Ireland", "Ireland's prime minister spoke in Dublin.", {"IE"}),
    ("Macedonia", "Macedonia changed its name, lawmakers in Skopje decided.", {"MK"}),
    ("Columbia, a university", "Researchers at Columbia University studied mice.", set()),
    ("British Columbia", "Fires burn in British Columbia.", {"CA"}),
    ("Colombia", "Colombia signed a truce in Bogotá.", {"CO"}),
    ("Paris Hilton", "Paris Hilton opened a club.", set()),
    ("Paris, Texas", "A tornado hit Paris, Texas, on Sunday.", {"US"}),
    ("Panama hat", "He wore a Panama hat to the wedding.", set()),
    ("Jersey, the island", "Jersey, one of the Channel Islands, changed its tax law.", {"JE"}),
    ("New Jersey", "Police in New Jersey arrested two men.", {"US"}),
    ("Lebanon, Pennsylvania", "A fire broke out in Lebanon, Pennsylvania.", {"US"}),
    ("Birmingham, Alabama", "The march began in Birmingham, Alabama.", {"US"}),
    ("Birmingham, England", "Police in Birmingham, England, arrested two men.", {"GB"}),
    ("an unknown town", "A barn burned in Smallville, Kan., on Friday.", {"US"}),
]  # fmt: skip

RULES = [
    ("a mask", "The New York Times won a prize.", set()),
    ("a language", "The book is written in French.", set()),
    ("a currency", "It costs 40 Swiss francs.", set()),
    ("letters within a word", "Iranology and Omanite are words.", set()),
    ("an abbreviation with a hyphen", "A U.S.-led coalition withdrew.", {"US"}),
    ("a possessive", "Kenya’s coast flooded.", {"KE"}),
    ("capitals", "FLOODS IN KENYA AND NEW ZEALAND", {"KE", "NZ"}),
    ("a demonym", "Norwegian fishermen protested.", {"NO"}),
    ("a small town alone", "The bakery of Ketchum closed.", set()),
    ("a common word", "Reading is fun. Nice people read.", set()),
    ("a month in a dateline", "MINSK, Nov 3 - Belarus sold less potash.", {"BY"}),
    ("a broken line", "They met in New\nZealand.", {"NZ"}),
]


@pytest.mark.parametrize(("text", "expected"), [pytest.param(t, e, id=i) for i, t, e in TRAPS + RULES])
def test_english(text, expected):
    assert set(countries_of("", text, "en").countries) == expected


LANGUAGES = [
    ("fr", "Le ministre ukrainien a quitté Londres pour l’Allemagne.", {"UA", "GB", "DE"}),
    ("de", "Frankreichs Präsident traf ukrainische Soldaten bei Charkiw.", {"FR", "UA"}),
    ("de", "Das Essen war kalt, der Kiel morsch.", set()),
    ("es", "El presidente de EE. UU. viajó a Bogotá y a la Ciudad de México.", {"US", "CO", "MX"}),
    ("pt", "O governo brasileiro criticou a Venezuela.", {"BR", "VE"}),
    ("it", "Il premier britannico è arrivato a Roma.", {"GB", "IT"}),
    ("ru", "Президент Украины прибыл в Варшаву из Южной Кореи.", {"UA", "PL", "KR"}),
    ("ru", "Финские пограничники говорили с американцами.", {"FI", "US"}),
    ("ar", "وصل الرئيس الأمريكي إلى بغداد بعد زيارة لسوريا ولبنان.", {"US", "IQ", "SY", "LB"}),
    ("zh", "美国总统访问北京，日本首相表示关切。", {"US", "CN", "JP"}),
    ("zh", "他学习法语和日语。", set()),
    ("ja", "ロシアと韓国の代表がベルリンで会談した。", {"RU", "KR", "DE"}),
    ("ja", "新しいタイトルを発表した。", set()),
    ("uk", "Президент України говорив у Варшаві.", {"UA", "PL"}),
    ("pl", "Prezydent Ukrainy przyjechał do Warszawy.", {"UA", "PL"}),
    ("nl", "De Duitse minister kwam naar Brussel.", {"DE", "BE"}),
    ("tr", "Türkiye ile ABD anlaştı.", {"TR", "US"}),
    ("sv", "Statsministern reste till Tyskland.", {"DE"}),
    ("und", "Floods in Kenya", {"KE"}),
]


@pytest.mark.parametrize(("language", "text", "expected"), LANGUAGES)
def test_languages(language, text, expected):
    assert set(countries_of("", text, language).countries) == expected


def test_names_of_other_languages_are_not_looked_for():
    assert countries_of("", "The island has soul, and a change is due.", "en").countries == ()
    assert countries_of("", "La Dominique est une île.", "en").countries == ()


def test_a_lone_city_in_a_text_about_elsewhere_is_doubted():
    text = "Police in London and Manchester, England, searched a flat in Edmonton."
    assert countries_of("", text, "en").countries == ("GB",)


def test_names_are_settled_for_the_whole_text():
    text = "The mayor of Paris, Texas, resigned. Paris has no deputy mayor."
    assert countries_of("", text, "en").countries == ("US",)


@pytest.mark.parametrize(
    ("title", "body", "primary"),
    [
        pytest.param("", "", None, id="no text"),
        pytest.param("A recipe for soup", "Cut the onions. Add salt.", None, id="no country"),
        pytest.param("Kenya floods", "Aid came from Norway, Norway's minister said.", "KE", id="the title's"),
        pytest.param("Prices rise", "OSLO (AP) — Prices rose by 2 percent.", "NO", id="the dateline's"),
        pytest.param("", "Kenya and Norway signed a treaty.", None, id="two that share it"),
        pytest.param("Prices rise", "OSLO, Feb 26 - Prices rose by 2 percent.", "NO", id="with a date"),
    ],
)
def test_primary(title, body, primary):
    assert countries_of(title, body, "en").primary == primary


def test_the_publisher_decides_what_the_text_leaves_open():
    text = "The mayor of Birmingham resigned."
    assert countries_of("", text, "en", "US").primary == "US"
    assert countries_of("", text, "en", "GB").primary == "GB"
    assert countries_of("", "A harbour in Kenya closed.", "en", "US").countries == ("KE",)


def test_evidence_points_at_the_text():
    title, body = "Floods in Kenya", "Nairobi’s mayor asked for help.\nNorwegian boats came."
    found = countries_of(title, body, "en")
    text = f"{title}\n{body}"
    spans = [(text[e.start : e.end], e.kind, e.country) for e in found.evidence]
    assert spans == [("Kenya", "country", "KE"), ("Nairobi", "capital", "KE"), ("Norwegian", "demonym", "NO")]
    assert all(0 < e.confidence <= 1 for e in found.evidence)
    assert set(found.countries) <= set(found.scores)


def test_the_same_text_has_the_same_tags():
    text = "Georgia, Armenia and Jordan met in Paris; Birmingham and Congo did not."
    assert len({repr(countries_of("Talks", text, "en")) for _ in range(3)}) == 1
