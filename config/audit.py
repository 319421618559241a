"""Who changed the config, when, and which keys: one JSON object a line in `<state>/logs/config-audit.jsonl`.

Values are never written, only paths, sizes and digests of whole files. The file is 0600 and appended to by one write a
line, so lines of several processes never mix; past `MAX_BYTES` it moves to `.1` and a new one begins.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import Literal

from config.drafts import private_folder
from config.paths import Path as Keys
from config.paths import dotted
from config.places import Places

MAX_BYTES = 8 * 1024 * 1024
_PLAIN = re.compile(r"[$A-Za-z]{1,32}")
_LONGEST = 200


@dataclass(frozen=True, slots=True)
class Record:
    """One change, or one that was refused.

    `actor` is `cli`, or the handle of who wrote in a chat. `result` is `rename` (it happened), `rejected` (not
    allowed) or `failed` (the system would not let us); `code` then says why. `before` and `after` are whole files,
    None for one that is not there.
    """

    time: float
    actor: str
    result: Literal["rename", "rejected", "failed"]
    config: Path
    file: Path | None = None
    paths: tuple[str, ...] = ()
    before: bytes | None = None
    after: bytes | None = None
    code: str | None = None
    suspicious: tuple[str, ...] = ()


def path(places: Places) -> Path:
    """Where the audit log is."""
    return places.state / "logs" / "config-audit.jsonl"


def record(places: Places, entry: Record) -> None:
    """Append one line. Raises `OSError`: the caller decides whether that matters."""
    file = path(places)
    private_folder(file.parent)
    with suppress(FileNotFoundError):
        if file.stat().st_size > MAX_BYTES:
            file.replace(file.with_name(f"{file.name}.1"))
    data = json.dumps(as_json(entry)).encode() + b"\n"
    flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW
    descriptor = os.open(file, flags, 0o600)
    try:
        owner = file.parent.stat()
        if os.geteuid() == 0 and owner.st_uid != 0:
            os.fchown(descriptor, owner.st_uid, owner.st_gid)
        os.fchmod(descriptor, 0o600)
        os.write(descriptor, data)
    finally:
        os.close(descriptor)


def as_json(entry: Record) -> dict[str, object]:
    """The line as an object; times are UTC ISO 8601, sizes bytes, digests SHA-256."""
    stamp = datetime.fromtimestamp(entry.time, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    return {
        "ts": stamp,
        "source": "config-io",
        "event": "config.write",
        "result": entry.result,
        "actor": entry.actor,
        "configPath": str(entry.config),
        "file": None if entry.file is None else str(entry.file),
        "pid": os.getpid(),
        "ppid": os.getppid(),
        "previousHash": _digest(entry.before),
        "nextHash": _digest(entry.after),
        "previousBytes": None if entry.before is None else len(entry.before),
        "nextBytes": None if entry.after is None else len(entry.after),
        "changedPathCount": len(entry.paths),
        "changedPaths": [path[:_LONGEST] for path in entry.paths],
        "suspicious": list(entry.suspicious),
        "errorCode": entry.code,
    }


def safe_paths(document: object, paths: Iterable[Keys]) -> tuple[str, ...]:
    """Paths of a refused change as they may be written down.

    A key that is not in the document may be anything, a secret in the wrong place too: only plain words are kept.
    """
    return tuple(dict.fromkeys(dotted(tuple(_safe(document, path))) for path in paths))


def _safe(document: object, path: Keys) -> Keys:
    kept: list[str | int] = []
    at: object = document
    for key in path:
        at = at.get(str(key)) if isinstance(at, dict) else None
        kept.append(key if at is not None or isinstance(key, int) or _PLAIN.fullmatch(key) else "?")
    return tuple(kept)


def _digest(content: bytes | None) -> str | None:
    return None if content is None else sha256(content).hexdigest()
