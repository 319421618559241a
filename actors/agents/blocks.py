"""Finished blocks out of a text that is still being written, for answers that go out while the model goes on.

In: pieces of text as they come. Out: blocks that may be said. A block ends at a paragraph; when it grows too long, or
nothing came for a while, at a line, else at a sentence; never inside a code fence. All blocks and the rest joined are
the text, blank lines and spaces at the seams aside. Pure.
"""

import re
from collections.abc import Iterator
from typing import Final, NamedTuple

from config.account import Account

_PARAGRAPH: Final = re.compile(r"\n[ \t]*\n(?:[ \t]*\n)*")
_LINE: Final = re.compile(r"\n")
_SENTENCE: Final = re.compile(r"[.!?\u2026][\"')\]\u2019\u201d]*\s|[\u3002\uff01\uff1f]")
_WORD: Final = re.compile(r"\s")
_FENCE: Final = re.compile(r"^ {0,3}(`{3,}|~{3,})(.*)$", re.MULTILINE)


class Coalesce(NamedTuple):
    """How blocks are joined (``blockStreamingCoalesce``), in characters and seconds.

    A block has at least ``least`` characters and ends within ``most`` where it can. After a silence of ``idle`` what
    is there is said, if it is enough for a block.
    """

    least: int = 800
    most: int = 1200
    idle: float = 1.0


def coalesce_of(account: Account) -> Coalesce | None:
    """How an account streams; None where it does not (``blockStreaming``)."""
    if not account.block_streaming:
        return None
    found, usual = account.block_streaming_coalesce, Coalesce()
    if found is None:
        return usual
    return Coalesce(
        usual.least if found.min_chars is None else found.min_chars,
        usual.most if found.max_chars is None else found.max_chars,
        usual.idle if found.idle_ms is None else found.idle_ms / 1000,
    )


class Blocks:
    """What was written and not said yet."""

    def __init__(self, coalesce: Coalesce) -> None:
        self._least = max(1, coalesce.least)
        self._most = max(self._least, coalesce.most)
        self._text = ""
        self._due = self._least
        """At which length it is worth looking for an end: a look costs as much as the text is long."""

    def feed(self, piece: str) -> Iterator[str]:
        """More of the text; the blocks that are finished with it."""
        self._text += piece
        while len(self._text) >= self._due:
            length = len(self._text)
            end = self._end(must=length >= self._most)
            self._due = self._least if end else length + 1 if length < self._most else length * 9 // 8 + 1
            yield from self._cut(end)

    def idle(self) -> Iterator[str]:
        """What may be said after a silence: nothing where it is too little, or in the middle of a sentence."""
        if len(self._text) >= self._least and (end := self._end(must=True)) >= self._least:
            self._due = self._least
            yield from self._cut(end)

    def rest(self, more: str = "") -> str:
        """What is left, and ``more``; nothing afterwards."""
        text, self._text = self._text + more, ""
        return text.strip("\n").rstrip()

    def _cut(self, end: int) -> Iterator[str]:
        block, self._text = self._text[:end], self._text[end:]
        if block := block.strip("\n").rstrip():
            yield block

    def _end(self, must: bool) -> int:
        """Where the next block ends; 0 when it does not yet. ``must``: not at a paragraph alone."""
        seams = tuple(_seams(self._text))
        fitting = [one for one in seams if self._least <= one.end <= self._most]
        if best := _best(fitting if must else [one for one in fitting if one.kind is _PARAGRAPH]):
            return best
        if not must:
            return 0
        # Nothing fits: rather too short a block than too long a one, but none within a word or a fence.
        early = [one for one in seams if one.end < self._least and one.kind is not _WORD]
        late = (one.end for one in seams if one.end > self._most and one.kind is not _WORD)
        words = [one for one in seams if one.end >= self._most] if len(self._text) >= 2 * self._most else []
        return _best(early) or next(late, 0) or (words[0].end if words else 0)


class _Seam(NamedTuple):
    """Where a text may be cut, and at what."""

    end: int
    kind: re.Pattern[str]


def _seams(text: str) -> Iterator[_Seam]:
    """The places outside code fences where the text may be cut; of one place only the best kind."""
    fences = tuple(_fences(text))
    found: dict[int, re.Pattern[str]] = {}
    for kind in (_WORD, _SENTENCE, _LINE, _PARAGRAPH):
        found |= {one.end(): kind for one in kind.finditer(text) if text[: one.end()].strip()}
    outside = (end for end in sorted(found) if not any(begin < end < finish for begin, finish in fences))
    yield from (_Seam(end, found[end]) for end in outside)


def _best(seams: list[_Seam]) -> int:
    """The last seam of the best kind; 0 without any."""
    for kind in (_PARAGRAPH, _LINE, _SENTENCE):
        if ends := [one.end for one in seams if one.kind is kind]:
            return ends[-1]
    return 0


def _fences(text: str) -> Iterator[tuple[int, int]]:
    """The code fences: where each begins, and where the text behind its last line does; open ones never end."""
    mark, begin = "", 0
    for found in _FENCE.finditer(text):
        sign, words = found[1], found[2].strip()
        if not mark:
            mark, begin = sign, found.start()
        elif sign[0] == mark[0] and len(sign) >= len(mark) and not words:
            mark = ""
            yield begin, found.end() + 1
    if mark:
        yield begin, len(text) + 1
