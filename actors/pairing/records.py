"""Requests and times as the pairing files hold them. Pure.

In: the JSON objects of OpenClaw's layout. Out: ``Request`` and back. What was not touched keeps the very text it was
read from, and keys this gateway does not know stay.
"""

from datetime import UTC, datetime
from typing import Any, NamedTuple

from actors.access.entries import Kind, parse
from actors.pairing.codes import Request


class Approvals(NamedTuple):
    """A list of approved people: the entries as they stand, and the canonical handles among them."""

    entries: tuple[str, ...]
    handles: frozenset[str]


def handle_of(text: str) -> str:
    """The canonical handle an entry of a file names, ``""`` when it names none. Wildcards and chats name none."""
    entry = parse(text, None)
    return entry.value if entry.kind is Kind.HANDLE else ""


def approvals(content: dict[str, Any]) -> Approvals:
    """The people of an ``allowFrom`` file. Raises ``ValueError``."""
    entries = content["allowFrom"]
    if not all(isinstance(entry, str) for entry in entries):
        raise ValueError('holds an "allowFrom" entry that is no text')
    return Approvals(tuple(entries), frozenset(filter(None, map(handle_of, entries))))


def requests(content: dict[str, Any]) -> tuple[Request, ...]:
    """The requests of the pending file. Raises ``ValueError``."""
    return tuple(map(_request, content["requests"]))


def _request(raw: Any) -> Request:
    if not isinstance(raw, dict):
        raise ValueError("holds a request that is no object")
    meta, code = raw.get("meta"), raw.get("code")
    return Request(
        id=handle_of(raw["id"]) if isinstance(raw.get("id"), str) else "",
        code=code.strip() if isinstance(code, str) else "",
        created_at=seconds(raw.get("createdAt")),
        last_seen_at=seconds(raw.get("lastSeenAt")),
        meta={k: v for k, v in meta.items() if isinstance(v, str)} if isinstance(meta, dict) else {},
        raw=raw,
    )


def as_stored(request: Request) -> dict[str, Any]:
    """The object a request is stored as."""
    raw = dict(request.raw)
    new = {"id": request.id, "code": request.code}
    if seconds(raw.get("createdAt")) != request.created_at or request.created_at is None:
        new["createdAt"] = iso(request.created_at or 0.0)
    if seconds(raw.get("lastSeenAt")) != request.last_seen_at:
        new["lastSeenAt"] = iso(request.last_seen_at or 0.0)
    raw.update(new)
    old = raw.get("meta")
    raw["meta"] = {**(old if isinstance(old, dict) else {}), **request.meta}
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
