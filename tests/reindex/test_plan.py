"""What a rebuild is to do: steps, selections, slices."""

import pytest

from tests.store.builders import document
from worker.enrich.tags import tagger_version
from worker.errors import UsageError
from worker.extract.version import extractor_version
from worker.reindex.plan import is_stale, request_of, slices_of, steps_of
from worker.reindex.steps import Source, Step

STEPS = [
    (Source.ARCHIVE, None, {Step.EXTRACT, Step.TAGS}),
    (Source.ARCHIVE, Step.EXTRACT, {Step.EXTRACT}),
    (Source.ARCHIVE, Step.TAGS, {Step.TAGS}),
    (Source.ARCHIVE, Step.MAPPING, {Step.MAPPING}),
    (Source.INDEX, None, {Step.TAGS}),
    (Source.INDEX, Step.TAGS, {Step.TAGS}),
    (Source.INDEX, Step.MAPPING, {Step.MAPPING}),
]


@pytest.mark.parametrize(("source", "only", "steps"), STEPS)
def test_steps(source, only, steps):
    assert steps_of(source, only) == steps


def test_text_cannot_be_extracted_from_text():
    with pytest.raises(UsageError, match="--from archive"):
        steps_of(Source.INDEX, Step.EXTRACT)


BOTH = frozenset({Step.EXTRACT, Step.TAGS})
STALE = [
    ("both as today", {}, BOTH, False),
    ("another extractor", {"extractor_version": "old"}, BOTH, True),
    ("another tagger", {"tagger_version": "old"}, BOTH, True),
    ("another tagger, which is not asked", {"tagger_version": "old"}, frozenset({Step.EXTRACT}), False),
    ("another extractor, which is not asked", {"extractor_version": "old"}, frozenset({Step.TAGS}), False),
    ("nobody is asked", {"extractor_version": "old"}, frozenset({Step.MAPPING}), False),
]


@pytest.mark.parametrize(
    ("made", "steps", "stale"), [row[1:] for row in STALE], ids=[row[0] for row in STALE]
)
def test_stale(made, steps, stale):
    present = {"extractor_version": extractor_version(), "tagger_version": tagger_version()}
    assert is_stale(document(**{**present, **made}), steps) is stale


def test_a_selection_is_a_search():
    request = request_of({"query": "potash", "country": "by", "stale": True})
    assert (request.country, len(request.query.clauses)) == ("BY", 1)
    assert request_of({"stale": True}) is None
    assert request_of({"since": "2026-11-01T00:00:00+00:00"}).since.day == 1
    with pytest.raises(UsageError, match="--language"):
        request_of({"language": "Q9"})


@pytest.mark.parametrize(("documents", "count"), [(0, 16), (19_999, 16), (20_000, 256), (10_000_000, 256)])
def test_slices_cover_every_id_once(documents, count):
    slices = slices_of(documents)
    assert len(slices) == len({part.slice_id for part in slices}) == count
    assert (slices[0].after, slices[-1].before) == ("", "")
    for part, following in zip(slices, slices[1:], strict=False):
        assert part.before == following.after
    assert all(part.cursor == part.after for part in slices)
    for article_id in ("0" * 32, "7f" * 16, "f" * 32):
        holding = [p for p in slices if p.after < article_id and (not p.before or article_id < p.before)]
        assert len(holding) == 1
