"""The text under edit: parsed, with the place of every value, and what an edit is made of.

`open_text` refuses what is not a valid config file, so everything behind it may rely on the marks. `Document`
answers how far a path leads. No text is changed here.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path as File

from config.paths import Path, dotted
from config.positions import Mark, scan
from config.problems import Problem
from config.source import parse_bytes


class CannotEditError(ValueError):
    """An edit that is refused; the message names the path and the remedy, and repeats no value."""

    def __init__(self, path: Path, reason: str) -> None:
        super().__init__(f"{dotted(path)}: {reason}")
        self.path = path
        self.reason = reason


class NotThereError(CannotEditError):
    """There is nothing at the path, so there is nothing to remove."""


@dataclass(frozen=True, slots=True)
class Patch:
    """Characters `start` to `end` (exclusive) of the old text give way to `replacement`."""

    start: int
    end: int
    replacement: str

    def apply(self, text: str) -> str:
        """The new text."""
        return text[: self.start] + self.replacement + text[self.end :]

    @property
    def changes(self) -> bool:
        """False when the text stays as it is."""
        return self.start != self.end or bool(self.replacement)


@dataclass(frozen=True, slots=True)
class Reached:
    """How far a path leads: the marks on the way (the root first), and the keys that remain."""

    marks: tuple[Mark, ...]
    rest: Path


@dataclass(frozen=True, slots=True)
class Document:
    """A valid text. `root` is None when the text holds no value at all, which counts as `{}`."""

    text: str
    root: Mark | None

    def is_list(self, mark: Mark) -> bool:
        """True for the mark of a list."""
        return self.text[mark.start] == "["

    def reach(self, path: Path) -> Reached:
        """Follows a path as far as it leads; raises CannotEditError where a scalar or a wrong index bars it."""
        if self.root is None:
            return Reached((), path)
        marks = [self.root]
        for depth, key in enumerate(path):
            step: str | int = str(key)
            if self.is_list(marks[-1]):
                step = _index(path, depth, len(marks[-1].children))
            elif self.text[marks[-1].start] != "{":
                raise CannotEditError(path, f"{dotted(path[:depth])} is a single value: nothing can stand below it")
            mark = marks[-1].children.get(step)
            if mark is None:
                return Reached(tuple(marks), path[depth:])
            marks.append(mark)
        return Reached(tuple(marks), ())


def open_text(text: str) -> Document:
    """The text of a config file; CannotEditError when it is not valid, with line and column."""
    document = trusted(text)
    _refuse_broken(text if document.root is not None else f"{text}\n{{}}")
    return document


def trusted(text: str) -> Document:
    """A text that is known to be valid: the result of an edit."""
    root = scan(text).root
    return Document(text, root if root.end else None)


def _refuse_broken(text: str) -> None:
    try:
        found = parse_bytes(File("config"), text.encode())
    except UnicodeEncodeError as error:
        found = [Problem("<root>", f"half a character at offset {error.start}: write the character itself")]
    if not isinstance(found, list):
        return
    first = found[0]
    where = f" (line {first.line}, column {first.column})" if first.line is not None else ""
    raise CannotEditError((), f"the file is not valid, so it is not changed: {first.message}{where}")


def _index(path: Path, depth: int, length: int) -> int:
    key = path[depth]
    if isinstance(key, str) and not (key.isascii() and key.isdecimal() and len(key) <= 9):
        raise CannotEditError(path, f'{dotted(path[:depth])} is a list: write an index such as [0] instead of "{key}"')
    index = int(key)
    if not 0 <= index <= length:
        there = f"it has {length} entries" if length != 1 else "it has one entry"
        raise CannotEditError(path, f"the index {index} is past the end of the list, {there}: [{length}] appends")
    return index
