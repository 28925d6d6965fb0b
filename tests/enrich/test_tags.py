from __future__ import annotations

from worker.enrich.tags import tag


def test_tags_carry_the_countries():
    tags = tag("Floods in Kenya", "Nairobi asked for help. Norway sent boats to Mombasa.", ("en",))
    assert (tags.country_primary, tags.countries) == ("KE", ("KE", "NO"))
    assert list(tags.country_scores) == ["KE", "NO"]
    assert all(0.9 < score <= 1 for score in tags.country_scores.values())


def test_the_publisher_is_optional_and_breaks_ties():
    text = ("Mayor resigns", "The mayor of Birmingham said on Monday that she would resign in the autumn.")
    assert tag(*text, ("en",), "US").country_primary == "US"
    assert tag(*text, ("en",), "GB").country_primary == "GB"
