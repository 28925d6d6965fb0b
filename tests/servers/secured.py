"""An Elasticsearch with security on, TLS by an authority of the test's own, and one user."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import trustme

from tests.servers.elasticsearch import Server, own_elasticsearch

USER, PASSWORD = "feedmill", "no-secret"
_FILES = {
    # `elasticsearch-users useradd feedmill -p no-secret -r superuser` writes these.
    "users": b"feedmill:$2a$10$ESbtgWEOf4U6mw48jxhS1uApYjG4XdgqqiSq6iq0/E2JHGlUTlqHe\n",
    "users_roles": b"superuser:feedmill\n",
}
_SETTINGS = {
    "xpack.security.enabled": "true",
    "xpack.security.http.ssl.enabled": "true",
    "xpack.security.http.ssl.key": "http.key",
    "xpack.security.http.ssl.certificate": "http.crt",
    "xpack.security.authc.api_key.enabled": "true",
}


@contextmanager
def secured_elasticsearch(authority: trustme.CA, ca_file: Path) -> Iterator[Server]:
    """Yield a server at https, whose authority's certificate is written to `ca_file`."""
    authority.cert_pem.write_to_path(str(ca_file))
    certificate = authority.issue_cert("127.0.0.1")
    files = {
        **_FILES,
        "http.key": certificate.private_key_pem.bytes(),
        "http.crt": b"".join(pem.bytes() for pem in certificate.cert_chain_pems),
    }
    with own_elasticsearch(_SETTINGS, files) as server:
        yield server
