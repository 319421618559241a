"""Commands that concern a session: the sessions hear of one before anybody acts on it, also after a restart."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from typing import Any

import pytest
from msgspec.structs import replace

from actors.envelopes.control import Record
from actors.envelopes.facts import Appended, Rejudged
from actors.envelopes.inbound import Admitted, Commanded, Control, Held
from actors.envelopes.steering import Coming, Finished
from actors.journal.active import PER_CHAT
from tests.journal.conftest import Open
from tests.journal.desk import Room, control, message, queued
from tests.journal.test_reconfigured import goes_by
from tests.support.actors import Probe
from tests.support.probes import KillableStage

MAIN = "agent:main:main"
ONWARD: Control = replace(control(), onward=True)


class Ears:
    """The sessions and the desk, in the order in which they hear of something."""

    def __init__(self, room: Room) -> None:
        self.room = room
        self.heard: list[Any] = []
        self.sessions, self.desk = Probe("sessions", self.heard.append), Probe("desk", self.heard.append)
        room.replay("admitted", self.sessions)

    def append(self, *verdicts: Control | None) -> None:
        """Rows arrive in one group, from number 1 on."""
        to = {True: self.desk.ref, False: self.room.sender.ref}
        rows = ((message(n), one) for n, one in enumerate(verdicts, 1))
        told = (Appended(row, one or self.room.appended(row).fact.verdict) for row, one in rows)
        self.room.tell(*(Record(fact, to[type(fact.verdict) is Control]) for fact in told))

    @property
    def short(self) -> list[tuple[str, int]]:
        """What they heard: of which rows."""
        return [(type(one).__name__, one.seq) for one in self.heard if not isinstance(one, Finished)]


def test_the_sessions_hear_of_it_before_the_desk_does(room: Room) -> None:
    ears = Ears(room)
    ears.append(None, ONWARD, None, control())
    assert ears.short == [("Admitted", 1), ("Coming", 2), ("Commanded", 2), ("Commanded", 4), ("Admitted", 3)]
    assert ears.heard[1] == Coming(MAIN, 2)


def test_one_that_was_held_is_awaited_like_any_other(room: Room) -> None:
    ears = Ears(room)
    room.append(message(1), Held("stale backlog"))
    room.tell(Record(Rejudged(1, message(1), ONWARD), ears.desk.ref))
    assert ears.short == [("Coming", 1), ("Commanded", 1)]


def test_without_sessions_nobody_is_told(open_room: Open) -> None:
    room = open_room(sessions=False)
    room.append(message(1), ONWARD)
    assert (room.sessions.told, room.commanded) == ([], [(1, False)])
    room.replay("admitted", room.sessions)
    assert room.sessions.told == [Coming(MAIN, 1)]


def test_after_a_restart_what_is_open_is_awaited_before_anything_comes(open_room: Open, stage: KillableStage) -> None:
    room = open_room()
    room.tell(*(room.appended(message(n), control() if n in (2, 4, 5) else None) for n in range(1, 7)))
    room.record(queued(4, "done"))
    stage.kill()
    room = open_room()
    told = [(type(one), one.seq) for one in room.sessions.told]
    assert told == [(Coming, 2), (Coming, 5), (Admitted, 1), (Admitted, 3), (Admitted, 6)]
    room.record(queued(2, "done"))
    assert room.sessions.told[-1] == Finished((2,)), "also where the desk has not asked yet"
    room.replay("commanded", room.desk)
    assert [one.seq for one in room.desk.all(Commanded)] == [5]
    room.record(queued(5, "done"))
    assert room.sessions.told[-1] == Finished((5,))


def test_a_long_backlog_changes_nothing_about_that(open_room: Open, stage: KillableStage) -> None:
    room = open_room()
    room.tell(*(room.appended(message(n)) for n in range(1, PER_CHAT + 5)))
    room.append(message(100), control())
    stage.kill()
    room = open_room()
    assert room.sessions.told[0] == Coming(MAIN, PER_CHAT + 5)
    assert len(room.admitted) == PER_CHAT


@pytest.mark.parametrize("body", [None, b"{"])
def test_one_that_cannot_be_read_back_is_not_awaited_for_ever(
    open_room: Open, stage: KillableStage, body: bytes | None
) -> None:
    room = open_room()
    room.append(message(1), control())
    with closing(sqlite3.connect(room.path)) as connection:
        connection.execute("UPDATE inbound SET body = ?", (body,))
        connection.commit()
    stage.kill()
    room = open_room()
    assert room.sessions.told == [Coming(MAIN, 1)]
    room.replay("commanded", room.desk)
    assert room.sessions.told == [Coming(MAIN, 1), Finished((1,))]


def test_those_of_an_account_that_runs_again_are_awaited_too(open_room: Open, stage: KillableStage) -> None:
    room = open_room()
    work: dict[str, Any] = {"account": "work", "source": 2, "chat": 8}
    room.tell(room.appended(message(1, **work), control()), room.appended(message(2, **work)))
    stage.kill()
    room = open_room(sources={"default": 1})
    assert room.sessions.told == []
    goes_by(room, {"default": 1, "work": 2})
    assert [(type(one), one.seq) for one in room.sessions.told] == [(Coming, 1), (Admitted, 2)]
    goes_by(room, {"default": 1})
    goes_by(room, {"default": 1, "work": 2})
    room.record(queued(1, "done"))
    assert room.sessions.told[-1] == Finished((1,))
