"""Pairing files as other programs leave them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from actors.pairing.store import PairingStore


def never(seconds: float) -> None:
    """What waits for a lock nobody holds."""
    raise AssertionError("nobody holds the lock")


def put(store: PairingStore, name: str, content: Any) -> Path:
    """A file with these bytes, or this JSON value."""
    store.folder.mkdir(mode=0o700, exist_ok=True)
    path = store.folder / name
    path.write_bytes(content if isinstance(content, bytes) else json.dumps(content).encode())
    return path


def content(store: PairingStore, name: str) -> Any:
    """The JSON value of a file."""
    return json.loads((store.folder / name).read_bytes())
