"""Sessions and transcripts are forgotten with their messages: by age, and when a chat or a person is purged."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from loguru import logger

from actors.envelopes.control import Keep, Record
from actors.envelopes.facts import Adjusted, Appended, Renewed, Sent
from actors.envelopes.inbound import Verdict
from actors.envelopes.outbound import chunk_key
from actors.journal.batch import Batch
from actors.journal.belongings import Belongings, Chat, Person, belongings
from actors.journal.ledger import Ledger
from actors.journal.offline import write_offline
from actors.journal.pruning import Pruning
from actors.journal.purge import finish, purge
from actors.journal.retention import DAY, MORE_SECONDS, NEWEST, ROUND_SECONDS
from actors.journal.schema import connect, connect_readonly
from actors.journal.store import Store
from tests.journal.turning import FAMILY, GROUP, MAIN, answered, failed
from tests.support.rows import ANN, BEN, START, admit, inbound

NOW = START + 400 * DAY
WITH_BEN: dict[str, Any] = {"chat": 8, "chat_guid": f"iMessage;-;{BEN}", "chat_identifier": BEN, "sender": BEN}
GUIDS = {7: f"iMessage;-;{ANN}", 8: f"iMessage;-;{BEN}", 9: "iMessage;+;chat9"}
BENS = f"agent:main:direct:{BEN}"


class Book:
    """A journal written by hand. What a row says is ``CANARYn``, what is said to it ``SAIDn``."""

    def __init__(self, path: Path) -> None:
        self.path = path
        with closing(connect(path)) as connection:
            Store(connection).source_number("/one.db")

    def write(self, *facts: Any, now: float = START) -> None:
        """Store facts."""
        write_offline(self.path, facts, wall=lambda: now)

    def row(self, seq: int, verdict: Verdict | None = None, at: float = START, **keys: Any) -> None:
        """Row ``seq`` comes in."""
        row = inbound(seq, text=f"CANARY{seq}.", received_at=at, **{"chat": 7, **keys})
        self.write(Appended(row, verdict or admit()), now=at)

    def turn(self, *seqs: int, session: str = MAIN, chat: int = 7, at: float = START) -> None:
        """They are answered: the agent's words are others than those that went out."""
        said = f"SAID{seqs[-1]}."
        how: dict[str, Any] = {"session": session, "chat": chat, "guid": GUIDS[chat], "at": at}
        self.write(answered(*seqs, text=f"*{said}*", said=(said,), **how), now=at)
        self.write(Sent(chunk_key(seqs[-1], 0), "", at), now=at)

    def query(self, sql: str) -> list[tuple[Any, ...]]:
        """What stands there."""
        with closing(sqlite3.connect(self.path)) as connection:
            return connection.execute(sql).fetchall()

    def find(self, of: Chat | Person) -> Belongings:
        """What belongs to somebody."""
        with closing(connect_readonly(self.path)) as connection:
            return belongings(connection, of)

    def purge(self, of: Chat | Person) -> bytes:
        """Forget; what is left in the files."""
        purge(self.path, self.find(of), lambda: START)
        assert finish(self.path) == ""
        return b"".join(path.read_bytes() for path in sorted(self.path.parent.glob("journal.db*")))


@pytest.fixture
def book(tmp_path: Path) -> Iterator[Book]:
    """Ann and Ben write to the main session and in a group, Ben in a session of his own too."""
    book = Book(tmp_path / "journal.db")
    book.row(1)
    book.turn(1)
    book.row(2, **WITH_BEN)
    book.turn(2, chat=8)
    book.row(3, admit(FAMILY), **GROUP)
    book.row(4, admit(FAMILY), **{**GROUP, "sender": BEN})
    book.row(5, admit(FAMILY), **GROUP)
    book.turn(3, 4, 5, session=FAMILY, chat=9)
    book.row(6, admit(BENS), **WITH_BEN)
    book.turn(6, session=BENS, chat=8)
    book.row(7, admit(FAMILY), **GROUP)
    book.turn(7, session=FAMILY, chat=9)
    book.row(8, **WITH_BEN)
    book.write(failed(8, why="it said: CANARY8."), Renewed(BENS, START, "asked"), Renewed(MAIN, START, "asked"))
    yield book


def person(*handles: str) -> Person:
    """Whoever has these handles."""
    return Person(lambda _: frozenset(handles), lambda _: "US")


# Purging


def test_a_persons_turns_and_sessions_are_found(book: Book) -> None:
    found = book.find(person(BEN))
    assert found.rows == (2, 4, 6, 8)
    assert found.turns == (2, 5, 6, 8), "what answers others too answers them"
    assert found.chunks == (chunk_key(2, 0), chunk_key(5, 0), chunk_key(6, 0))
    assert (found.sessions, found.labels) == ((BENS,), (MAIN,))
    ann = book.find(person(ANN))
    assert (ann.turns, ann.sessions, ann.labels) == ((1, 5, 7), (), ())


def test_after_a_person_is_purged_no_word_of_them_is_left(book: Book) -> None:
    data = book.purge(person(BEN))
    for seq in range(1, 9):
        assert (f"CANARY{seq}.".encode() in data) is (seq in (1, 3, 5, 7)), seq
        assert (f"SAID{seq}.".encode() in data) is (seq in (1, 7)), seq
    assert book.query("SELECT key, label, chat_id FROM session ORDER BY key") == [
        (FAMILY, "Family", 9),
        (MAIN, None, None),
    ]
    assert book.query("SELECT seq, text, failure FROM turn ORDER BY seq") == [
        (1, "*SAID1.*", None),
        (2, "", None),
        (5, "", None),
        (7, "*SAID7.*", None),
        (8, "", "it said"),
    ]
    assert book.query("SELECT session FROM renewal") == [(MAIN,)]
    again = book.find(person(BEN))
    assert (again.turns, again.sessions, again.labels) == ((), (), ())


def test_a_purged_chat_takes_its_session_along(book: Book) -> None:
    found = book.find(Chat(9))
    assert (found.rows, found.turns, found.sessions, found.labels) == ((3, 4, 5, 7), (5, 7), (FAMILY,), ())
    data = book.purge(Chat(9))
    assert b"Family" not in data
    assert book.query("SELECT seq FROM turn ORDER BY seq") == [(1,), (2,), (6,), (8,)]


def test_a_direct_chat_is_purged_with_the_session_that_is_only_its_own(book: Book) -> None:
    assert book.find(Chat(8)).sessions == (BENS,)
    found = book.find(Chat(7))
    assert (found.sessions, found.labels) == ((), ())
    book.row(9, admit(BENS), **{**WITH_BEN, "chat": 77, "chat_guid": f"SMS;-;{BEN}"})
    assert book.find(Chat(8)).sessions == ()


def test_a_session_nobody_wrote_in_goes_by_its_name(book: Book) -> None:
    book.write(Adjusted(f"agent:other:direct:{BEN}", "send", "off"))
    assert book.find(person(BEN)).sessions == (BENS, f"agent:other:direct:{BEN}")
    assert book.find(Chat(8)).sessions == (BENS,)


def test_whose_handle_has_theirs_in_it_keeps_what_is_their_own(book: Book) -> None:
    """A name is in a key from colon to colon."""
    others = f"agent:main:direct:{BEN}99", f"agent:main:imessage:9{BEN}:direct:1"
    for seq, key in enumerate(others, 9):
        book.row(seq, admit(key), chat=9 + seq, sender=f"{BEN}99")
    book.row(11, admit("agent:main:imessage:direct:urn:biz:1"), chat=20, sender="urn:biz:1")
    assert book.find(person(BEN)).sessions == (BENS,)
    assert book.find(person("urn:biz:1")).sessions == ("agent:main:imessage:direct:urn:biz:1",)
    assert book.find(person("urn:biz:1")).rows == (11,)
    book.purge(person(BEN))
    assert book.query("SELECT count(*) FROM session WHERE key IN (?, ?)".replace("?", "'%s'") % others) == [(2,)]


def test_only_keys_that_name_somebody_are_taken_off_their_rows(book: Book) -> None:
    book.row(9, admit(f"agent:main:direct:{BEN}99"), **WITH_BEN)
    assert book.find(person(BEN)).personal == (6,)


# By age


class Pruned(Book):
    """One that is forgotten by age."""

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        self.connection = connect(path)
        self.connection.execute("PRAGMA synchronous = OFF")

    def fill(self) -> None:
        """New rows, so that older ones are not among the newest."""
        store, ledger = Store(self.connection), Ledger()
        ledger.load(store)
        first = ledger.next_seq
        facts = [Appended(inbound(n, received_at=NOW), admit("agent:main:new")) for n in range(first, first + NEWEST)]
        ends = [answered(n, session="agent:main:new", at=NOW) for n in range(first, first + NEWEST)]
        sent = [Sent(chunk_key(n, 0), "", NOW) for n in range(first, first + NEWEST)]
        for group in (facts, ends, sent):
            batch = Batch([Record(fact) for fact in group], ledger.next_seq, NOW, ledger.position, ledger.roster)
            store.begin()
            batch.write(store, ledger.floor)
            store.commit()
            ledger.account(batch)

    def rounds(self) -> None:
        """Until nothing is due."""
        store, ledger = Store(self.connection), Ledger()
        ledger.load(store)
        pruning = Pruning(store, ledger, Keep(30, 365), logger)
        wait = 0.0
        while wait != ROUND_SECONDS:
            while (wait := pruning.step(NOW)) < MORE_SECONDS:
                pass


@pytest.fixture
def old(tmp_path: Path) -> Iterator[Pruned]:
    """Rows of long ago, of a while ago and of now."""
    old = Pruned(tmp_path / "journal.db")
    ages = {1: 390, 2: 380, 3: 100, 4: 10}
    for seq, days in ages.items():
        session = f"agent:main:direct:{seq}"
        old.row(seq, admit(session), at=NOW - days * DAY)
        old.turn(seq, session=session, at=NOW - days * DAY)
    old.write(Adjusted("agent:main:direct:2", "send", "off"), now=NOW - 380 * DAY)
    for days in (385, 384, 50):
        old.write(Renewed("agent:main:direct:3", NOW - days * DAY, "daily"), now=NOW - 100 * DAY)
    old.write(Renewed("agent:main:direct:1", NOW - 380 * DAY, "daily"), now=NOW - 390 * DAY)
    yield old
    old.connection.close()


def test_words_of_turns_go_with_those_of_their_rows_and_turns_with_their_tombstones(old: Pruned) -> None:
    old.fill()
    old.rounds()
    assert old.query("SELECT seq, text FROM turn WHERE seq < 5 ORDER BY seq") == [(3, ""), (4, "*SAID4.*")]
    data = b"".join(path.read_bytes() for path in old.path.parent.glob("journal.db*"))
    assert [seq for seq in range(1, 5) if f"SAID{seq}.".encode() in data] == [4]
    assert old.query("SELECT count(*) FROM turn") == [(2 + NEWEST,)]


def test_sessions_go_when_nothing_of_them_is_left_but_what_was_set(old: Pruned) -> None:
    old.fill()
    old.rounds()
    assert old.query("SELECT key FROM session ORDER BY key") == [
        ("agent:main:direct:2",),
        ("agent:main:direct:3",),
        ("agent:main:direct:4",),
        ("agent:main:new",),
    ]
    assert old.query("SELECT session, at FROM renewal") == [("agent:main:direct:3", NOW - 50 * DAY)]
