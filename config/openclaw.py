"""What an OpenClaw config file says about iMessage: which Messages databases its gateway reads.

In: the path of somebody else's config file. Out: identities as in `config.sources`, or None where the file does not
tell. The file is read for this one question only: nothing is validated, no variable is filled in. It is parsed again
only when it changed, because JSON5 takes its time.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple

from config import sources
from config.source import parse_bytes, read
from config.sources import HERE, Machine
from config.values import expand_home

_INCLUDE = "$include"
_OPEN = "${"
_SOURCE = ("cliPath", "dbPath")

Block = dict[str, Any]


class _Seen(NamedTuple):
    """A file in one state."""

    path: Path
    inode: int
    changed: int
    size: int


def databases(path: Path, home: Path, machine: Machine = HERE) -> frozenset[str] | None:
    """The identities that an OpenClaw with this config file reads; empty when its iMessage is off.

    None when that cannot be told: the file is missing or broken, or what matters stands in an include or a variable.
    """
    try:
        found = path.stat()
    except (OSError, ValueError):
        return None
    channel = _channel(_Seen(path, found.st_ino, found.st_mtime_ns, found.st_size))
    if channel is None:
        return None
    names = {_identity(block, home, machine) for block in _accounts(channel)}
    return None if None in names else frozenset(name for name in names if name is not None)


@lru_cache(maxsize=8)
def _channel(seen: _Seen) -> Block | None:
    """`channels.imessage`: off when there is none, None when it cannot be told."""
    data = read(seen.path)
    source = parse_bytes(seen.path, data) if isinstance(data, bytes) else None
    if source is None or isinstance(source, list):
        return None
    block: Block = source.value
    for key in ("channels", "imessage"):
        inner = block.get(key)
        if not isinstance(inner, dict):
            return None if _INCLUDE in block else {"enabled": False}
        block = inner
    return None if _INCLUDE in block else block


def _accounts(channel: Block) -> Iterator[Block]:
    """The blocks of the accounts that run: the channel's keys with the account's own over them."""
    if channel.get("enabled") is False:
        return
    base = {key: value for key, value in channel.items() if key not in {"accounts", "defaultAccount"}}
    accounts = channel.get("accounts")
    named = accounts if isinstance(accounts, dict) else {}
    if not named or (any(key in base for key in _SOURCE) and "default" not in named):
        yield base
    for block in named.values():
        if isinstance(block, dict) and block.get("enabled") is not False:
            yield {**base, **block}


def _identity(block: Block, home: Path, machine: Machine) -> str | None:
    cli, database, host = (_text(block, key) for key in ("cliPath", "dbPath", "remoteHost"))
    if _INCLUDE in block or any(_OPEN in text for text in (cli, database, host)):
        return None
    path = database if host else expand_home(database, home)
    return sources.identity(expand_home(cli or "imsg", home), path or None, host or None, machine)


def _text(block: Block, key: str) -> str:
    value = block.get(key)
    return value.strip() if isinstance(value, str) else ""
