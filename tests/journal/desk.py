"""A journal on a real file, with a connection that fails or dies where the test says, and probes around it."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Callable, Mapping
from contextlib import closing
from pathlib import Path
from typing import Any

from msgspec.structs import replace

from actors.envelopes.control import Record, Replay
from actors.envelopes.facts import Appended, Fact, Queued, Settled
from actors.envelopes.inbound import (
    Admitted,
    Challenge,
    Challenged,
    Commanded,
    Control,
    Inbound,
    Outcome,
    Replied,
    Verdict,
)
from actors.envelopes.outbound import Chunk, chunk_key
from actors.journal.actor import Journal
from actors.journal.ledger import Ledger
from actors.journal.schema import connect
from actors.journal.standings import Standings
from actors.journal.store import Store
from tests.support.actors import Probe
from tests.support.probes import KillableStage
from tests.support.rows import START, address, admit, inbound


class Died(BaseException):
    """The process is gone at this very point: nothing may come after it."""


class Faulty(sqlite3.Connection):
    """Counts statements; ``before`` is asked ahead of each one and may raise."""

    count = 0
    before: Callable[[int, str], None] | None = None
    after_commit: Callable[[], None] | None = None

    def _look(self, sql: str) -> None:
        number, self.count = self.count, self.count + 1
        if self.before is not None:
            self.before(number, sql)

    def execute(self, sql: str, parameters: Any = (), /) -> sqlite3.Cursor:
        """Run a statement, or fail."""
        self._look(sql)
        cursor = super().execute(sql, parameters)
        if sql == "COMMIT" and self.after_commit is not None:
            self.after_commit()
        return cursor

    def executemany(self, sql: str, parameters: Any, /) -> sqlite3.Cursor:
        """Run a statement for many rows, or fail."""
        self._look(sql)
        return super().executemany(sql, parameters)


def died() -> None:
    """End here."""
    raise Died


def fail_at(statement: int, error: BaseException) -> Callable[[int, str], None]:
    """Raise ``error`` at that statement, once."""

    def before(number: int, _sql: str) -> None:
        if number == statement:
            raise error

    return before


def disk_error() -> sqlite3.Error:
    """What SQLite says when the disk does not answer."""
    return sqlite3.OperationalError("disk I/O error")


class Room:
    """A journal with the sessions, a pairing registry, a command desk and a sender as probes.

    ``quick`` leaves out the wait for the disk: for tests of many commits that are not about power cuts.
    """

    def __init__(
        self,
        stage: KillableStage,
        path: Path,
        *,
        sources: Mapping[str, int] | None = None,
        quick: bool = True,
        sessions: bool = True,
    ) -> None:
        self.stage = stage
        self.path = path
        connect(path).close()
        self.connection = sqlite3.connect(
            path, isolation_level=None, check_same_thread=False, cached_statements=64, factory=Faulty
        )
        self.connection.execute(f"PRAGMA synchronous = {'OFF' if quick else 'FULL'}")
        self.store = Store(self.connection)
        self.source = self.store.source_number("/chat.db")
        self.ledger = Ledger()
        self.standings = Standings()
        self.sessions = Probe("sessions")
        self.pairing = Probe("pairing")
        self.desk = Probe("desk")
        self.sender = Probe("sender")
        self.ref = Journal.start(
            stage.place("journal"), self.store, path, self.ledger, sources, standings=self.standings
        )
        stage.settle()
        self.connection.count = 0
        if sessions:
            self.replay("admitted", self.sessions)

    # What is told

    def tell(self, *messages: Any) -> None:
        """Tell the journal; several messages are one group."""
        self.stage.tell(self.ref, *messages)

    def record(self, *facts: Fact) -> None:
        """Store facts in one group, each confirmed to the sender."""
        self.tell(*(Record(fact, self.sender.ref) for fact in facts))

    def append(self, row: Inbound, verdict: Verdict | None = None) -> None:
        """A row arrives, admitted unless said otherwise."""
        self.tell(self.appended(row, verdict))

    def appended(self, row: Inbound, verdict: Verdict | None = None) -> Record:
        """The record of a row that arrives."""
        chosen = verdict or admit()
        then = {Challenge: self.pairing, Control: self.desk}.get(type(chosen), self.sender)
        return Record(Appended(row, chosen), then.ref)

    def replay(self, what: str, to: Probe, **how: Any) -> None:
        """Ask for a replay."""
        self.tell(Replay(what, to.ref, **how))

    # What is seen

    @property
    def admitted(self) -> list[int]:
        """The numbers of the rows the sessions were told, in order."""
        return [message.seq for message in self.sessions.all(Admitted)]

    @property
    def challenged(self) -> list[int]:
        """The numbers of the rows the registry was told, in order."""
        return [message.seq for message in self.pairing.all(Challenged)]

    @property
    def commanded(self) -> list[tuple[int, bool]]:
        """The numbers of the rows the desk was told, in order, each with whether it was told again."""
        return [(message.seq, message.replayed) for message in self.desk.all(Commanded)]

    def told(self) -> int:
        """How many messages anyone was told."""
        return sum(len(probe.told) for probe in (self.sessions, self.pairing, self.desk, self.sender))

    def rows(self, query: str, *values: Any) -> list[tuple[Any, ...]]:
        """What another process sees in the file."""
        with closing(sqlite3.connect(self.path)) as connection:
            return connection.execute(query, values).fetchall()

    def cursor(self) -> int | None:
        """The source's cursor on disk."""
        found = self.rows("SELECT cursor FROM source WHERE id = ?", self.source)
        return None if found[0][0] is None else int(found[0][0])

    def outcomes(self) -> dict[int, str | None]:
        """The outcome of every row on disk, None while it is open."""
        return dict(self.rows("SELECT seq, outcome FROM inbound ORDER BY seq"))

    def states(self) -> dict[int, str]:
        """The state of every chunk on disk."""
        return dict(self.rows("SELECT key, state FROM outbox ORDER BY key"))

    # What comes after

    def snapshot(self, folder: Path) -> Path:
        """What the disk holds at this moment: the file and its write-ahead log, copied into ``folder``."""
        folder.mkdir(parents=True, exist_ok=True)
        for suffix in ("", "-wal"):
            file = self.path.with_name(self.path.name + suffix)
            if file.exists():
                shutil.copyfile(file, folder / (self.path.name + suffix))
        return folder / self.path.name

    def die_at(self, statement: int, folder: Path) -> None:
        """The process ends ahead of that statement; a snapshot of the disk is left in ``folder``."""

        def before(number: int, _sql: str) -> None:
            if number == statement:
                self.snapshot(folder)
                raise Died

        self.connection.before = before

    def close(self) -> None:
        """Let go of the file."""
        self.connection.close()


def dump(path: Path, times: bool = True) -> list[str]:
    """Everything in the database, as another process sees it; of the journal's own ``times`` perhaps only which."""
    with closing(sqlite3.connect(path)) as connection, closing(sqlite3.connect(":memory:")) as copy:
        connection.backup(copy)
        if not times:
            copy.execute("UPDATE inbound SET settled_at = settled_at IS NULL, judged_at = judged_at IS NULL")
            copy.execute("UPDATE session SET created_at = 0, updated_at = 0")
        return list(copy.iterdump())


def later(seq: int, *texts: str, first: int = 4000, chat: int = 7) -> Queued:
    """A later answer to row ``seq``, from position ``first`` on."""
    chunks = tuple(Chunk(key, address(chat), text) for key, text in enumerate(texts, chunk_key(seq, first)))
    return Queued(chunks, (), 0, START)


def queued(seq: int, *texts: str, attempt: bool = False, outcome: Outcome | None = None, chat: int = 7) -> Queued:
    """The reply to row ``seq`` with these chunks."""
    chunks = tuple(Chunk(chunk_key(seq, position), address(chat), text) for position, text in enumerate(texts))
    return Queued(chunks, ((seq, outcome or Replied()),), chunks[0].key if attempt else 0, START)


def control(authority: str = "owner", service: str = "auto") -> Control:
    """A control command of somebody who may give it."""
    return Control("agent:main:main", "main", service, authority)


def settled(seq: int, outcome: Outcome | None = None) -> Settled:
    """Row ``seq`` ends."""
    return Settled(seq, outcome or Replied())


def message(number: int, **keys: Any) -> Inbound:
    """Row ``number`` of the Messages database."""
    era = keys.pop("era", 0)
    return replace(inbound(number, **keys), era=era)
