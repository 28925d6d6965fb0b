"""What operators read about a rejected entry: why, what was seen, and how to let it in."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.store.builders import NOW, A, claim_one, entry, rejected
from worker.errors import NoArticleError
from worker.extract.quality.rules import RULES
from worker.models import Outcome, OutcomeKind
from worker.ops.explain import find_story, tell
from worker.ops.reasons import SENTENCES
from worker.ops.status import collect_status
from worker.store.decide import BOILERPLATE
from worker.store.sqlite import open_sqlite


@pytest.fixture
def store(tmp_path):
    from tests.store.builders import feed

    opened = open_sqlite(tmp_path / "feedmill.db")
    opened.feeds.add([feed()])
    yield opened
    opened.close()


def story_of(store, reason: str, detail: str | None = None) -> dict[str, str]:
    store.entries.admit(A, [entry()], NOW)
    outcome = Outcome(kind=OutcomeKind.REJECTED, reason=reason, detail=detail)
    store.entries.finish([replace(rejected(claim_one(store)), outcome=outcome)], NOW)
    return dict(tell(find_story(store, entry().url), NOW))


def test_every_reason_of_the_gate_has_a_sentence():
    assert set(SENTENCES) == {*(rule.__name__ for rule in RULES), NoArticleError.reason, BOILERPLATE}


@pytest.mark.parametrize("reason", SENTENCES)
def test_explain_says_why_what_was_seen_and_how_to_overrule(store, reason):
    told = story_of(store, reason, "says so")
    assert told["outcome"].startswith(f"rejected ({reason})")
    assert (told["why"], told["seen"]) == (SENTENCES[reason], "says so")
    assert told["let it in"] == "feedmill dead retry --force entry-1"
    assert (("rejected", reason, 1),) == collect_status(store, NOW).reasons


def test_other_reasons_are_no_judgement_to_overrule(store):
    told = story_of(store, "not_found", "HTTP 404")
    assert told["seen"] == "HTTP 404"
    assert not {"why", "let it in"} & set(told)


def test_an_entry_that_is_tried_again_has_no_reason_yet(store):
    story_of(store, "consent_wall", "says so")
    store.entries.admit_anyway(["entry-1"], NOW)
    told = dict(tell(find_story(store, entry().url), NOW))
    assert not {"why", "seen", "let it in"} & set(told)
