"""What facts change of sessions and their transcripts: a row per turn, a row per session where something changed. Pure.

A session is known from its first admitted row on. A turn is numbered when it is written: numbers rise over all sessions
in the order of commits. Turns up to the number a session began anew at are not told its agent any more, and neither is
one that began before that. It says so itself, but where it had ended by then and was still on its way here: that is
told by the clock, of rows that had come. What comes later is of the session as it is, whatever becomes of the clock.
"""

from collections.abc import Iterator
from typing import Protocol

from msgspec import Struct

from actors.envelopes.facts import Adjusted, Appended, Rejudged, Renewed
from actors.envelopes.identity import ReplyAddress
from actors.envelopes.session import TurnRecord
from actors.journal import session_rows as sql
from actors.journal.changes import Values
from actors.journal.roster import Anew, Roster, Where
from actors.journal.session_rows import turn_row, where_to, whereabouts
from actors.journal.statements import is_message


class Known(Protocol):
    """What is on disk of sessions."""

    def last_number(self) -> int:
        """The number of the latest turn, 0 for none."""

    def last_place(self, session: str, /) -> int:
        """How many turns a session had since it began anew."""

    def last_renewal(self, session: str, /) -> int:
        """The number a session last began anew at, -1 for never."""


class _Change(Struct, gc=False):
    """What a transaction does to one session. ``mended``: its failures count from 0 again."""

    agent: str = ""
    failures: int = 0
    mended: bool = False
    to: ReplyAddress | None = None


_NOTHING = _Change()


class SessionChanges:
    """The sessions' part of a batch; ``now`` is unix seconds."""

    def __init__(self, now: float, roster: Roster) -> None:
        self._now = now
        self._roster = roster
        self.came: dict[str, Appended | Rejudged] = {}
        """The latest message of each session, as it was let in; filled by whoever judges rows."""
        self._changes: dict[str, _Change] = {}
        self._turns: dict[int, Values] = {}
        """By the row that carries the answer: the latest one counts."""
        self._renewals: list[Values] = []
        self._adjusted: dict[str, list[Values]] = {}
        self._places: dict[str, int] = {}
        self._written: dict[str, tuple[Where, float]] = {}
        self._number = roster.number
        """Of the latest turn; -1 until the disk was asked."""
        self._anew: dict[str, Anew] = {}

    def ended(self, turn: TurnRecord, outcome: str, text: str | None, to: ReplyAddress | None, known: Known) -> None:
        """A turn ended; ``text`` is None where its chunks say what was said."""
        session = turn.session
        change = self._changes.get(session) or self._change(session)
        change.agent = turn.agent
        if to is not None:
            change.to = to
        if outcome == "failed":
            change.failures += 1
        else:
            change.failures, change.mended = 0, True
        if turn.before_renewal or self._anew or self._roster.anew:
            before = self._number_before(turn, known)
            if before >= 0:
                self._turns[turn.seqs[-1]] = turn_row(turn, outcome, text, before, 0)
                return
        place = self._places.get(session)
        if place is None and (place := self._roster.places.get(session)) is None:
            place = known.last_place(session)
        self._places[session] = place + 1
        if self._number < 0:
            self._number = known.last_number()
        self._number += 1
        self._turns[turn.seqs[-1]] = turn_row(turn, outcome, text, self._number, place + 1)

    def _number_before(self, turn: TurnRecord, known: Known) -> int:
        """The number its session began anew at, where the turn began before that; else -1."""
        anew = self._anew.get(turn.session) or self._roster.anew.get(turn.session)
        if turn.before_renewal:
            return known.last_renewal(turn.session) if anew is None else anew.number
        if anew is not None and turn.seqs[-1] < anew.row and turn.began_at < anew.at:
            return anew.number
        return -1

    def renewed(self, fact: Renewed, row: int, known: Known) -> None:
        """A session begins anew, before row ``row`` comes: its failures are forgotten too."""
        if self._number < 0:
            self._number = known.last_number()
        self._anew[fact.session] = Anew(self._number, fact.at, row)
        self._places[fact.session] = 0
        self._renewals.append((fact.session, self._number, fact.at, fact.why))
        change = self._change(fact.session)
        change.failures, change.mended = 0, True

    def adjusted(self, fact: Adjusted) -> None:
        """A session differs from the config, or does not any more. KeyError for a name that is none."""
        if fact.name == "failures":
            change = self._change(fact.session)
            change.failures, change.mended = int(fact.value or 0), True
        else:
            values = (*sql.bare(fact.session), self._now, fact.value)
            self._adjusted.setdefault(sql.ADJUST[fact.name], []).append(values)

    def _change(self, session: str) -> _Change:
        change = self._changes.get(session)
        if change is None:
            change = self._changes[session] = _Change()
        return change

    def statements(self) -> Iterator[tuple[str, list[Values]]]:
        """Each statement with its rows, in the order to run them."""
        if self._turns:
            if self._number >= 0:
                yield sql.NUMBER, [(self._number,)]
            yield from sql.turns(self._turns.values())
        if self._renewals:
            yield sql.RENEW, self._renewals
        if rows := [*self._rows()]:
            yield sql.UPSERT, rows
        yield from self._adjusted.items()

    def _rows(self) -> Iterator[Values]:
        now, roster = self._now, self._roster
        for key in self.came.keys() | self._changes.keys():
            change, last = self._changes.get(key, _NOTHING), self.came.get(key)
            where = None
            if last is not None:
                where = whereabouts(key, last.row, last.verdict.agent if is_message(last.verdict) else "")
            mended = change.mended and (roster.failing is None or key in roster.failing)
            if change.failures or mended or not roster.is_fresh(key, where, now):
                full = where or where_to(key, change.agent, change.to)
                if where is not None:
                    self._written[key] = (where, now)
                yield key, *full, now, change.failures, change.mended

    def commit(self) -> None:
        """It is on disk: the roster takes it in."""
        self._roster.number = self._number
        self._roster.learn(self._places, self._written, self._anew)
        failing = [key for key, change in self._changes.items() if change.failures]
        self._roster.learn_failing(failing, (key for key, change in self._changes.items() if change.mended))
