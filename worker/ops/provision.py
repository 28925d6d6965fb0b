"""`feedmill setup`: a cluster's users where the administrator's password is given, then the store itself."""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING
from urllib.parse import quote, unquote, urlsplit

from worker.errors import UsageError
from worker.mill import open_store
from worker.urls import without_credentials

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pydantic import SecretStr

    from worker.settings import Settings
    from worker.store.elasticsearch.users import Account

ADMIN, KIBANA = "elastic", "kibana_system"
"""Elasticsearch's built-in superuser, and the built-in user as whom Kibana logs in."""
READER, READERS_ROLE = "reader", "viewer"
"""For people, with the built-in role that reads indices and may use Kibana."""


def provision(settings: Settings) -> Iterator[str]:
    """Create or update what the store needs; yield one line per change, as it is made.

    Raises:
        UsageError: users are to be made, but the settings do not say all that this takes.
        StoreError: see `Store.setup`.
    """
    given = settings.store_admin_password
    if given is None and (settings.kibana_system_password or settings.reader_password):
        raise UsageError("to give out passwords, setup needs FEEDMILL_STORE_ADMIN_PASSWORD")
    if given is None or settings.sqlite_path:
        with closing(open_store(settings)) as store:
            yield from store.setup()
    else:
        yield from _provision_cluster(as_admin(settings, given), accounts(settings))


def as_admin(settings: Settings, password: SecretStr) -> Settings:
    """Return the settings with the administrator in the place of who works on the store."""
    scheme, _, address = without_credentials(settings.store_url).partition("://")
    url = f"{scheme}://{ADMIN}:{quote(password.get_secret_value(), safe='')}@{address}"
    return settings.model_copy(update={"store_url": url, "store_api_key": None})


def accounts(settings: Settings) -> list[Account]:
    """Return who is let in: the user that the store's URL names, and whose passwords are given.

    Raises:
        UsageError: the URL names nobody and no API key stands for them, or it names the administrator.
    """
    from worker.store.elasticsearch.users import Account, worker_role  # noqa: PLC0415 - see open_store

    parts = urlsplit(settings.store_url)
    name, password = unquote(parts.username or ""), unquote(parts.password or "")
    if name == ADMIN or (not (name and password) and not settings.store_api_key):
        raise UsageError(
            "FEEDMILL_STORE_URL must name a user for the workers: https://NAME:PASSWORD@HOST:9200"
        )
    named = [Account(name, password, worker_role(settings.store_prefix))] if name and password else []
    others = (
        (KIBANA, settings.kibana_system_password, None),
        (READER, settings.reader_password, READERS_ROLE),
    )
    named += [Account(name, secret.get_secret_value(), role) for name, secret, role in others if secret]
    return named


def _provision_cluster(settings: Settings, people: list[Account]) -> Iterator[str]:
    from worker.store.elasticsearch import ElasticsearchStore  # noqa: PLC0415 - see open_store

    with closing(open_store(settings)) as store:
        assert isinstance(store, ElasticsearchStore)
        yield from store.let_in(people)
        yield from store.setup()
