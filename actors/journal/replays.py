"""What the journal tells again, after a restart or because the operator asks.

Numbers of rows are looked up at once, their bodies page by page: however many rows are told again, few are in memory
at a time, and whoever is told them can keep up. Work of an account that is gone, or that read another database, stays
where it is.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from actors.envelopes.control import Landmark, OpenChunk, Recorded, Ref, Replay, Replayed, Rest, SourceState, Spoken
from actors.envelopes.facts import Settled
from actors.envelopes.identity import ReplyAddress
from actors.envelopes.inbound import Asked, Challenged
from actors.envelopes.outbound import POSITION_BITS
from actors.journal.batch import end_held
from actors.journal.gate import Gate, challenged, readable
from actors.journal.ledger import Ledger
from actors.journal.store import Store
from actors.normalizer.echoes import MOST

PAGE = 64
RECALLED = 366 * 86_400.0
"""Seconds: as long as the journal knows of anything. After a stop of any length a row of ours may be found that is as
old as ``recovery.replayHours`` allows, and in the chat with oneself it must be known.
"""
MOST_ASKED = 16
"""Rows looked at for the address of one handle: the newest that can be read is taken."""

Told = list[tuple[Ref, Any]]


class Replays:
    """Answers to ``Replay``: what to tell whom, and what is left to tell after that."""

    def __init__(self, store: Store, gate: Gate, ledger: Ledger, sources: Mapping[str, int] | None, log: Any) -> None:
        self._store = store
        self._gate = gate
        self._ledger = ledger
        self._sources = sources
        self._log = log

    def answer(self, asked: Replay | Rest, now: float) -> tuple[Told, Rest | None]:
        """``now`` is unix seconds. Raises sqlite3.Error: ask again, nothing was told."""
        if isinstance(asked, Rest):
            return self._page(asked)
        match asked.what:
            case "challenged":
                return self._page(Rest(asked, [seq for seq, *_ in self._open_rows("challenge")], 0))
            case "held":
                return self._page(Rest(asked, self._held(asked), 0))
            case "admitted":
                self._gate.reload(asked.then, self._open_rows("admit"))
                return list(self._gate.admit()), None
        return [(asked.then, self._value(asked, now))], None

    def name_strays(self) -> None:
        """Say which chunks nobody will ask for: those of accounts that do not run."""
        if self._sources is None:
            return
        for account, count in self._store.open_owners(self._ledger.floor << POSITION_BITS).items():
            if account not in self._sources:
                self._log.warning(
                    "{} chunks of account {}, which does not run, are kept; see `gateway outbox list`", count, account
                )

    def _value(self, asked: Replay, now: float) -> Replayed | SourceState:
        match asked.what:
            case "chunks":
                return Replayed("chunks", self._open_chunks(asked.account))
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
        if self._sources is not None and account not in self._sources:
            return ()
        source = None if self._sources is None else self._sources[account]
        for stored in self._store.asked(account, handle, source, MOST_ASKED):
            if (row := readable(stored)) is not None:
                return (Asked(stored.seq, handle, challenged(stored.seq, row, handle, replayed=True).address),)
        return ()

    def _held(self, asked: Replay) -> Sequence[int]:
        """All held ones are never meant: somebody says which, or why they are held."""
        if asked.seqs:
            return sorted(set(asked.seqs))
        return self._store.held_seqs(asked.reason, asked.account) if asked.reason else ()

    def _page(self, page: Rest) -> tuple[Told, Rest | None]:
        """The next rows of a page; those that were settled or judged meanwhile are left out."""
        end = page.start + PAGE
        part, then = page.seqs[page.start : end], page.replay.then
        told: Told
        if page.replay.what == "held":
            told = [(then, message) for message in self._held_again(page.replay, part)]
        else:
            told = [(then, message) for message in self._challenged_again(part)]
        return told, Rest(page.replay, page.seqs, end) if end < len(page.seqs) else None

    def _held_again(self, asked: Replay, seqs: Sequence[int]) -> list[Recorded]:
        told = []
        for stored in self._store.rows_that_are("held", seqs):
            if (asked.reason and stored.reason != asked.reason) or asked.account not in ("", stored.account):
                continue
            if not self._is_current(stored.account, stored.source):
                self._log.warning(
                    "row {} belongs to another database than {} reads now; it stays held", stored.seq, stored.account
                )
                continue
            if (row := self._gate.read_back(stored, end_held)) is not None:
                told.append(Recorded(stored.seq, row))
        return told

    def _challenged_again(self, seqs: Sequence[int]) -> list[Challenged]:
        return [
            challenged(stored.seq, row, stored.session or "", replayed=True)
            for stored in self._store.rows_that_are(None, seqs)
            if (row := self._gate.read_back(stored, Settled)) is not None
        ]

    def _is_current(self, account: str, source: int) -> bool:
        return self._sources is None or self._sources.get(account) == source

    def _open_rows(self, kind: str) -> list[tuple[int, str, int, int, int]]:
        rows = self._store.open_rows(kind, self._ledger.floor)
        current = [row for row in rows if self._is_current(row[1], row[2])]
        if len(current) < len(rows):
            self._log.warning(
                "{} open rows belong to accounts or databases the config does not name any more; they are kept",
                len(rows) - len(current),
            )
        return current

    def _open_chunks(self, account: str) -> tuple[OpenChunk, ...]:
        chunks = []
        for key, owner, source, chat_id, chat_guid, service, era, *state in self._store.open_chunks(
            account, self._ledger.floor << POSITION_BITS
        ):
            self._ledger.remember(key, state[1], owner)
            if not self._is_current(owner, source):
                self._log.warning("chunk {} belongs to another database than {} reads now; it is kept", key, owner)
                continue
            to = ReplyAddress(owner, source, chat_id, chat_guid, service, era)
            chunks.append(OpenChunk(key, to, *state))
        return tuple(chunks)
