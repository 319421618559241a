"""The Journal: the one writer. Facts in, ``Recorded`` out, after the commit only.

Facts are gathered while the mailbox has more, at most 256, then committed in one transaction; a row and its
verdict, a reply's chunks and the rows they settle, are always in the same one. When the disk refuses, nothing
is confirmed: the facts stay, are tried again every second, and the gateway says so; intake waits meanwhile.
Admitted rows leave through a window (``gate``, ``active``), so memory stays bounded whatever waits on disk; control
commands pass it by, and the sessions hear first of one that concerns them. What is old enough is forgotten in small
steps (``pruning``) while nothing waits to be committed.
"""

import sqlite3
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from actors.envelopes.control import Discard, Keep, Number, Reconfigure, Record, Recorded, Tick
from actors.envelopes.facts import Appended, Rejudged, Settled
from actors.envelopes.inbound import Absorbed, Admit, Challenge, Control, Dropped, Verdict
from actors.envelopes.session import Recall
from actors.envelopes.steering import Abandon
from actors.journal.batch import GIVEN_UP, Batch, Result, end_held
from actors.journal.current import Current
from actors.journal.gate import Gate
from actors.journal.ledger import Ledger
from actors.journal.pruning import PAUSE_SECONDS, Pruning
from actors.journal.replays import Question, Replays, Rests, Told
from actors.journal.retention import FIRST_SECONDS, MORE_SECONDS
from actors.journal.retold import challenged, commanded, in_place_of
from actors.journal.schema import explain
from actors.journal.standings import NOTED, Standings, ended_well
from actors.journal.store import Store
from actors.journal.view import JournalView
from actors.runtime.actor import Actor, Context

__all__ = ["FLOOR_EVERY", "GROUP", "Journal", "JournalView"]

GROUP = 256
RETRY_SECONDS = 1.0
FLOOR_EVERY = 8192
PATIENCE = 500
"""How often a step of forgetting gives way to facts that wait; then it is taken between two groups of them."""

Asked = Question | Number | Abandon | Record
"""What is looked at once all that came before it is on disk."""


class Journal(Actor):
    """Owns the database connection; ``ledger`` is what the operator's status reads, ``standings`` what differs from the
    config in a session.

    ``sources`` and ``keep`` are those of a ``JournalView``; another one may be told at any time. Open work of an
    account that is gone, or that read another database, stays where it is: a chat number means nothing in another
    database. Where a newer view names it again, ``Replay("resumed")`` has it told.
    """

    def __init__(
        self,
        context: Context,
        store: Store,
        path: Path,
        ledger: Ledger,
        sources: Mapping[str, int] | None = None,
        keep: Keep | None = None,
        standings: Standings | None = None,
    ) -> None:
        super().__init__(context)
        self._store = store
        self._path = path
        self._ledger = ledger
        self._standings = Standings() if standings is None else standings
        current = Current(sources)
        self._gate = Gate(store, current)
        self._replays = Replays(store, self._gate, ledger, current, self.log)
        self._pending: list[Record] = []
        self._asked: list[Asked] = []
        self._failing = False
        self._since_floor = 0
        self._pruning = Pruning(store, ledger, keep, self.log)
        self._gave_way = 0

    def on_start(self) -> None:
        """Rebuild the counters and the floor below which everything is settled."""
        self._ledger.load(self._store)
        self._standings.load(self._store)
        self._replays.name_strays()
        self.clock.after(FIRST_SECONDS, self.actor_ref, Tick("prune"))

    def on_receive(self, message: Any) -> None:
        if type(message) is Record:
            self._pending.append(message)
            if self._failing:
                self._ledger.waiting = len(self._pending)
            elif len(self._pending) >= GROUP:
                self._commit()
            return
        match message:
            case _ if isinstance(message, Question | Number | Abandon):
                self._answer(message)
            case Discard(seqs):
                self._discard(seqs)
            case Reconfigure(view):
                self._go_by(view)
            case Keep():
                self._pruning.keep = message
            case Tick("prune"):
                self.clock.after(self._prune(), self.actor_ref, message)
            case Tick("retry"):
                self._failing = False
                self._commit()
                asked, self._asked = self._asked, []
                for one in asked:
                    self._answer(one)

    def on_idle(self) -> None:
        """Nothing more to gather: commit."""
        if self._pending and not self._failing:
            self._commit()

    def _commit(self) -> None:
        if not self._pending:
            return
        store, ledger = self._store, self._ledger
        batch = Batch(self._pending, ledger.next_seq, self.clock.wall(), ledger.position, ledger.roster)
        try:
            store.begin()
            if self._since_floor > FLOOR_EVERY:
                ledger.raise_floor(store)  # before the facts: some of them lower it again
                self._since_floor = 0
            batch.write(store, ledger.floor)
            store.commit()
        except sqlite3.Error as error:
            self._failed(error)
            return
        except (ValueError, OverflowError, TypeError, KeyError) as error:
            self._isolate(error)
            return
        self._pending = []
        self._since_floor += len(batch.records)
        self._ledger.account(batch)
        self._was_written(len(batch.records))
        self._confirm(batch.results)

    def _was_written(self, facts: int) -> None:
        if self._ledger.trouble:
            self._ledger.trouble, self._ledger.waiting = "", 0
            self.log.info("the journal can be written again; {} facts caught up", facts)

    def _isolate(self, error: Exception) -> None:
        """A fact that cannot be stored as it is: the others are, one by one; a row among them is kept as corrupt."""
        self._store.rollback()
        records, self._pending = self._pending, []
        if len(records) > 1:
            for record in records:
                self._pending.append(record)
                self._commit()
            return
        self.log.error("a fact cannot be stored: {!r}", error)
        if (stand_in := in_place_of(records[0].fact, error)) is not None:
            self._pending = [Record(stand_in)]
            self._commit()

    def _failed(self, error: sqlite3.Error) -> None:
        self._store.rollback()
        trouble = explain(error, self._path)
        if self._ledger.trouble != trouble:
            self._ledger.trouble = trouble
            self.log.error("{}", trouble)
        self._failing = True
        self._ledger.waiting = len(self._pending)
        self.clock.after(RETRY_SECONDS, self.actor_ref, Tick("retry"))

    def _confirm(self, results: list[Result]) -> None:
        gate, tell = self._gate, self.tell
        differ = len(self._standings) > 0
        for record, seq in results:
            fact = record.fact
            if type(fact) is Appended:
                if seq > 0:
                    self._pass_on(record, seq, fact.verdict)
                continue
            if seq >= 0:
                gate.note(fact)
                if type(fact) in NOTED and (differ or not ended_well(fact)):
                    self._standings.note(fact)
                    differ = True
            if type(fact) is Rejudged:
                if seq > 0:
                    self._pass_on(record, seq, fact.verdict)
            elif type(fact) is Recall:
                self._answer(record)
            elif record.then is not None:
                tell(record.then, Recorded(seq, fact))
        for to, message in gate.admit():
            tell(to, message)
        self._store_damaged()

    def _store_damaged(self) -> None:
        """Rows whose body cannot be read back end as corrupt instead of blocking their chat."""
        damaged, self._gate.damaged = self._gate.damaged, []
        for why, fact in damaged:
            self.log.error("row {} cannot be read back: {}", fact.seq, why.error)
            self.tell(self.actor_ref, Record(fact))

    def _pass_on(self, record: Record, seq: int, verdict: Verdict) -> None:
        row = record.fact.row
        if type(verdict) is Admit:
            self._gate.offer(seq, row, verdict, released=type(record.fact) is Rejudged)
        elif type(verdict) is Control:
            for to, coming in self._gate.announce(seq, verdict.session) if verdict.onward else ():
                self.tell(to, coming)
            self._gate.command_told(seq)
            # One that is judged again has waited, perhaps for days: whoever gave it may not want it done now.
            again = type(record.fact) is Rejudged
            self.tell(record.then, commanded(seq, row, verdict, replayed=again, released=again))
        elif type(verdict) is Challenge:
            self.tell(record.then, challenged(seq, row, verdict.handle, replayed=False))
        elif record.then is not None:
            self.tell(record.then, Recorded(seq, record.fact))

    def _answer(self, asked: Asked) -> None:
        if not self._failing:
            self._commit()
        if self._failing:
            # What is pending comes first, then whoever asked, in the order they did.
            self._asked.append(asked)
            return
        told: Told = []
        rests: Rests = ()
        try:
            if isinstance(asked, Abandon):
                for seq in self._gate.abandon(asked):
                    self.on_receive(Record(Settled(seq, Absorbed(asked.why))))
            elif isinstance(asked, Number):
                told = [(asked.reply_to, self._replays.number(asked))]
                self._was_written(0)
            else:
                told, rests = self._replays.answer(asked, self.clock.wall())
        except sqlite3.Error as error:
            self._gate.damaged.clear()
            self._asked.append(asked)
            self._failed(error)
            return
        for to, message in told:
            self.tell(to, message)
        self._store_damaged()
        for rest in rests:
            # By the clock, not at once: whoever is told handles these rows before the next ones are read.
            self.clock.after(0.0, self.actor_ref, rest)

    def _go_by(self, view: JournalView) -> None:
        self._pruning.keep = view.keep
        if self._replays.go_by(view.sources):
            try:
                self._replays.name_strays()
            except sqlite3.Error as error:
                self.log.error("{}", explain(error, self._path))

    def _prune(self) -> float:
        """Forget a little; after how many seconds to go on."""
        if self._pending and self._gave_way < PATIENCE:
            self._gave_way += 1
            return PAUSE_SECONDS
        self._gave_way = 0
        if not self._failing:
            self._commit()
        if self._failing:
            return RETRY_SECONDS
        try:
            return self._pruning.step(self.clock.wall())
        except sqlite3.Error as error:
            self.log.error("cannot forget what is due: {}", explain(error, self._path))
            return MORE_SECONDS

    def _discard(self, seqs: Sequence[int]) -> None:
        self.log.info("the operator gives up {} held rows", len(seqs))
        for seq in seqs:
            self.on_receive(Record(end_held(seq, Dropped(GIVEN_UP))))

    def on_restart(self) -> None:
        """Never in place: what was told after the commit and what was not cannot be told apart. Level 2 replays."""
        raise RuntimeError("the journal starts again from disk")

    def set_aside(self, _message: Any, error: BaseException) -> None:
        """See ``on_restart``."""
        self._die(error.__context__ or error)

    def on_failure(self, *_: object) -> None:
        """Let go of the file, so that the next one can write; what was not committed never happened."""
        self._store.connection.close()

    def on_stop(self) -> None:
        """Commit what is pending, note the floor, close."""
        self._commit()
        try:
            if not self._failing:
                self._ledger.raise_floor(self._store)
            self._store.connection.close()
        except sqlite3.Error as error:
            self.log.error("{}", explain(error, self._path))
