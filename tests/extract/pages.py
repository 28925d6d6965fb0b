"""The pages of tests/data/pages: each NAME.html with what must come out of it in NAME.expected.json.

Files named gate_* give nothing: `tests/extract/quality`.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from worker.models import Page

FOLDER = Path(__file__).parents[1] / "data" / "pages"
NAMES = sorted(path.stem for path in FOLDER.glob("*.html") if not path.stem.startswith("gate_"))
FETCHED_AT = datetime(2026, 11, 24, 12, tzinfo=UTC)


def expected(name: str) -> dict[str, Any]:
    return json.loads((FOLDER / f"{name}.expected.json").read_text(encoding="utf-8"))


def page_of(body: bytes, url: str = "https://courier.example/a", content_type: str | None = None) -> Page:
    headers = {} if content_type is None else {"content-type": content_type}
    return Page(url=url, final_url=url, status=200, headers=headers, body=body, fetched_at=FETCHED_AT)


def stored_page(name: str) -> Page:
    return page_of((FOLDER / f"{name}.html").read_bytes(), expected(name)["url"])
