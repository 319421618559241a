"""What a command agent's program writes, read as it comes: plain text, or JSON objects, in which parts are told. Pure.

An object is ``{"text": ..., "media": ..., "final": ...}``; ``media`` is a path or a list of paths, keys may be missing
and others are passed over; a wrong type is an error. Each stands on a line of its own, or over several, as ``jq`` and
others print them: from a line that is ``{`` to one that is ``}``. A single object may be laid out in any way. Objects
are gathered and are one answer at the end, their texts joined by a blank line. ``"final": false`` says that what is
gathered so far, with this object, is a finished part: it goes out at once. ``"final": true`` says that with this object
the answer is complete: what comes later is not read. Output that is anything else is plain text, all of it; once a part
went out it is an error.

Lines end at LF and nothing else. A byte order mark before all is passed over. Broken UTF-8 and lone surrogates become
U+FFFD.
"""

import json
from codecs import BOM_UTF8
from collections.abc import Iterator
from typing import Any, NamedTuple

from actors.agents.briefing.context_parts import well_formed

MAX_OUTPUT = 4 * 1024 * 1024
"""Bytes a program may write in one turn."""


class OutputError(Exception):
    """The output is no answer. The message is for the operator."""


class Part(NamedTuple):
    """Something to say: a text, and paths of files as the program wrote them."""

    text: str = ""
    media: tuple[str, ...] = ()


NOTHING = Part()


class Line(NamedTuple):
    """One JSON object; ``text`` is None where it has none."""

    text: str | None
    media: tuple[str, ...]
    final: bool | None


class Output:
    """Bytes in, parts out. ``complete``: the program said that its answer is."""

    def __init__(self, most: int = MAX_OUTPUT) -> None:
        self._most = most
        self._bytes = bytearray()
        self._begun, self._first = 0, 1
        """Where the object begins that is not read yet, and the number of its first line."""
        self._line, self._number = 0, 1
        """Where the line begins that is not complete yet, and its number."""
        self._looked = 0
        self._plain = False
        self._told = False
        self._gathered: list[Line] = []
        self.complete = False

    def feed(self, data: bytes) -> Iterator[Part]:
        """The parts that ``data`` finishes. Raises OutputError."""
        if self.complete:
            return
        self._bytes += data
        if len(self._bytes) > self._most:
            raise OutputError(f"answered more than {self._most // 1024 // 1024} MiB")
        while not self._line and self._bytes.startswith(BOM_UTF8):
            del self._bytes[: len(BOM_UTF8)]
            self._looked = 0
        while not (self._plain or self.complete) and (end := self._bytes.find(b"\n", self._looked)) >= 0:
            line, has_begun = self._bytes[self._line : end].strip(), self._begun < self._line
            self._line = self._looked = end + 1
            self._number += 1
            if line == b"}" if has_begun else line != b"{":
                yield from self._read(end)
        self._looked = len(self._bytes)

    def finish(self) -> Part:
        """What is left to say when no more comes. Raises OutputError."""
        if not (self._plain or self.complete):
            # The last line may lack its LF; a part it finishes is the end of the answer all the same.
            self._line = len(self._bytes)
            if last := [*self._read(self._line)]:
                return last[0]
        return self._all() if self._plain else self._take()

    def _read(self, end: int) -> Iterator[Part]:
        """The object that ends here."""
        text, number = self._bytes[self._begun : end].decode("utf-8", "replace"), self._first
        self._begun, self._first = self._line, self._number
        if not text.strip():
            return
        line = line_of(text, number)
        if line is None:
            if self._told:
                raise OutputError(f"line {number} of its output is no JSON object with a text")
            self._plain = True
            return
        self._gathered.append(line)
        if line.final is not None:
            self.complete = line.final
        if line.final is False:
            self._told = True
            yield self._take()

    def _all(self) -> Part:
        """All of it: one object that is laid out in another way, or plain text."""
        text = self._bytes.decode("utf-8", "replace")
        line = line_of(text)
        return Part(text.strip("\n")) if line is None else _joined([line])

    def _take(self) -> Part:
        lines, self._gathered = self._gathered, []
        return _joined(lines)


def _joined(lines: list[Line]) -> Part:
    texts = (line.text for line in lines if line.text is not None)
    return Part("\n\n".join(texts), tuple(path for line in lines for path in line.media))


def line_of(text: str, number: int = 1) -> Line | None:
    """A JSON object of the answer; None for plain text. Raises OutputError for a wrong type, naming the line."""
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        return None
    if not isinstance(value, dict) or not value.keys() & {"text", "media", "final"}:
        return None
    said, final = value.get("text"), value.get("final")
    if said is not None and not isinstance(said, str):
        raise OutputError(f"line {number} of its output: text must be a string")
    if final is not None and not isinstance(final, bool):
        raise OutputError(f"line {number} of its output: final must be true or false")
    return Line(None if said is None else well_formed(said), _paths(value.get("media"), number), final)


def _paths(value: Any, number: int) -> tuple[str, ...]:
    paths = [value] if isinstance(value, str) else value or []
    if isinstance(paths, list) and all(isinstance(path, str) and _is_path(path) for path in paths):
        return tuple(paths)
    raise OutputError(f"line {number} of its output: media must be a path or a list of paths")


def _is_path(path: str) -> bool:
    return bool(path.strip()) and "\0" not in path and path == well_formed(path)
