"""Measures of text: UTF-16 units, as Messages counts them, and grapheme clusters, as people see them.

In: any Python string, lone surrogates included. Out: lengths in UTF-16 units and indices into that string.
Every function is total (no input raises) and the work is proportional to the stretch of text it is shown.
"""

import regex

# One user-perceived character. Flags are matched by hand: the engine counts regional indicators back to the
# start of their run for every pair, which makes a long row of flags quadratic.
_CLUSTER = regex.compile(r"[\U0001F1E6-\U0001F1FF]{2}[\p{GCB=Extend}\p{GCB=ZWJ}\p{GCB=SpacingMark}]*+|\X", regex.DOTALL)
# A place where a boundary is sure without looking further back: between two characters that never combine.
_PLAIN = r"[\p{GCB=XX}--\p{Extended_Pictographic}]"
_SURE = regex.compile(rf"(?V1)(?r)(?<={_PLAIN}){_PLAIN}")
_LOOK_BACK = 64


def units(text: str) -> int:
    """Length in UTF-16 units: a character outside the basic plane counts two, a lone surrogate one."""
    if text.isascii():
        return len(text)
    return len(text.encode("utf-16-le", "surrogatepass")) >> 1


def reach(text: str, start: int, room: int) -> int:
    """The largest index `end >= start` such that `text[start:end]` has at most `room` UTF-16 units.

    It never falls inside a code point, so it equals `start` when the next character alone is too large.
    """
    if room <= 0:
        return start
    end = min(start + room, len(text))
    # Dropping half the excess can never drop too much: no character counts more than two units.
    while (excess := units(text[start:end]) - room) > 0:
        end -= (excess + 1) >> 1
    return end


class Clusters:
    """Grapheme boundaries of one text, asked for from left to right.

    It remembers the end of the last cluster that had to be cut, so that a cluster of any size costs linear
    time, and what follows it is still read with the right context.
    """

    def __init__(self, text: str) -> None:
        """Take the text; nothing is scanned yet."""
        self._text = text
        self._cut_until = 0

    def last_boundary(self, start: int, stop: int) -> int:
        """The last cluster boundary in `(start, stop]`, or -1 when the cluster at `start` goes beyond `stop`."""
        if stop >= len(self._text):
            return len(self._text) if stop > start else -1
        begin = max(start, self._cut_until)
        if stop <= begin:
            return stop if start < stop == begin else -1
        if sure := _SURE.search(self._text, max(begin, stop - _LOOK_BACK), stop + 1):
            begin = sure.start()
        last = begin
        for cluster in _CLUSTER.finditer(self._text, begin, stop + 1):
            last = cluster.start()
        return last if last > start else -1

    def hard_cut(self, start: int, stop: int) -> int:
        """Where to cut `text[start:]` at or before `stop` when no softer place is left; always after `start`.

        A cluster that fits is kept whole; a larger one is cut between code points, and a code point that does
        not fit goes alone.
        """
        boundary = self.last_boundary(start, stop)
        if boundary > 0:
            return boundary
        if start >= self._cut_until and (cluster := _CLUSTER.match(self._text, start)):
            self._cut_until = cluster.end()
        return max(stop, start + 1)
