"""Which turns are before the point a session began anew at: those that began before it, whatever the clock says."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec.structs import replace

from actors.envelopes.facts import Fact, Queued, Rejudged, Renewed
from actors.journal.roster import MOST, Anew, Roster
from tests.journal.conftest import Open
from tests.journal.desk import Room, message
from tests.journal.turning import FAMILY, MAIN, answered, failed, recalled
from tests.support.probes import KillableStage
from tests.support.rows import START, admit

HOUR = 3600.0


def begun_before(*seqs: int, **keys: Any) -> Queued:
    """A turn that ran when its session began anew, and ends now."""
    fact = answered(*seqs, **keys)
    assert fact.turn is not None
    return replace(fact, turn=replace(fact.turn, before_renewal=True))


def told(room: Room, session: str = MAIN) -> list[int]:
    """The turns an agent is told."""
    return [past.seq for past in recalled(room, session).turns]


@pytest.mark.parametrize("restart", [False, True], ids=["at once", "after a restart"])
def test_a_clock_that_goes_back_makes_no_session_forget(open_room: Open, stage: KillableStage, restart: bool) -> None:
    room = open_room()
    room.append(message(1))
    room.record(answered(1, at=START), Renewed(MAIN, START + 10, "asked"))
    if restart:
        stage.kill()
        room = open_room()
    for n in range(2, 5):
        room.append(message(n))
        room.record(answered(n, at=START - HOUR + n))
    assert told(room) == [2, 3, 4]
    assert recalled(room).number == 4


@pytest.mark.parametrize("apart", [False, True], ids=["in one commit", "in two"])
def test_a_turn_that_ran_belongs_before_though_the_clock_went_back(room: Room, apart: bool) -> None:
    for n in range(1, 5):
        room.append(message(n))
    facts: list[Fact] = [
        answered(1, at=START),
        Renewed(MAIN, START - HOUR, "asked"),
        begun_before(2, at=START + 1),
        answered(3, at=START - HOUR + 1),
    ]
    if apart:
        for fact in facts:
            room.record(fact)
    else:
        room.record(*facts)
    assert told(room) == [3]
    assert room.rows("SELECT seq, number, place FROM turn ORDER BY seq") == [(1, 1, 1), (2, 1, 0), (3, 2, 1)]


def test_so_it_does_where_nobody_remembers_but_the_disk(open_room: Open, stage: KillableStage) -> None:
    room = open_room()
    room.append(message(1))
    room.append(message(2))
    room.record(answered(1, at=START), Renewed(MAIN, START + 10, "asked"))
    stage.kill()
    room = open_room()
    room.record(begun_before(2, at=START + 20))
    assert told(room) == []


def test_one_of_a_session_that_never_began_anew_is_a_turn_like_any(room: Room) -> None:
    room.append(message(1))
    room.record(begun_before(1))
    assert told(room) == [1]
    room.record(Renewed(MAIN, START, "asked"))
    assert told(room) == []


def test_what_was_on_its_way_belongs_before_and_what_comes_later_does_not(room: Room) -> None:
    for n in range(1, 4):
        room.append(message(n))
    room.record(Renewed(MAIN, START + 10, "asked"))
    room.append(message(4))
    room.record(answered(1, at=START + 9), answered(2, at=START + 10), answered(4, at=START - HOUR))
    assert told(room) == [2, 4]


def test_a_message_that_is_released_after_it_belongs_after_it(room: Room) -> None:
    room.append(message(1))
    room.record(failed(1, at=START), Renewed(MAIN, START + 10, "asked"), Rejudged(1, message(1), admit()))
    room.record(answered(1, at=START + 20))
    assert told(room) == [1]


def test_only_its_own_session_counts(room: Room) -> None:
    room.append(message(1))
    room.append(message(2), admit(FAMILY))
    room.record(Renewed(MAIN, START + 10, "asked"), answered(2, session=FAMILY, at=START))
    assert told(room, FAMILY) == [2]


def test_the_disk_is_not_asked_for_every_commit(room: Room) -> None:
    room.append(message(1))
    room.record(answered(1))
    asked: list[str] = []
    room.connection.before = lambda _, sql: asked.append(sql) if sql.startswith("SELECT") else None
    for n in range(2, 5):
        room.append(message(n))
        room.record(answered(n))
    assert [sql for sql in asked if "renewal" in sql or "mark" in sql or "turn" in sql] == []


def test_a_renewal_is_remembered_for_as_long_as_there_is_room() -> None:
    roster = Roster()
    for n in range(MOST + 2):
        roster.learn({}, {}, {f"s{n}": Anew(n, START, n)})
    roster.learn({}, {}, {"s2": Anew(7, START, 7)})
    assert len(roster.anew) == MOST
    assert "s1" not in roster.anew
    assert [*roster.anew][-1] == "s2"
