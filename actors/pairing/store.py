"""The pairing store: who was let in by a code, and who waits, in files OpenClaw reads and writes too.

``imessage-pairing.json`` holds the requests of all accounts, ``imessage-<account>-allowFrom.json`` the approved
handles of one. The default account also has the older ``imessage-allowFrom.json``: both are read, and both written,
so that OpenClaw of any version that keeps files sees the same people. What cannot be read is ``StoreUnreadableError``,
never empty and never written over. Keys this gateway does not know are kept.
"""

import re
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from actors.access.entries import Kind, parse
from actors.pairing import codes
from actors.pairing.codes import DEFAULT_ACCOUNT, Request
from actors.pairing.files import StoreUnreadableError, private_folder, read_object, stamp, write_object
from actors.pairing.lockfile import BusyError, locked

__all__ = ["PairingStore", "StoreUnreadableError"]

CHANNEL = "imessage"
_UNSAFE = re.compile(r'[\\/:*?"<>|\x00-\x1f]|\.\.')


class PairingStore:
    """The pairing files in the folder ``credentials``. Every method may raise ``StoreUnreadableError``.

    ``wall`` (unix seconds) and ``sleep`` only serve the lock file.
    """

    def __init__(
        self,
        credentials: Path,
        wall: Callable[[], float] = time.time,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self.folder = credentials
        self._wall = wall
        self._sleep = sleep

    @property
    def pending_file(self) -> Path:
        """Where requests wait."""
        return self.folder / f"{CHANNEL}-pairing.json"

    def allow_files(self, account: str) -> tuple[Path, ...]:
        """Where the approved handles of ``account`` stand. Raises ``ValueError`` for a blank account."""
        own = self.folder / f"{CHANNEL}-{_file_part(account)}-allowFrom.json"
        return (own, self.folder / f"{CHANNEL}-allowFrom.json") if _file_part(account) == DEFAULT_ACCOUNT else (own,)

    def stamp(self, account: str) -> tuple[tuple[int, ...], ...]:
        """Differs after any change to what ``allowed`` reads; costs a look at one or two file names."""
        return tuple(stamp(path) for path in self.allow_files(account))

    def allowed(self, account: str) -> frozenset[str]:
        """The approved canonical handles. Wildcards and chats in the files count for nothing."""
        found = (handle for path in self.allow_files(account) for handle in map(_handle, _entries(path)))
        return frozenset(filter(None, found))

    def requests(self, account: str | None = None, *, now: float) -> tuple[Request, ...]:
        """The requests that wait (of all accounts when None), oldest first."""
        waiting = codes.live(self._read(), now)
        chosen = (request for request in waiting if account in {None, request.account})
        return tuple(sorted(chosen, key=lambda request: request.created_at or 0.0))

    def challenge(self, account: str, handle: str, now: float, meta: Mapping[str, str]) -> tuple[str, bool]:
        """Let ``handle`` (canonical) ask for access: its code, and whether the request is new.

        ``("", False)`` when too many wait. ``meta`` may carry ``sender`` and ``chatId``. A repeat that changes
        nothing takes no lock and writes nothing. Raises ``ValueError`` for what is no handle.
        """
        if parse(handle, None).kind is not Kind.HANDLE:
            raise ValueError(f"{handle!r} is no handle")
        before = self._read()
        after, code, created = codes.upsert(before, handle, now, meta, account)
        if after is before:
            return code, created
        with self._locked(self.pending_file):
            before = self._read()
            after, code, created = codes.upsert(before, handle, now, meta, account)
            if after is not before:
                self._write(after)
        return code, created

    def approve(self, account: str | None, code: str, now: float) -> Request | None:
        """Let in whoever was given ``code``; None when no live request has it. ``account`` None: in any account.

        The handle is added first and the request removed then: a crash in between loses nothing.
        """
        with self._locked(self.pending_file):
            request, remaining = codes.approve(self._read(), code, now, account)
            if request is not None:
                for path in self.allow_files(request.account):
                    self._allow(path, request.id)
                self._write(codes.live(remaining, now))
        return request

    def _allow(self, path: Path, handle: str) -> None:
        with self._locked(path):
            content = read_object(path, "allowFrom") or {"allowFrom": []}
            if handle not in map(_handle, _entries(path)):
                self._replace(path, {**content, "allowFrom": [*content["allowFrom"], handle]})

    def _read(self) -> tuple[Request, ...]:
        content = read_object(self.pending_file, "requests")
        return tuple(_request(self.pending_file, raw) for raw in content["requests"]) if content else ()

    def _write(self, requests: tuple[Request, ...]) -> None:
        content = read_object(self.pending_file, "requests") or {}
        self._replace(self.pending_file, {**content, "requests": [_json(request) for request in requests]})

    def _replace(self, path: Path, content: dict[str, Any]) -> None:
        try:
            write_object(path, content)
        except OSError as error:
            raise StoreUnreadableError(path, f"cannot be written: {error.strerror or error}") from error

    @contextmanager
    def _locked(self, path: Path) -> Iterator[None]:
        lock = path.with_name(path.name + ".lock")
        try:
            private_folder(self.folder)
            with locked(lock, self._wall, self._sleep):
                yield
        except BusyError as busy:
            raise StoreUnreadableError(path, f"is {busy}: try again, or remove {lock} if that is not running") from busy
        except OSError as error:
            raise StoreUnreadableError(path, f"cannot be locked: {error.strerror or error}") from error


def _file_part(account: str) -> str:
    part = _UNSAFE.sub("_", account.strip().lower())
    if not part:
        raise ValueError("a blank account has no pairing files")
    return part


def _entries(path: Path) -> list[str]:
    content = read_object(path, "allowFrom")
    entries = content["allowFrom"] if content else []
    if not all(isinstance(entry, str) for entry in entries):
        raise StoreUnreadableError(path, 'holds an "allowFrom" entry that is no text: repair it')
    return entries


def _handle(text: str) -> str:
    """The canonical handle an entry of a file names, ``""`` when it names none."""
    entry = parse(text, None)
    return entry.value if entry.kind is Kind.HANDLE else ""


def _request(path: Path, raw: Any) -> Request:
    if not isinstance(raw, dict):
        raise StoreUnreadableError(path, "holds a request that is no object: repair it")
    meta, code = raw.get("meta"), raw.get("code")
    return Request(
        id=_handle(raw["id"]) if isinstance(raw.get("id"), str) else "",
        code=code.strip() if isinstance(code, str) else "",
        created_at=_seconds(raw.get("createdAt")),
        last_seen_at=_seconds(raw.get("lastSeenAt")),
        meta={k: v for k, v in meta.items() if isinstance(v, str)} if isinstance(meta, dict) else {},
        raw=raw,
    )


def _json(request: Request) -> dict[str, Any]:
    """The request as it is stored; what was not touched keeps the very text it was read from."""
    raw = dict(request.raw)
    new = {"id": request.id, "code": request.code}
    if _seconds(raw.get("createdAt")) != request.created_at or request.created_at is None:
        new["createdAt"] = _iso(request.created_at)
    if _seconds(raw.get("lastSeenAt")) != request.last_seen_at:
        new["lastSeenAt"] = _iso(request.last_seen_at)
    raw.update(new)
    old = raw.get("meta")
    raw["meta"] = {**(old if isinstance(old, dict) else {}), **request.meta}
    return raw


def _seconds(text: Any) -> float | None:
    """An ISO 8601 time as unix seconds (UTC where it names no zone), None when it is none."""
    if not isinstance(text, str):
        return None
    try:
        moment = datetime.fromisoformat(text)
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
    except (ValueError, OverflowError):
        return None


def _iso(seconds: float | None) -> str:
    moment = datetime.fromtimestamp(seconds or 0.0, UTC)
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")
