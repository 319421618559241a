"""What an agent is reminded of: its earlier turns, in order with the facts around the question, and at once."""

from __future__ import annotations

import re
import sqlite3

from actors.envelopes.control import Record, Recorded
from actors.envelopes.facts import Rejudged, Renewed, Settled
from actors.envelopes.inbound import Held, Replied
from actors.envelopes.session import Past, Recall, Recalled
from tests.journal.conftest import Open
from tests.journal.desk import Room, control, disk_error, message
from tests.journal.turning import FAMILY, GROUP, MAIN, answered, failed, part, recalled, said, silent, turn
from tests.support.actors import Probe
from tests.support.probes import KillableStage
from tests.support.rows import START, admit, guid

# Turns


def test_a_session_without_turns_has_none(room: Room) -> None:
    assert recalled(room, before=5) == Recalled(MAIN, 5)


def test_earlier_turns_come_with_their_messages_and_what_was_said(room: Room) -> None:
    files = [{"mime_type": "image/png", "original_path": "/a.png"}, {"original_path": "/b"}]
    room.append(message(1, text="one", attachments=files))
    room.tell(*(room.appended(message(n, text=f"text {n}")) for n in range(2, 6)))
    room.record(
        answered(1, text="first", at=START),
        answered(2, 3, text="**both**", said=("both", "of them"), at=START + 10, model="a:b", input_tokens=3),
        silent(4),
        failed(5, at=START + 20),
    )
    answer = recalled(room)
    assert answer.turns == (
        Past(1, "main", (said(1, "one", files=("image/png", "")),), "first", "replied", START, START + 1),
        Past(
            3,
            "main",
            (said(2, "text 2"), said(3, "text 3")),
            "**both**",
            "replied",
            START + 10,
            START + 11,
            model="a:b",
            input_tokens=3,
        ),
        Past(4, "main", (said(4, "text 4"),), "NO_REPLY", "absorbed", START, START + 1),
        Past(5, "main", (said(5, "text 5"),), "", "failed", START + 20, START + 21, "exited with 3"),
    )
    assert (answer.number, answer.started_at, answer.last_at) == (5, START, START + 21)


def test_what_only_its_chunks_say_is_read_from_them(room: Room) -> None:
    room.tell(room.appended(message(1)), room.appended(message(2)))
    room.record(part(0, 1, 0, "one", "two"), part(0, 2, 0, "three"))
    room.record(Settled(1, Replied(), turn(1)), Settled(2, Replied(), turn(2)))
    assert [past.text for past in recalled(room).turns] == ["one\ntwo", "three"]


def test_the_latest_turns_come_and_all_are_counted(room: Room) -> None:
    room.tell(*(room.appended(message(n)) for n in range(1, 8)))
    room.record(*(answered(n, at=START + n) for n in range(1, 8)))
    answer = recalled(room, turns=2)
    assert ([past.seq for past in answer.turns], answer.number) == ([6, 7], 8)
    assert (answer.started_at, answer.last_at) == (START + 1, START + 8)
    assert recalled(room, turns=0).turns == ()
    assert recalled(room, turns=-1).number == 8


def test_a_session_that_began_anew_has_forgotten(open_room: Open, stage: KillableStage) -> None:
    room = open_room()
    room.tell(*(room.appended(message(n)) for n in range(1, 4)))
    room.record(answered(1), answered(2), Renewed(MAIN, START + 10, "asked"))
    assert recalled(room) == Recalled(MAIN, 1 << 40)
    room.record(answered(3, at=START + 20))
    stage.kill()
    room = open_room()
    answer = recalled(room)
    assert [past.seq for past in answer.turns] == [3]
    assert (answer.number, answer.started_at) == (2, START + 20)


def test_each_session_has_its_own(room: Room) -> None:
    room.tell(room.appended(message(1)), room.appended(message(2, **GROUP), admit(FAMILY)))
    room.record(answered(1), answered(2, session=FAMILY, chat=9))
    assert [past.seq for past in recalled(room).turns] == [1]
    assert [past.seq for past in recalled(room, FAMILY, 9).turns] == [2]


def test_a_message_that_was_answered_in_a_later_turn_belongs_to_that(room: Room) -> None:
    room.tell(*(room.appended(message(n, text=f"{n}")) for n in range(1, 4)))
    room.record(Settled(1, Held("agent failed: no")), Settled(2, Held("agent failed: no"), turn(1, 2, failure="no")))
    room.record(answered(3))
    room.record(Rejudged(1, message(1), admit()))
    room.record(answered(1))
    assert [(past.outcome, [one.seq for one in past.messages]) for past in recalled(room).turns] == [
        ("failed", [2]),
        ("replied", [3]),
        ("replied", [1]),
    ]


def test_forgotten_words_are_empty(room: Room) -> None:
    room.tell(room.appended(message(1)), room.appended(message(2)))
    room.record(answered(1), answered(2))
    room.connection.execute("UPDATE inbound SET body = NULL WHERE seq = 1")
    room.connection.execute("UPDATE outbox SET text = ''")
    room.connection.execute("DELETE FROM inbound WHERE seq = 2")
    assert [(past.text, past.messages[0].text, past.messages[0].sender) for past in recalled(room).turns] == [
        ("", "", ""),
        ("", "", ""),
    ]


def test_what_stands_behind_a_command_is_what_the_agent_was_told(room: Room) -> None:
    room.append(message(1, text="/new tell me more"), control())
    room.record(answered(1))
    assert recalled(room).turns[0].messages[0].text == "tell me more"


# When, and how fast


def test_it_is_answered_in_order_with_the_facts_around_it_after_their_commit(room: Room) -> None:
    probe = Probe("conversation")
    room.append(message(1))
    room.tell(
        Record(answered(1), probe.ref),
        Record(Recall(MAIN, 1, 7, 2, 5, 5), probe.ref),
        Record(Recall(MAIN, 1, 7, 2, 5, 5)),
    )
    assert [type(told) for told in probe.told] == [Recorded, Recalled]
    assert [past.seq for past in probe.all(Recalled)[0].turns] == [1]


def test_what_cannot_be_read_is_read_again_and_not_taken_for_nothing(room: Room, stage: KillableStage) -> None:
    room.append(message(1))
    room.record(answered(1))
    probe = Probe("conversation")

    def broken(_: int, sql: str) -> None:
        if "FROM turn t" in sql:
            raise disk_error()

    room.connection.before = broken
    room.tell(Record(Recall(MAIN, 1, 7, 2, 5, 5), probe.ref))
    assert probe.told == []
    room.append(message(2))
    assert room.admitted == [1]
    room.connection.before = None
    stage.advance(1.0)
    assert [past.seq for past in probe.all(Recalled)[0].turns] == [1]
    assert room.admitted == [1, 2]


def test_nothing_is_looked_through_however_much_there_is(room: Room) -> None:
    many(room.connection, 30_000)
    seen: list[str] = []
    room.connection.set_trace_callback(seen.append)
    answer = recalled(room, FAMILY, 9, before=30_001, turns=400, heard=200, quotes=(guid(5),))
    room.connection.set_trace_callback(None)
    assert (len(answer.turns), answer.number, len(answer.heard)) == (400, 10_001, 2)
    queries = [sql for sql in seen if sql.lstrip().startswith("SELECT")]
    assert len(queries) > 8
    for sql in queries:
        for *_, plan in room.connection.execute(f"EXPLAIN QUERY PLAN {sql}"):
            assert not re.match(r"SCAN (inbound|turn|outbox|session|renewal|i|t)\b", plan), (sql, plan)


def test_a_group_that_is_listened_to_for_a_long_time_costs_no_more(room: Room) -> None:
    many(room.connection, 30_000)
    room.connection.execute("UPDATE inbound SET kind = 'context', reason = 'no mention'")
    room.connection.execute("DELETE FROM turn")
    steps = [0]

    def step() -> int:
        steps[0] += 1
        return 0

    room.connection.set_progress_handler(step, 1000)
    answer = recalled(room, FAMILY, 9, before=30_001, heard=200)
    room.connection.set_progress_handler(None, 0)
    assert len(answer.heard) == 200
    assert steps[0] < 100


def many(connection: sqlite3.Connection, count: int) -> None:
    """So many rows in the group: of three, two were listened to and one was answered."""
    connection.execute(
        "INSERT INTO inbound (seq, source, guid, row_id, account, chat_id, received_at, kind, session, outcome, "
        "reason, body) WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?) SELECT i, 1, "
        "randomblob(16), i, 'default', 9, i, iif(i % 3 = 1, 'admit', 'context'), ?, "
        "iif(i % 3 = 1, 'replied', 'dropped'), iif(i % 3 = 1, NULL, 'no mention'), "
        'CAST(\'{"id":1,"guid":"g","chat_id":9,"text":"x"}\' AS BLOB) FROM n',
        (count, FAMILY),
    )
    connection.execute(
        "INSERT INTO turn (seq, session, number, place, agent, outcome, began_at, ended_at) "
        "SELECT seq, session, seq, (seq + 2) / 3, 'main', 'replied', seq, seq FROM inbound WHERE kind = 'admit'"
    )
