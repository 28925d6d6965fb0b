"""Tags for texts of one's own: lines of JSON in, lines of JSON out, in their order, over all cores."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import asdict, dataclass
from itertools import islice
from queue import Queue
from typing import TYPE_CHECKING, Any

from worker.enrich.countries import countries_of
from worker.enrich.tags import tag
from worker.enrich.topics.tagging import topic_evidence
from worker.errors import WorkError
from worker.extract.pool import ChildBugError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from worker.extract.pool import WorkerPool

BATCH = 8
"""Lines that a child is given at once: sending costs a twentieth of tagging then. A slow
writer sees its lines answered by eights."""
_AHEAD = 4
"""Batches per process that are read ahead of the one waited for."""
_FIELDS = ("language", "country_primary", "countries", "country_scores",
           "topics", "topics_top", "topic_names", "topic_scores")  # fmt: skip


class BadLineError(ValueError):
    """A line that holds no text to tag."""


@dataclass(frozen=True, slots=True)
class TaggedLine:
    """What became of a line (1 is the first): its record with tags, or why it has none."""

    number: int
    record: dict[str, Any] | None = None
    problem: str | None = None


Batch = list[tuple[int, bytes]]
"""Lines with their numbers."""
Tagger = Callable[[Batch], list[TaggedLine]]


def tag_lines(
    lines: Iterable[bytes], pool: WorkerPool, processes: int, tagger: Tagger | None = None
) -> Iterator[TaggedLine]:
    """Yield what `tagger` (`tag_batch`) makes of every line, in their order, reading a few batches ahead.

    A text that takes too long or kills its child costs its own line. What reading raises is raised here.
    """
    waiting: Queue[Future[list[TaggedLine]] | None] = Queue(processes * _AHEAD)
    with ThreadPoolExecutor(processes) as threads:
        stopped = threading.Event()

        def read() -> None:
            try:
                for batch in _batches(lines):
                    if stopped.is_set():
                        return
                    waiting.put(threads.submit(_tagged, batch, pool, tagger or tag_batch))
            except (OSError, RuntimeError) as error:
                waiting.put(_failed(error))
            waiting.put(None)

        threading.Thread(target=read, daemon=True).start()
        try:
            while batch := waiting.get():
                yield from batch.result()
        finally:
            stopped.set()


def tag_batch(batch: Batch) -> list[TaggedLine]:
    """Return the tags of numbered lines. Runs in a child."""
    return [tag_line(line, number) for number, line in batch]


def explain_batch(batch: Batch) -> list[TaggedLine]:
    """Return the same with the evidence: spans of title, line break and body. Runs in a child."""
    return [explain_line(line, number) for number, line in batch]


def tag_line(line: bytes, number: int) -> TaggedLine:
    """Return the tags of one line: `{"id", "title", "body", "language"?}`, other fields being ignored."""
    try:
        text = _read(line)
    except BadLineError as error:
        return TaggedLine(number, problem=str(error))
    tags = tag(text["title"], text["body"], (text["language"],))
    return TaggedLine(number, {"id": text["id"], **{name: getattr(tags, name) for name in _FIELDS}})


def explain_line(line: bytes, number: int) -> TaggedLine:
    """Return the tags of one line with what speaks for them."""
    tagged = tag_line(line, number)
    if tagged.record is None:
        return tagged
    text = _read(line)
    said = (text["title"], text["body"], tagged.record["language"])
    places = [asdict(each) for each in countries_of(*said).evidence]
    topics = [asdict(each) for each in topic_evidence(*said)]
    return TaggedLine(number, tagged.record | {"evidence": places + topics})


def _read(line: bytes) -> dict[str, Any]:
    try:
        said = json.loads(line)
    except (ValueError, RecursionError):
        raise BadLineError("no JSON") from None
    if not isinstance(said, dict):
        raise BadLineError("no JSON object")
    text = {name: said.get(name) or "" for name in ("title", "body")}
    if not all(isinstance(value, str) for value in text.values()) or not any(text.values()):
        raise BadLineError("neither title nor body that is text")
    language = said.get("language")
    return {"id": said.get("id"), "language": language if isinstance(language, str) else None, **text}


def _tagged(batch: Batch, pool: WorkerPool, tagger: Tagger) -> list[TaggedLine]:
    """Return the lines' tags; one at a time where the batch failed, so that a line costs no other."""
    try:
        tagged: list[TaggedLine] = pool.run(tagger, batch)
    except (WorkError, ChildBugError) as error:
        if len(batch) > 1:
            return [line for one in batch for line in _tagged([one], pool, tagger)]
        return [TaggedLine(batch[0][0], problem=_last_line(error))]
    return tagged


def _last_line(error: Exception) -> str:
    """Return what went wrong; of a traceback the end."""
    return str(error).strip().rpartition("\n")[2]


def _batches(lines: Iterable[bytes]) -> Iterator[Batch]:
    numbered = ((number, line) for number, line in enumerate(lines, 1) if line.strip())
    while batch := list(islice(numbered, BATCH)):
        yield batch


def _failed(error: Exception) -> Future[list[TaggedLine]]:
    future: Future[list[TaggedLine]] = Future()
    future.set_exception(error)
    return future
