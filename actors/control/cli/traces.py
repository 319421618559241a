"""What is left of somebody outside the journal: files that name them, counted line by line. Nothing is changed.

In: names in lower case (handles, chat GUIDs) and the places of a state folder. Out: a path, what it is, and how many
lines name them.
"""

from collections.abc import Collection, Iterator
from glob import escape
from pathlib import Path
from typing import NamedTuple

from config import Places

LOGS, SETTINGS, PAIRING, MEDIA = "logs", "settings", "pairing", "media"


class Trace(NamedTuple):
    """A file or folder; ``number`` counts the lines that name them, of media the files."""

    path: Path
    what: str
    number: int

    def json(self) -> dict[str, object]:
        """For ``--json``."""
        return {"path": str(self.path), "what": self.what, "count": self.number}


def traces(where: Places, names: Collection[str]) -> list[Trace]:
    """Every file of ours, and of the config and the pairing shared with OpenClaw, that names them. Raises nothing."""
    wanted = [name.encode("utf-8", "replace") for name in names if name]
    found = [Trace(path, what, _lines(path, wanted)) for path, what in _files(where)]
    media = sum(path.is_file() for path in where.media.rglob("*")) if where.media.is_dir() else 0
    return [one for one in (*found, Trace(where.media, MEDIA, media)) if one.number]


def _files(where: Places) -> Iterator[tuple[Path, str]]:
    for folder, pattern, what in (
        (where.config.parent, f"{escape(where.config.name)}*", SETTINGS),
        (where.gateway, f"{where.overlay.name}*", SETTINGS),
        (where.credentials, "imessage-*.json", PAIRING),
        (where.gateway, "*.json", PAIRING),
        (where.log_file.parent, "*", LOGS),
        (where.state / "logs", "*", LOGS),
    ):
        for path in sorted(folder.glob(pattern)) if folder.is_dir() else ():
            if path.is_file():
                yield path, what


def _lines(path: Path, names: Collection[bytes]) -> int:
    try:
        with path.open("rb") as lines:
            return sum(any(name in line for name in names) for line in map(bytes.lower, lines))
    except OSError:
        return 0
