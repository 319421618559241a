"""Fenced code in a text: where the fences are, and how one is closed and opened again around a cut.

In: text. Out: immutable spans of character indices, in text order, never overlapping.
A fence is a line of at most three spaces and at least three backticks or tildes; it closes on a line of the
same character, at least as long, with nothing but blanks behind; an unclosed one runs to the end of the text.
A line whose info string holds a backtick is inline code, as in CommonMark.
"""

import re
from collections.abc import Iterator
from typing import NamedTuple

from actors.outbound.units import units

_FENCE_LINE = re.compile(r"^( {0,3})(`{3,}|~{3,})([^\n]*)$", re.MULTILINE)


class Span(NamedTuple):
    """One fence as it stands in the text."""

    start: int  # of the opening line
    body: int  # first character after the opening line
    tail: int  # end of the code, trailing blank lines not counted; `body` when there is none
    end: int  # end of the closing marker, or of the text
    closing: str  # the closing line without blanks behind it; empty when unclosed
    opening: str  # the opening line without its line end
    marker: str  # its indentation and marker alone


class Fence(NamedTuple):
    """One fence that can be cut and stay balanced under a given limit."""

    start: int
    body: int
    tail: int
    end: int
    reopen: str  # stands before the code of the next chunk
    closer: str  # stands after the code of a chunk that was cut
    closing: str  # stands after the last of the code, line end included
    reserve: int  # UTF-16 units to keep free for either of them


def spans(text: str) -> Iterator[Span]:
    """Every fence of `text`, first to last."""
    if "```" not in text and "~~~" not in text:
        return
    opener: re.Match[str] | None = None
    for line in _FENCE_LINE.finditer(text):
        if opener is None:
            if line[2][0] == "~" or "`" not in line[3]:
                opener = line
        elif line[2].startswith(opener[2]) and not line[3].strip():
            yield _span(text, opener, line.start(), line[1] + line[2])
            opener = None
    if opener is not None:
        yield _span(text, opener, len(text), "")


def _span(text: str, opener: re.Match[str], close: int, closing: str) -> Span:
    body = min(opener.end() + 1, len(text))
    tail = close
    while tail > body and text[tail - 1].isspace():
        tail -= 1
    marker = opener[1] + opener[2]
    return Span(opener.start(), body, tail, close + len(closing), closing, opener[0].rstrip(), marker)


def balanced(text: str, limit: int) -> list[Fence]:
    """The fences that chunks of `limit` UTF-16 units can keep balanced: those that fit, or can be cut well.

    Left out, and so treated as ordinary text, are those whose markers would leave next to no room for code: a
    row of bubbles with a character or two of code each helps nobody.
    """
    return [fence for span in spans(text) if (fence := _fence(text, span, limit))]


def _fence(text: str, span: Span, limit: int) -> Fence | None:
    closer, closing = "\n" + span.marker, "\n" + span.closing
    reserve = max(len(closer), len(closing))
    opening, bare = span.opening + "\n", span.marker + "\n"
    fits = span.end - span.start <= limit and units(text[span.start : span.end]) <= limit
    if not fits and limit - units(opening) - reserve < 2:
        return None
    least = max(2, limit // 8)
    reopen = opening if limit - units(opening) - reserve >= least else bare
    if not fits and limit - units(reopen) - reserve < least:
        return None
    return Fence(span.start, span.body, span.tail, span.end, reopen, closer, closing, reserve)
