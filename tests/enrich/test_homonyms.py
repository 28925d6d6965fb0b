"""Names that are words, too, or another place's, or that need a second name. Texts are our own."""

from __future__ import annotations

import pytest

from worker.enrich.countries import countries_of

BY_LANGUAGE = [
    ("ar", "a diameter", "يبلغ قطر الأنبوب مترا ونصف قطر الأنبوب الآخر مترين.", set()),
    ("ar", "Qatar", "وصل وزير الخارجية إلى الدوحة، وقالت قطر إنها ترحب به.", {"QA"}),
    ("ar", "a financial expert", "قال مدير مالي إن الشركة خسرت نصف قيمتها.", set()),
    ("ar", "Mali", "انسحبت القوات من شمال مالي وعادت إلى باماكو.", {"ML"}),
    ("ar", "the evening prayer", "اجتمع الناس بعد صلاة المغرب.", set()),
    ("ar", "Morocco", "فاز المغرب في المباراة.", {"MA"}),
    ("ar", "Tripoli in Lebanon", "احتج سكان طرابلس في لبنان على انقطاع الكهرباء.", {"LB"}),
    ("tr", "maize", "Mısır hasadı bu yıl çiftçiyi sevindirdi.", set()),
    ("tr", "Egypt among farmers", "Mısır'da buğday fiyatı ve un üretici için sorun oldu.", {"EG"}),
    ("tr", "Tripoli in Lebanon", "Lübnan ordusu Trablus'ta yolları kapattı.", {"LB"}),
    ("tr", "Tripoli in Libya", "Libya ordusu Trablus'ta yolları kapattı.", {"LY"}),
    ("tr", "a restaurant", "Akşam bir Çin lokantasında buluştular.", set()),
    ("ru", "a pronoun", "Того, что он обещал, не увидел никто.", set()),
    ("ru", "Togo", "Президент Того прибыл в Ломе.", {"TG"}),
    ("es", "Grenada", "El primer ministro de Granada recorrió la isla tras el huracán en el Caribe.", {"GD"}),
    ("es", "Granada", "Los vecinos de Granada protestan ante el gobierno andaluz.", {"ES"}),
    ("fr", "the Union", "Bruxelles veut que les États membres de l'UE paient davantage.", set()),
    ("fr", "the city", "Un tramway a déraillé à Bruxelles, un piéton belge est blessé.", {"BE"}),
    ("de", "a noun before a name", "Im Bundesstaat Georgia wird gewählt.", {"US"}),
    ("de", "no article before it", "Halle bekommt zwölf Straßenbahnen.", {"DE"}),
    ("de", "an article before it", "Die Halle bekommt zwölf Lampen.", set()),
    ("es", "a capital within a sentence", "La plaza de la Libertad y el mercado Coronel reabren.", set()),
    ("de", "a town after a noun", "Der Stadtrat Erfurt wählt am Sonntag.", {"DE"}),
    ("de", "a noun that is a town abroad", "Dabei stieg der Pegel am Kanal um ein Grad.", set()),
    ("de", "a product", "Wer noch Windows Vista hat, muss wechseln.", set()),
    ("de", "a noun after a preposition", "Sie sitzen im Keller und warten auf das Ende.", set()),
    ("fr", "no language", "Le dortoir est en Suisse.", {"CH"}),
    ("it", "a town with a name of its own", "A Lecco il lago è salito.", {"IT"}),
]  # fmt: skip

JOINT = [
    ("zh", "中美两国代表在电话中讨论了问题。", {"CN", "US"}),
    ("zh", "中日韩三国外长举行会谈。", {"CN", "JP", "KR"}),
    ("zh", "其中美国的产量最高。", {"US"}),
    ("zh", "集中美好的回忆。", set()),
    ("ja", "日米首脳会談が開かれた。", {"JP", "US"}),
    ("ja", "日中の気温は30度を超えた。", set()),
    ("en", "Officials from North and South Korea spoke.", {"KP", "KR"}),
    ("en", "Officials from South and North Korea spoke.", {"KP", "KR"}),
    ("en", "The storm hit North and South Carolina.", {"US"}),
    ("de", "Nord- und Südkorea sprechen wieder.", {"KP", "KR"}),
    ("fr", "La Corée du Nord et du Sud se parlent.", {"KP", "KR"}),
    ("es", "Corea del Norte y del Sur hablan.", {"KP", "KR"}),
    ("it", "Corea del Nord e del Sud si parlano.", {"KP", "KR"}),
    ("pt", "A Coreia do Norte e do Sul conversam.", {"KP", "KR"}),
]

ENGLISH = [
    ("a pronoun in capitals", "TELL US WHAT YOU THINK", "", set()),
    ("the country in capitals", "US TROOPS LEAVE AS ALLIES ASK US FOR HELP", "", {"US"}),
    ("capitals are no other word", "TURKEY DINNER FOR 400", "The chef roasts and owns large pans.", set()),
    ("a building", "", "Guides at the Alhambra in Granada walked out.", {"ES"}),
    ("a town of that name", "", "Voters in Alhambra, California, were divided.", {"US"}),
    ("a district by another one", "", "Pupils in Edmonton and Enfield planted a garden.", {"GB"}),
    ("a district by London", "", "Police in London searched a flat in Edmonton.", {"GB"}),
    ("the city by its province", "", "He flew from London to Edmonton, Alberta.", {"GB", "CA"}),
    ("a stadium", "", "The captain was sent off at Anfield.", {"GB"}),
    ("two countries' adjective", "", "Dominican soldiers turned back at the border with Haiti.", {"DO", "HT"}),
    ("an order of friars", "", "The Dominican friar left the monastery.", set()),
    ("a council of two towns", "", "Perth and Kinross council repairs bridges.", {"GB"}),
]  # fmt: skip


@pytest.mark.parametrize(
    ("language", "text", "expected"),
    [pytest.param(language, text, e, id=f"{language}: {i}") for language, i, text, e in BY_LANGUAGE],
)
def test_a_word_or_a_name(language, text, expected):
    assert set(countries_of("", text, language).countries) == expected


@pytest.mark.parametrize(("language", "text", "expected"), JOINT)
def test_names_that_need_another_one(language, text, expected):
    assert set(countries_of("", text, language).countries) == expected


@pytest.mark.parametrize(
    ("title", "text", "expected"), [pytest.param(title, text, e, id=i) for i, title, text, e in ENGLISH]
)
def test_what_stands_around_it(title, text, expected):
    assert set(countries_of(title, text, "en").countries) == expected


@pytest.mark.parametrize(
    ("language", "title", "text", "primary"),
    [
        pytest.param(
            "en",
            "Kenya borrows again",
            "Japan lends the money. Japan's envoy said Japan is glad.",
            "KE",
            id="named first",
        ),
        pytest.param(
            "fr",
            "",
            "La frontière entre l'Italie et la Suisse a bougé. Le lit est en Suisse, la table en Italie, dit-on.",
            None,
            id="in one breath",
        ),
    ],
)
def test_who_acts(language, title, text, primary):
    assert countries_of(title, text, language).primary == primary
