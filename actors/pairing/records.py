"""Requests and times as the pairing files hold them. Pure.

In: the JSON objects of OpenClaw's layout. Out: ``Request`` and back. What was not touched keeps the very text it was
read from, and keys this gateway does not know stay.
"""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any, NamedTuple

from actors.access.entries import Kind, parse
from actors.pairing.codes import DEFAULT_ACCOUNT, Request
from config.ids import normalize_id

RegionOf = Callable[[str], str | None]
"""The region of an account, whose national numbers become E.164; None: nobody knows."""


def no_region(_account: str) -> None:
    """Of no account."""


class Approvals(NamedTuple):
    """A list of approved people: the entries as they stand, and the canonical handles among them."""

    entries: tuple[str, ...]
    handles: frozenset[str]


def handle_of(text: str, region: str | None = None) -> str:
    """The canonical handle an entry of a file names, ``""`` when it names none. Wildcards and chats name none.

    A number without ``+`` is one of ``region``, as in the lists of the config and in what senders are called.
    """
    entry = parse(text, region)
    return entry.value if entry.kind is Kind.HANDLE else ""


def approvals(content: dict[str, Any], region: str | None = None) -> Approvals:
    """The people of an ``allowFrom`` file. Raises ``ValueError``."""
    entries = content["allowFrom"]
    if not all(isinstance(entry, str) for entry in entries):
        raise ValueError('holds an "allowFrom" entry that is no text')
    return Approvals(tuple(entries), frozenset(filter(None, (handle_of(entry, region) for entry in entries))))


def requests(content: dict[str, Any], region_of: RegionOf = no_region) -> tuple[Request, ...]:
    """The requests of the pending file. Raises ``ValueError``."""
    return tuple(_request(raw, region_of) for raw in content["requests"])


def _request(raw: Any, region_of: RegionOf) -> Request:
    if not isinstance(raw, dict):
        raise ValueError("holds a request that is no object")
    code, meta = raw.get("code"), _meta(raw)
    region = region_of(meta.get("accountId", DEFAULT_ACCOUNT))
    return Request(
        id=handle_of(raw["id"], region) if isinstance(raw.get("id"), str) else "",
        code=code.strip() if isinstance(code, str) else "",
        created_at=seconds(raw.get("createdAt")),
        last_seen_at=seconds(raw.get("lastSeenAt")),
        meta=meta,
        raw=raw,
    )


def _meta(raw: Mapping[str, Any]) -> dict[str, str]:
    """The texts beside a request. Its account is spelt as the config spells it, a blank one is the default."""
    meta = raw.get("meta")
    texts = {key: text for key, text in meta.items() if isinstance(text, str)} if isinstance(meta, dict) else {}
    if "accountId" in texts:
        texts["accountId"] = normalize_id(texts["accountId"], DEFAULT_ACCOUNT)
    return texts


def as_stored(request: Request) -> dict[str, Any]:
    """The object a request is stored as."""
    raw = dict(request.raw)
    new = {"id": request.id, "code": request.code}
    if seconds(raw.get("createdAt")) != request.created_at or request.created_at is None:
        new["createdAt"] = iso(request.created_at or 0.0)
    if seconds(raw.get("lastSeenAt")) != request.last_seen_at:
        new["lastSeenAt"] = iso(request.last_seen_at or 0.0)
    raw.update(new)
    old, known = raw.get("meta"), _meta(raw)
    changed = {key: text for key, text in request.meta.items() if known.get(key) != text}
    raw["meta"] = {**(old if isinstance(old, dict) else {}), **changed}
    return raw


def seconds(text: Any) -> float | None:
    """An ISO 8601 time as unix seconds (UTC where it names no zone), None when it is none."""
    if not isinstance(text, str):
        return None
    try:
        moment = datetime.fromisoformat(text)
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
    except (ValueError, OverflowError):
        return None


def iso(moment: float) -> str:
    """Unix seconds as ISO 8601 in UTC, milliseconds, never later than ``moment``."""
    return datetime.fromtimestamp(moment, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
