"""Settings: every mistake at once, in one line; the documentation is the table."""

from __future__ import annotations

from ipaddress import ip_network
from pathlib import Path

import pytest

from worker.errors import UsageError
from worker.settings import Settings, read_settings


@pytest.fixture(autouse=True)
def empty_surroundings(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        pytest.param("ALLOW_PORTS", "80, 8080", frozenset({80, 8080}), id="ports: a list"),
        pytest.param("ALLOW_PORTS", "any", "any", id="ports: any"),
        pytest.param("ALLOW_PORTS", "", frozenset({80, 443}), id="ports: empty means default"),
        pytest.param(
            "ALLOW_PRIVATE_NETWORKS",
            "10.0.0.0/8, ::1",
            (ip_network("10.0.0.0/8"), ip_network("::1")),
            id="networks: a list",
        ),
        pytest.param("HOST_DELAY_S", "0.5", 0.5, id="a number"),
        pytest.param(
            "STORE_URL", "sqlite:////var/lib/feeds.db", "sqlite:////var/lib/feeds.db", id="absolute path"
        ),
    ],
)
def test_a_value_is_read_from_the_environment(monkeypatch, name, value, expected):
    monkeypatch.setenv(f"FEEDMILL_{name}", value)
    assert getattr(read_settings(), name.lower()) == expected


def test_environment_wins_over_value_file_over_dotenv_over_toml(monkeypatch, tmp_path):
    (tmp_path / "feedmill.toml").write_text(
        'user_agent = "from-toml"\nlog_level = "error"\nfetch_threads = 3\n'
    )
    (tmp_path / ".env").write_text("FEEDMILL_USER_AGENT=from-dotenv\nFEEDMILL_LOG_LEVEL=debug\n")
    (tmp_path / "agent").write_text("from-value-file\n")
    assert read_settings().user_agent == "from-dotenv"
    monkeypatch.setenv("FEEDMILL_USER_AGENT_FILE", str(tmp_path / "agent"))
    assert read_settings().user_agent == "from-value-file"
    monkeypatch.setenv("FEEDMILL_USER_AGENT", "from-environment")
    settings = read_settings()
    assert (settings.user_agent, settings.log_level, settings.fetch_threads) == (
        "from-environment",
        "debug",
        3,
    )


def test_all_mistakes_are_listed_at_once_in_one_line(monkeypatch):
    monkeypatch.setenv("FEEDMILL_BROKER_URL", "amqp://localhost")
    monkeypatch.setenv("FEEDMILL_ALLOW_PORTS", "http")
    monkeypatch.setenv("FEEDMILL_HOST_DELAY_S", "-1")
    with pytest.raises(UsageError) as caught:
        read_settings()
    message = str(caught.value)
    assert all(name in message for name in ("BROKER_URL", "ALLOW_PORTS", "HOST_DELAY_S"))
    assert "\n" not in message


@pytest.mark.parametrize(
    ("variable", "value", "said"),
    [
        pytest.param(
            "FEEDMILL_USER_AGENT_FILE", "/nowhere/agent", "/nowhere/agent: No such file", id="no value file"
        ),
        pytest.param("FEEDMILL_STORE_URL", "postgres://x", "must be sqlite:///FILE", id="unknown store"),
        pytest.param("FEEDMILL_STORE_URL", "sqlite:///", "must be sqlite:///FILE", id="store without a file"),
        pytest.param("FEEDMILL_ALLOW_PRIVATE_NETWORKS", "10.0.0.0/99", "10.0.0.0/99", id="not a network"),
        pytest.param("FEEDMILL_ARCHIVE_URL", "s3://", "must be a folder", id="no bucket"),
        pytest.param("FEEDMILL_ARCHIVE_URL", "https://a.example/b", "must be a folder", id="no object store"),
        pytest.param("FEEDMILL_ARCHIVE_URL", "simplecache::s3://b", "must be a folder", id="chained"),
        pytest.param("FEEDMILL_ARCHIVE_URL", "s3://key:secret@b", "credentials do not belong", id="secrets"),
        pytest.param("FEEDMILL_LOG_LEVEL", "loud", "'debug', 'info'", id="not a choice"),
    ],
)
def test_a_mistake_says_what_and_where(monkeypatch, variable, value, said):
    monkeypatch.setenv(variable, value)
    with pytest.raises(UsageError, match="FEEDMILL_") as caught:
        read_settings()
    assert said in str(caught.value)


@pytest.mark.parametrize(
    ("url", "folder"),
    [
        ("archive", Path("archive")),
        ("/var/lib/feedmill/archive", Path("/var/lib/feedmill/archive")),
        ("file:///var/with%20space", Path("/var/with space")),
        ("~/archive", Path.home() / "archive"),
        ("with%20percent", Path("with%20percent")),
        ("off", None),
    ],
)
def test_the_archives_folder(url, folder):
    settings = read_settings(archive_url=url, archive_spool="spool")
    assert (settings.archive_folder, settings.archive_bucket) == (folder, None)


def test_before_an_object_store_files_lie_in_the_spool():
    settings = read_settings(archive_url="s3://bucket/pre/fix", archive_spool="~/spool")
    assert (settings.archive_folder, settings.archive_bucket) == (
        Path.home() / "spool",
        "s3://bucket/pre/fix",
    )


def test_secrets_in_the_archives_url_are_not_shown():
    with pytest.raises(UsageError) as caught:
        read_settings(archive_url="s3://key:secret@bucket")
    assert "secret" not in str(caught.value)


def test_a_broken_settings_file_is_named(tmp_path):
    (tmp_path / "feedmill.toml").write_text("log_level = [")
    with pytest.raises(UsageError, match=r"feedmill\.toml"):
        read_settings()


def test_settings_are_frozen():
    with pytest.raises(ValueError, match="frozen"):
        read_settings().fetch_threads = 1


def test_every_setting_says_what_it_means():
    assert all(field.description for field in Settings.model_fields.values())
