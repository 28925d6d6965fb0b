"""What libraries log: an outage is a line, a bug keeps its traceback."""

from __future__ import annotations

import logging
from collections.abc import Iterator

import kombu.exceptions
import pytest
import redis
from billiard.exceptions import RestartFreqExceeded

from worker.ops.logs import BriefAboutOutages, configure_logs
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
        pytest.param(
            "celery.worker.consumer", RestartFreqExceeded("Error 111"), True, id="too many restarts"
        ),
        pytest.param("celery.worker.consumer.consumer", KeyError("Error 111"), False, id="a bug"),
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


def test_an_outage_is_said_twice_a_minute_and_a_bug_each_time() -> None:
    brief = BriefAboutOutages()
    said = []
    for second in range(60):
        for name, error in (
            ("celery.worker.consumer.consumer", None),
            ("kombu.message", OSError()),
            ("celery.x", KeyError()),
        ):
            record = logging.LogRecord(
                name, logging.ERROR, "", 0, f"{name} %s", (second,), (None, error, None)
            )
            record.created = float(second)
            if brief.filter(record):
                said.append(name)
    assert [said.count(name) for name in sorted(set(said))] == [2, 60, 2]
