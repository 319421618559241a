"""Answers in parts: places, what a restart finds begun, and that the sessions hear of every end."""

from __future__ import annotations

from typing import Any

import pytest

from actors.envelopes.facts import Discarded, Failed, Queued, Rejudged, Sent, Settled, Uncertain
from actors.envelopes.inbound import Absorbed, Admitted, Commanded, Dropped, Held, Replied
from actors.envelopes.outbound import chunk_key
from actors.envelopes.steering import Finished
from actors.journal.active import PER_CHAT
from tests.journal.conftest import Open
from tests.journal.desk import Room, control, later, message, queued, settled
from tests.journal.turning import answered, part, turn
from tests.support.probes import KillableStage
from tests.support.rows import ACCOUNT, START, admit

STALE = Held("stale backlog", "recovery")


def finished(room: Room) -> list[tuple[int, ...]]:
    """What the sessions heard of, commit by commit."""
    return [told.seqs for told in room.sessions.all(Finished)]


def full(room: Room, more: int = 1) -> None:
    """As many rows of one chat as may live at a time, and some that wait."""
    room.tell(*(room.appended(message(n)) for n in range(1, PER_CHAT + 1 + more)))
    assert len(room.admitted) == PER_CHAT


def sent(seq: int, *positions: int) -> tuple[Sent, ...]:
    """These chunks of an answer are out."""
    return tuple(Sent(chunk_key(seq, position), f"G{position}", START) for position in positions)


# Places


def test_a_place_is_free_when_all_parts_are_out_and_the_last_one_came(room: Room) -> None:
    full(room, more=3)
    room.record(part(0, 2, 0, "one", "two", settles=(1,)), *sent(2, 0))
    room.record(*sent(2, 1))
    assert len(room.admitted) == PER_CHAT, "more may follow"
    room.record(part(1, 2, 2, "three"))
    room.record(part(2, 2, 3, "four", settles=(2,), record=turn(1, 2)), *sent(2, 2))
    assert len(room.admitted) == PER_CHAT, "one is not out yet"
    room.record(*sent(2, 3))
    assert len(room.admitted) == PER_CHAT + 2


def test_a_last_part_with_nothing_to_say_frees_the_place(room: Room) -> None:
    full(room, more=3)
    room.record(part(0, 1, 0, "one"), *sent(1, 0))
    room.record(part(1, 1, 1, settles=(1,), record=turn(1)))
    assert len(room.admitted) == PER_CHAT + 1
    room.record(part(0, 2, 0, "one"))
    room.record(part(1, 2, 1, settles=(2,), record=turn(2)))
    assert len(room.admitted) == PER_CHAT + 1, "a part is not out yet"
    room.record(*sent(2, 0))
    assert len(room.admitted) == PER_CHAT + 2


def test_a_turn_that_is_cut_off_frees_the_place_when_what_was_said_is_out(room: Room) -> None:
    full(room)
    room.record(part(0, 1, 0, "one"), Settled(1, Replied(), turn(1)))
    assert len(room.admitted) == PER_CHAT
    room.record(*sent(1, 0))
    assert len(room.admitted) == PER_CHAT + 1


@pytest.mark.parametrize("end", [Failed(chunk_key(2, 0), "no", START), Uncertain(chunk_key(2, 0), "?")])
def test_a_part_that_waits_for_a_person_holds_no_place(room: Room, end: Any) -> None:
    full(room, more=3)
    room.record(part(0, 2, 0, "one", settles=(1,)))
    room.record(end)
    assert len(room.admitted) == PER_CHAT + 1, "the carrier's turn still runs"
    room.record(part(1, 2, 1, "two", settles=(2,), record=turn(1, 2)))
    assert len(room.admitted) == PER_CHAT + 2
    room.record(Discarded(chunk_key(2, 1), "purged", START), *sent(2, 0))
    assert len(room.admitted) == PER_CHAT + 2


def test_a_later_answer_or_a_notice_changes_no_place(room: Room) -> None:
    full(room)
    room.record(later(1, "welcome", first=1024), *sent(1, 1024))
    room.record(part(0, 1, 0, "one"), later(1, "notice", first=2048), *sent(1, 2048))
    assert len(room.admitted) == PER_CHAT
    room.record(part(1, 1, 1, "two", settles=(1,)), *sent(1, 0, 1))
    assert len(room.admitted) == PER_CHAT + 1


def test_parts_for_an_account_that_does_not_run_hold_no_place(open_room: Open) -> None:
    room = open_room(sources={ACCOUNT: 2})
    room.append(message(1, source=2))
    room.record(part(0, 1, 0, "one"), part(1, 1, 1, "two", settles=(1,)))
    assert finished(room) == [(1,)]
    assert room.states() == {chunk_key(1, 0): "queued", chunk_key(1, 1): "queued"}


def test_every_part_is_in_the_outbox(room: Room) -> None:
    room.append(message(1))
    for number, text in enumerate(("one", "two", "three")):
        room.record(part(number, 1, number, text, settles=(1,) if number == 2 else ()))
    assert room.rows("SELECT key & 4095, text FROM outbox ORDER BY key") == [(0, "one"), (1, "two"), (2, "three")]
    assert [seq for seq in room.sender.told if seq.seq < 0] == []


# After a restart


def test_a_row_whose_answer_was_cut_off_is_told_as_begun(open_room: Open, stage: KillableStage) -> None:
    room = open_room()
    room.tell(*(room.appended(message(n)) for n in range(1, 4)), room.appended(message(4), control()))
    room.append(message(5), control())
    room.record(part(0, 2, 0, "one", settles=(1,)), part(0, 4, 0, "two"), later(3, "notice", first=2048))
    stage.kill()
    room = open_room()
    assert [(told.seq, told.begun) for told in room.sessions.all(Admitted)] == [(2, True), (3, False)]
    room.replay("commanded", room.desk)
    assert [(told.seq, told.begun) for told in room.desk.all(Commanded)] == [(4, True), (5, False)]
    room.record(Settled(2, Replied(), turn(2)), Settled(4, Replied()))
    assert finished(room) == [(2, 4)]
    stage.kill()
    assert open_room().admitted == [3]


def test_a_row_that_was_held_is_told_as_released(open_room: Open, stage: KillableStage) -> None:
    room = open_room()
    room.append(message(1))
    room.append(message(2), STALE)
    room.record(Rejudged(2, message(2), admit()))
    stage.kill()
    again = open_room()
    for one in (room, again):
        assert [(told.seq, told.released) for told in one.sessions.all(Admitted)] == [(1, False), (2, True)]


# Ends


def test_the_sessions_hear_once_a_commit_which_rows_ended(room: Room) -> None:
    room.tell(*(room.appended(message(n)) for n in range(1, 6)), room.appended(message(6), control()))
    room.record(answered(1, 2), settled(3, Absorbed("stopped")))
    room.record(settled(4, Held("agent failed: no")), queued(6, "done"))
    room.record(*sent(2, 0))
    assert finished(room) == [(1, 2, 3), (4, 6)]


def test_they_hear_nothing_of_rows_that_were_not_for_them(room: Room) -> None:
    room.append(message(1), STALE)
    room.append(message(2), Dropped("empty body"))
    room.record(settled(3), Queued((), (), 0, START))
    room.record(Rejudged(1, message(1), Dropped("empty body")))
    assert finished(room) == []


def test_a_row_in_parts_ends_with_the_last(room: Room) -> None:
    room.tell(room.appended(message(1)), room.appended(message(2)))
    room.record(part(0, 2, 0, "one", settles=(1,)))
    room.record(part(1, 2, 1, "two", settles=(2,)))
    assert finished(room) == [(1,), (2,)]


def test_sessions_that_start_again_hear_of_what_they_were_told(open_room: Open, stage: KillableStage) -> None:
    room = open_room(sessions=False)
    room.append(message(1))
    room.append(message(2))
    room.record(queued(1, "x"))
    room.replay("admitted", room.sessions)
    assert (room.admitted, finished(room)) == ([2], [])
    room.record(queued(2, "x"))
    assert finished(room) == [(2,)]


def test_commands_told_again_end_too(open_room: Open, stage: KillableStage) -> None:
    room = open_room()
    room.append(message(1), control())
    stage.kill()
    room = open_room()
    room.replay("commanded", room.desk)
    room.record(queued(1, "done"))
    assert finished(room) == [(1,)]
