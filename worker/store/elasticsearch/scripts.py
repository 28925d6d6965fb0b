"""Changes that the server makes itself, each only if the document still allows it. Pure.

A script reads the document it changes, so a stale search can claim nothing twice and a lost claim
can finish nothing. Sources are constants and values are parameters: each is compiled once.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from worker.models import EntryState, Wait
from worker.store.elasticsearch.bulk import Operation
from worker.store.ledger import LONGEST_DETAIL
from worker.store.records import encoded_fields, to_ms

if TYPE_CHECKING:
    from collections.abc import Collection
    from datetime import datetime

    from worker.models import Claim, Outcome

_CLAIM_FEED = """
if (ctx._source.state == 'active' && ctx._source.next_poll_at <= params.now) {
  long interval = 1000L * ctx._source.interval_s;
  ctx._source.next_poll_at = params.now + (interval < params.lease ? interval : params.lease)
} else { ctx.op = 'none' }"""
_PUT_OFF = """
if (ctx._source.state == 'active' && ctx._source.next_poll_at <= params.now) {
  ctx._source.next_poll_at = params.until
} else { ctx.op = 'none' }"""
_POLL_NOW = """
if (ctx._source.state == 'active' && ctx._source.next_poll_at > params.now) {
  ctx._source.next_poll_at = params.now
} else { ctx.op = 'none' }"""
# A claim that has this token is this one, sent again because its answer got lost.
_CLAIM = """
if (ctx._source.due_at != null && (ctx._source.claim == params.token || ctx._source.due_at <= params.now)) {
  ctx._source.claim = params.token; ctx._source.wait = 'lease'; ctx._source.due_at = params.until
} else { ctx.op = 'none' }"""
# What was held while it was claimed stays held: `hold` and `release` decide about that.
_DEFER = """
if (ctx._source.claim == params.token) {
  ctx._source.remove('claim'); ctx._source.remove('reason');
  ctx._source.putAll(params.fields);
  if (ctx._source.due_at != null) { ctx._source.due_at = params.due_at }
} else { ctx.op = 'none' }"""
_UNCLAIM = """
if (ctx._source.claim == params.token) {
  ctx._source.remove('claim'); ctx._source.wait = 'none';
  if (ctx._source.due_at != null) { ctx._source.due_at = params.now }
} else { ctx.op = 'none' }"""
# A row waits until its article knows every feed that lists it: nobody would tell it later.
_FINISH = """
def feed_ids = ctx._source.feed_ids;
if (ctx._source.claim != params.token) { ctx.op = 'none' }
else if (params.article_id != null && feed_ids != null && !params.feed_ids.containsAll(feed_ids)) {
  ctx.op = 'none'
} else {
  ctx._source.remove('claim'); ctx._source.wait = 'none';
  if (params.article_id != null) { ctx._source.article_id = params.article_id }
  if (ctx._source.generation > params.generation) {
    ctx._source.remove('reason'); ctx._source.attempts = 0;
    if (ctx._source.due_at != null) { ctx._source.due_at = params.now }
  } else {
    for (name in params.cleared) { ctx._source.remove(name) }
    ctx._source.putAll(params.fields)
  }
}"""
_CLEARED = (
    "due_at", "content", "reason", "detail", "body_hash", "page_key", "fetched_at", "http_status", "archive",
    "wait_ms", "fetch_ms", "extract_ms", "tag_ms", "write_ms", "total_ms",
)  # fmt: skip
FINISHED = ("state", "article_id", "feed_ids", "claim")
"""What the answer to a finish tells of the row: with its claim where the row still has feeds to tell of."""
_RETRIES = 5
"""Tries of the server's own after a conflict: the script decides anew on what it then reads."""


def claim_feed(index: str, feed_id: str, now: datetime, lease_s: float) -> Operation:
    """Move a due feed's next poll on by its interval, at most by the lease; the answer holds the feed."""
    params = {"now": to_ms(now), "lease": round(lease_s * 1000)}
    return _update(index, feed_id, _CLAIM_FEED, params, ("*",))


def put_off(index: str, feed_id: str, now: datetime, wait_s: float) -> Operation:
    """Let a due feed be due later."""
    params = {"now": to_ms(now), "until": to_ms(now) + round(wait_s * 1000)}
    return _update(index, feed_id, _PUT_OFF, params)


def poll_now(index: str, feed_id: str, now: datetime) -> Operation:
    """Make an active feed due."""
    return _update(index, feed_id, _POLL_NOW, {"now": to_ms(now)})


def claim(index: str, entry_id: str, token: str, now: datetime, lease_s: float) -> Operation:
    """Claim a row that is due; the answer holds its generation."""
    params = {"token": token, "now": to_ms(now), "until": to_ms(now) + round(lease_s * 1000)}
    return _update(index, entry_id, _CLAIM, params, ("generation",))


def defer(
    index: str, claim: Claim, due_at: datetime, wait: Wait, attempts: int, reason: str | None
) -> Operation:
    """Give a claim up until `due_at`."""
    fields = {"wait": wait.value, "attempts": attempts, **({"reason": reason} if reason else {})}
    params = {"token": claim.token, "due_at": to_ms(due_at), "fields": fields}
    return _update(index, claim.entry_id, _DEFER, params)


def unclaim(index: str, claim: Claim, now: datetime) -> Operation:
    """Make a claimed row due at once."""
    return _update(index, claim.entry_id, _UNCLAIM, {"token": claim.token, "now": to_ms(now)})


def finish(
    index: str,
    claim: Claim,
    outcome: Outcome,
    body_hash: str | None,
    feed_ids: Collection[str],
    now: datetime,
) -> Operation:
    """End a claimed row, or make it due again where it has changed since it was claimed.

    `feed_ids` are those that its article knows; where the row has more, nothing is done.
    """
    params = {
        "token": claim.token,
        "generation": claim.generation,
        "now": to_ms(now),
        "article_id": outcome.article_id,
        "feed_ids": sorted(feed_ids),
        "cleared": _CLEARED,
        "fields": _ended(outcome, body_hash, now),
    }
    return _update(index, claim.entry_id, _FINISH, params, FINISHED)


def _ended(outcome: Outcome, body_hash: str | None, now: datetime) -> dict[str, Any]:
    values = encoded_fields(outcome)
    fields = {
        "state": EntryState.DONE.value,
        "outcome": values["kind"],
        "reason": values["reason"],
        "detail": (values["detail"] or "")[:LONGEST_DETAIL] or None,
        "body_hash": body_hash,
        "page_key": values["page_key"],
        "fetched_at": values["fetched_at"],
        "done_at": to_ms(now),
        "http_status": values["http_status"],
        "archive": values["archive"],
        **values["timings"],
    }
    return {name: value for name, value in fields.items() if value is not None}


def _update(
    index: str, id_: str, source: str, params: dict[str, Any], returned: tuple[str, ...] = ()
) -> Operation:
    body = {"script": {"source": source, "params": params}, "_source": list(returned)}
    return Operation(action="update", index=index, id=id_, body=body, retries=_RETRIES)
