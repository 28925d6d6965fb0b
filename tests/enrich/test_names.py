"""What countries are called, for those who filter by name."""

from __future__ import annotations

import pytest

from worker.enrich.countries.names import code_of, names_by_code

NAMES = {
    "Belarus": "BY",
    "  belarus ": "BY",
    "UNITED STATES": "US",
    "Vereinigte Staaten": "US",
    "Беларусь": "BY",
    "中国": "CN",
    "Kosovo": "XK",
    "Niger": "NE",
    "Georgia": "GE",
    "Utopia": None,
    "Paris": None,
    "Belarusian": None,
    "": None,
}


@pytest.mark.parametrize("name", NAMES)
def test_the_code_of_a_name(name):
    assert code_of(name) == NAMES[name]


def test_all_countries_are_called_something():
    known = names_by_code()
    assert len(known) > 240
    assert "United Kingdom" in known["GB"]
    assert all(names and len(code) == 2 and code.isupper() for code, names in known.items())
    assert "Deutschland" in names_by_code("de")["DE"]
