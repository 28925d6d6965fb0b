"""The seed page gives every field that is expected of it, but countries and topics."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from tests.extract.pages import page_of
from tests.test_pipeline import built, row_of

SHARED = Path(os.environ.get("FEEDMILL_EVAL_DATA", Path(__file__).parents[3] / "shared"))
SEED = SHARED / "seed"
FIELDS = ("url", "title", "author", "section", "published_date", "language")

pytestmark = [
    pytest.mark.eval,
    pytest.mark.skipif(not SEED.exists(), reason=f"no seed page at {SEED} (set FEEDMILL_EVAL_DATA)"),
]


@pytest.fixture(scope="module")
def expected():
    return json.loads((SEED / "expected.json").read_text())


@pytest.fixture(scope="module")
def document(expected):
    page = page_of((SEED / "page.html").read_bytes(), expected["url"])
    return built(page, row_of()).candidate.document


@pytest.mark.parametrize("field", FIELDS)
def test_field(document, expected, field):
    got = {
        "author": "; ".join(document.authors),
        "published_date": document.published_at.date().isoformat(),
    }
    assert got.get(field, getattr(document, field, None)) == expected[field]


def test_body_is_whole_and_clean(document, expected):
    assert document.body.startswith(expected["body_starts_with"])
    assert document.body.endswith(expected["body_ends_with"])
    assert [text for text in expected["body_must_not_contain"] if text in document.body] == []
