"""The sender's questions about chunks in doubt: asked while the link is ready, one after the other for each chunk.

In: doubts, the state of the link, answers to questions, ticks. Out: calls and ticks through the two functions given at
the start, and findings: what became of a chunk. What to ask is decided in ``settlement``; nothing here touches the
outbox.
"""

from collections.abc import Callable
from typing import Any, NamedTuple

from actors.envelopes.control import Tick
from actors.envelopes.link import Answer, OwnRow
from actors.outbound.doubts import HISTORY_AFTER, Doubt, Doubts, rows_of
from actors.outbound.link import Link
from actors.outbound.settlement import (
    STATUS,
    Ask,
    CameToNothing,
    Issue,
    Step,
    WentOut,
    after_asking,
    after_issuing,
    begin,
    can_issue,
)
from actors.outbound.verdicts import Blocked, Unknown, meaning
from actors.outbound.wire import history_params, tracked_params

PATIENCE = 180.0
"""Seconds a send may take (decisions, Outbound)."""
READ_PATIENCE = 30.0
ASIDE_SECONDS = 0.2
"""Between the questions about two parked chunks."""


class Tag(NamedTuple):
    """Which question an answer belongs to: ``what`` is ``status``, ``again`` or ``history``."""

    what: str
    key: int
    turn: int


class Finding(NamedTuple):
    """What an answer shows: ``end`` is None while nobody knows what became of the chunk; ``rows`` are own rows of its
    chat; ``stuck``: imsg's lane is blocked.
    """

    doubt: Doubt
    end: WentOut | CameToNothing | None
    rows: tuple[OwnRow, ...] = ()
    stuck: bool = False


class Inquiries:
    """For one account. ``call`` takes method, params, tag and patience; ``later`` takes seconds and a tick."""

    def __init__(
        self,
        link: Link,
        call: Callable[[str, dict[str, Any], Any, float], None],
        later: Callable[[float, Tick], None],
    ) -> None:
        self._link = link
        self._call = call
        self._later = later
        self.doubts = Doubts()
        self._turn = 0
        self.issuing: set[Tag] = set()
        """GUIDs issued again and not answered: sends under way, like any other."""

    def inherit(self, before: "Inquiries") -> None:
        """Go on counting, so that no answer to an earlier question is taken for one to a later."""
        self._turn = before._turn
        self.doubts.inherit(before.doubts)

    def linked(self, now: float) -> None:
        """Where the link is ready, everything in doubt is asked about and windows go on.

        Chats that wait come first; what is parked since long is asked about bit by bit, so that sends find room.
        """
        if not self._link.ready:
            return
        parked = 0
        for doubt in self.doubts:
            if not doubt.parked:
                self._pursue(doubt, now)
            else:
                self._later(parked * ASIDE_SECONDS, Tick("ask", doubt.chunk.key))
                parked += 1

    def take_up(self, key: int, now: float) -> None:
        """The turn of one that is parked."""
        doubt = self.doubts.get(key)
        if doubt is not None and self._link.ready:
            self._pursue(doubt, now)

    def add(self, doubt: Doubt, now: float) -> None:
        """A chunk is in doubt from here on."""
        self.doubts.add(doubt)
        if self._link.ready:
            self._pursue(doubt, now)

    def goes_on(self, doubt: Doubt) -> bool:
        """Whether its GUID will be issued again."""
        return can_issue(doubt, self._link.powers)

    def _pursue(self, doubt: Doubt, now: float) -> None:
        if not doubt.parked:
            self._later(doubt.run(now), Tick("park", doubt.chunk.key))
        self._later(HISTORY_AFTER, Tick("history", doubt.chunk.key))
        self._do(doubt, begin(doubt, self._link.powers))

    def _do(self, doubt: Doubt, step: Step) -> WentOut | CameToNothing | None:
        """Take a step; an end is given back."""
        self._turn += 1
        doubt.turn = self._turn
        key = doubt.chunk.key
        match step:
            case Ask():
                self._call(STATUS, {"guid": doubt.guid}, Tag("status", key, doubt.turn), READ_PATIENCE)
            case Issue(pause):
                self._later(pause, Tick("again", Tag("again", key, doubt.turn)))
            case WentOut() | CameToNothing():
                return step
        return None

    def issue(self, tag: Tag) -> None:
        """The pause is over: the same GUID once more, unless the question is not the latest any more."""
        doubt, link = self.doubts.get(tag.key), self._link
        if link.is_elsewhere():
            return  # asked about again once the new one is watched
        if doubt is None or doubt.turn != tag.turn or not link.ready or link.blocked or not self.goes_on(doubt):
            return
        if (selector := link.place.selector(doubt.chunk.address)) is not None:
            doubt.issued += 1
            self.issuing.add(tag)
            self._call("send.tracked", tracked_params(doubt.chunk, selector, doubt.guid), tag, PATIENCE)

    def ask_history(self, key: int) -> None:
        """Look into the chat, where its number means the same to imsg as it did to the chunk."""
        doubt = self.doubts.get(key)
        if doubt is not None and self._link.ready and self._link.place.is_home(doubt.chunk.address):
            params = history_params(doubt.chunk, doubt.attempted_at)
            self._call("messages.history", params, Tag("history", key, 0), READ_PATIENCE)

    def answered(self, tag: Tag, answer: Answer) -> Finding | None:
        """What an answer to a question shows. Late ones count for what they prove and start nothing."""
        under_way = tag in self.issuing
        self.issuing.discard(tag)
        doubt = self.doubts.get(tag.key)
        if doubt is None:
            return None
        if tag.what == "history":
            return Finding(doubt, None, tuple(rows_of(doubt.chunk, answer.result)))
        if tag.what == "status":
            return Finding(
                doubt, self._go_on(doubt, tag, answer, after_asking(doubt, answer.result, self._link.powers))
            )
        said = meaning(answer, tracked=True)
        if under_way and (type(said) is Blocked or (answer.lost and not answer.started)):
            doubt.issued -= 1  # it never got as far as a try
        stuck = type(said) is Blocked or (type(said) is Unknown and said.stuck)
        return Finding(doubt, self._go_on(doubt, tag, answer, after_issuing(doubt, said, self._link.powers)), (), stuck)

    def _go_on(self, doubt: Doubt, tag: Tag, answer: Answer, step: Step) -> WentOut | CameToNothing | None:
        if tag.turn == doubt.turn and not answer.lost:
            return self._do(doubt, step)
        return step if isinstance(step, WentOut | CameToNothing) else None
