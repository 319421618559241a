"""A config folder to write in: its files, a writer with an environment of its own, and what lies there afterwards."""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

import json5

from config import Check, Places, audit
from config.edit import Set, Unset
from config.paths import typed
from config.writer import Outcome, Writer

TEXT = """\
// who may write to me
{
  channels: {
    imessage: {
      cliPath: "imsg", // the program
      dmPolicy: "pairing",
      allowFrom: ["+15555550123"],
    },
  },
  gateway: { mode: "local" },
}
"""
TIME = 1_700_000_000.0
_RING = re.compile(r".*\.bak(\.[1-4])?")


class Desk:
    """The config at `places`, and a writer of it."""

    def __init__(
        self, places: Places, env: Mapping[str, str] | None = None, further: Collection[Check] = (), text: str = TEXT
    ) -> None:
        self.places = places
        self.file = places.config
        if text:
            self.file.write_text(text)
        self.writer = Writer(places, env or {}, further, lambda: TIME, patience=5)

    def set(self, path: str, value: object, **options: Any) -> Outcome:
        return self.writer.change([Set(typed(path), value)], "cli", **options)

    def unset(self, path: str, **options: Any) -> Outcome:
        return self.writer.change([Unset(typed(path))], "cli", **options)

    def add(self, name: str, text: str) -> Path:
        """A file beside the config."""
        path = self.file.parent / name
        path.write_text(text)
        return path

    @property
    def value(self) -> Any:
        return json5.loads(self.file.read_text())

    @property
    def audited(self) -> list[Any]:
        log = audit.path(self.places)
        return [json.loads(line) for line in log.read_text().splitlines()] if log.exists() else []


def litter(folder: Path) -> list[str]:
    """Names of locks and drafts that were left, and of backups that should not be."""
    names = [path.name for path in folder.iterdir()]
    return [
        name for name in names if name.endswith((".tmp", ".lock")) or (".bak" in name and not _RING.fullmatch(name))
    ]
