"""Outgoing text cut into chunks that fit one message each.

In: text, a limit in UTF-16 units, a mode. Out: a tuple of strings, in order.
Promises: no chunk is blank and none exceeds the limit; joined again they equal the text, white space at the
seams and fence markers inserted here aside; a cut never falls inside a grapheme cluster that fits the limit.
A cut goes to the last newline, else to the last other white space, that lies outside fenced code and outside
parentheses; then inside parentheses; then inside the fence, which is closed and opened again; only then
between two clusters. A parenthesis that cannot be kept whole (unclosed, or longer than a chunk) holds back
nothing. Time is linear in the text.
"""

import re
from bisect import bisect_right
from collections.abc import Callable, Iterator
from typing import Literal, NamedTuple

import regex

from actors.outbound.code_fences import Fence, balanced, spans
from actors.outbound.units import Clusters, reach, units

Mode = Literal["length", "newline"]

# White space a line may be broken at: no-break spaces are not in it.
_BREAKING = "\t\n\v\f\r\x1c-\x1f \x85\u1680\u2000-\u2006\u2008-\u200a\u2028\u2029\u205f\u3000"
_EXTENDING = r"[\p{GCB=Extend}\p{GCB=ZWJ}\p{GCB=SpacingMark}]"
# A space that carries a combining mark is visible, and no place for a seam.
_FREE = rf"(?:[{_BREAKING}](?!{_EXTENDING})|\n)"
_GAP = regex.compile(f"{_FREE}*+")
_GAP_BEFORE = regex.compile(f"(?r){_FREE}*+")
_LAST_SPACE = regex.compile(f"(?r){_FREE}")
_CARRIED = regex.compile(_EXTENDING)
_PARENTHESIS = re.compile(r"[()]")
_BLANK_LINES = re.compile(r"\r?\n(?:[ \t]*\r?\n)+")


def chunk(text: str, limit: int = 4000, mode: Mode = "length") -> tuple[str, ...]:
    """Cut `text` into chunks of at most `limit` UTF-16 units (one code point may be larger than a limit of 1).

    `length` cuts only what does not fit and returns a text that fits untouched; `newline` first makes one
    chunk per paragraph, a blank line inside fenced code being no paragraph end. Blank text gives no chunk; a
    limit below 1 means no limit (mission page: text is chunked to `textChunkLimit`, `chunkMode`).
    """
    if not text or text.isspace():
        return ()
    if limit < 1:
        return (text,)
    if mode == "newline" and "\n" in text:
        return tuple(piece for paragraph in _paragraphs(text) for piece in _by_length(paragraph, limit))
    return _by_length(text, limit)


def _by_length(text: str, limit: int) -> tuple[str, ...]:
    if _fits(text, limit):
        return (text,)
    text = text.rstrip()
    if _fits(text, limit):
        return (text,)
    return tuple(_Splitter(text, limit).chunks())


def _fits(text: str, limit: int) -> bool:
    # A character counts one unit or two, so most texts need no counting.
    return len(text) * 2 <= limit or (len(text) <= limit and units(text) <= limit)


def _paragraphs(text: str) -> list[str]:
    """The parts of `text` between blank lines outside fenced code, blank ones left out.

    Leading blank space stays, as it may be an indentation; trailing does not. A text of one part is untouched.
    """
    fences = list(spans(text))
    starts = [fence.start for fence in fences]
    parts, begin = [], 0
    for gap in _BLANK_LINES.finditer(text):
        nearest = bisect_right(starts, gap.start()) - 1
        if nearest < 0 or gap.start() >= fences[nearest].end:
            parts.append(text[begin : gap.start()])
            begin = gap.end()
    if not parts:
        return [text]
    parts.append(text[begin:])
    return [part.rstrip() for part in parts if part and not part.isspace()]


def _groups(text: str, limit: int, fences: list[Fence]) -> list[tuple[int, int]]:
    """Outermost parentheses that fit one chunk, as `(start, end)` in text order; those in fences are code."""
    groups: list[tuple[int, int]] = []
    open_at: list[int] = []
    upcoming = iter(fences)
    fence = next(upcoming, None)
    for match in _PARENTHESIS.finditer(text) if "(" in text else ():
        at = match.start()
        while fence is not None and fence.end <= at:
            fence = next(upcoming, None)
        if fence is not None and fence.start <= at:
            continue
        if text[at] == "(":
            open_at.append(at)
        elif open_at and at - (start := open_at.pop()) < limit:
            while groups and groups[-1][0] > start:
                groups.pop()
            groups.append((start, at + 1))
    return groups


class _Cut(NamedTuple):
    """Where a chunk ends, what is put behind it there, and from where the text goes on."""

    at: int
    closer: str
    resume: int


def _cut_at(at: int, closer: str = "") -> _Cut:
    return _Cut(at, closer, at)


def _cut_in(fence: Fence, at: int) -> _Cut:
    """A cut inside a fence; when no code is left behind it, the fence's own closing line is used up with it."""
    return _cut_at(at, fence.closer) if at < fence.tail else _Cut(fence.tail, fence.closing, fence.end)


class _Splitter:
    """One text that does not fit, cut from left to right."""

    def __init__(self, text: str, limit: int) -> None:
        self._text = text
        self._limit = limit
        self._clusters = Clusters(text)
        self._fences = balanced(text, limit)
        self._fence_starts = [fence.start for fence in self._fences]
        self._groups = _groups(text, limit, self._fences)
        self._group_starts = [start for start, _ in self._groups]

    def chunks(self) -> Iterator[str]:
        at = 0
        while at < len(self._text):
            piece, at = self._next(at)
            if piece:
                yield piece

    def _next(self, at: int) -> tuple[str, int]:
        """The chunk that begins at `at` (empty: nothing to show there) and where the next one begins."""
        text, limit = self._text, self._limit
        fence = self._fence_around(at)
        prefix = fence.reopen if fence and fence.body <= at < fence.tail else ""
        room = limit - units(prefix)
        if len(text) - at <= room and units(text[at:]) <= room:
            return prefix + text[at:], len(text)
        stop = reach(text, at, room)
        first = _end(_GAP, text, at)
        if at < first and first >= stop:
            return "", first
        cut = self._balanced_cut(at, first, stop, room)
        if cut is None and at < first:
            return "", first  # an indentation that leaves no room for its line
        if cut is None:
            # No room to keep the fence balanced here: its code matters more than its markers.
            prefix = ""
            cut = self._plain_cut(at, first, reach(text, at, limit))
        resume = _end(_GAP, text, cut.resume)
        end = cut.at
        if resume > end:
            end = _start(_GAP_BEFORE, text, at, end)
            # What follows the last newline is the indentation of the next line.
            resume = text.rfind("\n", cut.resume, resume) + 1 or resume
        piece = text[at:end]
        return (prefix + piece + cut.closer if piece and not piece.isspace() else ""), resume

    def _balanced_cut(self, at: int, first: int, stop: int, room: int) -> _Cut | None:
        """The best cut of `text[at:stop]` that leaves fences balanced; `first` is its first visible character."""
        for held in (self._held, self._fenced):
            if (soft := self._soft(first, stop, held)) > 0:
                return _cut_at(soft)
        fence = self._fence_around(stop)
        if fence is None or stop == fence.start:
            return _cut_at(self._clusters.hard_cut(at, stop))
        code = max(first, _end(_GAP, self._text, fence.body))
        stop = reach(self._text, at, room - fence.reserve)
        inside = self._soft(code, stop, _free)
        if inside < 0:
            inside = self._clusters.last_boundary(code, stop)
        return _cut_in(fence, inside) if inside > 0 else None

    def _plain_cut(self, at: int, first: int, stop: int) -> _Cut:
        soft = self._soft(first, stop, _free)
        return _cut_at(soft if soft > 0 else self._clusters.hard_cut(at, stop))

    def _soft(self, first: int, stop: int, held: Callable[[int], int]) -> int:
        """The last newline, else the last other space, in `(first, stop)` that nothing holds; -1 for none."""
        for find in (self._newline, self._space):
            end = stop
            while (found := find(first + 1, end)) > 0:
                holder = held(found)
                if holder < 0:
                    return found
                end = holder
        return -1

    def _newline(self, start: int, end: int) -> int:
        return self._text.rfind("\n", start, end)

    def _space(self, start: int, end: int) -> int:
        found = _start(_LAST_SPACE, self._text, start, end)
        # A search does not look beyond its end, so what its last character carries is asked here.
        if found == end - 1 and _CARRIED.match(self._text, end):
            found = _start(_LAST_SPACE, self._text, start, found)
        return found

    def _held(self, at: int) -> int:
        """Start of the fence or parenthesis that keeps position `at` together, or -1."""
        nearest = bisect_right(self._group_starts, at) - 1
        if nearest >= 0 and at < self._groups[nearest][1]:
            return self._groups[nearest][0]
        return self._fenced(at)

    def _fenced(self, at: int) -> int:
        fence = self._fence_around(at)
        return fence.start if fence else -1

    def _fence_around(self, at: int) -> Fence | None:
        nearest = bisect_right(self._fence_starts, at) - 1
        return self._fences[nearest] if nearest >= 0 and at < self._fences[nearest].end else None


def _free(_at: int) -> int:
    return -1


def _end(pattern: regex.Pattern[str], text: str, start: int) -> int:
    match = pattern.match(text, start)
    return match.end() if match else start


def _start(pattern: regex.Pattern[str], text: str, start: int, end: int) -> int:
    match = pattern.search(text, start, end) if start < end else None
    return match.start() if match else -1
