"""The demo site through the whole service: what is no article ends rejected, and one command lets it in."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.newsroom import follow
from worker.cli.demo import demo_settings
from worker.demo.server import DemoSite
from worker.mill import open_store
from worker.service import run_service

pytestmark = [pytest.mark.slow, pytest.mark.timeout(120)]

CONSENT = "courier/business/airport-lounge-prices"
PAYWALL = "morgenblatt/wirtschaft/autozulieferer-ungarn-umbau-408.html"


@pytest.fixture
def site():
    with DemoSite() as running:
        yield running


def test_walls_are_rejected_and_one_command_lets_them_in(site: DemoSite, tmp_path: Path, monkeypatch) -> None:
    monkeypatch.chdir(tmp_path)
    settings = demo_settings(tmp_path / "demo.db")
    run_service(settings, until_idle=True, on_start=follow(*site.feed_urls))
    store = open_store(settings)
    dead = {(row.entry.url or "").removeprefix(site.url): row for row in store.entries.dead()}
    assert {path: row.reason for path, row in dead.items()} == {
        CONSENT: "consent_wall",
        PAYWALL: "paywall_stub",
        "quai/economie/brocante-du-port-annulee": "not_found",
    }
    counts = store.entries.counts()
    assert sum(counts.values()) == 46
    assert "we value your privacy" in (dead[CONSENT].detail or "")
    assert store.entries.admit_anyway([dead[PAYWALL].entry.entry_id], dead[PAYWALL].done_at) == 1
    store.close()

    run_service(settings, until_idle=True)
    store = open_store(settings)
    [row] = store.entries.find_by_url(site.url + PAYWALL)
    article = store.articles.get(row.article_id or "")
    store.close()
    assert (row.outcome, row.forced) == ("indexed", True)
    assert article
    assert (article.body_source, "Auspuffanlagen" in article.body) == ("page", True)
