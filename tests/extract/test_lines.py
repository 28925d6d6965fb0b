"""Which lines of an extracted text are the article's."""

from __future__ import annotations

import pytest

from worker.extract.lines import article_lines, is_furniture, table_row


@pytest.mark.parametrize(
    "line",
    [
        "Read also: Ferries run from June",
        "READ MORE: Ferries run from June",
        "Lesen Sie auch: Fähren fahren ab Juni",
        "Mehr zum Thema: Fähren fahren ab Juni",
        "À lire aussi : les ferries reviennent",
        "Lea también: Los transbordadores vuelven",
        "Leggi anche: Tornano i traghetti",
        "Читайте также: Паромы вернутся в июне",
        "相关阅读：夏季渡轮即将恢复",
        "関連記事：夏のフェリーが再開",
        "Photo: Jane Roe/Courier",
        "Foto: Jane Roe",
        "© Jane Roe",
        "Фото: Анна Р.",
        "Share this article on Facebook",
        "Follow us on Instagram and never miss a story",
        "Sign up for our weekly newsletter and miss no story",
        "Auf Facebook teilen",
        "Advertisement",
        "ANZEIGE",
    ],
)
def test_furniture(line):
    assert is_furniture(line)


@pytest.mark.parametrize(
    "line",
    [
        pytest.param("Read more books, the minister said.", id="no colon"),
        pytest.param("Read also: " + "the whole report says so, " * 10, id="a paragraph"),
        pytest.param("Related groups met in Geneva.", id="the word alone"),
        pytest.param("Photographs: none survive of the old harbour, which burnt down in the war of 1871, said Doe.", id="longer word"),
        pytest.param("Photo: " + "what it shows is told in the text, which goes on " * 3, id="a long caption"),
        pytest.param("Share prices fell on Tuesday.", id="share prices"),
        pytest.param("Advertisement revenue fell.", id="advertisement in a sentence"),
        pytest.param("Werbung ist teuer.", id="Werbung in a sentence"),
        pytest.param("", id="nothing"),
    ],
)  # fmt: skip
def test_the_article(line):
    assert not is_furniture(line)


@pytest.mark.parametrize(
    ("line", "row"),
    [
        pytest.param("| Year | Cost |", "Year | Cost", id="cells"),
        pytest.param("| Costs by year | |", "Costs by year", id="an empty cell"),
        pytest.param("| | |", "", id="an empty row"),
    ],
)
def test_table_row(line, row):
    assert table_row(line) == row


def test_tables_are_rows_without_rules():
    lines = [
        "The costs",
        "| Year | Cost |",
        "|---|---|",
        "| 2025 | 1.5 |",
        "| |",
        "|x| is the absolute value.",
    ]
    assert list(article_lines(lines)) == [
        "The costs",
        "Year | Cost",
        "2025 | 1.5",
        "|x| is the absolute value.",
    ]


@pytest.mark.timeout(5)
@pytest.mark.parametrize("text", ["|-" * 100_000 + "|", "\u00a0-" * 100_000, "share on " * 50_000])
def test_long_lines_cost_nothing(text):
    assert list(article_lines([text])) in ([text], [table_row(text)])
