"""Answers that come in parts and have not ended: where the next part stands, and what became of those before. Pure.

In: the parts of an answer in order (``Reply.part``, ``goes_on``). Out: for each its chunks, which stand behind those of
the parts before, and what its rows end with. The configured prefix stands once, in front of the first part that says
something. A part that has nothing to say makes no chunks. Once a part does not fit any more nothing further is said,
and what was said stays. An answer that is begun anew after parts of it were said is not said again.

Bounded: of an answer that was forgotten the rest is not said either.
"""

from collections import OrderedDict

from msgspec import Struct

from actors.envelopes.inbound import Absorbed, Held, Outcome
from actors.envelopes.outbound import Prepared, Reply, chunk_key
from actors.outbound.answers import room
from actors.outbound.preparing import OutboundView, bubbles, keyed, settled_as

REMEMBERED = 1024
"""Unfinished answers that are remembered; those of turns that were cut off are forgotten so in the end."""
AGAIN = "it was begun anew after a part of it was said"
FORGOTTEN = "where it was to go on is not known any more"


class _Unfinished(Struct):
    used: int = 0
    """Positions taken so far."""
    over: Held | str = ""
    """Why nothing more is said: a part was too long before anything was said, or in words."""


class Taken(Struct, frozen=True):
    """What is to be told the sender; and, where the answer ends before its end, why (once)."""

    prepared: Prepared
    why: str = ""


class Parts:
    """Of all accounts."""

    def __init__(self) -> None:
        self._open: OrderedDict[int, _Unfinished] = OrderedDict()

    def __len__(self) -> int:
        """How many."""
        return len(self._open)

    def knows(self, reply: Reply) -> bool:
        """Whether parts of this answer came before."""
        return chunk_key(reply.seq, reply.first) in self._open

    def take(self, reply: Reply, view: OutboundView) -> Taken:
        """The next part of an answer, or the first.

        Raises:
            ValueError: no answer can begin at ``reply.first``.
        """
        begin = chunk_key(reply.seq, reply.first)
        open_, why = self._open.get(begin), ""
        if open_ is None:
            open_ = _Unfinished()
            if reply.part:
                open_.over = why = FORGOTTEN
        elif not reply.part:
            if open_.used:
                open_.over = why = AGAIN
            else:
                open_ = _Unfinished()
        taken = self._said(reply, view, open_, why)
        if reply.goes_on:
            self._open[begin] = open_
            if len(self._open) > REMEMBERED:
                self._open.popitem(last=False)
        else:
            self._open.pop(begin, None)
        return taken

    def forget(self, reply: Reply) -> None:
        """A part could not be cut: the rest is not said."""
        self._open.pop(chunk_key(reply.seq, reply.first), None)

    def _said(self, reply: Reply, view: OutboundView, open_: _Unfinished, why: str) -> Taken:
        if open_.over:
            # What was said before is the answer.
            held = isinstance(open_.over, Held)
            settles = settled_as(reply, open_.over) if isinstance(open_.over, Held) else reply.settles
            return Taken(Prepared((), settles, reply.part, None if held else reply.turn), why)
        cut = bubbles(reply, view, room(reply.first) - open_.used, None if open_.used else view.prefix)
        if isinstance(cut, tuple):
            chunks = keyed(reply, cut, reply.first + open_.used)
            open_.used += len(chunks)
            return Taken(Prepared(chunks, reply.settles, reply.part, reply.turn))
        if isinstance(cut, Held):
            open_.over = cut.reason if open_.used else cut
            turn = reply.turn if open_.used else None
            return Taken(Prepared((), _unsaid(reply, open_, cut), reply.part, turn), cut.reason)
        return Taken(Prepared((), _unsaid(reply, open_, cut), reply.part, reply.turn))


def _unsaid(reply: Reply, open_: _Unfinished, outcome: Absorbed | Held) -> tuple[tuple[int, Outcome], ...]:
    """What the rows of a part without chunks end with: as they come where a part before it was said."""
    return reply.settles if open_.used else settled_as(reply, outcome)
