"""What was said in a session, read back from the journal: in order, with its reasons, and with what is forgotten."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from time import perf_counter

import pytest

from actors.envelopes.facts import Adjusted, Appended, Fact, Queued, Renewed, Settled
from actors.envelopes.inbound import Absorbed, Held, Replied
from actors.envelopes.outbound import Chunk, chunk_key
from actors.envelopes.session import TurnRecord
from actors.journal import session_list, transcripts
from actors.journal.offline import write_offline
from actors.journal.transcripts import Message, Renewal, TurnRow
from actors.outbound.answers import MOST_CHUNKS
from tests.support.rows import ANN, START, address, admit, guid, inbound, raw
from tests.support.said import DIRECT, GROUP, MAIN, Archive


@pytest.fixture
def archive(tmp_path: Path) -> Archive:
    """An empty journal."""
    return Archive(tmp_path / "journal.db")


@pytest.fixture
def reading(archive: Archive) -> Iterator[sqlite3.Connection]:
    """A connection that only reads it."""
    with closing(archive.reading()) as connection:
        yield connection


def words(reading: sqlite3.Connection, key: str = MAIN, last: int | None = None) -> list[str]:
    """A transcript in short."""
    return [_short(entry) for entry in transcripts.transcript(reading, key, last)]


def _short(entry: transcripts.Entry) -> str:
    match entry:
        case TurnRow():
            return f"{'+'.join(one.text for one in entry.messages)} > {entry.text or entry.why}"
        case Renewal():
            return f"renewed: {entry.why}"
        case Message():
            return f"{entry.text} ({entry.outcome}: {entry.why})"


def test_sessions_come_the_latest_first_with_what_is_known_of_them(
    archive: Archive, reading: sqlite3.Connection
) -> None:
    archive.session(MAIN, at=1)
    archive.session(GROUP, chat=42, at=3, label="Family", activation="always", model="a:b")
    archive.session(DIRECT, at=2, agent="ops", failures=3)
    archive.exchange(1, MAIN, "hello")
    archive.exchange(2, MAIN, "again")
    archive.row(3, GROUP, outcome=None)
    archive.renewal(MAIN, 1, at=5)
    found = session_list.sessions(reading)
    assert [(one.key, one.kind, one.state, one.turns) for one in found] == [
        (GROUP, "group", "busy", 0),
        (DIRECT, "direct", "quarantined", 0),
        (MAIN, "main", "idle", 2),
    ]
    group = found[0]
    assert (group.label, group.chat_id, group.activation, group.model, group.send) == (
        *("Family", 42, "always", "a:b"),
        None,
    )
    assert [one.started_at - START for one in found] == [0, 0, 5]
    assert session_list.keys(reading) == [GROUP, DIRECT, MAIN]
    assert session_list.quarantined(reading) == 1


def test_sessions_are_picked_by_agent_and_age(archive: Archive, reading: sqlite3.Connection) -> None:
    for at, key in enumerate((MAIN, GROUP, DIRECT)):
        archive.session(key, at=at)
    assert [one.key for one in session_list.sessions(reading, agent="ops")] == [DIRECT]
    assert [one.key for one in session_list.sessions(reading, since=START + 1)] == [DIRECT, GROUP]
    assert [one.key for one in session_list.sessions(reading, limit=1)] == [DIRECT]
    found = session_list.session(reading, MAIN)
    assert found is not None
    assert found.key == MAIN
    assert session_list.session(reading, "agent:main") is None


def test_a_session_is_busy_only_while_one_of_its_messages_is_open(
    archive: Archive, reading: sqlite3.Connection
) -> None:
    archive.session(MAIN)
    archive.row(1, MAIN, outcome="held", why="no agent")
    archive.row(2, MAIN, outcome=None, kind="command")
    assert session_list.sessions(reading)[0].state == "idle"
    archive.row(3, MAIN, outcome=None)
    assert session_list.sessions(reading)[0].state == "busy"


def test_turns_stand_in_the_order_of_their_commits(archive: Archive, reading: sqlite3.Connection) -> None:
    archive.exchange(1, MAIN, "one", at=0)
    archive.row(2, MAIN, "held and answered late", at=9)
    archive.turn(2, MAIN, "at last", number=7, at=9)
    archive.exchange(3, MAIN, "three", at=1)
    archive.exchange(4, GROUP, "elsewhere", at=2)
    assert words(reading) == ["one > echo: one", "three > echo: three", "held and answered late > at last"]
    assert words(reading, last=1) == ["held and answered late > at last"]
    assert words(reading, last=0) == []
    assert words(reading, "agent:nobody:main") == []


def test_several_messages_are_one_turn_in_their_order(archive: Archive, reading: sqlite3.Connection) -> None:
    for seq, text in ((1, "a"), (2, "b"), (3, "c")):
        archive.row(seq, MAIN, text)
    archive.turn(3, MAIN, "all of it", others=(1, 2), model="a:b", input_tokens=12, output_tokens=5)
    [turn] = transcripts.transcript(reading, MAIN)
    assert isinstance(turn, TurnRow)
    assert [(one.seq, one.text, one.guid, one.sender) for one in turn.messages] == [
        (1, "a", guid(1), ANN),
        (2, "b", guid(2), ANN),
        (3, "c", guid(3), ANN),
    ]
    assert (turn.text, turn.model, turn.input_tokens, turn.output_tokens) == ("all of it", "a:b", 12, 5)


def test_words_are_taken_from_the_bubbles_of_the_answer_where_they_stand_only_there(
    archive: Archive, reading: sqlite3.Connection
) -> None:
    archive.row(1, MAIN, "hello")
    archive.turn(1, MAIN, None)
    archive.chunk(1, "good")
    archive.chunk(1, "morning", 1)
    assert words(reading) == ["hello > good\nmorning"]
    archive.chunk(1, "another answer", MOST_CHUNKS)
    assert words(reading) == ["hello > good\nmorning"]
    archive.row(2, MAIN, "boom", "held", "agent failed: exited with code 3")
    archive.turn(2, MAIN, None, outcome="failed", failure="exited with code 3")
    archive.chunk(2, "Something went wrong.")
    assert words(reading, last=1) == ["boom > exited with code 3"]


def test_what_failed_or_said_nothing_has_its_reason(archive: Archive, reading: sqlite3.Connection) -> None:
    archive.row(1, MAIN, "one", "held", "agent failed: exited with code 3")
    archive.turn(1, MAIN, "", outcome="failed", failure="exited with code 3")
    archive.row(2, MAIN, "two", "absorbed", "no reply")
    archive.turn(2, MAIN, "NO_REPLY", outcome="absorbed")
    archive.row(3, MAIN, "three", "absorbed", "interrupted")
    archive.turn(3, MAIN, "", outcome="absorbed")
    first, second, third = transcripts.transcript(reading, MAIN)
    assert isinstance(first, TurnRow)
    assert isinstance(second, TurnRow)
    assert isinstance(third, TurnRow)
    assert (first.outcome, first.why, first.forgotten) == ("failed", "exited with code 3", False)
    assert (second.outcome, second.why, second.text) == ("absorbed", "no reply", "NO_REPLY")
    assert (third.why, third.text, third.forgotten) == ("interrupted", "", False)


def test_what_ended_without_a_turn_stands_where_it_ended(archive: Archive, reading: sqlite3.Connection) -> None:
    archive.exchange(1, MAIN, "one", at=0)
    archive.row(2, MAIN, "never mind", "absorbed", "stopped", at=3)
    archive.row(3, MAIN, "late", "dropped", "discarded", at=20)
    archive.exchange(4, MAIN, "four", at=10)
    archive.row(5, MAIN, "held", "held", "no agent", at=5)
    assert words(reading) == [
        "one > echo: one",
        "never mind (absorbed: stopped)",
        "four > echo: four",
        "late (dropped: discarded)",
    ]
    assert words(reading, last=1) == [
        "never mind (absorbed: stopped)",
        "four > echo: four",
        "late (dropped: discarded)",
    ]


def test_a_new_beginning_stands_between_turns(archive: Archive, reading: sqlite3.Connection) -> None:
    for seq in (1, 2, 3):
        archive.exchange(seq, MAIN, str(seq), at=10 * seq)
    archive.renewal(MAIN, 0, at=5, why="idle")
    archive.renewal(MAIN, 2, at=25)
    archive.renewal(MAIN, 3, at=35, why="operator")
    archive.renewal(GROUP, 1, at=15)
    one, two, three = ("1 > echo: 1", "2 > echo: 2", "3 > echo: 3")
    assert words(reading) == ["renewed: idle", one, two, "renewed: asked", three, "renewed: operator"]
    assert words(reading, last=1) == ["renewed: asked", three, "renewed: operator"]
    assert words(reading, last=2) == [two, "renewed: asked", three, "renewed: operator"]
    archive.row(4, MAIN, "slow", at=12)
    archive.turn(4, MAIN, "under way when it began anew", number=2, at=14)
    slow = "slow > under way when it began anew"
    assert words(reading) == ["renewed: idle", one, two, slow, "renewed: asked", three, "renewed: operator"]
    assert words(reading, last=2) == [slow, "renewed: asked", three, "renewed: operator"]


def test_what_waits_is_open_or_held(archive: Archive, reading: sqlite3.Connection) -> None:
    archive.exchange(1, MAIN, "one")
    archive.row(2, MAIN, "two", "held", "quarantined: exited with code 3")
    archive.row(3, MAIN, "three", None)
    archive.row(4, GROUP, "elsewhere", None)
    archive.row(5, MAIN, "/status", None, kind="command")
    found = transcripts.waiting(reading, MAIN)
    assert [(one.seq, one.text, one.outcome, one.why) for one in found] == [
        (2, "two", "held", "quarantined: exited with code 3"),
        (3, "three", "", ""),
    ]
    assert session_list.held(reading, MAIN) == [2]


def test_forgotten_words_leave_that_something_was_said(archive: Archive, reading: sqlite3.Connection) -> None:
    archive.exchange(1, MAIN, "secret")
    archive.row(2, MAIN)
    archive.turn(2, MAIN, None)
    archive.chunk(2, "secret")
    archive.turn(3, MAIN, "", at=5)
    archive.run("UPDATE inbound SET body = NULL")
    archive.run("UPDATE turn SET text = NULL")
    archive.run("UPDATE outbox SET text = ''")
    one, two, three = transcripts.transcript(reading, MAIN)
    for turn in (one, two):
        assert isinstance(turn, TurnRow)
        assert (turn.forgotten, turn.text, turn.outcome) == (True, "", "replied")
        assert [(message.forgotten, message.text, message.sender) for message in turn.messages] == [(True, "", "")]
    assert isinstance(three, TurnRow)
    assert (three.forgotten, three.messages) == (True, ())


def test_a_damaged_message_is_there_all_the_same(archive: Archive, reading: sqlite3.Connection) -> None:
    archive.row(1, MAIN, body=b'{"id": "one"}')
    archive.turn(1, MAIN, "an answer")
    [turn] = transcripts.transcript(reading, MAIN)
    assert isinstance(turn, TurnRow)
    assert (turn.text, turn.forgotten, turn.messages[0].forgotten) == ("an answer", False, True)


def test_files_are_named_by_their_kind(archive: Archive, reading: sqlite3.Connection) -> None:
    archive.row(1, MAIN, attachments=[{"mime_type": "image/png"}, {"transfer_name": "x"}])
    archive.turn(1, MAIN)
    [turn] = transcripts.transcript(reading, MAIN)
    assert isinstance(turn, TurnRow)
    assert turn.messages[0].files == ("image/png", "file")


def test_a_hundred_thousand_turns_are_listed_and_shown_at_once(archive: Archive, reading: sqlite3.Connection) -> None:
    many = range(1, 100_001)
    keys = [f"agent:main:imessage:group:{number}" for number in range(1000)]
    archive.run(
        "INSERT INTO session (key, agent, account, source, chat_id, is_group, label, created_at, updated_at, failures) "
        "VALUES (?, 'main', 'default', 1, ?, 1, '', 0, ?, 0)",
        *((key, number, START + number) for number, key in enumerate(keys)),
    )
    body = raw(1, text="hello " * 40)
    archive.run(
        "INSERT INTO inbound (seq, source, guid, account, chat_id, received_at, kind, session, agent, outcome, body) "
        "VALUES (?, 1, ?, 'default', 7, ?, 'admit', ?, 'main', 'replied', ?)",
        *((seq, seq.to_bytes(16), START + seq, keys[seq % 1000], body) for seq in many),
    )
    archive.run(
        "INSERT INTO turn (seq, session, number, place, agent, outcome, began_at, ended_at, text) "
        "VALUES (?, ?, ?, 1, 'main', 'replied', ?, ?, 'an answer')",
        *((seq, keys[seq % 1000], seq, START + seq, START + seq + 1) for seq in many),
    )
    archive.run("UPDATE turn SET rows = '[1, 2, 3]' WHERE seq % 1000 = 0 AND seq > 1000")
    begun = perf_counter()
    assert sum(one.turns for one in session_list.sessions(reading)) == 100_000
    assert len(list(transcripts.transcript(reading, keys[0], 20))) == 20
    assert transcripts.waiting(reading, keys[0]) == []
    assert session_list.held(reading, keys[0]) == []
    loose = transcripts.loose(reading)
    assert sum(1 for key in keys for _ in transcripts.transcript(reading, key, among=loose.get(key, ()))) == 100_000
    assert perf_counter() - begun < 30.0


def test_what_a_gateway_writes_is_read_back(archive: Archive, reading: sqlite3.Connection) -> None:
    def record(*seqs: int, text: str = "", failure: str = "", at: float = 0.0) -> TurnRecord:
        return TurnRecord(MAIN, "main", seqs, text, START + at, START + at + 1, failure, "a:b", 12, 5)

    def answer(*seqs: int, text: str) -> Queued:
        chunk = Chunk(chunk_key(seqs[-1], 0), address(), text)
        return Queued((chunk,), tuple((seq, Replied()) for seq in seqs), 0, START, turn=record(*seqs, text=text))

    def write(*facts: Fact) -> None:
        write_offline(archive.path, facts, lambda: START + 6)

    write(*(Appended(inbound(seq, text=str(seq)), admit()) for seq in range(1, 6)))
    write(answer(1, text="one"), answer(2, 3, text="two and three"))
    write(Renewed(MAIN, START + 3, "asked"))
    write(Settled(4, Held("agent failed: no"), record(4, failure="no", at=4)), Settled(5, Absorbed("stopped")))
    assert words(reading) == ["1 > one", "2+3 > two and three", "renewed: asked", "4 > no", "5 (absorbed: stopped)"]
    [row] = session_list.sessions(reading)
    assert (row.key, row.turns, row.failures, row.open, row.started_at) == (MAIN, 3, 1, 0, START + 3)
    assert (row.agent, row.account, row.chat_id, row.kind, row.label) == ("main", "default", 7, "main", ANN)
    assert session_list.held(reading, MAIN) == [4]
    write(Adjusted(MAIN, "queue", "collect"), Adjusted(MAIN, "failures", 0))
    [row] = session_list.sessions(reading)
    assert (row.queue, row.failures, row.state) == ("collect", 0, "idle")
