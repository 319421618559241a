"""The config the gateway last started with, kept where an edit cannot reach it.

After a successful start `keep` copies every file of the config to `<state>/gateway/last-good/`; `places` then says
where to load it from. Copies differ from the originals only in the names after `$include`, which point to the other
copies. A set of copies lies in a folder of its own that `current` names, so it changes whole or not at all.
"""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

from config import document
from config.document import Document, real, relinked
from config.drafts import draft, private_folder, put
from config.loading import Loaded
from config.places import Places
from config.redaction import MARKER
from config.source import parse_bytes

_MAIN, _OVERLAY, _CURRENT = "openclaw.json5", "gateway.json5", "current"


def folder(where: Places) -> Path:
    """The folder of the copies."""
    return where.gateway / "last-good"


def keep(loaded: Loaded, where: Places, env: Mapping[str, str]) -> bool:
    """Copy the files of a config that a gateway has started with. True when the copy is there.

    False, and nothing changes, when the files are no longer what was loaded, or hold a redaction marker in the place of
    a secret. Raises `OSError` when the copies cannot be written.
    """
    found = document.read(where, env)
    if loaded.config is None or not isinstance(found, Document) or found.digest != loaded.digest:
        return False
    if any(MARKER.encode() in part.content for part in found.parts):
        return False
    base, current = folder(where), folder(where) / _CURRENT
    name = found.digest[:16]
    if _named(where) != name:
        private_folder(base)
        _copy(found, where, base / name)
        put(draft(current, name.encode(), None), current)
    for other in base.iterdir():
        if other.is_dir() and other.name != name:
            shutil.rmtree(other, ignore_errors=True)
    return True


def places(where: Places) -> Places | None:
    """The same places with the kept config in the stead of the one in use; None when none is kept."""
    name = _named(where)
    if name is None:
        return None
    kept = folder(where) / name
    return replace(where, config=kept / _MAIN, overlay=kept / _OVERLAY)


def _named(where: Places) -> str | None:
    with suppress(OSError, ValueError):
        name = (folder(where) / _CURRENT).read_text(encoding="ascii").strip()
        if name.isalnum() and (folder(where) / name / _MAIN).is_file():
            return name
    return None


def _copy(found: Document, where: Places, into: Path) -> None:
    shutil.rmtree(into, ignore_errors=True)
    private_folder(into)
    names = {where.config: _MAIN, where.overlay: _OVERLAY}
    copies = {part.path: into / names.get(part.path, f"{number}.json5") for number, part in enumerate(found.parts)}
    names_of = {real(path): Path(copy.name) for path, copy in copies.items()}
    for part in {part.path: part for part in found.parts}.values():
        source = parse_bytes(part.path, part.content)
        text = part.content.decode() if isinstance(source, list) else relinked(source, names_of)
        copy = copies[part.path]
        put(draft(copy, text.encode(), None), copy)
