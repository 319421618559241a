"""What belongs to a chat or a person in the journal, and that nothing of it is left in the files afterwards."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from actors.envelopes.control import Record
from actors.envelopes.facts import Appended, Failed, Queued, Sent, Uncertain
from actors.envelopes.identity import ReplyAddress
from actors.envelopes.inbound import Challenge, Corrupt, Dropped, Held, Replied, Verdict
from actors.envelopes.outbound import Chunk, chunk_key
from actors.journal import purge as purging
from actors.journal.batch import Batch
from actors.journal.belongings import AmbiguousChatError, Belongings, Chat, Person, belongings
from actors.journal.ledger import Ledger
from actors.journal.purge import finish, is_unfinished, purge
from actors.journal.schema import JournalError, connect, connect_readonly
from actors.journal.store import Store
from tests.support.rows import ANN, BEN, START, admit, inbound

GROUP: dict[str, Any] = {
    "chat_guid": "iMessage;+;chat99",
    "chat_identifier": "chat99",
    "is_group": True,
    "participants": [ANN, BEN],
}
WITH_BEN: dict[str, Any] = {"chat_guid": f"iMessage;-;{BEN}", "chat_identifier": BEN, "sender": BEN}
BEN_IN_GROUP: dict[str, Any] = {**GROUP, "sender": BEN}


class Book:
    """A journal written by hand; every text is a canary of its row."""

    def __init__(self, path: Path) -> None:
        self.path = path
        with closing(connect(path)) as connection:
            for name in ("/one.db", "/two.db"):
                Store(connection).source_number(name)

    def write(self, *facts: Any) -> None:
        """Store facts."""
        with closing(connect(self.path)) as connection:
            store, ledger = Store(connection), Ledger()
            ledger.load(store)
            batch = Batch([Record(fact) for fact in facts], ledger.next_seq, START, ledger.position)
            store.begin()
            batch.write(store, ledger.floor)
            store.commit()

    def row(self, seq: int, chat: int = 7, verdict: Verdict | None = None, **keys: Any) -> None:
        """Row ``seq`` comes in."""
        self.write(Appended(inbound(seq, chat, f"CANARY{seq}.", **keys), verdict or admit()))

    def answer(self, seq: int, chat: int, guid: str, end: Callable[[int], Any] | None = None, source: int = 1) -> None:
        """Row ``seq`` is answered; ``end`` is what becomes of that, None: it waits."""
        to = ReplyAddress("default", source, chat, guid, "auto")
        self.write(Queued((Chunk(chunk_key(seq, 0), to, f"ANSWER{seq}."),), ((seq, Replied()),), 0, START))
        if end is not None:
            self.write(end(chunk_key(seq, 0)))

    def find(self, of: Chat | Person) -> Belongings:
        """What belongs to somebody."""
        with closing(connect_readonly(self.path)) as connection:
            return belongings(connection, of)

    def query(self, sql: str, *values: Any) -> list[tuple[Any, ...]]:
        """What stands there."""
        with closing(sqlite3.connect(self.path)) as connection:
            return connection.execute(sql, values).fetchall()

    def bytes(self) -> bytes:
        """All files of the journal."""
        return b"".join(path.read_bytes() for path in sorted(self.path.parent.glob("journal.db*")))


def sent(key: int) -> Sent:
    return Sent(key, "", START)


def person(*handles: str, account: str | None = None) -> Person:
    return Person(lambda _: frozenset(handles), lambda _: "US", account)


@pytest.fixture
def book(tmp_path: Path) -> Iterator[Book]:
    """Ann (chat 7) and Ben (chat 8) write, and both in a group (chat 9)."""
    book = Book(tmp_path / "journal.db")
    book.row(1)
    book.answer(1, 7, f"iMessage;-;{ANN}", sent)
    book.row(2, 8, **WITH_BEN)
    book.answer(2, 8, f"iMessage;-;{BEN}", sent)
    book.row(3, 9, **GROUP)
    book.answer(3, 9, "iMessage;+;chat99", sent)
    book.row(4, 9, **BEN_IN_GROUP)
    book.answer(4, 9, "iMessage;+;chat99", sent)
    book.row(5, 8, Challenge(BEN, "k"), **WITH_BEN)
    book.row(6, 8, Held("stale backlog"), **WITH_BEN)
    book.row(7, 8, Held("agent failed: it said CANARY7."), **WITH_BEN)
    book.row(8, 8, Dropped("from me"), **{**WITH_BEN, "is_from_me": True, "sender": "+15559990000"})
    book.row(9, 8, admit("agent:main:imessage:direct:" + BEN), **WITH_BEN)
    book.answer(9, 8, f"iMessage;-;{BEN}", lambda key: Failed(key, f"no such chat: {BEN}", START))
    book.write(Appended(inbound(10, 0, "x"), Corrupt("bad")))
    with closing(connect(book.path)) as connection:
        connection.execute("UPDATE inbound SET body = ? WHERE seq = 10", (f'{{"sender":"{BEN}", CANARY10.'.encode(),))
    yield book


def test_a_persons_belongings_are_found_wherever_they_wrote(book: Book) -> None:
    found = book.find(person(BEN))
    assert found.rows == (2, 4, 5, 6, 7, 8, 9, 10)
    assert found.chunks == (chunk_key(2, 0), chunk_key(4, 0), chunk_key(9, 0))
    assert (found.open, found.held, found.unsent) == ((5,), (6, 7), (chunk_key(9, 0),))
    assert found.personal == (5, 9)
    assert found.names == {BEN}
    assert found.mentions == 1, "Ann's message in the group names him among its people"


def test_a_chats_belongings_are_found_by_number_and_by_guid(book: Book) -> None:
    by_number = book.find(Chat(8))
    assert by_number.rows == (2, 5, 6, 7, 8, 9)
    assert by_number.chunks == (chunk_key(2, 0), chunk_key(9, 0))
    assert by_number.names == {f"imessage;-;{BEN}", BEN}
    assert book.find(Chat(guid=f"IMESSAGE;-;{BEN}"))[:5] == by_number[:5]
    group = book.find(Chat(9))
    assert (group.rows, group.chunks) == ((3, 4), (chunk_key(3, 0), chunk_key(4, 0)))
    assert book.find(Chat(77)) == Belongings()


@pytest.mark.parametrize("of", [person(BEN), Chat(8), Chat(9), Chat(guid="iMessage;+;chat99")])
def test_after_a_purge_the_files_hold_no_word_and_everybody_else_is_untouched(book: Book, of: Chat | Person) -> None:
    found = book.find(of)
    others = f"SELECT * FROM inbound WHERE seq NOT IN ({','.join(map(str, found.rows))}) ORDER BY seq"
    before = book.query(others)
    purge(book.path, found, lambda: START)
    assert is_unfinished(book.path)
    assert finish(book.path) == ""
    assert not is_unfinished(book.path)
    data = book.bytes()
    for seq in range(1, 11):
        gone = seq in found.rows
        assert (f"CANARY{seq}.".encode() in data) is not gone, seq
        assert (f"ANSWER{seq}.".encode() in data) is (not gone and seq in (1, 2, 3, 4, 9)), seq
    assert book.query(others) == before
    assert book.query("SELECT count(*), max(seq) FROM inbound") == [(10, 10)]
    assert book.query("PRAGMA integrity_check") == [("ok",)]
    assert book.find(of)._replace(names=frozenset(), mentions=0) == Belongings()


def test_after_a_purge_of_a_person_only_others_name_them(book: Book) -> None:
    purge(book.path, book.find(person(BEN)), lambda: START)
    purge(book.path, book.find(Chat(9)), lambda: START)
    assert finish(book.path) == ""
    assert BEN.encode() not in book.bytes()


def test_what_was_open_is_given_up_and_comes_to_one_end(book: Book) -> None:
    purge(book.path, book.find(person(BEN)), lambda: START + 5)
    assert book.query("SELECT seq, outcome, reason, settled_at FROM inbound WHERE seq IN (5, 6, 7) ORDER BY seq") == [
        (seq, "dropped", "purged", START + 5) for seq in (5, 6, 7)
    ]
    assert book.query("SELECT state, why, ended_at, text, chat_guid FROM outbox WHERE key >> 12 = 9") == [
        ("discarded", "purged", START + 5, "", None)
    ]
    assert book.query("SELECT session FROM inbound WHERE seq IN (5, 9)") == [(None,), (None,)]
    assert dict(book.query("SELECT name, n FROM tally WHERE name IN ('purged', 'stale backlog', 'outbox:failed')")) == {
        "purged": 3,
        "stale backlog": 0,
        "outbox:failed": 0,
    }
    with closing(connect(book.path)) as connection:
        store = Store(connection)
        assert store.open_chunks("default", 0) == []
        assert [seq for seq, *_ in store.open_rows("challenge", 0)] == []
        assert store.known([bytes.fromhex(f"{4:032x}")], 1), "what comes again is known"


def test_what_is_under_way_or_in_doubt_is_given_up_too(tmp_path: Path) -> None:
    book = Book(tmp_path / "journal.db")
    for seq, end in enumerate((None, lambda key: Uncertain(key, "late")), 1):
        book.row(seq)
        book.answer(seq, 7, f"iMessage;-;{ANN}", end)
    found = book.find(Chat(7))
    assert found.unsent == (chunk_key(1, 0), chunk_key(2, 0))
    purge(book.path, found, lambda: START)
    assert book.query("SELECT DISTINCT state, why FROM outbox") == [("discarded", "purged")]


def test_a_number_of_another_era_is_another_chat(book: Book) -> None:
    with closing(connect(book.path)) as connection:
        connection.execute("UPDATE source SET era = 1 WHERE id = 1")
    assert book.find(Chat(8)) == Belongings()
    assert book.find(Chat(guid=f"iMessage;-;{BEN}")).rows == (2, 5, 6, 7, 8, 9)
    book.row(11, 8, chat_guid="iMessage;+;other")
    with closing(connect(book.path)) as connection:
        connection.execute("UPDATE inbound SET era = 1 WHERE seq = 11")
    assert book.find(Chat(8)).rows == (11,)


def test_a_number_in_two_databases_must_be_told_apart(book: Book) -> None:
    book.row(11, 7, account="work", source=2, chat_guid="iMessage;-;+15550007777")
    with pytest.raises(AmbiguousChatError, match="default, work"):
        book.find(Chat(7))
    assert book.find(Chat(7, account="work")).rows == (11,)
    assert book.find(Chat(7, account="default")).rows == (1,)
    assert book.find(person(ANN, account="work")).rows == (11,)


def test_a_tombstone_is_known_by_its_answer_and_its_session(book: Book) -> None:
    with closing(connect(book.path)) as connection:
        connection.execute("UPDATE inbound SET body = NULL WHERE seq IN (2, 9)")
        connection.execute("UPDATE outbox SET text = ''")
    found = book.find(person(BEN))
    assert found.rows == (4, 5, 6, 7, 8, 9, 10)
    assert found.chunks == (chunk_key(2, 0), chunk_key(4, 0), chunk_key(9, 0))


def test_a_file_that_cannot_be_written_anew_is_finished_later(book: Book, monkeypatch: pytest.MonkeyPatch) -> None:
    purge(book.path, book.find(Chat(8)), lambda: START)

    class Full(sqlite3.Connection):
        def execute(self, sql: str, *rest: Any) -> sqlite3.Cursor:
            if sql == "VACUUM":
                raise sqlite3.OperationalError("database or disk is full")
            return super().execute(sql, *rest)

    with monkeypatch.context() as patched:
        patched.setattr(purging, "connect", lambda path: sqlite3.connect(path, isolation_level=None, factory=Full))
        assert "the disk is full" in finish(book.path)
    assert is_unfinished(book.path)
    with closing(sqlite3.connect(book.path, isolation_level=None)) as reader:
        reader.execute("BEGIN")
        reader.execute("SELECT * FROM inbound").fetchall()
        monkeypatch.setattr(purging, "connect", lambda path: sqlite3.connect(path, isolation_level=None, timeout=0.0))
        assert finish(book.path)
    assert is_unfinished(book.path)
    assert finish(book.path) == ""


def test_a_purge_is_all_or_nothing(book: Book, monkeypatch: pytest.MonkeyPatch) -> None:
    before = book.query("SELECT * FROM inbound"), book.query("SELECT * FROM outbox"), book.query("SELECT * FROM mark")
    monkeypatch.setattr(purging, "_CHUNK", "UPDATE outbox SET nothing = ? WHERE key = ?")
    with pytest.raises(JournalError):
        purge(book.path, book.find(Chat(8)), lambda: START)
    assert before == (
        book.query("SELECT * FROM inbound"),
        book.query("SELECT * FROM outbox"),
        book.query("SELECT * FROM mark"),
    )
