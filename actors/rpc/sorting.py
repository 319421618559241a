"""What a child writes, sorted: rows, answers to calls, the end of its watch, junk. Pure.

In: lines as they came, and whom each kind goes to. Nothing is kept here; order within a kind stays.
"""

from collections.abc import Callable, Iterable
from typing import Protocol

from actors.envelopes.link import Response
from actors.rpc.frames import Junk, Row, StreamEnd, sort


class Watcher(Protocol):
    """Who sees to the watch of the child."""

    def ended(self, end: StreamEnd) -> None:
        """A watch ended by itself."""

    def broken(self, line: bytes, junk: Junk, now: float) -> None:
        """A line that is no JSON-RPC."""

    def took(self, rows: int) -> None:
        """So many rows came at once."""


def pass_on(
    lines: Iterable[bytes],
    take: Callable[[bytes], None],
    respond: Callable[[Response], None],
    junk: Callable[[Junk], None],
    watcher: Watcher,
    now: float,
) -> bool:
    """Rows to ``take``, answers to ``respond``, the rest to the others; whether the child answered anything.

    ``now`` is when the lines came (unix seconds).
    """
    rows, answered = 0, False
    for line in lines:
        read = sort(line)
        if type(read) is Row:
            rows += 1
            take(read.raw)
        elif type(read) is Response:
            answered = True
            respond(read)
        elif type(read) is StreamEnd:
            watcher.ended(read)
        elif type(read) is Junk:
            junk(read)
            watcher.broken(line, read, now)
    watcher.took(rows)
    return answered
