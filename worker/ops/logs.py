"""Logging: structured lines on stderr, for people on a terminal and as JSON for machines."""

from __future__ import annotations

import logging
import sys
from io import StringIO
from typing import TYPE_CHECKING, Any, TextIO

import structlog

from worker.ops.text import json_line, lines, one_line

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
    handler.addFilter(without_tracebacks_of_outages)
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


def without_tracebacks_of_outages(record: logging.LogRecord) -> bool:
    """Let Celery say in one line that its broker is away: that is no bug, and a traceback reads like one."""
    error = record.exc_info[1] if record.exc_info else None
    if record.name.partition(".")[0] in {"celery", "kombu"} and _is_outage(error):
        record.msg, record.args = f"{record.getMessage()}: {str(error).strip().partition(chr(10))[0]}", ()
        record.exc_info = None
    return True


def _is_outage(error: BaseException | None) -> bool:
    """Return whether a library of Celery's met a connection that failed, or a server that refused."""
    return isinstance(error, OSError) or type(error).__module__.partition(".")[0] in {"redis", "kombu"}


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
