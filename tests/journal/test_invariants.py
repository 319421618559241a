"""The journal's promises, with a disk that fails and a process that dies at every single statement.

I1 nothing is told before its commit, and the cursor moves with the append. I2 one outcome each. I3 chunks and the
rows they settle are one transaction. I7 nothing is deleted. I8 what could not be judged is judged again.
(I4 to I6 are the sender's: tests/outbound.)
"""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from actors.envelopes.control import Record, Recorded, Replay
from actors.envelopes.facts import (
    Adjusted,
    Appended,
    Attempted,
    Baseline,
    ChildEnded,
    ChildStarted,
    Deferred,
    Discarded,
    Fact,
    Failed,
    Identified,
    Rejudged,
    Renewed,
    Replaced,
    Requeued,
    Sent,
    Settled,
    Uncertain,
    Watched,
)
from actors.envelopes.inbound import Absorbed, Admitted, Challenge, Corrupt, Dropped, Held, Replied, Verdict
from actors.envelopes.outbound import chunk_key
from actors.envelopes.steering import Finished
from actors.journal import batch as batch_module
from actors.journal import changes as changes_module
from actors.journal import chunk_changes as chunk_changes_module
from actors.journal import offline as offline_module
from actors.journal import queries as queries_module
from actors.journal import replays as replays_module
from actors.journal import session_changes as session_changes_module
from actors.journal import session_rows as session_rows_module
from actors.journal import statements as statements_module
from actors.journal import store as store_module
from actors.journal.batch import end_held
from actors.normalizer.normalize import nameless
from tests.journal.conftest import Open
from tests.journal.desk import Faulty, Room, died, disk_error, dump, fail_at, later, message, queued
from tests.journal.turning import MAIN, turn
from tests.support.actors import Probe
from tests.support.probes import KillableStage, killable
from tests.support.rows import ACCOUNT, START, admit

UNREADABLE = Held("pairing store unreadable", "channels.imessage.dmPolicy")


def before(room: Room) -> None:
    """Open rows, three that are held, and chunks in every state that can change."""
    for number in range(1, 6):
        room.append(message(number, chat=number))
    for number in (6, 7, 8):
        room.append(message(number, chat=number), UNREADABLE)
    room.append(message(9, chat=9))
    room.record(queued(1, "one", "more", chat=1), queued(2, "two", "three", chat=2, attempt=True))
    room.record(queued(9, "dead", "gone", chat=9), *(Failed(chunk_key(9, n), "never", START) for n in (0, 1)))


def everything(room: Room) -> list[Record]:
    """A group in which every kind of fact occurs."""
    facts: list[Fact] = [
        Settled(3, Absorbed("no reply")),
        replace(queued(4, "a", "b", chat=4, attempt=True), turn=turn(4, text="a b")),
        replace(queued(5, outcome=Absorbed("no reply")), turn=turn(5, failure="it broke")),
        Adjusted(MAIN, "send", "off"),
        Renewed(MAIN, START, "asked"),
        later(1, "in", chat=1),
        later(1, "in", chat=1),
        Attempted(chunk_key(1, 0), START),
        Sent(chunk_key(1, 0), "GUID", START),
        Uncertain(chunk_key(2, 0), "why"),
        Deferred(chunk_key(1, 1), START + 5, 1, "why"),
        Failed(chunk_key(2, 1), "why", 1.0),
        Requeued(chunk_key(9, 0), START),
        Discarded(chunk_key(9, 1), "given up", START),
        Discarded(chunk_key(1, 0), "it went out", START),
        Rejudged(6, message(6, chat=66), admit()),
        Rejudged(8, message(8, chat=8), UNREADABLE),
        Baseline(room.source, 3),
        Watched(room.source, START),
        Identified(room.source, "1:2:3"),
        ChildStarted(room.source, 77, START),
        ChildEnded(room.source),
        Replaced(room.source, 2, "4:5:6"),
    ]
    return [
        room.appended(message(10, chat=10)),
        room.appended(message(1, chat=1)),
        room.appended(message(11), Dropped("empty body")),
        room.appended(message(12), UNREADABLE),
        room.appended(message(13), Challenge("+15550001111", "channels.imessage.dmPolicy")),
        room.appended(nameless(ACCOUNT, 1, b"junk", START), Corrupt("junk")),
        *(Record(fact, room.sender.ref) for fact in facts),
        Record(end_held(7, Dropped("discarded"))),
        room.appended(message(14, chat=14, era=1)),
        room.appended(message(20, chat=20)),
    ]


@pytest.fixture(scope="module")
def reference(tmp_path_factory: pytest.TempPathFactory) -> tuple[list[str], list[str], int, list[Any]]:
    """The database before and after the group, how many statements it took, and whom it told what."""
    folder = tmp_path_factory.mktemp("reference")
    with killable() as stage:
        room = Room(stage, folder / "journal.db")
        before(room)
        first, told = dump(room.path, times=False), room.told()
        room.connection.count = 0
        room.tell(*everything(room))
        heard = [
            type(message).__name__ for probe in (room.sessions, room.pairing, room.sender) for message in probe.told
        ]
        room.close()
        assert len(heard) > told + 10
        assert stage.errors() == []
        return first, dump(room.path, times=False), room.connection.count, heard


ENOUGH = range(44)


def test_the_group_takes_a_known_number_of_statements(
    reference: tuple[list[str], list[str], int, list[Any]],
) -> None:
    """Every one of them is failed and died at below."""
    assert 15 <= reference[2] <= len(ENOUGH)


@pytest.mark.parametrize("statement", ENOUGH)
def test_i1_a_disk_that_fails_at_any_statement_loses_and_tells_nothing(
    statement: int,
    open_room: Open,
    stage: KillableStage,
    reference: tuple[list[str], list[str], int, list[Any]],
) -> None:
    first, last, count, heard = reference
    room = open_room()
    before(room)
    told, cursor = room.told(), room.cursor()
    room.connection.count = 0
    room.connection.before = fail_at(statement, disk_error())
    room.tell(*everything(room))
    if statement >= count:
        assert dump(room.path, times=False) == last
        return
    assert dump(room.path, times=False) == first
    assert room.cursor() == cursor
    assert room.told() == told, "somebody acts on what is not on disk"
    assert "disk I/O error" in room.ledger.trouble
    assert room.ledger.waiting == len(everything(room))
    stage.advance(1.0)
    assert dump(room.path, times=False) == last
    assert room.ledger.trouble == ""
    assert room.ledger.waiting == 0
    told_now = [type(one).__name__ for probe in (room.sessions, room.pairing, room.sender) for one in probe.told]
    assert told_now == heard, "each is told exactly once"


@pytest.mark.parametrize("statement", ENOUGH)
def test_i1_i3_a_death_at_any_statement_leaves_all_of_a_group_or_nothing(
    statement: int,
    open_room: Open,
    stage: KillableStage,
    tmp_path: Path,
    reference: tuple[list[str], list[str], int, list[Any]],
) -> None:
    first, last, count, _ = reference
    room = open_room()
    before(room)
    told = room.told()
    room.connection.count = 0
    room.die_at(statement, tmp_path / "after")
    room.tell(*everything(room))
    if statement >= count:
        return
    assert room.told() == told
    after = Room(stage, tmp_path / "after" / "journal.db")
    assert dump(after.path, times=False) == first
    after.tell(*everything(after))
    after.close()
    assert dump(after.path, times=False) == last


def test_i1_a_death_right_after_the_commit_leaves_everything(
    open_room: Open,
    stage: KillableStage,
    tmp_path: Path,
    reference: tuple[list[str], list[str], int, list[Any]],
) -> None:
    """What was committed and not told yet is found by the replays of the next process."""
    room = open_room()
    before(room)

    told = room.told()

    def die() -> None:
        room.snapshot(tmp_path / "after")
        died()

    room.connection.after_commit = die
    room.tell(*everything(room))
    assert room.told() == told
    after = Room(stage, tmp_path / "after" / "journal.db")
    assert dump(after.path, times=False) == reference[1]
    assert after.admitted == [6, 10, 15, 16]
    after.replay("challenged", after.pairing)
    assert after.challenged == [13]
    assert after.outcomes()[7] == "dropped"
    assert after.store.source_state(after.source) == (14, None, None, 1, "4:5:6", START)
    after.close()


def test_i1_whoever_is_told_can_see_it_on_disk(open_room: Open, stage: KillableStage) -> None:
    room = open_room()
    seen: list[tuple[int, str | None]] = []

    def look(told: Any) -> None:
        if type(told) is Admitted:
            seen.extend(room.rows("SELECT seq, outcome FROM inbound WHERE seq = ?", told.seq))
        elif type(told) is Finished:
            seen.extend(room.rows("SELECT seq, outcome FROM inbound WHERE seq = ?", *told.seqs))
        else:
            seen.extend(room.rows("SELECT key, state FROM outbox WHERE key = ?", told.fact.key))

    room.replay("admitted", Probe("sessions", look))
    room.append(message(1))
    room.record(queued(1, "one"))
    room.tell(Record(Attempted(chunk_key(1, 0), START), Probe("sender", look).ref))
    assert seen == [(1, None), (1, "replied"), (chunk_key(1, 0), "attempted")]


def test_i1_the_cursor_moves_with_the_append_and_only_forward(room: Room) -> None:
    assert room.cursor() is None
    room.append(message(5))
    assert room.cursor() == 5
    room.append(message(3))
    assert room.cursor() == 5
    room.tell(*(room.appended(message(number), Dropped("from me")) for number in (9, 7, 8)))
    assert room.cursor() == 9


def test_i1_a_baseline_counts_only_before_the_first_row(room: Room) -> None:
    room.record(Baseline(room.source, -1))
    assert room.cursor() == -1
    room.append(message(1))
    room.record(Baseline(room.source, 100))
    assert room.cursor() == 1


def test_i1_a_full_disk_holds_everything_up_and_goes_on_by_itself(open_room: Open, stage: KillableStage) -> None:
    room = open_room()
    room.append(message(1))
    room.connection.execute("PRAGMA journal_mode = DELETE")
    pages = room.connection.execute("PRAGMA page_count").fetchone()[0]
    room.connection.execute(f"PRAGMA max_page_count = {pages + 1}")
    told = room.told()
    for number in range(2, 12):
        room.append(message(number, text="x" * 4000))
    assert room.told() < told + 10
    stuck = room.told()
    assert "the disk is full" in room.ledger.trouble
    assert room.ledger.waiting > 0
    cursor = room.cursor()
    assert cursor == len(room.outcomes())
    stage.advance(30.0)
    assert room.cursor() == cursor
    assert room.told() == stuck
    assert len([line for line in stage.errors() if "the disk is full" in line]) == 1, "said once, not every second"
    room.connection.execute("PRAGMA max_page_count = 100000")
    stage.advance(1.0)
    assert room.cursor() == 11
    assert room.admitted == list(range(1, 12))
    assert room.ledger.trouble == ""


def test_i1_a_failing_disk_is_tried_about_once_a_second_whoever_asks(open_room: Open, stage: KillableStage) -> None:
    room = open_room()
    begun: list[str] = []

    def refuse(_: int, sql: str) -> None:
        if sql.startswith("BEGIN"):
            begun.append(sql)
            raise disk_error()

    room.connection.before = refuse
    room.append(message(1))
    for what in ("admitted", "challenged", "chunks", "echoes", "source", "held"):
        room.replay(what, Probe("asks"), account=ACCOUNT, source=1)
    for number in range(2, 600):
        room.append(message(number))
    stage.advance(60.0)
    assert 55 <= len(begun) <= 70
    assert len(stage.clock.timers) <= 8
    room.connection.before = None
    stage.advance(2.0)
    assert len(room.outcomes()) == 599


def test_a_replay_that_is_asked_for_while_the_disk_fails_comes_when_it_works(
    open_room: Open, stage: KillableStage
) -> None:
    room = open_room()
    room.connection.before = fail_at(room.connection.count, disk_error())
    sessions = Probe("sessions")
    stage.tell(room.ref, room.appended(message(1)))
    room.replay("admitted", sessions)
    assert sessions.told == []
    stage.advance(3.0)
    assert [one.seq for one in sessions.all(Admitted)] == [1]


# I2


OUTCOMES = st.sampled_from(
    [Replied(), Absorbed("no reply"), Dropped("pairing required", "k"), Held("agent failed: x"), Corrupt("y")]
)


@given(
    verdicts=st.lists(st.sampled_from(["admit", "challenge", "drop", "hold", "corrupt"]), min_size=1, max_size=8),
    ends=st.lists(st.tuples(st.integers(1, 10), OUTCOMES), max_size=20),
    groups=st.lists(st.integers(1, 6), max_size=12),
)
@settings(max_examples=60, deadline=None)
def test_i2_the_first_outcome_of_a_row_is_its_only_one(
    verdicts: list[str], ends: list[tuple[int, Any]], groups: list[int]
) -> None:
    made: dict[str, Verdict] = {
        "admit": admit(),
        "challenge": Challenge("+15550001111", "k"),
        "drop": Dropped("empty body"),
        "hold": UNREADABLE,
        "corrupt": Corrupt("x"),
    }
    at_once = {"drop": "dropped", "hold": "held", "corrupt": "corrupt"}
    with killable() as stage:
        room = Room(stage, _fresh())
        records = [room.appended(message(n, chat=n), made[kind]) for n, kind in enumerate(verdicts, start=1)]
        records += [Record(Settled(seq, outcome)) for seq, outcome in ends]
        while records:
            size = groups.pop() if groups else len(records)
            room.tell(*records[:size])
            records = records[size:]
        expected: dict[int, str | None] = {n: at_once.get(kind) for n, kind in enumerate(verdicts, start=1)}
        for seq, outcome in ends:
            if seq in expected and expected[seq] is None:
                expected[seq] = type(outcome).__name__.lower()
        assert room.outcomes() == expected
        room.close()


def _fresh() -> Path:
    """A new folder inside this test's home."""
    folder = Path.home() / f"{len(list(Path.home().iterdir()))}"
    folder.mkdir()
    return folder / "journal.db"


def test_i2_a_settled_row_does_not_come_again(open_room: Open, stage: KillableStage) -> None:
    room = open_room()
    for number in range(1, 5):
        room.append(message(number, chat=number))
    room.record(Settled(2, Absorbed("no reply")), queued(3, "three"))
    stage.kill()
    again = open_room()
    assert again.admitted == [1, 4]


# I3


def test_i3_chunks_and_the_rows_they_settle_are_on_disk_together(room: Room) -> None:
    for number in (1, 2, 3):
        room.append(message(number))
    room.record(replace(queued(3, "a", "b"), settles=((1, Replied()), (2, Replied()), (3, Replied()))))
    assert room.outcomes() == {1: "replied", 2: "replied", 3: "replied"}
    assert room.states() == {chunk_key(3, 0): "queued", chunk_key(3, 1): "queued"}


def test_i4_an_attempt_in_the_same_fact_is_on_disk_as_such(room: Room) -> None:
    room.append(message(1))
    room.record(queued(1, "a", "b", attempt=True))
    assert room.states() == {chunk_key(1, 0): "attempted", chunk_key(1, 1): "queued"}
    assert room.rows("SELECT attempted_at FROM outbox ORDER BY key") == [(START,), (None,)]


def test_a_reply_that_is_queued_twice_is_in_the_outbox_once(room: Room) -> None:
    room.append(message(1))
    room.record(queued(1, "a"))
    room.record(Sent(chunk_key(1, 0), "G", START))
    room.record(queued(1, "something else"))
    assert room.rows("SELECT text, state FROM outbox") == [("a", "sent")]


# I7


def test_i7_no_statement_deletes() -> None:
    for module in (
        batch_module,
        changes_module,
        offline_module,
        chunk_changes_module,
        queries_module,
        replays_module,
        session_changes_module,
        session_rows_module,
        statements_module,
        store_module,
    ):
        text = Path(module.__file__ or "").read_text(encoding="utf-8").upper()
        for word in ("DELETE ", "DROP TABLE", "REPLACE INTO INBOUND", "REPLACE INTO OUTBOX", "TRUNCATE"):
            assert word not in text


def test_i7_rows_and_chunks_stay_with_their_bodies(room: Room) -> None:
    row = message(1)
    room.append(row)
    room.append(message(2), Dropped("no mention", "key"))
    room.record(queued(1, "a"), Sent(chunk_key(1, 0), "G", START))
    assert room.rows("SELECT body FROM inbound WHERE seq = 1") == [(row.raw,)]
    assert room.rows("SELECT reason, config_key FROM inbound WHERE seq = 2") == [("no mention", "key")]
    assert room.rows("SELECT text, guid FROM outbox") == [("a", "G")]


# I8


def test_i8_what_was_held_up_is_judged_again_once_and_then_answered(open_room: Open, stage: KillableStage) -> None:
    room = open_room()
    room.append(message(1), UNREADABLE)
    room.append(message(2), Held("no agent"))
    access = Probe("access")
    room.replay("held", access, account=ACCOUNT, reason=UNREADABLE.reason)
    room.replay("held", access, account=ACCOUNT, reason=UNREADABLE.reason)
    told = access.all(Recorded)
    assert [(one.seq, one.fact.guid) for one in told] == [(1, message(1).guid)] * 2
    room.tell(*(Record(Rejudged(one.seq, one.fact, admit()), room.sessions.ref) for one in told))
    assert room.admitted == [1], "who looks twice must not have it answered twice"
    room.tell(Record(Rejudged(1, told[0].fact, admit()), room.sessions.ref))
    assert room.admitted == [1]
    assert room.outcomes() == {1: None, 2: "held"}


def test_i8_a_row_of_another_account_is_not_judged_with_it(room: Room) -> None:
    access = Probe("access")
    room.append(message(1, account="other"), UNREADABLE)
    room.replay("held", access, account=ACCOUNT, reason=UNREADABLE.reason)
    assert access.told == []


def test_i8_a_row_that_is_open_again_is_found_after_a_restart_however_old_it_is(
    open_room: Open, stage: KillableStage
) -> None:
    """The floor has risen above the held row when it is let in; a crash must not lose it."""
    room = open_room()
    room.append(message(1), UNREADABLE)
    for number in range(2, 6):
        room.append(message(number), Dropped("no mention"))
    stage.tell(room.ref, Replay("source", Probe("x").ref))
    stage.kill()
    room = open_room()
    room.ledger.raise_floor(room.store)
    assert room.ledger.floor > 1
    room.tell(Record(Rejudged(1, message(1), admit()), room.sessions.ref))
    assert room.admitted == [1]
    stage.kill()
    room = open_room()
    assert room.admitted == [1]
    room.record(queued(1, "late"))
    stage.kill()
    room = open_room()
    sender = Probe("sender")
    room.replay("chunks", sender, account=ACCOUNT)
    assert [chunk.text for chunk in sender.told[0].items] == ["late"]


def test_i8_a_challenge_that_comes_out_of_it_goes_to_the_registry(room: Room) -> None:
    room.append(message(1), UNREADABLE)
    room.tell(Record(Rejudged(1, message(1), Challenge("+15550001111", "k")), room.pairing.ref))
    assert room.challenged == [1]
    assert room.outcomes() == {1: None}


def test_i8_a_refusal_that_comes_out_of_it_is_its_outcome(room: Room) -> None:
    room.append(message(1), UNREADABLE)
    room.tell(Record(Rejudged(1, message(1), Dropped("short code")), None))
    assert room.outcomes() == {1: "dropped"}
    assert room.ledger.counts == {"short code": 1, UNREADABLE.reason: 0}


@pytest.mark.parametrize("body", [None, b"", b"{", b"\xff"])
def test_i8_a_held_row_that_cannot_be_read_back_ends_as_corrupt_and_the_others_are_judged(
    room: Room, body: bytes | None
) -> None:
    for number in (1, 2, 3):
        room.append(message(number), UNREADABLE)
    with sqlite3.connect(room.path) as connection:
        connection.execute("UPDATE inbound SET body = ? WHERE seq = 2", (body,))
    connection.close()
    access = Probe("access")
    room.replay("held", access, account=ACCOUNT, reason=UNREADABLE.reason)
    assert [one.seq for one in access.all(Recorded)] == [1, 3]
    assert room.outcomes() == {1: "held", 2: "corrupt", 3: "held"}


def test_a_journal_that_gives_up_lets_its_successor_write(
    open_room: Open, stage: KillableStage, tmp_path: Path
) -> None:
    room = open_room()

    def break_it(_: int, sql: str) -> None:
        if sql.startswith("SELECT guid"):
            raise RuntimeError("a bug")

    room.connection.before = break_it
    room.tell(Record(Appended(message(1), admit()), None))
    assert [death.name for death in stage.deaths.told] == ["journal"]
    with pytest.raises(sqlite3.ProgrammingError, match="closed"):
        room.connection.execute("SELECT 1")
    successor = open_room()
    successor.append(message(1))
    assert successor.admitted == [1]
    assert isinstance(successor.connection, Faulty)
