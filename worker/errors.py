"""The error tree.

Each leaf has `reason`, the fixed word used in ledger, metrics and logs, and `retryable`, which says
whether trying again later can help.

    FeedmillError
    ├── UsageError                      wrong input from the operator: one line, exit 2
    │   └── OwnTagsError                wrong files in FEEDMILL_TAGS_DIR: a line per mistake
    ├── OperationError                  the command could not do its work: one line, exit 1
    │   ├── SitePausedError             the site of the feed to look at asked for a pause
    │   ├── BrokerError                 Redis refused what was asked of it
    │   │   └── BrokerUnavailableError  lost, restarting, at maxmemory: retryable
    │   └── StoreError
    │       ├── StoreUnavailableError   full disk, lost server, I/O: retryable
    │       ├── StoreMissingError       an index that was asked for is not there (any more)
    │       ├── StoreCorruptError
    │       └── StoreVersionError       written by a newer Feedmill
    └── WorkError                       one feed or entry failed; ends in the ledger
        ├── FetchError
        │   ├── UnsafeUrlError          unsafe_url       final   scheme, port, credentials, control characters
        │   ├── ForbiddenAddressError   forbidden_address final  private, loopback, metadata …
        │   ├── DnsError                dns              retryable
        │   ├── HostUnreachableError    unreachable      retryable
        │   ├── TlsError                tls              retryable
        │   ├── FetchTimeoutError       timeout          retryable
        │   ├── ConnectionCutError      connection_cut   retryable
        │   ├── ProtocolError           protocol         retryable
        │   ├── RedirectError           redirects        final   loops, more than 10 hops, no Location
        │   ├── RedirectedHomeError     redirected_home  final
        │   ├── TooLargeError           too_large        final
        │   ├── ContentCodingError      content_coding   final
        │   ├── ContentTypeError        content_type     final   not a page, not a feed
        │   ├── RobotsError             robots           final   the site's robots.txt disallows the page
        │   ├── RobotsUnavailableError  robots_unavailable  retryable  it fails or hangs, and was never read
        │   ├── HttpStatusError         http_4xx         final   (404 → `not_found`, 410 → `gone`)
        │   └── HttpRetryableError      http_5xx         retryable (408, 425, 429, 5xx)
        ├── ParseError                  not_a_feed       retryable  a maintenance page ends no feed
        ├── ExtractError
        │   ├── NoLinkError             no_link          final   nothing to fetch and nothing in the feed
        │   ├── NoArticleError          no_article       final   the page holds no article text
        │   └── LowQualityError         (its own reason) final   paywall, consent, …
        ├── PoolError
        │   ├── PoolTimeoutError        extract_timeout  final   the child was killed at its deadline
        │   ├── PoolCrashError          extract_crash    final   out of memory, died
        │   ├── PoolStoppedError        extract_stopped  retryable  told to stop with the rest of its group
        │   └── PoolUnavailableError    extract_away     retryable  no child process can be started
        ├── ArchiveError
        │   ├── ArchiveUnavailableError archive_away     retryable  full disk, I/O, its folder is gone
        │   │   └── ArchiveRefusedError archive_away     retryable  no such bucket, wrong credentials
        │   ├── ArchiveNotUploadedError archive_not_uploaded  retryable  in another's spool, or nowhere
        │   ├── ArchiveMissingError     archive_missing  final   no such file, or it ends before the record
        │   ├── ArchiveDamagedError     archive_damaged  final   length or digest do not fit, no gzip
        │   └── ArchiveKindError        archive_kind     final   a whole record, but no page in it
        └── BugError                    bug              retryable  anything outside this tree

Not-modified and duplicate are values, not errors. A host that must wait longer than a fetch may
hold its thread raises `HostBusyError`: a deferral, not a failure. Every argument goes to
`super().__init__`, so that each error survives pickling.
"""

from __future__ import annotations

from typing import ClassVar


class FeedmillError(Exception):
    """Base of everything Feedmill raises on purpose; `str()` is one clear line."""


class UsageError(FeedmillError):
    """The operator's input is wrong (exit code 2)."""


class OwnTagsError(UsageError):
    """Files of own tags are wrong: `mistakes`, one clear line each, are all that was found."""

    def __init__(self, mistakes: tuple[str, ...]) -> None:
        super().__init__(mistakes)
        self.mistakes = mistakes

    def __str__(self) -> str:
        return "; ".join(self.mistakes)


class OperationError(FeedmillError):
    """A command could not do its work (exit code 1)."""


class SitePausedError(OperationError):
    """The site that was to be looked at asked for a pause: it was left alone, or answered that."""


class BrokerError(OperationError):
    """The broker (Redis) failed."""


class BrokerUnavailableError(BrokerError):
    """The broker cannot be used now; the same call may succeed later."""


class StoreError(OperationError):
    """The store failed."""


class StoreUnavailableError(StoreError):
    """The store cannot be used now; the same call may succeed later."""


class StoreMissingError(StoreError):
    """An index of the store is not there: it was never set up, or has been dropped."""


class StoreCorruptError(StoreError):
    """The store's file is damaged or is not a Feedmill database."""


class StoreVersionError(StoreError):
    """The store was written by a newer version of Feedmill."""


class HostBusyError(FeedmillError):
    """The gate grants no request to this host for another `wait_s` seconds: defer the row."""

    def __init__(self, host: str, wait_s: float) -> None:
        super().__init__(host, wait_s)
        self.host = host
        self.wait_s = wait_s

    def __str__(self) -> str:
        return f"{self.host} is busy for {self.wait_s:.1f} s"


class PageKnownError(FeedmillError):
    """The page at `url` is `article_id` already: nothing was asked there, and nothing failed."""

    def __init__(self, url: str, article_id: str) -> None:
        super().__init__(url, article_id)
        self.url = url
        self.article_id = article_id

    def __str__(self) -> str:
        return f"{self.url} is article {self.article_id} already"


class WorkError(FeedmillError):
    """Work on one feed or entry failed. `detail` is the human part of the message."""

    reason: ClassVar[str] = "failed"
    retryable: ClassVar[bool] = False

    def __init__(self, url: str | None = None, detail: str = "") -> None:
        super().__init__(url, detail)
        self.url = url
        self.detail = detail

    def __str__(self) -> str:
        said = self.detail or self.reason.replace("_", " ")
        return f"{self.url}: {said}" if self.url else said


class FetchError(WorkError):
    """A request did not yield a usable response."""

    @property
    def http_status(self) -> int | None:
        return None


class UnsafeUrlError(FetchError):
    """The URL is not one that Feedmill may request."""

    reason = "unsafe_url"


class ForbiddenAddressError(FetchError):
    """The name leads to an address that is not on the public internet."""

    reason = "forbidden_address"


class DnsError(FetchError):
    """The name did not resolve in time."""

    reason = "dns"
    retryable = True


class HostUnreachableError(FetchError):
    """No address of the host accepted a connection."""

    reason = "unreachable"
    retryable = True


class TlsError(FetchError):
    """The TLS handshake or the certificate failed."""

    reason = "tls"
    retryable = True


class FetchTimeoutError(FetchError):
    """The request did not end before its deadline."""

    reason = "timeout"
    retryable = True


class ConnectionCutError(FetchError):
    """The server closed the connection before the response was complete."""

    reason = "connection_cut"
    retryable = True


class ProtocolError(FetchError):
    """What the server sent is not HTTP."""

    reason = "protocol"
    retryable = True


class RedirectError(FetchError):
    """The redirects do not lead anywhere."""

    reason = "redirects"


class RedirectedHomeError(FetchError):
    """The article's URL now leads to the site's home page."""

    reason = "redirected_home"


class TooLargeError(FetchError):
    """The decoded body is larger than the cap."""

    reason = "too_large"


class ContentCodingError(FetchError):
    """The body is in a content coding that was not asked for, or is damaged."""

    reason = "content_coding"


class ContentTypeError(FetchError):
    """The response is not text to read: an image, a video, a PDF."""

    reason = "content_type"


class RobotsError(FetchError):
    """The site's robots.txt disallows the page."""

    reason = "robots"


class RobotsUnavailableError(FetchError):
    """The site's robots.txt was never read and can't be had now: nothing is allowed (RFC 9309, 2.3.1.4)."""

    reason = "robots_unavailable"
    retryable = True


class HttpStatusError(FetchError):
    """The server refused for good."""

    reason = "http_4xx"

    def __init__(self, url: str | None = None, status: int = 0, retry_after_s: float | None = None) -> None:
        super().__init__(url, f"HTTP {status}")
        self.args = (url, status, retry_after_s)
        self.status = status
        self.retry_after_s = retry_after_s

    @property
    def http_status(self) -> int | None:
        return self.status


class NotFoundError(HttpStatusError):
    """404."""

    reason = "not_found"


class GoneError(HttpStatusError):
    """410."""

    reason = "gone"


class HttpRetryableError(HttpStatusError):
    """The server cannot answer now: 408, 425, 429, 5xx. `retry_after_s` is its own word, if given."""

    reason = "http_5xx"
    retryable = True


class ParseError(WorkError):
    """The bytes are not a feed. Retryable: a maintenance page is not the end of a feed."""

    reason = "not_a_feed"
    retryable = True


class ExtractError(WorkError):
    """The page was fetched, but yields no article."""


class NoLinkError(ExtractError):
    """The entry has no link to fetch and the feed carried no text."""

    reason = "no_link"


class NoArticleError(ExtractError):
    """The page holds no article text."""

    reason = "no_article"


class LowQualityError(ExtractError):
    """The page holds text that is not the article. `reason` is the gate's own word."""

    def __init__(self, url: str | None = None, reason: str = "low_quality", detail: str = "") -> None:
        super().__init__(url, detail)
        self.args = (url, reason, detail)
        self.reason = reason  # type: ignore[misc]


class PoolError(WorkError):
    """The child process that worked on this page did not return."""


class PoolTimeoutError(PoolError):
    """The child was killed at its deadline."""

    reason = "extract_timeout"


class PoolCrashError(PoolError):
    """The child died: out of memory, or a crash in a C library."""

    reason = "extract_crash"


class PoolStoppedError(PoolError):
    """The child was told to stop (SIGTERM), as by an init system that signals a whole group."""

    reason = "extract_stopped"
    retryable = True


class PoolUnavailableError(PoolError):
    """No child process can be started: no memory, no room for the language model's temporary file."""

    reason = "extract_away"
    retryable = True


class ArchiveError(WorkError):
    """A page could not be kept in the archive, or not be read from it."""


class ArchiveUnavailableError(ArchiveError):
    """The archive cannot be used now: a full disk, a folder that is gone, an object store that is away."""

    reason = "archive_away"
    retryable = True


class ArchiveRefusedError(ArchiveUnavailableError):
    """The object store answered, and refused: no such bucket, wrong credentials, no permission."""


class ArchiveNotUploadedError(ArchiveError):
    """The file is neither in the spool here nor in the object store: perhaps in another machine's spool."""

    reason = "archive_not_uploaded"
    retryable = True


class ArchiveMissingError(ArchiveError):
    """The archive has no such file, or the file ends before the record."""

    reason = "archive_missing"


class ArchiveDamagedError(ArchiveError):
    """The bytes are not the record that was written: their length, digest or compression is wrong."""

    reason = "archive_damaged"


class ArchiveKindError(ArchiveError):
    """The record is whole, but holds no page: a request, a picture, what is no HTTP."""

    reason = "archive_kind"


class BugError(WorkError):
    """Something was raised outside this tree: a bug of ours, worth another try. Its log has the traceback."""

    reason = "bug"
    retryable = True

    @classmethod
    def of(cls, error: Exception, url: str | None = None) -> BugError:
        """Return what stands in the ledger for `error`: its type and last line."""
        last_line = str(error).strip().rpartition("\n")[2]
        return cls(url, f"{type(error).__name__}: {last_line}")
