"""docker-compose.yml is true to the code, pinned, closed to the outside, and keeps no secret."""

from __future__ import annotations

import re
from importlib import metadata
from typing import Any

import pytest

from tests.deploy.project import (
    COMPOSE,
    COMPOSE_TEXT,
    LONG_RUNNING,
    ONE_SHOT,
    PYPROJECT,
    ROOT,
    SERVICES,
    seconds,
    unknown,
)
from tests.servers import distribution
from worker.models import QUEUES
from worker.settings import Settings
from worker.store.writer import STOP_GRACE_S

OURS = {name: service for name, service in SERVICES.items() if service["image"].startswith("feedmill:")}
SETTINGS = {f"FEEDMILL_{name.upper()}" for name in Settings.model_fields}


def version_of(service: str) -> str:
    return SERVICES[service]["image"].rpartition(":")[2]


def test_the_services_are_those_that_the_checks_below_know() -> None:
    assert SERVICES.keys() == LONG_RUNNING | ONE_SHOT
    assert OURS.keys() == {"setup", "kibana-objects", "beat", "worker"}


@pytest.mark.parametrize("name", OURS)
def test_the_command_exists(name: str) -> None:
    assert unknown(OURS[name]["command"]) == []


@pytest.mark.parametrize("name", ["beat", "worker"])
def test_health_is_asked_by_a_command_that_exists(name: str) -> None:
    how, program, *words = OURS[name]["healthcheck"]["test"]
    assert (how, program, words) == ("CMD", "feedmill", [name, "--check"])
    assert unknown(words) == []


def test_commands_in_comments_exist() -> None:
    shown = re.findall(r"docker compose run --rm worker (.+)", COMPOSE_TEXT)
    shown += [line.replace(",", "") for line in re.findall(r"command: \[(worker, .+?)\]", COMPOSE_TEXT)]
    assert len(shown) == 3
    assert [unknown(line.split()) for line in shown] == [[], [], []]


def test_queues_in_comments_are_all_there_are() -> None:
    shown = re.findall(r'--queues, "?([a-z,]+)"?', COMPOSE_TEXT)
    assert sorted(",".join(shown).split(",")) == sorted(QUEUES)


def test_every_setting_exists() -> None:
    named = set(re.findall(r"FEEDMILL_[A-Z_]+", COMPOSE_TEXT))
    assert named
    assert named - SETTINGS == set()


@pytest.mark.parametrize("name", SERVICES)
def test_images_are_pinned(name: str) -> None:
    assert re.fullmatch(r"[\w./-]+:\d+\.\d+\.\d+", SERVICES[name]["image"])


@pytest.mark.parametrize("name", OURS)
def test_our_image_is_of_this_version_and_built_here(name: str) -> None:
    assert OURS[name]["image"] == f"feedmill:{PYPROJECT['project']['version']}"
    assert OURS[name]["pull_policy"] == "build"
    assert (ROOT / OURS[name]["build"]["context"] / OURS[name]["build"]["dockerfile"]).is_file()


def test_elasticsearch_and_kibana_are_of_one_version_the_one_tested_against() -> None:
    assert version_of("elasticsearch") == version_of("kibana") == distribution.VERSION


def test_the_client_is_no_newer_than_the_server() -> None:
    client = metadata.version("elasticsearch")
    assert int(client.partition(".")[0]) <= int(version_of("elasticsearch").partition(".")[0])


@pytest.mark.parametrize("name", SERVICES)
def test_nothing_is_published_beyond_loopback(name: str) -> None:
    service = SERVICES[name]
    assert [port for port in service.get("ports", []) if not str(port).startswith("127.0.0.1:")] == []
    assert "network_mode" not in service


def test_workers_can_be_scaled() -> None:
    assert not {"container_name", "ports", "hostname"} & SERVICES["worker"].keys()


@pytest.mark.parametrize("name", sorted(LONG_RUNNING))
def test_who_runs_for_long_is_watched_and_started_again(name: str) -> None:
    service = SERVICES[name]
    assert service["restart"] == "unless-stopped"
    assert service["healthcheck"]["test"]


@pytest.mark.parametrize("name", sorted(ONE_SHOT))
def test_who_runs_once_is_not_started_again(name: str) -> None:
    assert SERVICES[name]["restart"] == "no"


@pytest.mark.parametrize("name", SERVICES)
def test_memory_is_bounded_and_logs_rotate(name: str) -> None:
    assert re.fullmatch(r"\d+[mg]", SERVICES[name]["mem_limit"])
    assert SERVICES[name]["logging"] == {"driver": "local"}


@pytest.mark.parametrize("name", OURS)
def test_ours_have_an_init_and_no_privileges(name: str) -> None:
    service = OURS[name]
    assert (service["init"], service["cap_drop"]) == (True, ["ALL"])
    assert service["security_opt"] == ["no-new-privileges:true"]


def test_a_stop_waits_for_all_that_a_worker_may_have_to_finish() -> None:
    defaults = Settings.model_fields
    needed = defaults["fetch_timeout_s"].default + defaults["extract_timeout_s"].default + STOP_GRACE_S
    assert seconds(SERVICES["worker"]["stop_grace_period"]) > needed


def secrets(value: Any, name: str = "") -> list[str]:
    """Return values that are secrets by the name before them, or the password of a URL."""
    if isinstance(value, dict):
        return [found for key, each in value.items() for found in secrets(each, key)]
    if isinstance(value, list):
        return [
            found
            for before, each in zip(["", *value], value, strict=False)
            for found in secrets(each, before)
        ]
    text = str(value)
    in_url = re.findall(r"://[^/\s]*?:(.+?)@", text)
    named = [text] if re.search(r"password|requirepass|key$|secret|auth$", str(name), re.IGNORECASE) else []
    return [*in_url, *named]


def test_no_secret_is_written_down() -> None:
    found = secrets(SERVICES)
    assert len(found) >= 12
    assert [
        secret for secret in found if not re.fullmatch(r"\$\{[A-Z_]+:\?run sh deploy/make-env.sh\}", secret)
    ] == []


def test_redis_loses_nothing_it_was_given() -> None:
    words = SERVICES["redis"]["command"]
    options = dict(zip(words[1::2], words[2::2], strict=True))
    assert (options["--appendonly"], options["--maxmemory-policy"]) == ("yes", "noeviction")
    assert options["--maxmemory"] == "256mb"


def test_security_is_on() -> None:
    assert SERVICES["elasticsearch"]["environment"]["xpack.security.enabled"] == "true"


def test_only_the_one_shots_get_the_administrators_password() -> None:
    having = {
        name for name, service in SERVICES.items() if "${ELASTIC_PASSWORD" in str(service.get("environment"))
    }
    assert having == {"elasticsearch", "setup", "kibana-objects"}


def test_who_needs_what_waits_for_it() -> None:
    waits = {
        name: {other: how["condition"] for other, how in service.get("depends_on", {}).items()}
        for name, service in SERVICES.items()
    }
    up, done = "service_healthy", "service_completed_successfully"
    assert waits == {
        "elasticsearch": {},
        "redis": {},
        "setup": {"elasticsearch": up},
        "kibana": {"setup": done},
        "kibana-objects": {"kibana": up},
        "beat": {"redis": up, "setup": done},
        "worker": {"redis": up, "setup": done},
    }


def test_volumes_are_named() -> None:
    used = {
        volume.partition(":")[0] for service in SERVICES.values() for volume in service.get("volumes", [])
    }
    assert used == COMPOSE["volumes"].keys() == {"archive", "elasticsearch", "redis", "kibana"}
