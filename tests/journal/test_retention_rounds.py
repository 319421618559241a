"""Forgetting on a real file: what goes, what stays, what is left of it in the bytes, and what a step costs the rest."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from loguru import logger

from actors.envelopes.control import Keep, Record
from actors.envelopes.facts import (
    Appended,
    Deferred,
    Discarded,
    Fact,
    Failed,
    Queued,
    Rejudged,
    Sent,
    Settled,
    Uncertain,
)
from actors.envelopes.inbound import Absorbed, Corrupt, Dropped, Held, Verdict
from actors.envelopes.outbound import Chunk, chunk_key
from actors.journal import pruning, retention
from actors.journal.batch import Batch, end_held
from actors.journal.ledger import Ledger
from actors.journal.pruning import Pruning
from actors.journal.retention import DAY, MORE_SECONDS, ROUND_SECONDS
from actors.journal.schema import connect
from actors.journal.store import Store
from tests.support.rows import START, address, admit, guid, inbound

NOW = START + 400 * DAY
CANARY = re.compile(rb"CANARY([0-9]{6})")


class House:
    """A journal without actors; ``now`` is its clock."""

    def __init__(self, path: Path, bodies: int = 30, tombstones: int = 365) -> None:
        self.path = path
        self.connection = connect(path)
        self.connection.execute("PRAGMA synchronous = OFF")
        self.store, self.ledger = Store(self.connection), Ledger()
        self.ledger.load(self.store)
        self.store.source_number("/chat.db")
        self.pruning = Pruning(self.store, self.ledger, Keep(bodies, tombstones), logger)
        self.now = START

    def store_facts(self, *facts: Fact) -> None:
        """In one transaction, as the journal does."""
        batch = Batch([Record(fact) for fact in facts], self.ledger.next_seq, self.now, self.ledger.position)
        self.store.begin()
        batch.write(self.store, self.ledger.floor)
        self.store.commit()
        self.ledger.account(batch)

    def row(self, days: float, verdict: Verdict | None = None, text: str = "", *, rowid: int | None = None) -> int:
        """A row comes in so many days ago; its number. Its words are a canary with that number."""
        self.now = NOW - days * DAY
        seq = self.ledger.next_seq
        row = inbound(rowid or seq, guid=guid(seq), text=f"CANARY{seq:06} {text}", received_at=self.now)
        self.store_facts(Appended(row, verdict or admit()))
        return seq

    def answered(self, days: float, text: str = "", end: Callable[[int], Fact] | None = None) -> int:
        """The same, and it is answered at once; ``end`` says what becomes of the answer."""
        seq = self.row(days, text=text)
        key = chunk_key(seq, 0)
        said = f"echo: CANARY{seq:06} {text}"
        self.store_facts(Queued((Chunk(key, address(), said),), ((seq, Absorbed("x")),), key, self.now))
        self.store_facts(end(key) if end else Sent(key, f"G{seq}", self.now))
        return seq

    def fill(self, count: int) -> None:
        """New rows, so that older ones are not among the newest."""
        for _ in range(count):
            self.answered(0)

    def round(self, now: float = NOW) -> float:
        """Steps until the round is over; the wait for the next one."""
        while (wait := self.pruning.step(now)) < MORE_SECONDS:
            pass
        return wait

    def rounds(self, now: float = NOW, most: int = 1000) -> int:
        """Rounds until nothing is due; how many did something."""
        return next(number for number in range(most) if self.round(now) == ROUND_SECONDS)

    def words(self) -> set[int]:
        """The rows that have a body or words in an answer."""
        found = self.connection.execute(
            "SELECT seq FROM inbound WHERE body IS NOT NULL UNION SELECT key >> 12 FROM outbox WHERE text <> ''"
        )
        return {seq for (seq,) in found}

    def seqs(self) -> set[int]:
        """The rows there are."""
        return {seq for (seq,) in self.connection.execute("SELECT seq FROM inbound")}

    def canaries(self) -> set[int]:
        """The rows whose words stand anywhere in the files."""
        files = (self.path.with_name(self.path.name + suffix) for suffix in ("", "-wal"))
        return {int(found) for file in files if file.exists() for found in CANARY.findall(file.read_bytes())}


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    """A journal of 30 and 365 days."""
    house = House(tmp_path / "journal.db")
    with closing(house.connection):
        yield house


@pytest.fixture
def few(monkeypatch: pytest.MonkeyPatch) -> None:
    """The newest three rows stay, not the newest thousands."""
    monkeypatch.setattr(retention, "NEWEST", 3)


def test_words_of_what_is_over_go_and_the_tombstone_says_what_it_said(house: House) -> None:
    old, new = house.answered(31), house.answered(29)
    query = "SELECT seq, guid, row_id, chat_id, received_at, kind, session, outcome, reason, settled_at FROM inbound"
    before = house.connection.execute(query).fetchall()
    chunks = house.connection.execute("SELECT key, state, ended_at, guid, chat_guid FROM outbox").fetchall()
    assert house.rounds() == 0
    assert house.words() == {new}
    assert house.seqs() == {old, new}
    assert house.connection.execute(query).fetchall() == before
    assert house.connection.execute("SELECT key, state, ended_at, guid, chat_guid FROM outbox").fetchall() == chunks
    assert house.connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)


@pytest.mark.usefixtures("few")
def test_what_waits_for_somebody_stays_whole_for_ever(house: House) -> None:
    kept = {
        house.row(390, Held("no agent")),
        house.answered(390, end=lambda key: Failed(key, "why", house.now)),
        house.answered(390, end=lambda key: Uncertain(key, "why")),
        house.answered(390, end=lambda key: Deferred(key, house.now, 1, "why")),
        house.row(390),
    }
    over = {
        house.row(390, Dropped("not in the list")),
        house.row(390, Corrupt("bad")),
        house.answered(390),
        house.answered(390, end=lambda key: Discarded(key, "given up", house.now)),
    }
    house.fill(4)
    house.rounds()
    assert house.words() == kept | {10, 11, 12, 13}
    assert house.canaries() == house.words()
    # The oldest open row lies below them: no row above it goes.
    assert house.seqs() == set(range(1, 14))
    assert not over & house.words()


@pytest.mark.usefixtures("few")
def test_tombstones_go_below_the_floor_but_for_the_newest_and_the_cursors(house: House) -> None:
    house.store_facts(Settled(house.row(399), Absorbed("no reply")))
    witness = house.row(398, Dropped("x"), rowid=9_000)
    gone = [house.answered(397) for _ in range(5)]
    newest = [house.answered(396) for _ in range(3)]
    assert house.ledger.cursors[1] == 9_000
    house.rounds()
    assert house.seqs() == {witness, *newest}
    assert not {key >> 12 for (key,) in house.connection.execute("SELECT key FROM outbox")} & set(gone)
    assert house.words() == house.canaries() == set()
    assert house.store.last_seq() == max(newest)


def test_a_row_is_as_old_as_its_last_event(house: House) -> None:
    seq = house.row(60, Held("stale backlog"))
    house.now = NOW - 3 * DAY
    house.store_facts(end_held(seq, Dropped("discarded")))
    late = house.answered(60, end=lambda key: Uncertain(key, "why"))
    house.store_facts(Sent(chunk_key(late, 0), "", NOW - 2 * DAY))
    house.rounds()
    assert house.words() == {seq, late}
    house.rounds(NOW + 28 * DAY)
    assert house.words() == {late}
    house.rounds(NOW + 29 * DAY)
    assert house.words() == set()


def test_a_clock_a_year_ahead_costs_one_day_a_round(house: House) -> None:
    days = [house.answered(29 - number) for number in range(29)]
    house.rounds()
    assert house.words() == set(days)
    ahead = NOW + 365 * DAY
    for lost in range(1, 6):
        assert house.round(ahead) == MORE_SECONDS
        assert house.words() == set(days[lost:])
    assert house.rounds() == 0
    assert house.words() == set(days[5:]), "put right, nothing more goes"


def test_rows_stamped_while_the_clock_was_wrong_go_with_their_neighbours(house: House) -> None:
    first, ahead, back, last = house.answered(40), house.answered(-3650), house.answered(20_000), house.answered(39)
    house.rounds()
    assert house.words() == set()
    assert house.seqs() == {first, ahead, back, last}


def test_a_clock_set_back_forgets_nothing(house: House) -> None:
    seqs = {house.answered(days) for days in (75, 10)}
    house.rounds(NOW - 40 * DAY)
    assert house.words() == {2}
    house.rounds(0.0)
    assert house.words() == {2}
    assert house.seqs() == seqs


def test_a_month_off_is_caught_up_round_by_round(house: House) -> None:
    for days in range(60, 30, -1):
        house.answered(days)
    assert 10 < house.rounds() <= 30
    assert house.words() == set()


def test_nothing_of_the_words_is_left_in_the_files(house: House) -> None:
    texts = ("", "x" * 300, "y" * 3000, "z" * 40_000)
    for number in range(1200):
        days = 59 - number // 20
        if number % 40 == 7:
            house.row(days, Held("no agent"), texts[number % 4])
        elif number % 3:
            house.answered(days, texts[number % 4])
        else:
            house.row(days, Dropped("not in the list"), texts[number % 4])
    assert len(house.canaries()) == 1200
    house.rounds()
    assert len(house.words()) == 31 * 20 + 15
    assert house.canaries() == house.words()
    assert (house.path.parent / "journal.db-wal").stat().st_size == 0
    assert house.connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)


@pytest.mark.usefixtures("few")
def test_the_file_does_not_grow_beyond_what_is_kept(tmp_path: Path) -> None:
    house = House(tmp_path / "journal.db", 3, 6)
    sizes = []
    with closing(house.connection):
        for day in range(40, 0, -1):
            for _ in range(40):
                house.answered(day, "x" * 500)
            house.rounds(house.now + DAY / 2)
            house.connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            sizes.append(house.path.stat().st_size)
        assert max(sizes[20:]) <= 1.1 * max(sizes[:10])
        assert len(house.seqs()) <= 40 * 8


def test_a_step_rewrites_few_rows_and_yields(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    for _ in range(500):
        house.answered(40)
    rewritten = []
    before = pruning.rewrite

    def rewrite(store: Store, first: int, last: int, fates: dict[int, retention.Fate]) -> None:
        rewritten.append((last - first + 1, len(fates)))
        before(store, first, last, fates)

    monkeypatch.setattr(pruning, "rewrite", rewrite)
    house.rounds()
    assert sum(count for _, count in rewritten) == 500
    assert max(rows for rows, _ in rewritten) <= retention.WINDOW + pruning.NEARBY
    assert house.words() == set()


def test_a_huge_row_is_a_step_of_its_own(house: House) -> None:
    small = [house.answered(40) for _ in range(3)]
    huge = house.row(40, Dropped("x"), "h" * (3 << 20))
    kept = house.row(40, Held("no agent"), "k" * (3 << 20))
    house.rounds()
    assert house.words() == {kept}
    assert house.canaries() == {kept}
    assert house.seqs() == {*small, huge, kept}


def test_the_log_is_emptied_when_its_readers_are_gone(house: House) -> None:
    house.answered(40)
    with closing(sqlite3.connect(house.path, isolation_level=None)) as reader:
        reader.execute("BEGIN")
        reader.execute("SELECT * FROM inbound").fetchall()
        waits = [house.pruning.step(NOW) for _ in range(6)]
        assert pruning.BUSY_SECONDS in waits
        assert house.canaries() == {1}
    house.round()
    assert house.canaries() == set()


@pytest.mark.parametrize("at", range(14))
def test_a_disk_that_fails_leaves_all_or_nothing_and_the_next_round_goes_on(
    house: House, at: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    for _ in range(3):
        house.answered(40)
    number = 0

    def execute(statement: str, *rest: Any) -> sqlite3.Cursor:
        nonlocal number
        number += 1
        if number == at + 1:
            raise sqlite3.OperationalError("disk I/O error")
        return house.connection.execute(statement, *rest)

    monkeypatch.setattr(house.store, "connection", _Proxy(house.connection, execute))
    try:
        house.round()
    except sqlite3.OperationalError:
        assert not house.connection.in_transaction
        assert house.words() in ({1, 2, 3}, set())
    house.rounds()
    assert house.words() == set()
    assert house.seqs() == {1, 2, 3}


class _Proxy:
    """A connection whose ``execute`` is another one."""

    def __init__(self, connection: sqlite3.Connection, execute: Callable[..., sqlite3.Cursor]) -> None:
        self._connection = connection
        self.execute = execute

    def __getattr__(self, name: str) -> object:
        return getattr(self._connection, name)


def test_rows_that_were_held_may_still_be_released_after_a_round(house: House) -> None:
    seq = house.row(40, Held("no agent"))
    house.rounds()
    house.now = NOW
    row = inbound(seq, guid=guid(seq), text="again", received_at=NOW)
    house.store_facts(Rejudged(seq, row, admit()))
    assert house.store.open_rows("admit", 0)[0][0] == seq
