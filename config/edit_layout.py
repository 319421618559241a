"""The habits of a JSON5 text: what a new entry must look like to fit in.

Pure. Everything is learnt from the text itself: from the neighbours of the new entry first, then from the rest.
Where a text has no habits yet, an empty one gets unquoted keys, and one that is plain JSON stays plain JSON.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from config.edit_document import Document
from config.edit_write import JSON5, Style, is_identifier
from config.positions import Mark

Kind = Literal["space", "line", "block", "comma"]

_GAP = re.compile(r"(?:\s|\ufeff)+|//[^\n\r\u2028\u2029]*|/\*.*?\*/|,", re.DOTALL)
_KINDS: dict[str, Kind] = {"//": "line", "/*": "block", ",": "comma"}
_BREAK = re.compile(r"\r\n|[\n\r\u2028\u2029]")
_NEWLINE = re.compile(r"\r\n|\n|\r")
_BLANKS = re.compile(r"[ \t]*")


@dataclass(frozen=True, slots=True)
class Token:
    """What stands between values: white space, a `//` or `/* */` comment, or a comma."""

    kind: Kind
    start: int
    end: int
    breaks: bool

    @property
    def comment(self) -> bool:
        """True for both kinds of comment."""
        return self.kind in {"line", "block"}


def gap(text: str, start: int, end: int) -> list[Token]:
    """The tokens between two values, or between a value and the bracket that closes its container."""
    found = ((match[0], match.start(), match.end()) for match in _GAP.finditer(text, start, end))
    return [Token(_KINDS.get(part[:2], "space"), first, last, breaks(part)) for part, first, last in found]


def breaks(text: str) -> bool:
    """True when the text goes over a line end."""
    return _BREAK.search(text) is not None


def last_break(text: str, start: int, end: int) -> int | None:
    """Where the last line end in a span begins."""
    found = [match.start() for match in _BREAK.finditer(text, start, end)]
    return found[-1] if found else None


def begin(mark: Mark) -> int:
    """Where an entry begins: at its key, in a list at its value."""
    return mark.start if mark.key is None else mark.key


def entries(mark: Mark) -> list[Mark]:
    """The entries of a container in the order of the text."""
    return list(mark.children.values())


def indent_at(text: str, offset: int) -> str:
    """The blanks that begin the line of an offset; the rare separators that may stand in strings end no line here."""
    start = max(text.rfind("\n", 0, offset), text.rfind("\r", 0, offset)) + 1
    blanks = _BLANKS.match(text, start, offset)
    return blanks[0] if blanks else ""


def stacked(text: str, container: Mark) -> bool:
    """True when the last entry of a container stands on a line below what comes before it."""
    marks = entries(container)
    before = marks[-2].end if len(marks) > 1 else container.start + 1
    return breaks(text[before : begin(marks[-1])])


def style_of(document: Document, container: Mark | None) -> Style:
    """The style for a new value in a container, None for a text without any."""
    text, root = document.text, document.root
    if root is None or container is None:
        return Style(newline=_newline(text))
    marks = list(_walk(root))
    bare = _bare_keys(text, marks, container)
    return Style(
        quote=_quote(text, marks),
        key_quote=_key_quote(text, container),
        bare_keys=bare,
        colon=_colon(text, container, marks),
        comma=_comma(text, container, marks),
        newline=_newline(text),
        unit=_unit(text, marks),
        trailing_comma=_trailing(text, marks, bare),
        expand=_expand(text, marks, bare),
    )


def _walk(root: Mark) -> Iterator[Mark]:
    todo = [root]
    while todo:
        mark = todo.pop()
        yield mark
        todo.extend(reversed(mark.children.values()))


def _newline(text: str) -> str:
    found = _NEWLINE.search(text)
    return found[0] if found else "\n"


def _quote(text: str, marks: list[Mark]) -> str:
    places = [place for mark in marks for place in (mark.key, mark.start) if place is not None]
    written = [text[place] for place in places if text[place] in "\"'"]
    return "'" if written.count("'") > written.count('"') else '"'


def _key_quote(text: str, container: Mark) -> str | None:
    written = [text[mark.key] for mark in entries(container) if mark.key is not None]
    return next((quote for quote in reversed(written) if quote in "\"'"), None)


def _bare_keys(text: str, marks: list[Mark], container: Mark) -> bool:
    """As the nearest key that had the choice: a sibling, else the nearest before, else any."""

    def bare(mark: Mark) -> list[bool]:
        found = [(name, child.key) for name, child in mark.children.items() if child.key is not None]
        return [text[key] not in "\"'" for name, key in found if is_identifier(str(name))]

    siblings = bare(container)
    if siblings:
        return siblings[-1]
    nearest: bool | None = None
    for mark in marks:
        if nearest is not None and mark.start > container.start:
            break
        nearest = next(iter(reversed(bare(mark))), nearest)
    return bool(nearest)


def _colon(text: str, container: Mark, marks: list[Mark]) -> str:
    for mark in (*reversed(entries(container)), *marks):
        if mark.key is not None:
            return ":" if text[mark.start - 1] == ":" else ": "
    return JSON5.colon


def _comma(text: str, container: Mark, marks: list[Mark]) -> str:
    for parent in (container, *marks):
        found = entries(parent)
        if len(found) > 1:
            between = text[found[-2].end : begin(found[-1])]
            if not breaks(between):
                return "," if between.endswith(",") else ", "
    return "," if _colon(text, container, marks) == ":" else JSON5.comma


def _unit(text: str, marks: list[Mark]) -> str:
    for mark in marks:
        if mark.children and stacked(text, mark):
            outer, inner = indent_at(text, mark.start), indent_at(text, begin(entries(mark)[-1]))
            if inner.startswith(outer) and inner != outer:
                return inner[len(outer) :]
    return JSON5.unit


def _trailing(text: str, marks: list[Mark], bare: bool) -> bool:
    spread = [mark for mark in marks if mark.children and stacked(text, mark)]
    if not spread:
        return bare
    return any(token.kind == "comma" for mark in spread for token in gap(text, entries(mark)[-1].end, mark.end - 1))


def _expand(text: str, marks: list[Mark], bare: bool) -> bool:
    """Machine-written files put every entry on its own line: no list or object with content is on one line."""
    filled = [mark for mark in marks if mark.children]
    if not all(stacked(text, mark) for mark in filled):
        return False
    return len(filled) > 1 or not bare
