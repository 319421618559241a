"""The gate beyond the journal: admitted rows leave through the window, replies free their places.

Rows that must wait are kept in memory while that is cheap, else only their numbers; they are read back when
their turn comes.
"""

from collections.abc import Callable, Iterator
from typing import Any

from msgspec.structs import replace

from actors.envelopes.control import Ref
from actors.envelopes.facts import Discarded, Failed, Queued, Rejudged, Sent, Settled, Uncertain
from actors.envelopes.identity import ReplyAddress
from actors.envelopes.inbound import Admit, Admitted, Challenged, Commanded, Control, Corrupt, Inbound
from actors.journal.active import Window
from actors.journal.current import Current
from actors.journal.store import Store, StoredRow
from actors.normalizer.normalize import Malformed, normalize
from actors.outbound.answers import answer_of

KEPT_ROWS = 4096
KEPT_TEXT = 4096


def admitted(seq: int, row: Inbound, verdict: Admit) -> Admitted:
    """The envelope for the sessions, with the reply address fixed."""
    to = ReplyAddress(row.account, row.source, row.chat.id, row.chat.guid, verdict.service, row.era)
    return Admitted(seq, verdict.session, verdict.agent, verdict.mentioned, to, row, verdict.authority)


def inbound(stored: StoredRow) -> Inbound:
    """A row read back from the journal. ValueError when its body is pruned or damaged."""
    if stored.body is None:
        raise ValueError(f"row {stored.seq} has no body any more")
    row = normalize(stored.account, stored.source, stored.body, stored.received_at)
    if isinstance(row, Malformed):
        raise ValueError(row.error)
    return replace(row, era=stored.era) if stored.era else row


def readable(stored: StoredRow) -> Inbound | None:
    """A row read back, None when its body is pruned or damaged."""
    try:
        return inbound(stored)
    except ValueError:
        return None


def restored(stored: StoredRow, row: Inbound) -> Admitted:
    """The envelope of an admitted row read back."""
    verdict = Admit(
        stored.session or "",
        stored.agent or "",
        bool(stored.mentioned),
        stored.service or "auto",
        bool(stored.waits),
        stored.authority or "known",
    )
    return admitted(stored.seq, row, verdict)


def challenged(seq: int, row: Inbound, handle: str, replayed: bool) -> Challenged:
    """The envelope for the pairing registry."""
    service = "sms" if row.chat.guid.startswith("SMS;") else "auto"
    to = ReplyAddress(row.account, row.source, row.chat.id, row.chat.guid, service, row.era)
    return Challenged(seq, handle, to, row, replayed)


def commanded(seq: int, row: Inbound, verdict: Control, replayed: bool) -> Commanded:
    """The envelope for the command desk, with the reply address fixed."""
    to = ReplyAddress(row.account, row.source, row.chat.id, row.chat.guid, verdict.service, row.era)
    return Commanded(seq, verdict.session, verdict.agent, to, row, verdict.authority, replayed)


def told_again(stored: StoredRow, row: Inbound) -> Challenged | Commanded:
    """The envelope of a challenged row, or of a control command, read back."""
    session = stored.session or ""
    if stored.kind == "challenge":
        return challenged(stored.seq, row, session, replayed=True)
    verdict = Control(session, stored.agent or "", stored.service or "auto", stored.authority or "known")
    return commanded(stored.seq, row, verdict, replayed=True)


class Gate:
    """Window plus the sessions' ref. ``admit`` yields what may go now."""

    def __init__(self, store: Store, current: Current) -> None:
        self._store = store
        self._current = current
        self._window: Window[Admitted | None] = Window()
        self._to: Ref | None = None
        self._open: dict[int, tuple[int, tuple[int, ...], ReplyAddress]] = {}
        """By answer: how many of its chunks have not ended, the rows it settled, where it goes."""
        self._now: list[tuple[Ref, Admitted]] = []
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

    def reload(self, to: Ref, rows: list[tuple[int, str, int, int, int]]) -> None:
        """The sessions started (again): all open rows come once more, in order."""
        self._window = Window()
        self._to = to
        self._now = []
        self._kept = 0
        self._due = self._taken_in(rows)

    def resume(self, rows: list[tuple[int, str, int, int, int]]) -> None:
        """Accounts run again: those of these open rows come that are not in the window."""
        if self._to is not None and rows:
            inside = self._window.seqs()
            self._due += self._taken_in([row for row in rows if row[0] not in inside])

    def _taken_in(self, rows: list[tuple[int, str, int, int, int]]) -> list[tuple[int, Admitted | None]]:
        """Those that are live at once; the others wait."""
        offer = self._window.offer
        return [
            (seq, None) for seq, _, source, chat_id, waits in rows if offer(seq, (source, chat_id), not waits, None)
        ]

    def offer(self, seq: int, row: Inbound, verdict: Admit) -> None:
        """A row was admitted and is on disk."""
        if self._to is None:
            return  # no sessions yet: their first replay finds the row
        keep = self._kept < KEPT_ROWS and len(row.text) < KEPT_TEXT
        item = admitted(seq, row, verdict)
        if self._window.offer(seq, (row.source, row.chat.id), not verdict.waits, item if keep else None):
            self._now.append((self._to, item))
        elif keep:
            self._kept += 1

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
        stored = {row.seq: row for row in self._store.rows([seq for seq, item in ready if item is None])}
        self._due = []
        for seq, item in ready:
            if item is not None:
                self._kept -= 1
                self._now.append((self._to, item))
            elif seq in stored and (row := self.read_back(stored[seq], Settled)) is not None:
                self._now.append((self._to, restored(stored[seq], row)))

    def note(self, fact: Any) -> None:
        """A committed fact that may free places."""
        kind = type(fact)
        if kind is Sent:
            self._ended(answer_of(fact.key), 1)
        elif kind is Queued:
            rows = tuple(seq for seq, _ in fact.settles)
            to = fact.chunks[0].address if fact.chunks else None
            if to is not None and self._current.has(to.account, to.source):
                self._open[answer_of(fact.chunks[0].key)] = (len(fact.chunks), rows, to)
            else:
                self._release(rows)
        elif kind is Settled:
            self._release((fact.seq,))
        elif kind is Failed or kind is Uncertain:
            # The rest of this reply may wait for a person; the place does not.
            self._ended(answer_of(fact.key), 1 << 30)
        elif kind is Discarded:
            self._ended(answer_of(fact.key), 1)

    def _ended(self, answer: int, count: int) -> None:
        entry = self._open.get(answer)
        if entry is None:
            return
        left = entry[0] - count
        if left > 0:
            self._open[answer] = (left, *entry[1:])
        else:
            del self._open[answer]
            self._release(entry[1])

    def let_go(self) -> None:
        """Accounts read other databases: answers that wait until they read theirs again hold no place."""
        for answer, (_, rows, to) in list(self._open.items()):
            if not self._current.has(to.account, to.source):
                del self._open[answer]
                self._release(rows)

    def _release(self, rows: tuple[int, ...]) -> None:
        for seq in rows:
            self._window.release(seq)

    def admit(self) -> Iterator[tuple[Ref, Admitted]]:
        """What may go to the sessions now, in order."""
        self._due += self._window.admit()
        if self._due:
            self._emit()
        now, self._now = self._now, []
        return iter(now)
