"""Names of places inside a config file.

A path is a tuple of keys (`str`) and list indexes (`int`); people see it written with dots
(`channels.imessage.accounts.bot.allowFrom.0`). A key that would be ambiguous with dots stands in brackets:
`channels.imessage.dms["me@example.com"].historyLimit`. `parse` reads what `dotted` writes, and also accepts
`list[0]` for an index.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence

Path = tuple[str | int, ...]

_PLAIN = re.compile(r"[^\s.\[\]\"'\\]+")
_SEGMENT = re.compile(r"""\.?(?:(?P<plain>[^\s.\[\]"'\\]+)|\[(?P<index>\d+)\]|\[(?P<quoted>"(?:[^"\\]|\\.)*")\])""")


def dotted(path: Sequence[str | int]) -> str:
    """The path as people read it; the empty path is `<root>`."""
    parts: list[str] = []
    for key in path:
        if isinstance(key, int) or _PLAIN.fullmatch(key):
            parts.append(f".{key}" if parts else str(key))
        else:
            parts.append(f"[{json.dumps(key, ensure_ascii=False)}]")
    return "".join(parts) or "<root>"


def parse(text: str) -> Path:
    """The keys of a written path; indexes given with dots stay strings. Raises ValueError for a malformed one."""
    if text in {"", "<root>"}:
        return ()
    keys: list[str | int] = []
    at = 0
    while at < len(text):
        found = _SEGMENT.match(text, at)
        if found is None or (not keys and found.group().startswith(".")):
            raise ValueError(f"not a config path: {text}")
        if found["plain"] is not None:
            keys.append(found["plain"])
        elif found["index"] is not None:
            keys.append(int(found["index"]))
        else:
            keys.append(json.loads(found["quoted"]))
        at = found.end()
    return tuple(keys)
