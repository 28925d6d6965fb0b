"""What fsspec's backends raise, and what it means: each has an error tree of its own."""

from __future__ import annotations

import errno
import sys
from typing import Any

_RAISED = {
    "botocore.exceptions": ("BotoCoreError", "ClientError"),
    "aiohttp": ("ClientError",),
    "google.auth.exceptions": ("GoogleAuthError",),
    "gcsfs.retry": ("HttpError",),
    "azure.core.exceptions": ("AzureError",),
}
"""By module, what fsspec's backends raise besides OSError (which a timeout is) and ValueError."""
_REFUSALS = frozenset(
    {
        "NoCredentialsError",
        "PartialCredentialsError",
        "CredentialRetrievalError",
        "ProfileNotFound",
        "ParamValidationError",
        "DefaultCredentialsError",
    }
)


def raised() -> tuple[type[Exception], ...]:
    """Return what may be raised by the backends that are loaded."""
    loaded = ((sys.modules.get(module), names) for module, names in _RAISED.items())
    own = (getattr(module, name) for module, names in loaded if module for name in names)
    return (OSError, ValueError, *own)


def is_refusal(error: Exception) -> bool:
    """Return whether an answer came, and it was no: waiting does not help then."""
    refused = isinstance(error, (FileNotFoundError, PermissionError))
    wrong = isinstance(error, ValueError) or type(error).__name__ in _REFUSALS
    return refused or wrong or getattr(error, "errno", None) == errno.EINVAL


def is_bucket_missing(error: Exception) -> bool:
    """Return whether it is the bucket that is missing, not an object in it."""
    return code_of(error) == "NoSuchBucket"


def code_of(error: Exception) -> str | None:
    """Return S3's own word for what is wrong, which s3fs keeps in the cause."""
    answer: Any = getattr(error.__cause__, "response", None) or {}
    code: str | None = answer.get("Error", {}).get("Code")
    return code


def said(error: Exception) -> str:
    """Return the error's own words, one line of them."""
    return str(error).strip().partition("\n")[0] or type(error).__name__


def missing_package(url: str, error: ImportError) -> str:
    """Return which package an object store needs, and how it is installed."""
    kind = url.partition("://")[0]
    if kind in ("s3", "s3a"):
        return "s3:// needs the package s3fs: pip install 'feedmill[s3]'"
    return f"{kind}:// needs another package: {said(error)}"
