"""URLs as identities: what makes two links one entry, two pages one article, two hosts one site.

`identity_url` is version 1 and frozen: a golden file (`tests/data/identity_v1.tsv`) holds it, since
every stored id is a hash of it. `canonical_url` may improve at any time: it is for display and
matching only.
"""

from __future__ import annotations

import hashlib
import ipaddress
import re
from functools import lru_cache
from urllib.parse import parse_qsl, quote, urlencode, urljoin, urlsplit, urlunsplit

import tldextract

_SUFFIXES = tldextract.TLDExtract(suffix_list_urls=(), cache_dir=None, include_psl_private_domains=True)
"""The bundled public suffix list with private suffixes: blogspot.com is not one site. Never fetches."""

_UNRESERVED_ESCAPE = re.compile(r"%([0-9A-Fa-f]{2})")
_UNRESERVED = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~")
_DEFAULT_PORTS = {"http": 80, "https": 443}
_CONTROL = re.compile(r"[\x00-\x20\x7f]")
_CREDENTIALS = re.compile(r"^([a-z]+://)?.*@", re.DOTALL)
_NO_HOST_CHARACTER = re.compile(r'[\x00-\x20\x7f"#%/<>?@\\^`{|}\ud800-\udfff]')
"""The WHATWG's forbidden host characters, without the brackets and colons that addresses have."""
_LONGEST_HOST = 253
"""Characters of a name that DNS can carry (RFC 1035, 2.3.4); a longer one is no host, and no key."""
_INDEX_PAGE = re.compile(r"^/(?:(?:index|default|home)\.\w{2,5})?$", re.IGNORECASE)
_TRACKING = re.compile(
    # What newsletters, ad networks and analytics add to links; none of them selects content.
    r"^(?:utm_\w+|pk_\w+|mtm_\w+|hsa_\w+|fbclid|gclid|dclid|gbraid|wbraid|msclkid|yclid|twclid|igshid|mc_cid|mc_eid"
    r"|_hsenc|_hsmi|mkt_tok|ns_campaign|ns_mchannel|ns_source|at_medium|at_campaign|at_custom\d|cmpid|xtor"
    r"|ref_src|ref_url|guccounter|guce_referrer\w*|ocid|spm|vero_id|oly_anon_id|oly_enc_id)$",
    re.IGNORECASE,
)


def find_link(link: str | None, base: str | None = None) -> str | None:
    """Return `link` as an absolute http(s) URL without credentials, or None where it is none.

    `base` resolves relative links. Whitespace and control characters, which feeds wrap into links,
    are removed at the ends and inside (the WHATWG rule for tabs and line breaks).
    """
    cleaned = re.sub(r"[\t\r\n]", "", (link or "").strip())
    if not cleaned:
        return None
    try:
        absolute = urljoin(base, cleaned) if base else cleaned
        parts = urlsplit(absolute)
        usable = parts.scheme.lower() in _DEFAULT_PORTS and parts.port != 0 and _is_host(parts.hostname)
    except ValueError:
        return None
    if not usable or parts.username is not None or parts.password is not None:
        return None
    return _CONTROL.sub(lambda found: f"%{ord(found[0]):02X}", absolute)


def without_credentials(url: str) -> str:
    """Return the address of a service as it may be shown: no user, no password, no query.

    Cut as text: where a password holds `#`, `/` or `?` unescaped, a parser takes parts of it for the host.
    """
    return _CREDENTIALS.sub(r"\1", url).partition("?")[0]


def identity_url(url: str) -> str:
    """Return version 1 of the URL's identity, without its fragment.

    The scheme is folded to https (a feed's move to TLS renames no article), host lower-cased and in
    punycode, default port, `utm_*` parameters and fragment dropped, escapes and dot segments
    normalised (RFC 3986, 6.2.2). Everything else is kept: order and case of path and query matter.
    """
    parts = urlsplit(url)
    path = _without_dot_segments(_normal_escapes(parts.path or "/"))
    query = "&".join(p for p in _normal_escapes(parts.query).split("&") if not p.lower().startswith("utm_"))
    # Port 443 under http is TLS in all but name, and would be the default after the fold.
    port = None if parts.port == 443 else parts.port
    return urlunsplit(("https", _authority(parts.scheme, parts.hostname, port), path, query, ""))


def identity_url_with_fragment(url: str) -> str:
    """Return the identity of entries that one listing tells apart only by fragment."""
    fragment = _normal_escapes(urlsplit(url).fragment)
    return f"{identity_url(url)}#{fragment}" if fragment else identity_url(url)


def canonical_url(url: str) -> str:
    """Return the URL without fragment, tracking parameters and needless variation, scheme kept."""
    parts = urlsplit(url)
    query = [(k, v) for k, v in parse_qsl(parts.query, keep_blank_values=True) if not _TRACKING.match(k)]
    path = _without_dot_segments(_normal_escapes(parts.path or "/"))
    authority = _authority(parts.scheme, parts.hostname, parts.port)
    return urlunsplit((parts.scheme.lower(), authority, path, urlencode(query, errors="replace"), ""))


def host_of(url: str) -> str:
    """Return the lower-case host of a URL, '' where it has none."""
    try:
        return (urlsplit(url).hostname or "").rstrip(".").lower()
    except ValueError:
        return ""


@lru_cache(maxsize=50_000)
def site_of_host(host: str) -> str:
    """Return the registrable domain of a host; the host itself where the suffix list knows none."""
    return _SUFFIXES.extract_str(host).top_domain_under_public_suffix or host


def site_of(url: str) -> str:
    """Return the site of a URL: its registrable domain, private suffixes included."""
    return site_of_host(host_of(url))


def is_home(url: str) -> bool:
    """Return whether the URL is its site's home page (a query but `utm_*` makes it another page)."""
    parts = urlsplit(identity_url(url))
    return not parts.query and bool(_INDEX_PAGE.match(parts.path or "/"))


def feed_id_of(url: str) -> str:
    """Return the id of a feed first added under `url`: 16 hex characters."""
    return _digest(identity_url(url))[:16]


def entry_id_of(*identity: str) -> str:
    """Return the id of an entry by the parts of its identity: 32 hex characters."""
    return _digest("\n".join(identity))[:32]


def article_id_of(url: str) -> str:
    """Return the id of the article whose final page is `url`: 32 hex characters."""
    return _digest(identity_url(url))[:32]


def find_page_key(asked: str, final: str) -> str | None:
    """Return the id of the article at the page that a request for `asked` ended at, if it is another page."""
    key = article_id_of(final)
    return None if key == article_id_of(asked) else key


def displaced_article_id_of(entry_id: str) -> str:
    """Return the id of an entry's article where another article has the one that is its page's."""
    return _digest(f"displaced\n{entry_id}")[:32]


def _is_host(host: str | None) -> bool:
    # Punycode can bring out what is no part of a name: U+00AF decomposes to a space and a macron,
    # U+2024 to a dot.
    ascii_form = _punycode(host or "") or host
    if not host or not ascii_form or not ascii_form.strip(".") or len(host) > _LONGEST_HOST:
        return False
    return not _NO_HOST_CHARACTER.search(f"{host}{ascii_form}")


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def _authority(scheme: str, host: str | None, port: int | None) -> str:
    name = _ascii_host((host or "").lower()).rstrip(".")
    if ":" in name:
        name = f"[{name}]"
    return name if port in (None, _DEFAULT_PORTS.get(scheme.lower())) else f"{name}:{port}"


def _ascii_host(host: str) -> str:
    """Return the host in punycode; escaped where IDNA has no form of it: still a stable name."""
    return _punycode(host) or quote(host, errors="replace").lower()


def _punycode(host: str) -> str:
    try:
        return host if host.isascii() else host.encode("idna").decode("ascii")
    except UnicodeError:
        return ""


def _normal_escapes(text: str) -> str:
    """Return `text` with non-ASCII escaped, escapes in upper case, and unreserved ones undone."""
    escaped = quote(text, safe="!#$%&'()*+,/:;=?@[]~", errors="replace")
    return _UNRESERVED_ESCAPE.sub(_plain_if_unreserved, escaped)


def _plain_if_unreserved(escape: re.Match[str]) -> str:
    character = chr(int(escape[1], 16))
    return character if character in _UNRESERVED else escape[0].upper()


def _without_dot_segments(path: str) -> str:
    if "/." not in path:
        return path
    kept: list[str] = []
    for segment in path.split("/")[1:]:
        if segment == "..":
            del kept[-1:]
        elif segment != ".":
            kept.append(segment)
    if path.endswith(("/.", "/..")):
        kept.append("")
    return "/" + "/".join(kept)


def is_address(host: str) -> bool:
    """Return whether the host is an IP address literal."""
    try:
        ipaddress.ip_address(host.strip("[]"))
    except ValueError:
        return False
    return True
