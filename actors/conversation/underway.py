"""The turn a conversation is at, and what is told of its end: each row gets one outcome, the turn one record. Pure.

A turn that said nothing yet ends with one answer that settles all its rows, or with each of its rows settled. One that
said parts has settled all of its rows but the one that carries the answer; whatever happens then, a last part (blank
where there is nothing more to say) settles that one, so that the answer ends where it stands. Messages of whoever lost
their access meanwhile are not answered: their rows end so, with the turn or with its first part.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from actors.envelopes.facts import Settled
from actors.envelopes.inbound import Admitted, Dropped, Outcome, Replied
from actors.envelopes.outbound import Reply, Turn, Usage
from actors.envelopes.session import Recall, TurnRecord

REPLIED = Replied()
NO_USAGE = Usage()
BETWEEN_PARTS = "\n\n"

Endings = tuple[Settled | Reply, ...]
"""For the journal and for the chunker."""


@dataclass(slots=True)
class Underway:
    """``messages`` are those it answers, ``lost`` what became of others that it was to answer. ``asked`` is what the
    journal was asked for, ``turn`` is there once it runs. ``parts`` were said, ``steered`` its agent was told since;
    ``record`` is that of its end. ``is_old``: its session began anew since it was begun. Times are unix seconds.
    """

    session: str
    agent: str
    messages: list[Admitted]
    began_at: float
    asked: Recall | None = None
    turn: Turn | None = None
    lost: dict[int, Dropped] = field(default_factory=dict)
    parts: list[str] = field(default_factory=list)
    steered: dict[int, Admitted] = field(default_factory=dict)
    record: TurnRecord | None = None
    is_old: bool = False

    @property
    def carrier(self) -> Admitted:
        """Whose row carries the answer: the last one. Somebody must be left to answer."""
        return self.messages[-1]

    @property
    def first(self) -> Admitted:
        """The first one it began with: where it belongs."""
        return self.messages[0] if self.turn is None else self.turn.messages[0]

    @property
    def number(self) -> int:
        """The number of its turn, 0 before it has one."""
        return 0 if self.turn is None else self.turn.number

    def drop(self, lost: Mapping[int, Dropped], at: float) -> Endings:
        """Whoever sent these rows of it may not speak any more.

        Once parts were said only one row is open, and carries them: the answer goes on while somebody is left, and
        ends at once where nobody is.
        """
        if not self.parts:
            self.messages = [message for message in self.messages if message.seq not in lost]
            self.lost.update(lost)
            return ()
        if len(lost) < len(self.messages):
            return ()
        endings = self._ended(lost[self.carrier.seq], "", at, "")
        self.messages = []
        return endings

    def said(self, text: str, media: tuple[str, ...]) -> Endings:
        """A part of the answer; its agent goes on. The first settles all rows but the one that carries the answer."""
        part, carrier = len(self.parts), self.carrier
        settles = () if part else tuple((message.seq, REPLIED) for message in self.messages[:-1])
        self.parts.append(text)
        reply = Reply(carrier.seq, self.session, carrier.address, text, settles, 0, part, True, media)
        return (*self.unheard(), reply)

    def unheard(self) -> Endings:
        """The rows of those who may not hear the answer, once."""
        lost, self.lost = self.lost, {}
        return tuple(Settled(seq, outcome) for seq, outcome in lost.items())

    def answered(
        self, text: str, media: tuple[str, ...], taken: Sequence[Admitted], at: float, usage: Usage | None
    ) -> Endings:
        """The answer, or its last part. ``taken`` are messages it answers besides, younger than its own."""
        if self.parts:
            # The row that carries the answer stays the same: ``taken`` go in front of it.
            self.messages[-1:] = [*taken, self.carrier]
            settled: Sequence[Admitted] = taken
        else:
            self.messages += taken
            settled = self.messages[:-1]
        whole = BETWEEN_PARTS.join((*self.parts, text)) if self.parts else text
        record = self._record(whole, at, "", usage or NO_USAGE)
        return (*self.unheard(), self._reply(text, media, settled, REPLIED, record))

    def failed(self, held: Outcome, failure: str, at: float, apology: str = "") -> Endings:
        """It has no answer: its rows are ``held``. After parts it was replied to, and ends with the apology."""
        return self._ended(REPLIED if self.parts else held, failure, at, apology)

    def given_up(self, outcome: Outcome, at: float) -> Endings:
        """It is not wanted any more: its rows end with ``outcome``. After parts it was replied to."""
        return self._ended(REPLIED if self.parts else outcome, "", at, "") if self.messages else self.unheard()

    def _ended(self, outcome: Outcome, failure: str, at: float, last: str) -> Endings:
        record = self._record(BETWEEN_PARTS.join(self.parts), at, failure, NO_USAGE)
        if self.parts:
            return (self._reply(last, (), (), outcome, record),)
        others = tuple(Settled(message.seq, outcome) for message in self.messages[:-1])
        return (*self.unheard(), *others, Settled(self.carrier.seq, outcome, record))

    def _reply(
        self, text: str, media: tuple[str, ...], others: Iterable[Admitted], outcome: Outcome, record: TurnRecord
    ) -> Reply:
        carrier, part = self.carrier, len(self.parts)
        settles = (*((message.seq, REPLIED) for message in others), (carrier.seq, outcome))
        return Reply(carrier.seq, self.session, carrier.address, text, settles, 0, part, False, media, record)

    def _record(self, text: str, at: float, failure: str, usage: Usage) -> TurnRecord:
        self.record = TurnRecord(
            self.session,
            self.agent,
            tuple(message.seq for message in self.messages),
            text,
            self.began_at,
            at,
            failure,
            usage.model,
            usage.input_tokens,
            usage.output_tokens,
            self.is_old,
        )
        return self.record
