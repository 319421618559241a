"""What this gateway is: its version, the commit it was checked out at, the formats it speaks.

In: the files of the checkout, else the installed package's metadata. No process is started, git's files are read.
"""

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = "imessage-gateway"

IMSG_GENERATIONS = ("0.5 to 0.13", "0.14 to 0.15")
"""The imsg releases whose RPC the link is built for (imsg protocol 12.9)."""

_VERSION = re.compile(r"^version\s*=\s*(\S+)\s*$", re.MULTILINE)
_HASH = re.compile(r"[0-9a-f]{40,64}")


def version(root: Path = ROOT) -> str:
    """The version in the checkout's ``setup.cfg``, else that of the installed package."""
    try:
        found = _VERSION.search((root / "setup.cfg").read_text(encoding="utf-8"))
    except OSError:
        found = None
    return found[1] if found else _installed()


def _installed() -> str:
    from importlib import metadata  # late: 30 ms, and a checkout does not need it

    try:
        return metadata.version(PACKAGE)
    except metadata.PackageNotFoundError:
        return "unknown"


def commit(root: Path = ROOT) -> str | None:
    """The full hash the checkout stands at, None outside a checkout or when git's files do not say."""
    folder = _git_folder(root)
    head = _text(folder / "HEAD") if folder else None
    if folder is None or head is None:
        return None
    if head.startswith("ref: "):
        head = _resolve(folder, head.removeprefix("ref: ").strip())
    return head if head and _HASH.fullmatch(head) else None


def _git_folder(root: Path) -> Path | None:
    place = root / ".git"
    if place.is_file():  # a linked worktree: the file names its folder
        named = (_text(place) or "").removeprefix("gitdir:").strip()
        return (root / named) if named else None
    return place if place.is_dir() else None


def _resolve(folder: Path, name: str) -> str | None:
    common = _text(folder / "commondir")
    for place in (folder, *([folder / common] if common else [])):
        loose = _text(place / name)
        if loose:
            return loose
        for line in (_text(place / "packed-refs") or "").splitlines():
            value, _, ref = line.partition(" ")
            if ref == name:
                return value
    return None


def _text(path: Path) -> str | None:
    try:
        return path.read_text(encoding="utf-8").strip()
    except (OSError, ValueError):
        return None


def describe() -> str:
    """What ``--version`` prints."""
    from actors.journal.schema import VERSION  # late: SQLite is not needed to name the version elsewhere

    at = commit()
    where = f" (commit {at[:12]})" if at else ""
    return (
        f"{PACKAGE} {version()}{where}\n"
        f"journal schema {VERSION}\n"
        f"imsg protocol generations: {', '.join(IMSG_GENERATIONS)}"
    )
