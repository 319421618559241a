"""The Journal: the one writer. Facts in, ``Recorded`` out, after the commit only.

Facts are gathered while the mailbox has more, at most 256, then committed in one transaction; a row and its
verdict, a reply's chunks and the rows they settle, are always in the same one. When the disk refuses, nothing
is confirmed: the facts stay, are tried again every second, and the gateway says so; intake waits meanwhile.
Admitted rows leave through a window (``gate``, ``active``), so memory stays bounded whatever waits on disk.
"""

import sqlite3
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from actors.envelopes.control import OpenChunk, Record, Recorded, Ref, Replay, Replayed, SourceState, Spoken, Tick
from actors.envelopes.facts import Appended, Rejudged, Settled
from actors.envelopes.identity import ReplyAddress
from actors.envelopes.inbound import Admit, Challenge, Corrupt, Verdict
from actors.envelopes.outbound import POSITION_BITS
from actors.journal.batch import Batch, Result
from actors.journal.gate import Gate, challenged, inbound
from actors.journal.ledger import Ledger
from actors.journal.schema import explain
from actors.journal.store import Store, StoredRow
from actors.normalizer.echoes import GUID_SECONDS, MOST
from actors.normalizer.normalize import nameless
from actors.runtime.actor import Actor, Context

GROUP = 256
RETRY_SECONDS = 1.0
FLOOR_EVERY = 8192


class Journal(Actor):
    """Owns the database connection; ``ledger`` is what the operator's status reads.

    ``sources`` says which database each account reads now (None: whatever the rows say). Open work of an account
    that is gone, or that read another database, stays where it is: a chat number means nothing in another database.
    """

    def __init__(
        self,
        context: Context,
        store: Store,
        path: Path,
        ledger: Ledger,
        sources: Mapping[str, int] | None = None,
    ) -> None:
        super().__init__(context)
        self._sources = sources
        self._store = store
        self._path = path
        self._ledger = ledger
        self._gate = Gate(store)
        self._pending: list[Record] = []
        self._asked: list[Replay] = []
        self._failing = False
        self._since_floor = 0

    def on_start(self) -> None:
        """Rebuild the counters and the floor below which everything is settled."""
        self._ledger.load(self._store)

    def on_receive(self, message: Any) -> None:
        if type(message) is Record:
            self._pending.append(message)
            if self._failing:
                self._ledger.waiting = len(self._pending)
            elif len(self._pending) >= GROUP:
                self._commit()
            return
        match message:
            case Replay():
                self._replay(message)
            case Tick("retry"):
                self._failing = False
                self._commit()
                asked, self._asked = self._asked, []
                for replay in asked:
                    self._replay(replay)

    def on_idle(self) -> None:
        """Nothing more to gather: commit."""
        if self._pending and not self._failing:
            self._commit()

    def _commit(self) -> None:
        if not self._pending:
            return
        store, batch = self._store, Batch(self._pending, self._ledger.next_seq)
        try:
            store.begin()
            if self._since_floor > FLOOR_EVERY:
                self._ledger.raise_floor(store)  # before the facts: some of them lower it again
                self._since_floor = 0
            batch.write(store)
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
        if self._ledger.trouble:
            self._ledger.trouble, self._ledger.waiting = "", 0
            self.log.info("the journal can be written again; {} facts caught up", len(batch.records))
        self._confirm(batch.results)

    def _isolate(self, error: Exception) -> None:
        """A fact that cannot be stored as it is: the others are, one by one; a row among them is kept as corrupt."""
        self._store.rollback()
        records, self._pending = self._pending, []
        if len(records) > 1:
            for record in records:
                self._pending.append(record)
                self._commit()
            return
        fact = records[0].fact
        self.log.error("a fact cannot be stored: {!r}", error)
        if type(fact) is Appended and type(fact.verdict) is not Corrupt:
            row = fact.row
            stand_in = nameless(row.account, row.source, row.raw, row.received_at)
            self._pending = [Record(Appended(stand_in, Corrupt(repr(error))))]
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
        for record, seq in results:
            fact = record.fact
            if type(fact) is Appended:
                if seq > 0:
                    self._pass_on(record, seq, fact.verdict)
                continue
            gate.note(fact)
            if type(fact) is Rejudged:
                if seq > 0:
                    self._pass_on(record, seq, fact.verdict)
            elif record.then is not None:
                tell(record.then, Recorded(seq, fact))
        for to, message in gate.admit():
            tell(to, message)
        self._settle_damaged()

    def _settle_damaged(self) -> None:
        """Open rows whose body cannot be read back end as corrupt instead of blocking their chat."""
        damaged, self._gate.damaged = self._gate.damaged, []
        for seq, corrupt in damaged:
            self.log.error("row {} cannot be read back: {}", seq, corrupt.error)
            self.tell(self.actor_ref, Record(Settled(seq, corrupt)))

    def _pass_on(self, record: Record, seq: int, verdict: Verdict) -> None:
        row = record.fact.row
        if type(verdict) is Admit:
            self._gate.offer(seq, row, verdict)
        elif type(verdict) is Challenge:
            self.tell(record.then, challenged(seq, row, verdict.handle, replayed=False))
        elif record.then is not None:
            self.tell(record.then, Recorded(seq, record.fact))

    def _replay(self, message: Replay) -> None:
        if not self._failing:
            self._commit()
        if self._failing:
            # What is pending comes first, then whoever asked, in the order they did.
            self._asked.append(message)
            return
        try:
            self._tell_again(message)
        except sqlite3.Error as error:
            self._asked.append(message)
            self._failed(error)

    def _tell_again(self, message: Replay) -> None:
        store, floor, to = self._store, self._ledger.floor, message.then
        match message.what:
            case "admitted":
                self._gate.reload(to, self._open_rows("admit", floor))
                for gate, admitted in self._gate.admit():
                    self.tell(gate, admitted)
                self._settle_damaged()
            case "challenged":
                for row in store.rows([seq for seq, *_ in self._open_rows("challenge", floor)]):
                    if (read := self._gate.read_back(row)) is not None:
                        self.tell(to, challenged(row.seq, read, row.session or "", replayed=True))
                self._settle_damaged()
            case "held":
                for row in store.held_rows(message.reason, message.account):
                    self._replay_held(to, row)
            case "chunks":
                self.tell(to, Replayed("chunks", self._open_chunks(message.account)))
            case "echoes":
                sent = store.sent_since(self.clock.wall() - GUID_SECONDS, MOST)
                self.tell(to, Replayed("echoes", tuple(Spoken(c, s, t, g, at) for c, s, t, g, at in reversed(sent))))
            case "source":
                self.tell(to, SourceState(message.source, *store.source_state(message.source)))

    def _replay_held(self, to: Ref, stored: StoredRow) -> None:
        try:
            row = inbound(stored)
        except ValueError as error:
            stand_in = nameless(stored.account, stored.source, stored.body or b"", stored.received_at)
            self.tell(self.actor_ref, Record(Rejudged(stored.seq, stand_in, Corrupt(str(error)))))
        else:
            self.tell(to, Recorded(stored.seq, row))

    def _is_current(self, account: str, source: int) -> bool:
        return self._sources is None or self._sources.get(account) == source

    def _open_rows(self, kind: str, floor: int) -> list[tuple[int, str, int, int, int]]:
        rows = self._store.open_rows(kind, floor)
        current = [row for row in rows if self._is_current(row[1], row[2])]
        if len(current) < len(rows):
            self.log.warning(
                "{} open rows belong to accounts or databases the config does not name any more; they are kept",
                len(rows) - len(current),
            )
        return current

    def _open_chunks(self, account: str) -> tuple[OpenChunk, ...]:
        chunks = []
        for key, owner, source, chat_id, chat_guid, service, text, state, attempted_at, until, tries in (
            self._store.open_chunks(account, self._ledger.floor << POSITION_BITS)
        ):
            self._ledger.remember(key, state, owner)
            if not self._is_current(owner, source):
                self.log.warning("chunk {} belongs to another database than {} reads now; it is kept", key, owner)
                continue
            to = ReplyAddress(owner, source, chat_id, chat_guid, service)
            chunks.append(OpenChunk(key, to, text, state, attempted_at, until, tries))
        return tuple(chunks)

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
