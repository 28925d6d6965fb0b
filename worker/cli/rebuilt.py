"""How a rebuild's progress and its report are printed."""

from __future__ import annotations

from dataclasses import asdict
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from rich.text import Text

from worker.cli.output import pairs, say, table
from worker.enrich.countries.names import names_by_code
from worker.models import Phase
from worker.ops.text import one_line, when
from worker.reindex.diff import movers
from worker.reindex.steps import STALE

if TYPE_CHECKING:
    from collections import Counter
    from collections.abc import Iterable, Mapping

    from worker.models import Rebuild
    from worker.reindex.control import Progress
    from worker.reindex.diff import Report, Sample

_MOST_MOVERS = 10
_NEXT = {
    Phase.COPYING: "`feedmill reindex start` goes on with it, `cancel` gives it up",
    Phase.COPIED: "`feedmill reindex diff` shows what would change, `promote` puts it in place, "
    "`cancel` gives it up",
    Phase.PROMOTED: "`feedmill reindex rollback` takes it back, `clean` deletes the version before",
}


def say_progress(progress: Progress) -> None:
    """Print what the latest rebuild is and how far it has come."""
    rebuild = progress.rebuild
    rows = [
        ("phase", rebuild.phase.value),
        ("began", f"{when(rebuild.started_at)}, {plan_of(rebuild)}"),
        ("versions", f"{rebuild.from_version} → {rebuild.to_version or 'not made yet'}"),
        ("documents", progress_line(progress)),
    ]
    if progress.results:
        rows.append(("results", results_line(progress.results)))
    if rebuild.phase in _NEXT:
        rows.append(("next", _NEXT[rebuild.phase]))
    pairs(rows)


def plan_of(rebuild: Rebuild) -> str:
    """Return in a few words what a rebuild does to which documents."""
    chosen = ", ".join(
        "what is stale" if name == STALE else f"{name} {value}"
        for name, value in rebuild.selection.items()
        if value
    )
    what = " and ".join(rebuild.only)
    return f"from {rebuild.source}: {what} of {chosen or 'all documents'}"


def progress_line(progress: Progress) -> str:
    """Return how many documents are done, how fast, and how long the rest takes."""
    total = max(progress.rebuild.total, progress.seen)
    parts = [f"{progress.seen:,} of {total:,}"]
    if progress.rate:
        parts.append(f"{progress.rate:,.0f} a second")
    if progress.left_s is not None:
        parts.append(f"{timedelta(seconds=round(progress.left_s))} left")
    if progress.workers:
        parts.append(f"{progress.workers} at work")
    if progress.waiting:
        parts.append(f"{progress.waiting:,} wait for an upload to the archive")
    return ", ".join(parts)


def results_line(results: Mapping[str, int]) -> str:
    """Return the results with their counts, most frequent first."""
    ordered = sorted(results.items(), key=lambda item: (-item[1], item[0]))
    return ", ".join(f"{count:,} {name}" for name, count in ordered) or "nothing"


def progress_record(progress: Progress) -> dict[str, Any]:
    """Return the progress as one object."""
    return {
        **asdict(progress.rebuild),
        "seen": progress.seen,
        "results": dict(progress.results),
        "workers": progress.workers,
        "waiting": progress.waiting,
        "rate_now": progress.rate,
        "left_s": progress.left_s,
    }


def say_report(report: Report, results: Mapping[str, int]) -> None:
    """Print what a rebuilt index changes: in numbers, by what moved most, and in a few samples."""
    rows = [
        ("compared", f"{report.compared:,} documents"),
        ("changed", _counted(report, report.changed)),
        ("lost", _counted(report, report.lost)),
        ("gained", f"{report.gained:,}"),
        *((name, _counted(report, count)) for name, count in report.fields.most_common()),
    ]
    if report.lengths:
        rows.append(("body length", ", ".join(f"{n:,} {name}" for name, n in report.lengths.most_common())))
    told = {name: count for name, count in results.items() if ":" in name}
    if told:
        rows.append(("not made anew", results_line(told)))
    pairs(rows)
    _say_movers("country", report.countries, {code: names[0] for code, names in names_by_code().items()})
    _say_movers("topic", report.topics, report.topic_names)
    for name, samples in report.samples.items():
        for sample in samples:
            _say_sample(name, sample)


def report_record(report: Report, results: Mapping[str, int], broken: Iterable[str]) -> dict[str, Any]:
    """Return a report as one object: codes with what was added and removed."""
    return {
        "compared": report.compared,
        "changed": report.changed,
        "lost": report.lost,
        "gained": report.gained,
        "fields": dict(report.fields),
        "body_lengths": dict(report.lengths),
        "countries": _moved(report.countries),
        "topics": _moved(report.topics),
        "results": dict(results),
        "samples": [asdict(sample) for samples in report.samples.values() for sample in samples],
        "limits_broken": list(broken),
    }


def _moved(counts: Counter[tuple[str, str]]) -> dict[str, dict[str, int]]:
    return {
        code: {"added": added, "removed": removed} for code, added, removed in movers(counts, len(counts))
    }


def _counted(report: Report, count: int) -> str:
    return f"{count:,} ({report.share(count):.2%})"


def _say_movers(kind: str, counts: Counter[tuple[str, str]], names: Mapping[str, str]) -> None:
    moved = movers(counts, _MOST_MOVERS)
    if moved:
        say()
        table(
            (kind, "name", "added", "removed"),
            ((code, names.get(code, "-"), f"+{added:,}", f"-{gone:,}") for code, added, gone in moved),
        )


def _say_sample(name: str, sample: Sample) -> None:
    say()
    say(Text(f"{name}  ", style="bold"), Text(one_line(sample.url), style="dim"))
    for sign, value, style in (("-", sample.before, "red"), ("+", sample.after, "green")):
        if value:
            say(Text(f"  {sign} {one_line(value)}", style=style))
