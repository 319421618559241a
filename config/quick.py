"""JSON5 as people write it, read at the speed of JSON.

The reference parser takes ten microseconds for each character, half a minute for a large file. `to_json` turns the
JSON5 everybody uses (comments, trailing commas, bare keys, single quotes, a leading plus) into JSON text, token by
token. Whatever it is not sure about it leaves to the reference parser, so it never accepts what that one refuses, and
never reads it differently.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from config.positions import TOKEN

_BLANK = re.compile(r"[ \t\r\n]+")
_DOUBLE = re.compile(r'"(?:[^"\\\x00-\x1f\u2028\u2029]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*+"')
_SINGLE = re.compile(r"'[^'\"\\\x00-\x1f\u2028\u2029]*+'")
_NAME = re.compile(r"[A-Za-z_$][A-Za-z0-9_$]*+")
_NUMBER = re.compile(r"[+-]?(?:0|[1-9][0-9]*+)(?:\.[0-9]++)?(?:[eE][+-]?[0-9]++)?")
_LITERALS = frozenset({"true", "false", "null"})
_VALUE_ENDS = frozenset('"}]')


class Quick(NamedTuple):
    """JSON text with one token on each line, and the offsets of these tokens in the JSON5 text."""

    json: str
    offsets: list[int]


class Doubt(NamedTuple):
    """Where the translation stopped being sure, as a character offset."""

    offset: int


def to_json(text: str) -> Quick | Doubt:
    """JSON with the same value as the JSON5 `text`, or where it holds something unusual or wrong.

    The JSON may still be wrong in its structure: parse it strictly. Takes any text; linear in it.
    """
    pieces: list[str] = []
    offsets: list[int] = []
    name_at: int | None = None  # a bare word that is right only if a colon follows
    for token in TOKEN.finditer(text):
        kind, part = token.lastgroup, token.group()
        if kind == "space":
            if not _is_plain_space(part):
                return Doubt(token.start())
            continue
        if name_at is not None and part != ":":
            return Doubt(name_at)
        name_at = None
        if part in "}]" and _ends_in_comma(pieces):
            pieces.pop()
            offsets.pop()
        piece = _piece(part) if kind != "other" else None
        if piece is None:
            if kind != "word" or not _NAME.fullmatch(part):
                return Doubt(token.start())
            piece, name_at = f'"{part}"', token.start()
        pieces.append(piece)
        offsets.append(token.start())
    return Quick("\n".join(_keyed(pieces)), offsets) if name_at is None else Doubt(name_at)


def _is_plain_space(part: str) -> bool:
    if part.startswith("/*"):
        return len(part) >= 4 and part.endswith("*/")
    return part.startswith("//") or _BLANK.fullmatch(part) is not None


def _ends_in_comma(pieces: list[str]) -> bool:
    """Whether a value and a comma came last."""
    return len(pieces) > 1 and pieces[-1] == "," and (pieces[-2][-1] in _VALUE_ENDS or pieces[-2][-1].isalnum())


def _piece(part: str) -> str | None:
    """The JSON of one token; None for a bare word, and for what is unusual."""
    if part in "{}[]:,":
        return part
    if part[0] == '"':
        return part if _DOUBLE.fullmatch(part) else None
    if part[0] == "'":
        return f'"{part[1:-1]}"' if _SINGLE.fullmatch(part) else None
    if part in _LITERALS:
        return part
    return part.removeprefix("+") if _NUMBER.fullmatch(part) else None


def _keyed(pieces: list[str]) -> list[str]:
    """`true`, `false` and `null` in the place of a key are names."""
    followers = [*pieces[1:], ""] if pieces else []
    return [
        f'"{piece}"' if piece in _LITERALS and follower == ":" else piece
        for piece, follower in zip(pieces, followers, strict=True)
    ]
