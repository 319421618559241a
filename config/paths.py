"""Names of places inside a config file.

A path is a tuple of keys (`str`) and list indexes (`int`); people see it written with dots
(`channels.imessage.accounts.bot.allowFrom.0`). A key that would be ambiguous with dots stands in brackets:
`channels.imessage.dms["me@example.com"].historyLimit`. There is one grammar for the command line and for chat:
`parse` reads what `dotted` writes, and also `list[0]` for an index, a backslash before any character, single
quotes, and the curly quotes a phone types. `typed` and `assignment` are for what people type.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence

Path = tuple[str | int, ...]

PROTOTYPES = frozenset({"__proto__", "prototype", "constructor"})
"""Names JavaScript readers of the file would not take as plain keys."""

_PLAIN = re.compile(r"[^\s.\[\]\"'\\=\u201c\u201d\u2018\u2019]+")
_SEGMENT = re.compile(
    r"""
    (?P<plain>(?:[^\s.\[\]"'\\=]|\\.)+)
    |\[(?:(?P<index>\d{1,9})
         |(?P<quoted>"(?:[^"\\]|\\.)*")
         |(?:'(?P<single>(?:[^'\\]|\\.)*)'|[\u201c\u201d](?P<curly>[^\u201c\u201d]*)[\u201c\u201d]
            |[\u2018\u2019](?P<curled>[^\u2018\u2019]*)[\u2018\u2019]))\]
    """,
    re.VERBOSE | re.DOTALL,
)
_ESCAPED = re.compile(r"\\(.)", re.DOTALL)


class PathError(ValueError):
    """A text that is no path; the message repeats it and names the column, from 1."""

    def __init__(self, text: str, at: int, reason: str) -> None:
        super().__init__(f"not a config path: {text} (column {at + 1}: {reason})")
        self.column = at + 1


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
    """The keys of a written path; indexes given with dots stay strings. Raises PathError for a malformed one."""
    path, end = _read(text)
    if end < len(text):
        raise PathError(text, end, _what_is_wrong(text, end))
    return path


def typed(text: str) -> Path:
    """The path a person typed: `parse`, with blanks around it taken off and prototype names refused."""
    path = parse(text.strip())
    _refuse_prototypes(text.strip(), path)
    return path


def assignment(text: str) -> tuple[Path, str]:
    """Path and value of `path=value`, split at the first `=` outside quotes. Raises PathError.

    The value has the blanks around it taken off and is otherwise as typed; it may be empty.
    """
    text = text.strip()
    path, end = _read(text)
    rest = text[end:].lstrip()
    if not rest.startswith("="):
        raise PathError(text, end, "expected = and a value" if not rest else _what_is_wrong(text, end))
    if not path:
        raise PathError(text, 0, "a key is missing before =")
    _refuse_prototypes(text[:end], path)
    return path, rest[1:].strip()


def _read(text: str) -> tuple[Path, int]:
    """The longest path a text begins with, and where it ends."""
    if text.startswith("<root>"):
        return (), len("<root>")
    keys: list[str | int] = []
    at = 0
    while at < len(text):
        dot = bool(keys) and text[at] == "."
        found = _SEGMENT.match(text, at + dot)
        if found is None or (keys and not dot and found["plain"] is not None):
            break
        keys.append(_key(text, found))
        at = found.end()
    return tuple(keys), at


def _key(text: str, found: re.Match[str]) -> str | int:
    if found["index"] is not None:
        return int(found["index"])
    if found["quoted"] is None:
        literal = next(part for part in found.groups() if part is not None)
        return _ESCAPED.sub(r"\1", literal)
    try:
        return str(json.loads(found["quoted"]))
    except ValueError:
        raise PathError(text, found.start("quoted"), "a backslash here stands before a quote or a backslash") from None


def _what_is_wrong(text: str, at: int) -> str:
    if text[at] == "." and not at:
        return "a path does not begin with a dot"
    if text[at] == "." and at + 1 < len(text):
        return "a key is missing" if text[at + 1] in ".=" or text[at + 1].isspace() else _what_is_wrong(text, at + 1)
    if text[at] == ".":
        return "a key is missing after the dot"
    if text[at] == "[":
        return 'expected [0] or ["key"]'
    if text[at].isspace():
        return 'a key with blanks stands in brackets and quotes, ["a key"]'
    if text[at] == "=":
        return 'a key with = stands in brackets and quotes, ["a=b"]'
    return f'{text[at]} cannot stand here; an unusual key stands in brackets and quotes, ["key"]'


def _refuse_prototypes(text: str, path: Path) -> None:
    for key in path:
        if key in PROTOTYPES:
            raise PathError(text, text.find(str(key)), f"{key} is a name JavaScript keeps for itself")
