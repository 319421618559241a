"""Where the values of a JSON5 text stand: a tolerant scanner beside the strict parser.

`scan` takes any text and never raises. For a text the parser accepts, its marks have the same shape as the
parsed value, so a dotted path leads to an offset; for a broken text they are a best effort. It also finds what
the file rules refuse and a parser would not place: duplicate keys, numbers that are not finite, and nesting
deeper than `MAX_DEPTH`. Time and memory are linear in the text.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from math import isfinite

from config.paths import Path

MAX_DEPTH = 100
"""Objects and lists inside each other; more is refused."""
MAX_VALUES = 50_000
"""Values in one file; more is refused, so that no file takes seconds to read."""

# Unterminated comments and strings match to the end of the text: that keeps the scan linear.
TOKEN = re.compile(
    r"""
    (?P<space>(?:\s|\ufeff)+|//[^\n\r\u2028\u2029]*|/\*.*?(?:\*/|\Z))
    |(?P<string>"(?:[^"\\]|\\.)*"?|'(?:[^'\\]|\\.)*'?)
    |(?P<punctuation>[{}\[\]:,])
    |(?P<word>[^\s\ufeff{}\[\]:,"'/]+)
    |(?P<other>.)
    """,
    re.VERBOSE | re.DOTALL,
)
_ESCAPE = re.compile(r"\\(?:u([0-9a-fA-F]{4})|x([0-9a-fA-F]{2})|(\r\n|.))", re.DOTALL)
_SIMPLE = {"b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "v": "\v", "0": "\0"}
_LINE_BREAKS = {"\n", "\r", "\r\n", "\u2028", "\u2029"}
# Only one way to match any text: a long number that is none must not take its length squared.
_DECIMAL = re.compile(r"[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?")
_NOT_FINITE = {"NaN", "Infinity"}
_MAX_DIGITS = 400


@dataclass(slots=True)
class Mark:
    """One value: offsets of its key (None in lists and at the root), its start and its end."""

    key: int | None
    start: int
    end: int
    children: dict[str | int, Mark] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Fault:
    """Something the file rules refuse, at an offset."""

    path: Path
    offset: int
    message: str


@dataclass(frozen=True, slots=True)
class Marks:
    """What a scan found; `too_deep` and `too_many` are the offsets where a limit was passed."""

    root: Mark
    faults: tuple[Fault, ...]
    too_deep: int | None
    too_many: int | None = None


@dataclass(slots=True)
class _Frame:
    mark: Mark
    is_list: bool
    index: int = 0
    key: str | None = None
    key_at: int | None = None

    def name(self) -> str | int:
        return self.index if self.is_list else self.key or ""

    def add(self, start: int, end: int) -> Mark:
        mark = Mark(None if self.is_list else self.key_at, start, end)
        self.mark.children[self.name()] = mark
        return mark

    def next(self) -> None:
        self.index += 1
        self.key = self.key_at = None


def scan(text: str) -> Marks:
    """The marks and faults of a JSON5 text; stops where a limit is passed."""
    scanner = _Scanner()
    for token in TOKEN.finditer(text):
        if token.lastgroup != "space" and not scanner.feed(token):
            break
    return Marks(scanner.root, tuple(scanner.faults), scanner.too_deep, scanner.too_many)


class _Scanner:
    def __init__(self) -> None:
        self.root = Mark(None, 0, 0)
        self.faults: list[Fault] = []
        self.too_deep: int | None = None
        self.too_many: int | None = None
        self._values = 0
        self._stack: list[_Frame] = []

    def feed(self, token: re.Match[str]) -> bool:
        text = token.group()
        if token.lastgroup == "punctuation":
            return self._punctuation(text, token.start())
        frame = self._stack[-1] if self._stack else None
        if frame is not None and not frame.is_list and frame.key is None:
            self._key(frame, text, token.start())
        else:
            self._value(text, token.start(), token.end())
        return self.too_many is None

    def _punctuation(self, text: str, at: int) -> bool:
        if text in "{[":
            if len(self._stack) == MAX_DEPTH:
                self.too_deep = at
                return False
            self._stack.append(_Frame(self._place(at, at + 1), is_list=text == "["))
            return self.too_many is None
        if text in "}]" and self._stack:
            self._stack.pop().mark.end = at + 1
        elif text == "," and self._stack:
            self._stack[-1].next()
        return True

    def _place(self, start: int, end: int) -> Mark:
        self._values += 1
        if self._values > MAX_VALUES:
            self.too_many = start
        if self._stack:
            return self._stack[-1].add(start, end)
        self.root = Mark(None, start, end)
        return self.root

    def _key(self, frame: _Frame, text: str, at: int) -> None:
        frame.key, frame.key_at = unescape(text), at
        if frame.key in frame.mark.children:
            self._fault(at, f'the key "{frame.key}" appears twice in this object: keep one')

    def _value(self, text: str, start: int, end: int) -> None:
        self._place(start, end)
        if text[0] in "\"'":
            return
        if text.lstrip("+-") in _NOT_FINITE or not _is_sane(text):
            self._fault(start, "not a finite number: write a plain decimal number, or put text in quotes")

    def _fault(self, at: int, message: str) -> None:
        self.faults.append(Fault(tuple(frame.name() for frame in self._stack), at, message))


def _is_sane(text: str) -> bool:
    return not _DECIMAL.fullmatch(text) or (len(text) <= _MAX_DIGITS and isfinite(float(text)))


def unescape(text: str) -> str:
    """A key as the parser would name it: quotes taken off, escapes resolved."""
    if text[0] in "\"'":
        text = text[1:-1] if len(text) > 1 and text[-1] == text[0] else text[1:]
    if "\\" not in text:
        return text
    units = _ESCAPE.sub(_unescaped, text).encode("utf-16-le", "surrogatepass")
    return units.decode("utf-16-le", "surrogatepass")  # joins the two halves of a written surrogate pair


def _unescaped(found: re.Match[str]) -> str:
    code = found[1] or found[2]
    if code:
        return chr(int(code, 16))
    return "" if found[3] in _LINE_BREAKS else _SIMPLE.get(found[3], found[3])
