"""Logging: structured lines on stderr, for people on a terminal and as JSON for machines."""

from __future__ import annotations

import logging
import sys
from io import StringIO
from typing import TYPE_CHECKING, Any, TextIO

import structlog

from worker.ops.text import json_line, lines, one_line
from worker.store.outage import SAY_EVERY_S

if TYPE_CHECKING:
    from structlog.typing import EventDict, ExcInfo, Processor

    from worker.settings import Settings


def configure_logs(settings: Settings) -> None:
    """Send Feedmill's lines, and other libraries' warnings, to stderr in one format."""
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        _timestamper(settings),
        without_control_characters,
    ]
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.make_filtering_bound_logger(settings.log_level),
        cache_logger_on_first_use=False,
    )
    handler = StderrHandler()
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared, processors=[_drop_meta, *_renderers(settings)]
        )
    )
    handler.addFilter(BriefAboutOutages())
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(logging.WARNING)
    # Every lost connection would be said twice: the store says it where it knows what it means.
    logging.getLogger("elastic_transport").setLevel(logging.ERROR)
    logging.getLogger("worker").setLevel(settings.log_level.upper())


class StderrHandler(logging.StreamHandler[Any]):
    """Writes to whatever `sys.stderr` is now, so that lines go above a progress bar, not through it."""

    @property
    def stream(self) -> Any:
        return sys.stderr

    @stream.setter
    def stream(self, _stream: Any) -> None:
        """The base class sets what this class always looks up."""


class BriefAboutOutages(logging.Filter):
    """Celery's own account of a broker that is away: a line instead of a traceback, twice a minute at most.

    At maxmemory alone its consumer says six times a second that it starts again.
    """

    def __init__(self) -> None:
        super().__init__()
        self._said_at: dict[str, float] = {}

    def filter(self, record: logging.LogRecord) -> bool:
        error = record.exc_info[1] if record.exc_info else None
        if not (record.name.startswith(("celery.", "kombu.")) and _is_outage(record, error)):
            return True
        if record.created < self._said_at.get(record.msg, float("-inf")) + SAY_EVERY_S:
            return False
        self._said_at[record.msg] = record.created
        said = f": {str(error).strip().partition(chr(10))[0]}" if error else ""
        record.msg, record.args, record.exc_info = f"{record.getMessage()}{said}", (), None
        return True


def _is_outage(record: logging.LogRecord, error: BaseException | None) -> bool:
    """Return whether a connection failed or a server refused: no bug, though Celery may call it critical."""
    if error is None:
        return record.name == "celery.worker.consumer.consumer"
    libraries = {"redis", "kombu", "billiard"}
    return isinstance(error, OSError) or type(error).__module__.partition(".")[0] in libraries


def without_control_characters(_logger: Any, _method: str, event: EventDict) -> EventDict:
    """Keep foreign text on its line and off the terminal's controls."""
    return {key: one_line(value) if isinstance(value, str) else value for key, value in event.items()}


def _drop_meta(_logger: Any, _method: str, event: EventDict) -> EventDict:
    """Drop structlog's own keys and let every line begin with when, how serious and what."""
    plain = structlog.stdlib.ProcessorFormatter.remove_processors_meta(_logger, _method, event)
    first = {key: plain.pop(key) for key in ("timestamp", "level", "event") if key in plain}
    return {**first, **plain}


def _is_text(settings: Settings) -> bool:
    return settings.log_format == "text" or (settings.log_format == "auto" and sys.stderr.isatty())


def _timestamper(settings: Settings) -> structlog.processors.TimeStamper:
    """Machines get whole UTC times, people the time of day on their own clock."""
    if _is_text(settings):
        return structlog.processors.TimeStamper(fmt="%H:%M:%S", utc=False)
    return structlog.processors.TimeStamper(fmt="iso", utc=True)


def _renderers(settings: Settings) -> list[Processor]:
    if _is_text(settings):
        return [
            structlog.dev.ConsoleRenderer(
                colors=sys.stderr.isatty(),
                pad_event_to=12,
                sort_keys=False,
                exception_formatter=_write_traceback,
            )
        ]
    return [
        structlog.processors.format_exc_info,
        structlog.processors.JSONRenderer(ensure_ascii=False),
        _escape_json,
    ]


def _write_traceback(to: TextIO, exc_info: ExcInfo) -> None:
    """Write a traceback harmlessly: an error's message may quote a server or a page."""
    written = StringIO()
    structlog.dev.plain_traceback(written, exc_info)
    to.write(lines(written.getvalue()))


def _escape_json(_logger: Any, _method: str, rendered: Any) -> str:
    return json_line(rendered)
