"""Every setting, in one table: name, type, default, bounds, meaning.

Read once, from `FEEDMILL_*` in the environment, a `.env` file, or `feedmill.toml`; secrets also from
the file that `FEEDMILL_…_FILE` names. `docs/settings.md` is generated from this table.
"""

from __future__ import annotations

import re
import tomllib
from ipaddress import IPv4Network, IPv6Network, ip_network
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal
from urllib.parse import unquote

from pydantic import Field, SecretStr, ValidationError, field_validator
from pydantic_settings import (
    BaseSettings,
    EnvSettingsSource,
    NoDecode,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    TomlConfigSettingsSource,
)

from worker.errors import UsageError
from worker.urls import without_credentials

if TYPE_CHECKING:
    from pydantic.fields import FieldInfo

Network = IPv4Network | IPv6Network

_SCHEME = re.compile(r"[a-z][a-z0-9+.-]*\Z")
_NO_OBJECT_STORES = frozenset({"file", "local", "http", "https", "ftp", "ftps", "memory"})
"""What fsspec knows, too, and files cannot safely be kept in."""


class ValueFiles(EnvSettingsSource):
    """Reads `FEEDMILL_X_FILE`, the name of a file that holds the value of `FEEDMILL_X` (for secrets)."""

    def get_field_value(self, field: FieldInfo, field_name: str) -> tuple[Any, str, bool]:  # noqa: ARG002 - the library's
        path = self.env_vars.get(f"{self.env_prefix}{field_name}_file".lower())
        if not path:
            return None, field_name, False
        try:
            return Path(path).read_text(encoding="utf-8").strip(), field_name, False
        except OSError as error:
            raise ValueError(f"FEEDMILL_{field_name.upper()}_FILE: {path}: {error.strerror}") from error


class Settings(BaseSettings):
    """What an operator can set. Frozen: a change needs a restart."""

    model_config = SettingsConfigDict(
        env_prefix="FEEDMILL_",
        env_file=".env",
        toml_file="feedmill.toml",
        extra="ignore",
        frozen=True,
        env_ignore_empty=True,
    )

    broker_url: str = Field(
        "memory://",
        repr=False,
        description="Celery broker: `memory://` (one process, no services), or `redis://…` or "
        "`rediss://…` for `feedmill worker` and `feedmill beat` (user and password are never shown).",
    )
    broker_ca_file: Path | None = Field(
        None, description="Certificates (PEM) to trust for `rediss://` besides the system's."
    )
    store_url: str = Field(
        "sqlite:///feedmill.db",
        repr=False,
        description="Store: `sqlite:///FILE`, relative to the working folder, or `http(s)://…` of an "
        "Elasticsearch 9 (user and password in it are never shown).",
    )
    store_prefix: str = Field(
        "feedmill",
        pattern=r"^[a-z][a-z0-9-]*$",
        description="What the names of all Elasticsearch indices, aliases and templates begin with.",
    )
    store_api_key: SecretStr | None = Field(
        None, description="Elasticsearch API key, as the server gives it out, instead of a user."
    )
    store_ca_file: Path | None = Field(
        None, description="Certificates (PEM) to trust for Elasticsearch instead of the system's."
    )
    store_admin_password: SecretStr | None = Field(
        None,
        description="Password of Elasticsearch's built-in user `elastic`: `feedmill setup` then also makes "
        "the user that `FEEDMILL_STORE_URL` names, and gives the passwords below. Nothing else needs it.",
    )
    kibana_system_password: SecretStr | None = Field(
        None, description="Password that `feedmill setup` gives to `kibana_system`, as whom Kibana logs in."
    )
    reader_password: SecretStr | None = Field(
        None, description="Password of the user `reader`, who may search in Kibana, made by `feedmill setup`."
    )
    kibana_url: str | None = Field(
        None,
        repr=False,
        pattern="^https?://",
        description="Kibana, for `feedmill kibana import` (user and password in it are never shown).",
    )
    kibana_ca_file: Path | None = Field(
        None, description="Certificates (PEM) to trust for Kibana instead of the system's."
    )
    archive_url: str = Field(
        "archive",
        description="Folder for the WARC files with every fetched page and every changed feed (also as "
        "`file:///…`), an object store as fsspec names it (`s3://BUCKET/PREFIX`, which needs `feedmill[s3]`; "
        "credentials: docs/archive.md), or `off`. Some 25 KB a page.",
    )
    archive_spool: Path = Field(
        Path("archive"),
        description="Folder where files are written before they go to an object store: room for some hours, "
        "should that be away. Unused where `FEEDMILL_ARCHIVE_URL` is a folder itself.",
    )
    archive_file_mb: int = Field(
        1000, ge=1, le=100_000, description="Megabytes after which a file of the archive is closed."
    )
    archive_file_minutes: float = Field(
        15.0, gt=0, le=7 * 1440, description="Minutes after which a file of the archive is closed."
    )
    archive_keep_days: float | None = Field(
        None,
        gt=0,
        description="Days after which a file of the archive is deleted, unless an article or a waiting entry "
        "points to it; without it all are kept.",
    )
    archive_max_gb: float | None = Field(
        None,
        gt=0,
        description="Gigabytes of archive above which its oldest files are deleted, unless an article or a "
        "waiting entry points to them.",
    )
    user_agent: str = Field(
        "Feedmill/0.1 (+https://github.com/feedmill/feedmill)",
        min_length=8,
        description="Sent with every request; put a URL or address in it where publishers can reach you.",
    )
    allow_private_networks: Annotated[tuple[Network, ...], NoDecode] = Field(
        (),
        description="Non-public networks that may be fetched from, as a CIDR list: `10.1.0.0/16`.",
    )
    allow_ports: Annotated[frozenset[int] | Literal["any"], NoDecode] = Field(
        frozenset({80, 443}), description="Ports that URLs may name: a list, or `any`."
    )
    host_delay_s: float = Field(
        2.0, ge=0, le=3600, description="Seconds between two requests to one site (registrable domain)."
    )
    robots: Literal["respect", "ignore"] = Field(
        "respect",
        description="Whether an article's page is fetched only where its site's robots.txt allows it "
        "(RFC 9309). Feeds always are: their publishers invite it.",
    )
    fetch_timeout_s: float = Field(
        60.0, gt=0, le=600, description="Wall-clock deadline of one request, redirects included, in seconds."
    )
    connect_timeout_s: float = Field(
        10.0, gt=0, le=120, description="Bound on DNS and on connecting, each, in seconds."
    )
    fetch_threads: int = Field(
        16, ge=1, le=256, description="Threads that poll, fetch and wait for the network."
    )
    extract_processes: int = Field(
        2, ge=1, le=64, description="Child processes that parse feeds and extract pages."
    )
    extract_timeout_s: float = Field(
        30.0, gt=0, le=300, description="Seconds a child may spend on one page before it is killed."
    )
    tags_dir: Path | None = Field(
        None,
        description="Folder of TOML and CSV files with own topics, watch-lists and names of places, read at "
        "start (docs/own-tags.md).",
    )
    lease_s: float = Field(
        900.0,
        ge=5,
        description="Seconds a claimed entry or feed stays with its worker before another may take it: more "
        "than queue wait, fetch, extraction and writing take together, and than clocks differ.",
    )
    ledger_shards: int = Field(
        1,
        ge=1,
        le=64,
        description="Primary shards of the ledger in Elasticsearch, fixed by the first `feedmill setup`; one "
        "holds some 50 million rows.",
    )
    run_dir: Path = Field(
        Path("feedmill-run"),
        description="Folder where workers and beats note their progress, for `feedmill worker --check`.",
    )
    poll_interval_s: int = Field(
        1800,
        ge=60,
        description="Seconds between two polls of a feed of which nothing is known yet; later its own rhythm "
        "decides, within the two bounds below.",
    )
    poll_min_s: int = Field(
        300, ge=60, le=86400, description="Least seconds between two polls of a feed that names no own least."
    )
    poll_max_s: int = Field(
        86400,
        ge=300,
        le=7 * 86400,
        description="Most seconds between two polls of a feed that answers; one that fails is tried at least "
        "once a week.",
    )
    poll_patience: float = Field(
        1.0,
        ge=0.1,
        le=100,
        description="How many new entries a poll waits for, as a multiple of the usual (about one of most "
        "feeds): 2 costs some half of the polls and twice the delay, and what short listings drop meanwhile. "
        "Above 5, a higher FEEDMILL_POLL_MAX_S saves the polls of feeds that hardly publish.",
    )
    max_attempts: int = Field(8, ge=1, le=50, description="Attempts at an entry before it ends `gave_up`.")
    retry_base_s: float = Field(
        60.0,
        gt=0,
        description="Wait after a first failed attempt, in seconds; doubles with each further one.",
    )
    ledger_keep_days: int = Field(
        365,
        ge=30,
        description="Days after which rows that no feed lists any more may go; what became an article stays.",
    )
    log_level: Literal["debug", "info", "warning", "error"] = Field(
        "info", description="Least serious line logged."
    )
    log_format: Literal["auto", "text", "json"] = Field(
        "auto",
        description="`text` for people, `json` for machines; `auto` asks whether stderr is a terminal.",
    )

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003 - the parameter's name is the library's
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        files = ValueFiles(settings_cls), dotenv_settings, TomlConfigSettingsSource(settings_cls)
        return (init_settings, env_settings, *files)

    @field_validator("allow_private_networks", mode="before")
    @classmethod
    def _networks(cls, value: Any) -> Any:
        parts = value.replace(",", " ").split() if isinstance(value, str) else value
        return tuple(ip_network(part, strict=False) if isinstance(part, str) else part for part in parts)

    @field_validator("allow_ports", mode="before")
    @classmethod
    def _ports(cls, value: Any) -> Any:
        if not isinstance(value, str) or value == "any":
            return value
        return frozenset(int(part) for part in value.replace(",", " ").split())

    @field_validator("broker_url")
    @classmethod
    def _known_broker(cls, value: str) -> str:
        if value.startswith(("memory://", "redis://", "rediss://")):
            return value
        raise ValueError("must be memory://, redis://HOST or rediss://HOST")

    @field_validator("store_url")
    @classmethod
    def _known_store(cls, value: str) -> str:
        if value.startswith(("http://", "https://")) or value.removeprefix("sqlite:///") not in ("", value):
            return value
        raise ValueError("must be sqlite:///FILE, or the http(s) URL of an Elasticsearch")

    @field_validator("archive_url")
    @classmethod
    def _known_archive(cls, value: str) -> str:
        kind, scheme, rest = value.removeprefix("file:///").partition("://")
        if not scheme:
            return value
        if kind in _NO_OBJECT_STORES or not _SCHEME.match(kind) or not rest.strip("/"):
            raise ValueError(
                "must be a folder, file:///FOLDER, an object store as s3://BUCKET/PREFIX, or off"
            )
        if "@" in rest.partition("/")[0]:
            raise ValueError("credentials do not belong in it: see docs/archive.md")
        return value

    @property
    def archive_bucket(self) -> str | None:
        """The object store that `archive_url` names; None of a folder."""
        return self.archive_url if "://" in self.archive_url.removeprefix("file:///") else None

    @property
    def archive_folder(self) -> Path | None:
        """The folder that files are written to; None where no pages are kept."""
        if self.archive_url == "off":
            return None
        if self.archive_bucket:
            return self.archive_spool.expanduser()
        path = self.archive_url.removeprefix("file://")
        return Path(path if path == self.archive_url else unquote(path)).expanduser()

    @property
    def is_embedded(self) -> bool:
        """Whether broker and worker are one process."""
        return self.broker_url.startswith("memory://")

    @property
    def broker_place(self) -> str:
        """Where the broker is, as it may be shown."""
        return without_credentials(self.broker_url)

    @property
    def sqlite_path(self) -> Path | None:
        """The database file that `store_url` names; None for a server."""
        path = self.store_url.removeprefix("sqlite:///")
        return None if path == self.store_url else Path(path).expanduser()


def read_settings(**overrides: Any) -> Settings:
    """Return the settings in force; `overrides` win over environment and files.

    Raises:
        UsageError: one line that lists every mistake at once.
    """
    try:
        return Settings(**overrides)
    except ValidationError as error:
        mistakes = "; ".join(
            f"FEEDMILL_{'.'.join(map(str, m['loc'])).upper()}: {_said(m)}" for m in error.errors()
        )
        raise UsageError(f"invalid settings: {mistakes}") from error
    except tomllib.TOMLDecodeError as error:
        raise UsageError(f"feedmill.toml: {error}") from error
    except ValueError as error:  # what a source raised, wrapped once by the library
        raise UsageError(f"invalid settings: {error.__cause__ or error}") from error


def _said(mistake: Any) -> str:
    return str(mistake["msg"]).removeprefix("Value error, ")
