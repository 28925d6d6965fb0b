"""What a rebuilt index changes, counted and shown."""

from dataclasses import replace

import pytest

from tests.store.builders import NOW, document, later
from worker.reindex.diff import SAMPLES, Change, Limits, Report, change_of, exceeded, length_of, movers

LIVE = document(
    body="A body of some length.", countries=("BY", "US"), topics=("medtop:04000000",), country_primary="BY"
)

CHANGES = [
    ("nothing", {}, Change()),
    ("versions only", {"extractor_version": "2", "tagger_version": "9", "quality": 0.2}, Change()),
    ("scores only", {"country_scores": {"BY": 0.3}, "topic_scores": {"medtop:04000000": 0.3}}, Change()),
    ("order only", {"countries": ("US", "BY")}, Change()),
    ("title", {"title": "Another"}, Change(fields=("title",))),
    ("date", {"published_at": later(1)}, Change(fields=("published_at",))),
    ("author", {"authors": ("A B",)}, Change(fields=("authors",))),
    ("language", {"language": "de"}, Change(fields=("language",))),
    ("main country", {"country_primary": None}, Change(fields=("country_primary",))),
    ("body of the same length", {"body": "a body of some length."},
     Change(fields=("body",), length="same length")),
    ("body cut", {"body": "A body"}, Change(fields=("body",), length="under half")),
    ("country added", {"countries": ("BY", "US", "RU")},
     Change(fields=("countries",), countries_added=("RU",))),
    ("country for another", {"countries": ("BY", "RU")},
     Change(fields=("countries",), countries_added=("RU",), countries_removed=("US",))),
    ("topic gone", {"topics": ()}, Change(fields=("topics",), topics_removed=("medtop:04000000",))),
]  # fmt: skip


@pytest.mark.parametrize(("fields", "change"), [row[1:] for row in CHANGES], ids=[row[0] for row in CHANGES])
def test_change_of(fields, change):
    assert change_of(LIVE, replace(LIVE, **fields)) == change
    assert bool(change) == bool(change.fields)


LENGTHS = [
    (100, 100, "same length"),
    (100, 99, "slightly shorter"),
    (100, 90, "slightly shorter"),
    (100, 89, "shorter"),
    (100, 50, "shorter"),
    (100, 49, "under half"),
    (100, 0, "under half"),
    (99, 100, "slightly longer"),
    (89, 100, "longer"),
    (49, 100, "over double"),
    (0, 1, "over double"),
    (0, 0, "same length"),
]


@pytest.mark.parametrize(("before", "after", "name"), LENGTHS)
def test_length_of(before, after, name):
    assert length_of(before, after) == name


def test_a_report_counts_documents():
    report = Report()
    report.add(LIVE, LIVE)
    report.add(LIVE, replace(LIVE, title="Another", countries=("BY", "RU")))
    report.add(LIVE, replace(LIVE, body="A body"))
    report.add(LIVE, None)
    report.add(None, LIVE)
    assert (report.compared, report.changed, report.lost, report.gained) == (4, 2, 1, 1)
    assert report.fields == {"title": 1, "countries": 1, "body": 1}
    assert report.lengths == {"under half": 1}
    assert report.countries == {("RU", "added"): 1, ("US", "removed"): 1}
    assert set(report.samples) == {"title", "countries", "body", "lost", "gained"}
    assert report.share(report.lost) == 0.25


def test_an_empty_report_breaks_nothing():
    assert exceeded(Report(), Limits(lost=0.0, shorter=0.0, titles=0.0, countries=0.0, topics=0.0)) == []


def test_a_sample_begins_shortly_before_the_texts_part():
    report = Report()
    body = "The same words again and again. " * 20
    report.add(replace(LIVE, body=f"{body}Then this."), replace(LIVE, body=f"{body}Or that."))
    (sample,) = report.samples["body"]
    assert sample.before.endswith("again. Then this.")
    assert sample.after.endswith("again. Or that.")
    assert len(sample.before) < 60


def test_a_sample_of_a_set_is_what_the_other_side_has_not():
    report = Report()
    report.add(
        replace(LIVE, topics=("a", "b"), topic_names=("A", "B")),
        replace(LIVE, topics=("b", "own:c"), topic_names=("B", "C")),
    )
    (sample,) = report.samples["topics"]
    assert (sample.before, sample.after) == ("a", "own:c")
    assert report.topic_names == {"a": "A", "b": "B", "own:c": "C"}


def test_few_samples_are_kept():
    report = Report()
    for number in range(SAMPLES + 3):
        report.add(LIVE, replace(LIVE, title=f"Other {number}"))
    assert [sample.after for sample in report.samples["title"]] == [f"Other {n}" for n in range(SAMPLES)]
    assert report.fields["title"] == SAMPLES + 3


def test_movers_come_by_how_many_documents_moved():
    counts = {
        ("BY", "added"): 2,
        ("BY", "removed"): 3,
        ("US", "added"): 5,
        ("RU", "removed"): 1,
        ("DE", "added"): 5,
    }
    assert movers(counts, 3) == [("BY", 2, 3), ("DE", 5, 0), ("US", 5, 0)]


LIMITS = [
    ("none broken", Limits(), 1000, []),
    ("lost", Limits(lost=0.0009), 1000, ["documents lost: 1 of 1,000 (0.10%), more than 0.09%"]),
    ("lost, just not", Limits(lost=0.001), 1000, []),
    ("nothing is too much", Limits(lost=0.0), 1000, ["documents lost: 1 of 1,000 (0.10%), more than 0.00%"]),
    ("anything goes", Limits(lost=None), 1, []),
    ("several", Limits(lost=0.0, titles=0.0005, shorter=0.0, topics=0.5), 1000, [
        "documents lost: 1 of 1,000 (0.10%), more than 0.00%",
        "bodies cut by more than a tenth: 2 of 1,000 (0.20%), more than 0.00%",
        "titles changed: 1 of 1,000 (0.10%), more than 0.05%",
    ]),
]  # fmt: skip


@pytest.mark.parametrize(
    ("limits", "compared", "said"), [row[1:] for row in LIMITS], ids=[row[0] for row in LIMITS]
)
def test_exceeded(limits, compared, said):
    report = Report(compared=compared, lost=1)
    report.fields["title"] = 1
    report.lengths.update({"under half": 1, "shorter": 1, "slightly shorter": 7})
    assert exceeded(report, limits) == said


def test_times_and_nothing_are_shown():
    report = Report()
    report.add(LIVE, replace(LIVE, modified_at=NOW))
    (sample,) = report.samples["modified_at"]
    assert (sample.before, sample.after) == ("", str(NOW))
