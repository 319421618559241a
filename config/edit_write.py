"""Values written as JSON5, in a style. Pure.

What `write` returns parses to the same value, and is plain JSON where the style asks for quoted keys and double
quotes. Refused is what a config file cannot hold: half characters, numbers that are not finite, other types.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, replace
from math import isfinite

_IDENTIFIER = re.compile(r"[A-Za-z_$][A-Za-z0-9_$]*")
# Legal as keys, but not every reader agrees.
_RESERVED = {"true", "false", "null", "NaN", "Infinity", "undefined"}
_UNSAFE = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ufeff]")
_SHORT = {"\b": "\\b", "\f": "\\f", "\n": "\\n", "\r": "\\r", "\t": "\\t"}
_WIDTH = 72


class LiteralError(ValueError):
    """A text that is no value, or a value no config file can hold; the message says why and what to write."""


@dataclass(frozen=True, slots=True)
class Style:
    """How values are written: the habits of the text around them.

    `key_quote` is the quote of keys where it is not `quote`. `expand` puts every entry on a line of its own; else
    short lists and objects stay on one line.
    `trailing_comma` holds for what is spread over lines.
    """

    quote: str = '"'
    key_quote: str | None = None
    bare_keys: bool = True
    colon: str = ": "
    comma: str = ", "
    newline: str = "\n"
    unit: str = "  "
    trailing_comma: bool = True
    expand: bool = False


JSON5 = Style()
"""Unquoted keys, double quotes, two spaces, trailing commas."""
JSON = Style(bare_keys=False, trailing_comma=False)
"""What every JSON parser reads."""


def write(value: object, style: Style = JSON5, indent: str | None = "", *, spread: bool = False) -> str:
    """The value as JSON5; LiteralError for what a config file cannot hold.

    `indent` is the white space before the line the text will stand on; with None everything stays on one
    line, with `spread` the outermost list or object takes a line for each entry. Tuples are written as lists.
    """
    check(value)
    return _Writer(style).value(value, indent, spread=spread)


def write_key(key: str, style: Style = JSON5) -> str:
    """A key as it stands before the colon; quoted when the style says so or the name is no identifier."""
    if style.bare_keys and _IDENTIFIER.fullmatch(key) and key not in _RESERVED:
        return key
    return _string(key, style.key_quote or style.quote)


def is_identifier(key: str) -> bool:
    """True for a key that may stand without quotes."""
    return _IDENTIFIER.fullmatch(key) is not None and key not in _RESERVED


def check(value: object) -> None:
    """Raises LiteralError unless a config file can hold the value."""
    if isinstance(value, dict):
        for key, item in value.items():
            if not isinstance(key, str):
                raise LiteralError(f"a key must be text, not {type(key).__name__}")
            _check_text(key)
            check(item)
    elif isinstance(value, list | tuple):
        for item in value:
            check(item)
    elif isinstance(value, str):
        _check_text(value)
    elif isinstance(value, int | float):
        _check_number(value)
    elif value is not None:
        raise LiteralError(f"a config file cannot hold {type(value).__name__}")


def _check_text(text: str) -> None:
    try:
        text.encode()
    except UnicodeEncodeError:
        raise LiteralError("the text holds half a character: write the character itself") from None


def _check_number(value: float) -> None:
    try:
        finite = isfinite(value)
    except OverflowError:
        finite = False
    if not finite:
        raise LiteralError("not a finite number: write a plain decimal number, or put text in quotes")


class _Writer:
    def __init__(self, style: Style) -> None:
        self.style = style

    def value(self, value: object, indent: str | None, *, spread: bool = False) -> str:
        if isinstance(value, str):
            return _string(value, self.style.quote)
        if not value or not isinstance(value, dict | list | tuple):
            return json.dumps(value)
        if indent is None or not (spread or self._spreads(value)):
            line = self._inline(value)
            if indent is None or len(line) <= _WIDTH:
                return line
        return self._lines(value, indent)

    def _spreads(self, value: object) -> bool:
        if self.style.expand:
            return True
        # An object within an object reads as a block; anything else may stay on its line.
        items = list(value.values()) if isinstance(value, dict) else value if isinstance(value, list | tuple) else ()
        if isinstance(value, dict) and any(isinstance(item, dict) and item for item in items):
            return True
        return any(self._spreads(item) for item in items)

    def _inline(self, value: object) -> str:
        line = self.style.comma.join(self._entries(value, None))
        if not isinstance(value, dict):
            return f"[{line}]"
        return f"{{ {line} }}" if self.style.bare_keys else f"{{{line}}}"

    def _lines(self, value: object, indent: str) -> str:
        inner = indent + self.style.unit
        start, end = self.style.newline + inner, self.style.newline + indent
        body = f",{start}".join(self._entries(value, inner)) + ("," if self.style.trailing_comma else "")
        opening, closing = "{}" if isinstance(value, dict) else "[]"
        return opening + start + body + end + closing

    def _entries(self, value: object, indent: str | None) -> list[str]:
        if isinstance(value, dict):
            style = self.style
            return [write_key(key, style) + style.colon + self.value(item, indent) for key, item in value.items()]
        assert isinstance(value, list | tuple)
        return [self.value(item, indent) for item in value]


def _string(text: str, quote: str) -> str:
    body = text.replace("\\", "\\\\").replace(quote, "\\" + quote)
    return quote + _UNSAFE.sub(lambda found: _SHORT.get(found[0], f"\\u{ord(found[0]):04x}"), body) + quote


def with_quote(style: Style, quote: str) -> Style:
    """The style with the quote character of the text that is replaced."""
    return replace(style, quote=quote) if quote in "\"'" else style
