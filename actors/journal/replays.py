"""What the journal tells again, after a restart or because the operator asks, and what of it nobody may get any more.

Numbers of rows are looked up at once, their bodies page by page: however many rows are told again, few are in memory
at a time, and whoever is told them can keep up. Work of an account that is gone, or that read another database, stays
where it is, until a newer config names that again.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from actors.envelopes.control import (
    Forfeited,
    Landmark,
    Number,
    Numbered,
    OpenChunk,
    Record,
    Recorded,
    Ref,
    Replay,
    Replayed,
    Rest,
    Review,
    SourceState,
    Spoken,
)
from actors.envelopes.facts import Settled
from actors.envelopes.identity import ReplyAddress
from actors.envelopes.inbound import Asked, Challenged, Commanded
from actors.envelopes.outbound import POSITION_BITS
from actors.journal.batch import end_held
from actors.journal.current import Current
from actors.journal.gate import Gate, OpenRow
from actors.journal.ledger import Ledger
from actors.journal.owner import OwnerChat, newest_of_owner
from actors.journal.recall import recall
from actors.journal.retold import challenged, readable, told_again
from actors.journal.store import Store
from actors.normalizer.echoes import MOST
from actors.outbound.strays import ELSEWHERE

PAGE = 64
RECALLED = 366 * 86_400.0
"""Seconds: as long as the journal knows of anything. After a stop of any length a row of ours may be found that is as
old as ``recovery.replayHours`` allows, and in the chat with oneself it must be known.
"""
MOST_ASKED = 16
"""Rows looked at for the address of one handle: the newest that can be read is taken."""

ASKED = {"challenged": "challenge", "commanded": "command"}
"""Kinds of rows that are told again to whoever asks, by what is asked for."""

LET_IN = ("admit", "command")
"""Kinds of rows whose answers are for somebody who was let in; a pairing code is for a stranger."""

Question = Replay | Review | Rest
"""What is asked; what is recalled (``Recall``) is asked as a fact among others."""
Rests = tuple[Rest, ...]
Told = list[tuple[Ref, Any]]


class Replays:
    """Answers to ``Replay`` and ``Review``: what to tell whom, and what is left to tell after that."""

    def __init__(self, store: Store, gate: Gate, ledger: Ledger, current: Current, log: Any) -> None:
        self._store = store
        self._gate = gate
        self._ledger = ledger
        self._current = current
        self._askers: dict[str, Ref] = {}
        """Who asked last for what of ``ASKED``."""
        self._review: Review | None = None
        """The latest."""
        self._log = log

    def go_by(self, sources: Mapping[str, int] | None) -> bool:
        """From now on the accounts read these databases; False where they did before."""
        changed = self._current.change(sources)
        if changed:
            self._gate.let_go()
        return changed

    def answer(self, asked: Question | Record, now: float) -> tuple[Told, Rests]:
        """``now`` is unix seconds. Raises sqlite3.Error: ask again, nothing was told."""
        if isinstance(asked, Record):
            return self._recalled(asked), ()
        if isinstance(asked, Rest):
            return self._page(asked)
        if isinstance(asked, Review):
            waiting = self._store.waiting_replies(self._ledger.floor << POSITION_BITS)
            self._review = asked
            return self._page(Rest(asked, waiting, 0))
        match asked.what:
            case "challenged" | "commanded":
                return self._asked_for(asked)
            case "held":
                return self._page(Rest(asked, self._held(asked), 0))
            case "admitted":
                self._gate.reload(asked.then, self._open_rows("admit"), self._current_rows("command"))
                told = list(self._gate.admit())
                self._current.told("admit")
                return told, ()
            case "resumed":
                return self._resumed()
        return [(asked.then, self._value(asked, now))], ()

    def _asked_for(self, asked: Replay) -> tuple[Told, Rests]:
        """All open rows of a kind; whoever asked is told those of accounts that come later too."""
        kind = ASKED[asked.what]
        answer = self._page(Rest(asked, [seq for seq, *_ in self._open_rows(kind)], 0))
        self._askers[asked.what] = asked.then
        self._current.told(kind)
        return answer

    def _resumed(self) -> tuple[Told, Rests]:
        """What is open of accounts that were not current when everything else was told."""
        admitted = self._that_came("admit")
        rests = tuple(
            Rest(Replay(what, then), [seq for seq, *_ in rows], 0)
            for what, then in self._askers.items()
            if (rows := self._that_came(ASKED[what]))
        )
        self._gate.resume(admitted, self._that_came("admit", "command"))
        told = list(self._gate.admit())
        for kind in ("admit", *ASKED.values()):
            self._current.told(kind)
        return told, rests

    def number(self, asked: Number) -> Numbered:
        """Databases seen for the first time are in the file before anyone reads them. Raises sqlite3.Error."""
        self._store.begin()
        numbers = tuple((account, self._store.source_number(*names)) for account, names in asked.names)
        self._store.commit()
        return Numbered(numbers)

    def name_strays(self) -> None:
        """Say which chunks nobody will ask for: those of accounts that do not run."""
        running = self._current.sources
        if running is None:
            return
        for account, count in self._store.open_owners(self._ledger.floor << POSITION_BITS).items():
            if account not in running:
                self._log.warning(
                    "{} chunks of account {}, which does not run, are kept; see `gateway outbox list`", count, account
                )

    def _value(self, asked: Replay, now: float) -> Replayed | SourceState:
        match asked.what:
            case "chunks":
                return Replayed("chunks", self._open_chunks(asked.account))
            case "owner":
                return Replayed("owner", self._of_owner(asked))
            case "asked":
                return Replayed("asked", self._asked_last(asked.account, asked.reason))
            case "echoes":
                sent = self._store.sent_since(now - RECALLED, MOST)
                return Replayed("echoes", tuple(Spoken(*one) for one in reversed(sent)))
        state = self._store.source_state(asked.source)
        era = state[3]
        return SourceState(
            asked.source, *state, tuple(Landmark(*one) for one in self._store.landmarks(asked.source, era))
        )

    def _asked_last(self, account: str, handle: str) -> tuple[Asked, ...]:
        """Where to reach whoever asked for access under a handle; a row that cannot be read back does not tell."""
        running = self._current.sources
        if running is not None and account not in running:
            return ()
        source = None if running is None else running[account]
        for stored in self._store.asked(account, handle, source, MOST_ASKED):
            if (row := readable(stored)) is not None:
                return (Asked(stored.seq, handle, challenged(stored.seq, row, handle, replayed=True).address),)
        return ()

    def _of_owner(self, asked: Replay) -> tuple[OwnerChat, ...]:
        """Where to reach an owner, or whoever has that handle: at most one."""
        account, running = asked.account, self._current.sources
        if running is not None and account not in running:
            return ()
        source = None if running is None else running[account]
        return newest_of_owner(self._store, account, asked.reason, source, asked.wanted)

    def _recalled(self, asked: Record) -> Told:
        if asked.then is None:
            return []
        chat = (asked.fact.source, asked.fact.chat_id)
        return [(asked.then, recall(self._store, asked.fact, self._gate.beyond(chat)))]

    def _held(self, asked: Replay) -> Sequence[int]:
        """All held ones are never meant: somebody says which, or why they are held."""
        if asked.seqs:
            return sorted(set(asked.seqs))
        return self._store.held_seqs(asked.reason, asked.account) if asked.reason else ()

    def _page(self, page: Rest) -> tuple[Told, Rests]:
        """The next rows of a page; those that were settled or judged meanwhile are left out."""
        end, asked = page.start + PAGE, page.replay
        part, then = page.seqs[page.start : end], asked.then
        told: Told
        if isinstance(asked, Review):
            if asked is not self._review:
                return [], ()
            told = [(then, message) for message in self._forfeited(asked, part)]
        elif asked.what == "held":
            told = [(then, message) for message in self._held_again(asked, part)]
        else:
            told = [(then, message) for message in self._open_again(part)]
        return told, (Rest(asked, page.seqs, end),) if end < len(page.seqs) else ()

    def _forfeited(self, review: Review, seqs: Sequence[int]) -> list[Forfeited]:
        """What waits to be handed to imsg and answers these rows, by account. What cannot be read back stays."""
        found: dict[str, list[int]] = {}
        for stored in self._store.rows(seqs):
            row = readable(stored) if stored.kind in LET_IN else None
            if row is not None and review.refused(row) is not None:
                for account, key in self._store.waiting_chunks(stored.seq):
                    found.setdefault(account, []).append(key)
        return [Forfeited(account, tuple(keys)) for account, keys in found.items()]

    def _held_again(self, asked: Replay, seqs: Sequence[int]) -> list[Recorded]:
        told = []
        for stored in self._store.rows_that_are("held", seqs):
            if (asked.reason and stored.reason != asked.reason) or asked.account not in ("", stored.account):
                continue
            if not self._current.has(stored.account, stored.source):
                self._log.warning(
                    "row {} belongs to another database than {} reads now; it stays held", stored.seq, stored.account
                )
                continue
            if (row := self._gate.read_back(stored, end_held)) is not None:
                told.append(Recorded(stored.seq, row))
        return told

    def _open_again(self, seqs: Sequence[int]) -> list[Challenged | Commanded]:
        begun, told = self._store.begun(seqs), []
        for stored in self._store.rows_that_are(None, seqs):
            if (row := self._gate.read_back(stored, Settled)) is not None:
                told.append(told_again(stored, row, stored.seq in begun))
                if stored.kind == "command":
                    self._gate.command_told(stored.seq)
        return told

    def _that_came(self, kind: str, what: str = "") -> list[OpenRow]:
        """Rows of a kind that were not told then; or other rows, ``what``, that would have been with them."""
        rows = self._store.open_rows(what or kind, self._ledger.floor) if self._current.has_news(kind) else []
        return [row for row in rows if self._current.came(kind, row[1], row[2])]

    def _open_rows(self, kind: str) -> list[OpenRow]:
        """Those of current accounts; it is said how many others there are."""
        current = self._current_rows(kind)
        others = len(self._store.open_rows(kind, self._ledger.floor)) - len(current)
        if others:
            self._log.warning(
                "{} open rows belong to accounts or databases the config does not name any more; they are kept", others
            )
        return current

    def _current_rows(self, kind: str) -> list[OpenRow]:
        rows = self._store.open_rows(kind, self._ledger.floor)
        return [row for row in rows if self._current.has(row[1], row[2])]

    def _open_chunks(self, account: str) -> tuple[OpenChunk, ...]:
        chunks, elsewhere = [], 0
        for key, owner, source, chat_id, chat_guid, service, era, *state in self._store.open_chunks(
            account, self._ledger.floor << POSITION_BITS
        ):
            self._ledger.remember(key, state[1], owner)
            if not self._current.has(owner, source):
                elsewhere += 1
                continue
            to = ReplyAddress(owner, source, chat_id, chat_guid, service, era)
            chunks.append(OpenChunk(key, to, *state))
        if elsewhere:
            self._log.warning(ELSEWHERE, elsewhere, account)
        return tuple(chunks)
