"""The gate beyond the journal: admitted rows leave through the window, replies free their places.

The sessions are also told which control commands they have to wait for: these pass the window by.
Rows that must wait are kept in memory while that is cheap, else only their numbers; they are read back when
their turn comes.
"""

from collections.abc import Callable, Iterator
from typing import Any

from actors.envelopes.control import Ref
from actors.envelopes.facts import Discarded, Failed, Queued, Rejudged, Sent, Settled, Uncertain
from actors.envelopes.inbound import Admit, Admitted, Corrupt, Inbound
from actors.envelopes.steering import Abandon, Coming, Finished
from actors.journal.active import Window
from actors.journal.current import Current
from actors.journal.retold import admitted, inbound, restored
from actors.journal.store import Store, StoredRow
from actors.journal.under_way import PARKED, UnderWay

KEPT_ROWS = 4096
KEPT_TEXT = 4096

Message = Admitted | Coming | Finished
"""What the sessions are told."""
OpenRow = tuple[int, str, int, int, int]
"""``(seq, account, source, chat_id, waits)``."""


class Gate:
    """Window plus the sessions' ref. ``admit`` yields what may go now."""

    def __init__(self, store: Store, current: Current) -> None:
        self._store = store
        self._current = current
        self._window: Window[Admitted | None] = Window()
        self._to: Ref | None = None
        self._under_way = UnderWay()
        self._commands: set[int] = set()
        """Control commands that the desk or the sessions were told of, and that have no outcome yet."""
        self._finished: list[int] = []
        """Rows that ended, and the sessions are not told so yet."""
        self._now: list[tuple[Ref, Message]] = []
        self._due: list[tuple[int, Admitted | None]] = []
        """Rows that are live and not told yet: where they cannot be read, they still are when it works again."""
        self._kept = 0
        self.damaged: list[tuple[Corrupt, Settled | Rejudged]] = []
        """Rows that could not be read back: why, and the facts that end them, for the journal to store."""

    @property
    def live(self) -> int:
        """Rows beyond the gate."""
        return self._window.live

    @property
    def waiting(self) -> int:
        """Admitted rows that wait for a place."""
        return self._window.waiting

    def reload(self, to: Ref, rows: list[OpenRow], commands: list[OpenRow]) -> None:
        """The sessions started (again): all open rows come once more, in order, and before them it is said which
        control commands are open.
        """
        self._window = Window()
        self._to = to
        self._now = self._awaited(to, commands)
        self._finished = []
        self._kept = 0
        self._due = self._taken_in(rows)

    def resume(self, rows: list[OpenRow], commands: list[OpenRow]) -> None:
        """Accounts run again: those of these open rows come that are not in the window; commands as in ``reload``."""
        if self._to is not None and commands:
            self._now += self._awaited(self._to, commands)
        if self._to is not None and rows:
            inside = self._window.seqs()
            self._due += self._taken_in([row for row in rows if row[0] not in inside])

    def _awaited(self, to: Ref, commands: list[OpenRow]) -> list[tuple[Ref, Message]]:
        """What is said of open commands; ``Finished`` will name each of them."""
        sessions = self._store.sessions.of_rows([seq for seq, *_ in commands])
        self._commands.update(sessions)
        return [(to, Coming(session, seq)) for seq, session in sessions.items()]

    def _taken_in(self, rows: list[OpenRow]) -> list[tuple[int, Admitted | None]]:
        """Those that are live at once; the others wait."""
        offer = self._window.offer
        return [
            (seq, None) for seq, _, source, chat_id, waits in rows if offer(seq, (source, chat_id), not waits, None)
        ]

    def offer(self, seq: int, row: Inbound, verdict: Admit, released: bool = False) -> None:
        """A row was admitted and is on disk; ``released``: it was held before."""
        if self._to is None:
            return  # no sessions yet: their first replay finds the row
        keep = self._kept < KEPT_ROWS and len(row.text) < KEPT_TEXT
        item = admitted(seq, row, verdict, released=released)
        if self._window.offer(seq, (row.source, row.chat.id), not verdict.waits, item if keep else None):
            self._now.append((self._to, item))
        elif keep:
            self._kept += 1

    def announce(self, seq: int, session: str) -> list[tuple[Ref, Message]]:
        """A control command is on disk that concerns its session: what comes later waits for what becomes of it.

        What this says is told before anybody else is told of the command: it may come back as a message at once. So is
        what came before it.
        """
        return [] if self._to is None else [*self.admit(), (self._to, Coming(session, seq))]

    def abandon(self, asked: Abandon) -> list[int]:
        """The rows meant wait no longer; their numbers, in order. Raises ``sqlite3.Error``."""
        seqs = [seq for seq in self._window.waiting_of(asked.chat) if not asked.before or seq < asked.before]
        sessions = self._store.sessions.of_rows(seqs)
        gone = [seq for seq, session in sessions.items() if session == asked.session]
        self._kept -= sum(item is not None for item in self._window.forget(frozenset(gone)))
        return gone

    def read_back(self, stored: StoredRow, end: Callable[[int, Corrupt], Settled | Rejudged]) -> Inbound | None:
        """The row, or None when it is damaged: then ``end`` makes the fact that ends it."""
        try:
            return inbound(stored)
        except ValueError as error:
            why = Corrupt(str(error))
            self.damaged.append((why, end(stored.seq, why)))
            return None

    def _emit(self) -> None:
        """Pass rows on in order, reading back those of which only the number was kept."""
        assert self._to is not None
        ready = self._due
        unread = [seq for seq, item in ready if item is None]
        stored = {row.seq: row for row in self._store.rows(unread)}
        begun = self._store.begun(unread) if unread else ()
        self._due = []
        for seq, item in ready:
            if item is not None:
                self._kept -= 1
                self._now.append((self._to, item))
            elif seq in stored and (row := self.read_back(stored[seq], Settled)) is not None:
                self._now.append((self._to, restored(stored[seq], row, seq in begun)))

    def note(self, fact: Any) -> None:
        """A committed fact that may free places, or end rows."""
        kind, under_way = type(fact), self._under_way
        if kind is Sent:
            self._release(under_way.ended(fact.key))
        elif kind is Queued:
            for seq, _ in fact.settles:
                self._ends(seq)
            self._release(under_way.queued(fact, self._current.has))
        elif kind is Settled:
            self._ends(fact.seq)
            self._release(under_way.settled((fact.seq,)))
        elif kind is Failed or kind is Uncertain:
            self._release(under_way.ended(fact.key, PARKED))
        elif kind is Discarded:
            self._release(under_way.ended(fact.key))

    def command_told(self, seq: int) -> None:
        """The desk is told of a control command."""
        self._commands.add(seq)

    def _ends(self, seq: int) -> None:
        """Somebody may wait for the outcome of an admitted row or a command."""
        if seq in self._commands:
            self._commands.discard(seq)
        elif not self._window.is_live(seq):
            return
        self._finished.append(seq)

    def beyond(self, chat: tuple[int, int]) -> list[int]:
        """Rows of a chat that were passed on and are not through yet, and the commands of all chats."""
        return [*self._window.live_of(chat), *self._commands]

    def let_go(self) -> None:
        """Accounts read other databases: answers that wait until they read theirs again hold no place."""
        self._release(self._under_way.let_go(self._current.has))

    def _release(self, rows: tuple[int, ...]) -> None:
        for seq in rows:
            self._window.release(seq)

    def admit(self) -> Iterator[tuple[Ref, Message]]:
        """What the sessions are to be told now, in order: which rows ended, and what may go to them."""
        self._due += self._window.admit()
        if self._due:
            self._emit()
        finished, self._finished = self._finished, []
        if finished and self._to is not None:
            self._now.append((self._to, Finished(tuple(finished))))
        now, self._now = self._now, []
        return iter(now)
