"""What libraries log: an outage is a line, a bug keeps its traceback."""

from __future__ import annotations

import logging
from collections.abc import Iterator

import kombu.exceptions
import pytest
import redis

from worker.ops.logs import configure_logs
from worker.settings import read_settings


@pytest.fixture(autouse=True)
def _restored() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    root.handlers[:], root.level = handlers, level


@pytest.mark.parametrize("log_format", ["text", "json"])
@pytest.mark.parametrize(
    ("logger", "error", "is_one_line"),
    [
        pytest.param(
            "kombu.message", redis.ConnectionError("Error 111\nmore"), True, id="an acknowledgement fails"
        ),
        pytest.param("celery.worker", kombu.exceptions.OperationalError("Error 111"), True, id="kombu's own"),
        pytest.param("celery.worker", ConnectionResetError("Error 111"), True, id="the kernel's"),
        pytest.param("celery.worker", KeyError("Error 111"), False, id="a bug"),
        pytest.param("worker.tasks", redis.ConnectionError("Error 111"), False, id="ours"),
    ],
)
def test_an_outage_is_one_line(capsys, log_format, logger, error, is_one_line) -> None:
    configure_logs(read_settings(log_format=log_format))
    try:
        raise error
    except Exception:
        logging.getLogger(logger).critical("Couldn't %s", "ack", exc_info=True)
    said = capsys.readouterr().err
    assert "Couldn't ack" in said
    assert "Error 111" in said
    assert ("Traceback" not in said) is is_one_line
    assert (said.count("\n") == 1) is (is_one_line or log_format == "json")
