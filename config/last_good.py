"""The config the gateway last ran with, kept where an edit cannot reach it.

After a successful start, or once a changed config is taken, `keep` copies every file of the config to
`<state>/gateway/last-good/`; `places` then says where to load it from. Copies differ from the originals only in the
names after `$include`, which point to the other copies; variables and `.env` files are taken as they are when it is
loaded. A set of copies lies in a folder named by what they hold, which `current` names, so it changes whole or not at
all, and damage is noticed.
"""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from config import document
from config.document import Document, real, relinked
from config.drafts import draft, private_folder, put
from config.loading import Loaded
from config.places import Places
from config.problems import Problem
from config.redaction import MARKER
from config.source import parse_bytes, read

_MAIN, _OVERLAY, _CURRENT = "openclaw.json5", "gateway.json5", "current"
_INSTEAD = "mend the config itself: gateway config validate says what is wrong with it, config rollback undoes a change"


def folder(where: Places) -> Path:
    """The folder of the copies."""
    return where.gateway / "last-good"


def keep(loaded: Loaded, where: Places, env: Mapping[str, str]) -> bool:
    """Copy the files of a config that the gateway runs with. True when the copy is there.

    False, and nothing changes, when the files are no longer what was loaded, or hold a redaction marker in the place of
    a secret. Raises `OSError` when the copies cannot be written.
    """
    found = document.read(where, env)
    if loaded.config is None or not isinstance(found, Document) or found.digest != loaded.digest:
        return False
    if any(MARKER.encode() in part.content for part in found.parts):
        return False
    copies = _copies(found, where)
    name, base = _name(copies), folder(where)
    if _kept(where) != base / name:
        private_folder(base)
        _write(copies, base / name)
        put(draft(base / _CURRENT, name.encode(), None), base / _CURRENT)
    for other in base.iterdir():
        if other.is_dir() and other.name != name:
            shutil.rmtree(other, ignore_errors=True)
    return True


def places(where: Places) -> Places | None:
    """The same places with the kept config in the stead of the one in use; None when there is none to be used."""
    kept = _kept(where)
    return replace(where, config=kept / _MAIN, overlay=kept / _OVERLAY) if isinstance(kept, Path) else None


def explain(where: Places) -> str | None:
    """Why there is no kept config to be used, and what to do; None when there is one."""
    kept = _kept(where)
    return kept if isinstance(kept, str) else None


def _kept(where: Places) -> Path | str:
    """The folder of the copies in use, or why there is none."""
    base = folder(where)
    current = read(base / _CURRENT)
    if current is None:
        return f"no config is kept in {base}: one is, after each start that went well; until then {_INSTEAD}"
    if isinstance(current, Problem):
        return current.message
    name = current.decode("ascii", "replace").strip()
    if not name.isalnum():
        return f"{base / _CURRENT} is damaged: {_INSTEAD}"
    held = _held(base / name)
    if isinstance(held, Problem):
        return held.message
    if _MAIN not in held or _name(held) != name:
        return f"the copies in {base / name} are not what was kept: files are missing or were changed; {_INSTEAD}"
    return base / name


def _held(kept: Path) -> dict[str, bytes] | Problem:
    """What the copies hold now, by name."""
    try:
        paths = sorted(kept.iterdir())
    except OSError:
        return {}
    held = {path.name: read(path) for path in paths}
    fault = next((data for data in held.values() if isinstance(data, Problem)), None)
    return fault or {name: data for name, data in held.items() if isinstance(data, bytes)}


def _name(copies: Mapping[str, bytes]) -> str:
    """What a set of copies is called: other content, another name."""
    found = hashlib.sha256()
    for name in sorted(copies):
        found.update(b"%s %d\n%s" % (name.encode(), len(copies[name]), copies[name]))
    return found.hexdigest()[:32]


def _copies(found: Document, where: Places) -> dict[str, bytes]:
    """The files of a document under new names, which they include each other by."""
    names = {where.config: _MAIN, where.overlay: _OVERLAY}
    called = {part.path: names.get(part.path, f"{number}.json5") for number, part in enumerate(found.parts)}
    meant = {real(path): Path(name) for path, name in called.items()}
    copies: dict[str, bytes] = {}
    for part in found.parts:
        source = parse_bytes(part.path, part.content, part=True)
        copies[called[part.path]] = part.content if isinstance(source, list) else relinked(source, meant).encode()
    return copies


def _write(copies: Mapping[str, bytes], into: Path) -> None:
    shutil.rmtree(into, ignore_errors=True)
    private_folder(into)
    for name, content in copies.items():
        put(draft(into / name, content, None), into / name)
