"""Who may log in to a cluster with security on: the workers' role and user, and the passwords of others."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from elasticsearch import AuthenticationException, NotFoundError

from worker.store.elasticsearch.faults import store_errors

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from elasticsearch import Elasticsearch

    from worker.store.elasticsearch.cluster import Cluster, Names


@dataclass(frozen=True, slots=True)
class Account:
    """Somebody who logs in. `role` is what they get here; None for a built-in user, who has one."""

    name: str
    password: str = field(repr=False)
    role: str | None


def worker_role(prefix: str) -> str:
    """Return the name of the role that workers have."""
    return f"{prefix}-worker"


def privileges(names: Names) -> dict[str, Any]:
    """Return the least rights with which every call of the store works, and a `setup` that changes nothing.

    Found by leaving out one at a time on a real server: `index` and `delete` write, `maintenance`
    refreshes; `monitor` and `view_index_metadata` let `setup` read templates and mappings. `manage` makes,
    swaps and drops versions of the articles: nothing less moves an alias. Making templates and other indices
    takes the administrator's rights.
    """
    aliases = (names.feeds, names.entries, names.articles, names.hosts, names.rebuilds)
    return {
        "cluster": ["monitor"],
        "indices": [
            {
                "names": [name for alias in aliases for name in (alias, f"{alias}-*")],
                "privileges": ["read", "index", "delete", "maintenance", "view_index_metadata"],
            },
            {"names": [names.articles, f"{names.articles}-*"], "privileges": ["manage"]},
        ],
    }


def let_in(cluster: Cluster, accounts: Sequence[Account]) -> Iterator[str]:
    """Create or mend the workers' role and the accounts; yield one line per change, none with a password.

    Takes an administrator's rights. Roles that somebody else has given to a user stay.

    Raises:
        StoreError: the server refuses, or has its security off.
    """
    with store_errors(cluster.place):
        yield from _put_role(cluster.client, worker_role(cluster.prefix), privileges(cluster.names))
        for account in accounts:
            yield from _put_account(cluster.client, account)


def _put_role(client: Elasticsearch, name: str, wanted: Mapping[str, Any]) -> Iterator[str]:
    try:
        stored = client.security.get_role(name=name)[name]
    except NotFoundError:
        stored = {}
    if not _says(stored, wanted):
        client.security.put_role(name=name, **wanted)
        yield f"role {name}"


def _put_account(client: Elasticsearch, account: Account) -> Iterator[str]:
    stored = _stored_user(client, account.name)
    if account.role and stored is None:
        client.security.put_user(username=account.name, password=account.password, roles=[account.role])
        yield f"user {account.name}, role {account.role}"
        return
    if account.role and stored and account.role not in stored["roles"]:
        kept = {name: stored[name] for name in ("full_name", "email", "metadata", "enabled")}
        client.security.put_user(username=account.name, roles=[*stored["roles"], account.role], **kept)
        yield f"user {account.name}: role {account.role}"
    if not _is_accepted(client, account):
        client.security.change_password(username=account.name, password=account.password)
        yield f"user {account.name}: password"


def _stored_user(client: Elasticsearch, name: str) -> Mapping[str, Any] | None:
    try:
        found: Mapping[str, Any] = client.security.get_user(username=name)[name]
    except NotFoundError:
        return None
    return found


def _is_accepted(client: Elasticsearch, account: Account) -> bool:
    """Return whether the password is the user's already; the server keeps no password that could be read."""
    try:
        client.options(basic_auth=(account.name, account.password)).security.authenticate()
    except AuthenticationException:
        return False
    return True


def _says(stored: Any, wanted: Any) -> bool:
    """Return whether `stored` holds all that is wanted, whatever the server adds and in any order."""
    if isinstance(wanted, dict):
        return isinstance(stored, dict) and all(
            _says(stored.get(name), each) for name, each in wanted.items()
        )
    if isinstance(wanted, list) and wanted and isinstance(wanted[0], dict):
        return len(stored or []) == len(wanted) and all(map(_says, stored, wanted))
    return sorted(stored or []) == sorted(wanted)
