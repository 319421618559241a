"""The journal actor: duplicates, replays after a restart, counts, groups, and the end."""

from __future__ import annotations

import sqlite3
from typing import Any

import pytest
from msgspec.structs import replace

from actors.envelopes.control import OpenChunk, Record, Recorded, Replayed, SourceState
from actors.envelopes.facts import (
    Appended,
    Attempted,
    Baseline,
    ChildEnded,
    ChildStarted,
    Deferred,
    Failed,
    Rejudged,
    Sent,
    Settled,
    Uncertain,
)
from actors.envelopes.inbound import (
    Absorbed,
    Admitted,
    Challenge,
    Challenged,
    Corrupt,
    Dropped,
    Held,
    Replied,
    Verdict,
)
from actors.envelopes.outbound import chunk_key
from actors.journal.actor import GROUP
from actors.journal.replays import RECALLED
from actors.normalizer.normalize import nameless
from tests.journal.conftest import Open
from tests.journal.desk import Room, disk_error, fail_at, message, queued
from tests.support.actors import Probe
from tests.support.probes import KillableStage
from tests.support.rows import ACCOUNT, START, address, admit, guid, inbound

STRANGER = Challenge("+15550001111", "channels.imessage.dmPolicy")


# Duplicates (promise 11)


def test_the_same_guid_live_again_is_one_row(room: Room) -> None:
    room.append(message(1))
    room.append(message(1))
    assert room.admitted == [1]
    assert room.ledger.duplicates == 1


def test_the_same_guid_twice_in_one_group_is_one_row(room: Room) -> None:
    room.tell(*(room.appended(message(number)) for number in (1, 2, 1, 1, 2)))
    assert room.admitted == [1, 2]


def test_the_same_guid_after_a_restart_is_one_row(open_room: Open, stage: KillableStage) -> None:
    room = open_room()
    room.append(message(1))
    room.record(queued(1, "one"))
    stage.kill()
    room = open_room()
    room.append(message(1))
    assert room.admitted == []
    assert room.outcomes() == {1: "replied"}


def test_the_same_guid_with_another_text_row_id_or_chat_is_one_row(room: Room) -> None:
    room.append(message(1, text="before"))
    room.append(message(2, guid=guid(1), text="after", chat=9))
    assert room.admitted == [1]
    assert room.cursor() == 2, "the cursor moves over duplicates"


def test_the_same_guid_in_other_letters_is_one_row(room: Room) -> None:
    room.append(message(0xABCDEF))
    room.append(message(0xABCDEF, guid=guid(0xABCDEF).lower()))
    assert len(room.admitted) == 1


def test_the_same_guid_with_another_verdict_is_not_answered_after_all(room: Room) -> None:
    room.append(message(1), Dropped("no mention"))
    room.append(message(1))
    assert room.admitted == []
    assert room.outcomes() == {1: "dropped"}


def test_the_same_guid_in_another_database_is_another_row(room: Room) -> None:
    second = room.store.source_number("/other.db")
    room.append(message(1))
    room.append(message(1, source=second))
    assert room.admitted == [1, 2]


@pytest.mark.parametrize(
    "odd", ["x", "p:0/" + guid(1), guid(1) + "-1", "G" * 36, "é" * 36, " " * 36, "-" * 36, "0" * 36, "0" * 32]
)
def test_odd_guids_are_told_apart_and_recognised(room: Room, odd: str) -> None:
    room.append(message(1))
    room.append(message(2, guid=odd))
    room.append(message(3, guid=odd))
    assert room.admitted == [1, 2]


def test_a_duplicate_of_a_row_that_failed_to_be_stored_is_stored(open_room: Open, stage: KillableStage) -> None:
    room = open_room()
    room.connection.before = fail_at(room.connection.count + 3, sqlite3.OperationalError("disk I/O error"))
    room.append(message(1))
    room.append(message(1))
    stage.advance(1.0)
    assert room.admitted == [1]
    assert room.outcomes() == {1: None}


# Corrupt rows


def test_a_corrupt_row_is_kept_and_does_not_move_the_cursor(room: Room) -> None:
    room.append(message(5))
    row = replace(message(9), chat=replace(message(9).chat, id=0))
    room.append(row, Corrupt("guid is missing"))
    room.append(nameless(ACCOUNT, 1, b"junk", START), Corrupt("JSON is malformed"))
    assert room.cursor() == 5
    assert room.rows("SELECT outcome, reason, body FROM inbound WHERE seq = 3") == [
        ("corrupt", "JSON is malformed", b"junk")
    ]
    room.append(message(10))
    assert room.cursor() == 10


def test_the_same_corrupt_bytes_again_are_one_row(room: Room) -> None:
    for body in (b"junk", b"junk", b"other junk"):
        room.append(nameless(ACCOUNT, 1, body, START), Corrupt("x"))
    assert len(room.outcomes()) == 2


# Groups


def test_what_waits_together_is_committed_together(room: Room) -> None:
    begun: list[str] = []
    room.connection.before = lambda _, sql: begun.append(sql) if sql == "COMMIT" else None
    room.tell(*(room.appended(message(number)) for number in range(1, GROUP)))
    assert len(begun) == 1
    room.tell(*(room.appended(message(number + 1000)) for number in range(2 * GROUP)))
    assert len(begun) == 3


def test_changes_of_one_chunk_in_one_group_keep_their_order(room: Room) -> None:
    room.append(message(1))
    key = chunk_key(1, 0)
    room.record(queued(1, "a"), Attempted(key, START), Deferred(key, START + 5, 1, "busy"), Attempted(key, START + 5))
    assert room.states() == {key: "attempted"}
    room.record(Uncertain(key, "late"), Sent(key, "G", START + 6), queued(2, "b"), Attempted(chunk_key(2, 0), START))
    assert room.states() == {key: "sent", chunk_key(2, 0): "attempted"}
    assert room.rows("SELECT attempted_at, guid, why FROM outbox WHERE key = ?", key) == [(START + 5, "G", None)]


def test_confirmations_come_in_the_order_of_the_facts(room: Room) -> None:
    facts = [queued(n, "x", chat=n) for n in range(1, 20)]
    room.record(*facts)
    assert [told.fact for told in room.sender.all(Recorded)] == facts


def test_an_own_row_is_confirmed_as_evidence_and_a_duplicate_is_not(room: Room) -> None:
    row = message(1, is_from_me=True)
    room.append(row, Dropped("from me"))
    room.append(row, Dropped("from me"))
    (told,) = room.sender.all(Recorded)
    assert (told.seq, told.fact.row) == (1, row)


# Replays after a restart


def restart(open_room: Open, stage: KillableStage, **how: bool) -> Room:
    """The process is gone; the next one opens the journal."""
    stage.kill()
    return open_room(**how)


def test_open_rows_come_again_in_order_with_everything_about_them(open_room: Open, stage: KillableStage) -> None:
    room = open_room()
    verdict = replace(admit("agent:b:imessage:group:7", "b", waits=True), mentioned=False, service="sms")
    rows = [message(n, chat=n % 3, text=f"é {n}", received_at=START + n) for n in range(3, 9)]
    room.tell(*(room.appended(row, verdict) for row in rows))
    room.record(Settled(2, Absorbed("no reply")))
    told = room.sessions.all(Admitted)
    again = restart(open_room, stage)
    assert again.sessions.all(Admitted) == [one for one in told if one.seq != 2]


def test_challenges_come_again_until_settled(open_room: Open, stage: KillableStage) -> None:
    room = open_room()
    for number in (1, 2, 3):
        room.append(message(number, chat=number), STRANGER)
    assert [told.replayed for told in room.pairing.all(Challenged)] == [False] * 3
    room.record(Settled(2, Dropped("pairing pending")))
    room = restart(open_room, stage)
    room.replay("challenged", room.pairing)
    told = room.pairing.all(Challenged)
    assert [(one.seq, one.handle, one.replayed) for one in told] == [
        (1, "+15550001111", True),
        (3, "+15550001111", True),
    ]
    assert told[0].address == address(1)


def test_a_challenge_that_cannot_be_read_back_does_not_stop_the_others(open_room: Open, stage: KillableStage) -> None:
    room = open_room()
    for number in (1, 2, 3):
        room.append(message(number), STRANGER)
    with sqlite3.connect(room.path) as connection:
        connection.execute("UPDATE inbound SET body = NULL WHERE seq = 2")
    connection.close()
    room = restart(open_room, stage)
    room.replay("challenged", room.pairing)
    assert room.challenged == [1, 3]
    assert room.outcomes()[2] == "corrupt"


def test_a_challenge_in_an_sms_chat_is_answered_by_sms(room: Room) -> None:
    room.append(message(1, chat_guid="SMS;-;+15552223333"), STRANGER)
    assert room.pairing.all(Challenged)[0].address.service == "sms"


def test_chunks_come_back_with_their_state(open_room: Open, stage: KillableStage) -> None:
    room = open_room()
    for number in range(1, 8):
        room.append(message(number))
    keys = [chunk_key(number, 0) for number in range(8)]
    room.record(*(queued(number, f"{number}") for number in range(1, 8)))
    room.record(
        Attempted(keys[2], START + 2),
        Deferred(keys[3], START + 30, 2, "busy"),
        Attempted(keys[4], START + 4),
        Uncertain(keys[4], "late"),
        Sent(keys[5], "G", START),
        Failed(keys[6], "never", 1.0),
    )
    room = restart(open_room, stage)
    sender, other = Probe("sender"), Probe("other")
    room.replay("chunks", sender, account=ACCOUNT)
    room.replay("chunks", other, account="other")
    (replayed,) = sender.all(Replayed)
    assert replayed.what == "chunks"
    assert other.all(Replayed)[0].items == ()
    assert replayed.items == (
        OpenChunk(keys[1], address(), "1", "queued", None, None, 0),
        OpenChunk(keys[2], address(), "2", "attempted", START + 2, None, 0),
        OpenChunk(keys[3], address(), "3", "deferred", None, START + 30, 2),
        OpenChunk(keys[4], address(), "4", "uncertain", START + 4, None, 0),
        OpenChunk(keys[7], address(), "7", "queued", None, None, 0),
    )


def test_a_chunk_comes_back_with_the_guid_its_last_attempt_carried(open_room: Open, stage: KillableStage) -> None:
    room = open_room()
    keys = [chunk_key(number, 0) for number in range(6)]
    for number in range(1, 6):
        room.append(message(number))
        room.record(replace(queued(number, "x", attempt=number < 3), guid="OURS" if number == 1 else ""))
    room.record(Attempted(keys[3], START, "THIRD"), Uncertain(keys[3], "late"))
    room.record(Attempted(keys[4], START, "FIRST"), Deferred(keys[4], START, 1, "busy"), Attempted(keys[4], START))
    room = restart(open_room, stage)
    sender = Probe("sender")
    room.replay("chunks", sender, account=ACCOUNT)
    assert [item.guid for item in sender.all(Replayed)[0].items] == ["OURS", "", "THIRD", "", ""]
    room.record(Sent(keys[1], "", START), Sent(keys[2], "", START), Sent(keys[3], "IMSG", START))
    assert room.rows("SELECT guid FROM outbox WHERE state = 'sent' ORDER BY key") == [("OURS",), ("",), ("IMSG",)]


def test_what_was_said_lately_comes_back_for_the_echo_memory(open_room: Open, stage: KillableStage) -> None:
    room = open_room()
    now = stage.clock.wall()
    times = [now - RECALLED - 1, now - RECALLED + 60, now - 1]
    for number, at in enumerate(times, start=1):
        room.append(message(number))
        room.record(queued(number, f"{number}"), Sent(chunk_key(number, 0), f"G{number}", at))
    room.record(queued(9, "nine"), Sent(chunk_key(9, 0), "", now), queued(10, "ten"))
    room = restart(open_room, stage)
    normalizer = Probe("normalizer")
    room.replay("echoes", normalizer)
    (replayed,) = normalizer.all(Replayed)
    assert [(said.chat_id, said.source, said.text, said.guid, said.at) for said in replayed.items] == [
        (7, 1, "2", "G2", times[1]),
        (7, 1, "3", "G3", times[2]),
        (7, 1, "nine", "", now),
    ]


def test_a_reader_learns_cursor_and_last_child(open_room: Open, stage: KillableStage) -> None:
    room = open_room()
    reader = Probe("reader")
    room.replay("source", reader, source=room.source)
    room.record(Baseline(room.source, 41), ChildStarted(room.source, 77, 12.5))
    room.append(message(42))
    room = restart(open_room, stage)
    room.replay("source", reader, source=room.source)
    room.record(ChildEnded(room.source))
    room.replay("source", reader, source=room.source)
    room.replay("source", reader, source=999)
    states = reader.all(SourceState)
    assert [[mark.rowid for mark in state.landmarks] for state in states] == [[], [42], [42], []]
    assert [replace(state, landmarks=()) for state in states] == [
        SourceState(room.source, None, None, None),
        SourceState(room.source, 42, 77, 12.5),
        SourceState(room.source, 42, None, None),
        SourceState(999, None, None, None),
    ]


def test_open_work_of_another_database_stays_where_it_is(open_room: Open, stage: KillableStage) -> None:
    """A chat number means nothing in another database."""
    room = open_room()
    room.append(message(1))
    room.append(message(2, account="gone"))
    room.append(message(3), STRANGER)
    room.append(message(4))
    room.record(queued(4, "four"))
    stage.kill()
    room = open_room(sources={ACCOUNT: 2})
    sender = Probe("sender")
    room.replay("challenged", room.pairing)
    room.replay("chunks", sender, account=ACCOUNT)
    assert (room.admitted, room.challenged, sender.all(Replayed)[0].items) == ([], [], ())
    assert room.outcomes() == {1: None, 2: None, 3: None, 4: "replied"}
    stage.kill()
    room = open_room(sources={ACCOUNT: 1})
    assert room.admitted == [1]


# The floor


def test_the_floor_finds_open_work_without_scanning_and_loses_none(open_room: Open, stage: KillableStage) -> None:
    room = open_room()
    room.tell(*(room.appended(message(n), Dropped("no mention")) for n in range(1, 9000)))
    room.append(message(9000))
    room.append(message(9001), STRANGER)
    room.append(message(9002))
    room.record(queued(9002, "x"))
    room.tell(*(room.appended(message(n), Dropped("no mention")) for n in range(9003, 17500)))
    room.append(message(17500))
    (floor,) = room.rows("SELECT value FROM mark WHERE name = 'floor'")
    assert 8000 < floor[0] <= 9000
    room = restart(open_room, stage)
    sender = Probe("sender")
    room.replay("challenged", room.pairing)
    room.replay("chunks", sender, account=ACCOUNT)
    assert room.admitted == [9000, 17500]
    assert room.challenged == [9001]
    assert [item.key for item in sender.all(Replayed)[0].items] == [chunk_key(9002, 0)]


def test_the_floor_stays_below_the_oldest_open_chunk(open_room: Open, stage: KillableStage) -> None:
    room = open_room()
    room.append(message(1))
    room.record(queued(1, "x"), Attempted(chunk_key(1, 0), START), Uncertain(chunk_key(1, 0), "late"))
    for number in range(2, 10):
        room.append(message(number), Dropped("no mention"))
    stage.tell(room.ref, Record(Settled(99, Replied())))
    room.ref.stop(block=False)
    stage.settle()
    assert open_room().rows("SELECT value FROM mark WHERE name = 'floor'") == [(1,)]


def test_a_stop_commits_what_is_pending_and_raises_the_floor(open_room: Open, stage: KillableStage) -> None:
    room = open_room()
    room.append(message(1), Dropped("no mention"))
    room.ref.tell(room.appended(message(2), Dropped("no mention")))
    room.ref.stop(block=False)
    stage.settle()
    room = open_room()
    assert room.outcomes() == {1: "dropped", 2: "dropped"}
    assert room.ledger.floor == 3
    assert room.ledger.next_seq == 3


# Counts


def test_counts_by_outcome_and_reason_survive_a_restart(open_room: Open, stage: KillableStage) -> None:
    room = open_room()
    verdicts: list[Verdict] = [
        admit(),
        admit(),
        admit(),
        admit(),
        Dropped("no mention", "k"),
        Dropped("no mention", "k"),
        Held("no agent"),
        Corrupt("guid is missing"),
        STRANGER,
        admit(),
    ]
    room.tell(*(room.appended(message(n, chat=n), verdict) for n, verdict in enumerate(verdicts, start=1)))
    room.append(message(1))
    room.record(
        queued(1, "a", "b"),
        queued(2, outcome=Absorbed("no reply")),
        Settled(3, Held("agent failed: exited with code 3")),
        Settled(4, Held("agent failed: timed out after 5 s")),
        Settled(9, Dropped("pairing required")),
        Sent(chunk_key(1, 0), "G", START + 9),
        Failed(chunk_key(1, 1), "never", 1.0),
    )
    expected = {
        "replied": 1,
        "absorbed": 1,
        "no mention": 2,
        "no agent": 1,
        "corrupt": 1,
        "agent failed": 2,
        "pairing required": 1,
    }
    assert dict(room.ledger.counts) == expected
    assert +room.ledger.outbox == {"sent": 1, "failed": 1}
    assert room.ledger.last_inbound == {ACCOUNT: START}
    assert room.ledger.last_sent == {ACCOUNT: START + 9}
    assert room.ledger.cursors == {1: 10}
    room = restart(open_room, stage)
    assert dict(room.ledger.counts) == expected
    assert +room.ledger.outbox == {"sent": 1, "failed": 1}


def test_the_outbox_is_counted_by_state_before_and_after_a_restart(open_room: Open, stage: KillableStage) -> None:
    room = open_room()
    for number in range(1, 6):
        room.append(message(number))
    keys = [chunk_key(number, 0) for number in range(6)]
    room.record(*(queued(number, "x", attempt=number == 5) for number in range(1, 6)))
    assert +room.ledger.outbox == {"queued": 4, "attempted": 1}
    room.record(Attempted(keys[1], START), Uncertain(keys[1], "late"), Deferred(keys[2], START, 1, "busy"))
    expected = {"queued": 2, "attempted": 1, "uncertain": 1, "deferred": 1}
    assert +room.ledger.outbox == expected
    room = restart(open_room, stage)
    assert +room.ledger.outbox == expected
    room.replay("chunks", Probe("sender"), account=ACCOUNT)
    room.record(Sent(keys[1], "G", START), Attempted(keys[3], START))
    assert +room.ledger.outbox == {"queued": 1, "attempted": 2, "deferred": 1, "sent": 1}


def test_a_row_that_was_held_and_is_let_in_counts_as_what_became_of_it(open_room: Open, stage: KillableStage) -> None:
    room = open_room()
    room.append(message(1), Held("pairing store unreadable"))
    assert +room.ledger.counts == {"pairing store unreadable": 1}
    room.tell(Record(Rejudged(1, message(1), admit()), room.sessions.ref))
    assert +room.ledger.counts == {}
    room.record(queued(1, "x"))
    assert +room.ledger.counts == {"replied": 1}
    room = restart(open_room, stage)
    assert +room.ledger.counts == {"replied": 1}


def test_a_successor_does_not_inherit_the_trouble(open_room: Open, stage: KillableStage) -> None:
    """``waiting`` holds up the readers: left over from a dead journal it would do so for ever."""
    room = open_room()
    room.ledger.waiting, room.ledger.trouble = 500, "the disk is full"
    room.ledger.load(room.store)
    assert (room.ledger.waiting, room.ledger.trouble) == (0, "")


# A fact that cannot be stored


def test_one_fact_that_cannot_be_stored_does_not_stop_the_others(room: Room) -> None:
    bad = replace(message(2), account="\ud800")
    room.tell(*(Record(Appended(row, admit()), None) for row in (message(1), bad, message(3))))
    assert room.admitted == [1, 2]
    assert room.rows("SELECT row_id FROM inbound ORDER BY seq") == [(1,), (3,)]


def failing_reads(room: Room, name: str, times: int) -> None:
    """The next ``times`` calls of this method of the store fail as a bad disk does."""
    real, left = getattr(room.store, name), [times]

    def read(*values: Any) -> Any:
        if left[0]:
            left[0] -= 1
            raise disk_error()
        return real(*values)

    setattr(room.store, name, read)


def test_a_replay_that_cannot_be_read_is_told_as_soon_as_it_can(open_room: Open) -> None:
    room = open_room(sessions=False)
    room.append(inbound(1))
    failing_reads(room, "open_rows", 2)
    room.replay("admitted", room.sessions)
    assert room.admitted == []
    assert "disk I/O error" in room.ledger.trouble
    for _ in range(3):
        room.stage.advance(1.0)
    assert room.admitted == [1]


def test_replays_put_off_by_a_full_disk_are_told_in_the_order_they_were_asked(open_room: Open) -> None:
    """The sender knows its chunks before a row is answered again."""
    room = open_room(sessions=False)
    room.append(inbound(1))
    full = [True]

    def before(_number: int, statement: str) -> None:
        if full[0] and statement.startswith("BEGIN"):
            raise sqlite3.OperationalError("database or disk is full")

    room.connection.before = before
    room.append(inbound(2))
    order: list[str] = []
    asker = Probe("asker", lambda message: order.append(type(message).__name__))
    room.replay("chunks", asker, account="default")
    full[0] = False
    room.replay("admitted", asker)
    room.stage.advance(1.0)
    assert order[0] == "Replayed"
    assert order[1:] == ["Admitted", "Admitted"]


def test_a_read_that_fails_after_the_commit_starts_the_journal_again(open_room: Open) -> None:
    """In place it could not know what it had told: its successor tells what is open, from disk."""
    room = open_room(sessions=False)
    for number in range(1, 41):
        room.append(inbound(number))
    room.replay("admitted", room.sessions)
    assert len(room.admitted) == 20
    failing_reads(room, "rows", 1)
    room.tell(*(Record(Settled(number, Replied())) for number in range(1, 21)))
    room.tell(*(Record(ChildEnded(room.source)) for _ in range(300)))
    room.stage.settle()
    assert not room.ref.is_alive() or len(room.admitted) == 40
