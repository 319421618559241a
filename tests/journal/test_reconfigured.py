"""Accounts come and go while the journal works: what is open of one that comes back is told once, and nothing else."""

from __future__ import annotations

from typing import Any

import pytest

from actors.envelopes.control import Reconfigure, Recorded, Replay, Replayed
from actors.envelopes.facts import Sent
from actors.envelopes.inbound import Challenge, Challenged, Commanded, Held
from actors.envelopes.outbound import chunk_key
from actors.journal.active import LIMIT, PER_CHAT
from actors.journal.actor import JournalView
from actors.journal.replays import PAGE
from tests.journal.conftest import Open
from tests.journal.desk import Room, control, disk_error, message, queued, settled
from tests.support.actors import Probe
from tests.support.probes import KillableStage
from tests.support.rows import ACCOUNT, ANN, START

ALONE = {ACCOUNT: 1}
BOTH = {ACCOUNT: 1, "work": 2}
ASKED = Challenge(ANN, "channels.imessage.dmPolicy")


def of_work(number: int, **keys: Any) -> Any:
    """A message to the account that comes and goes."""
    return message(number, **{"account": "work", "source": 2, **keys})


def goes_by(room: Room, sources: dict[str, int] | None) -> None:
    """Another view, and then whoever judges says that everybody goes by the newer config."""
    reconfigured(room, sources)
    resumed(room)


def reconfigured(room: Room, sources: dict[str, int] | None) -> None:
    """Another view alone."""
    room.tell(Reconfigure(JournalView(sources, None)))


def resumed(room: Room) -> None:
    """What is open of accounts that came is asked for."""
    room.replay("resumed", room.sessions)
    room.stage.advance(1.0)


@pytest.fixture
def left(open_room: Open, stage: KillableStage) -> Room:
    """A journal that knows ``default`` alone; of ``work`` it has, from an earlier life, three open rows of one chat, a
    challenge and a command, and one row of another database.
    """
    room = open_room()
    room.tell(
        *(room.appended(of_work(n)) for n in (1, 2, 3)),
        room.appended(of_work(4), ASKED),
        room.appended(of_work(5), control()),
        room.appended(of_work(6, source=3)),
        room.appended(message(7)),
    )
    stage.kill()
    room = open_room(sources=ALONE)
    room.replay("challenged", room.pairing)
    room.replay("commanded", room.desk)
    assert (room.admitted, room.challenged, room.commanded) == ([7], [], [])
    return room


def test_what_an_earlier_life_left_open_is_told_once_its_account_runs_again(left: Room) -> None:
    goes_by(left, BOTH)
    assert left.admitted == [7, 1, 2, 3]
    assert [(one.seq, one.replayed) for one in left.pairing.all(Challenged)] == [(4, True)]
    assert left.commanded == [(5, True)]
    for again in (BOTH, {**BOTH, "more": 9}, BOTH):
        goes_by(left, again)
    assert (left.challenged, left.commanded) == ([4], [(5, True)])
    for again in (ALONE, BOTH):
        goes_by(left, again)
    assert left.admitted == [7, 1, 2, 3], "they are in the window"
    goes_by(left, {ACCOUNT: 1, "work": 3})
    assert left.admitted == [7, 1, 2, 3, 6]


def test_it_waits_until_everybody_goes_by_the_newer_config(left: Room) -> None:
    """Else somebody would be answered who may not speak any more."""
    told = left.told()
    reconfigured(left, BOTH)
    left.stage.advance(5.0)
    assert left.told() == told
    resumed(left)
    assert left.told() == told + 6, "of the command both hear who act on it"


def test_who_goes_away_again_before_that_is_not_told(left: Room) -> None:
    reconfigured(left, BOTH)
    goes_by(left, ALONE)
    assert (left.admitted, left.challenged, left.commanded) == ([7], [], [])
    goes_by(left, BOTH)
    assert (left.admitted, left.challenged, left.commanded) == ([7, 1, 2, 3], [4], [(5, True)])


def test_nothing_is_told_that_has_ended_meanwhile(left: Room) -> None:
    left.record(settled(2), settled(4), settled(5))
    goes_by(left, BOTH)
    assert (left.admitted, left.challenged, left.commanded) == ([7, 1, 3], [], [])


def test_what_came_while_its_account_was_leaving_is_not_told_twice(left: Room) -> None:
    goes_by(left, BOTH)
    goes_by(left, ALONE)
    left.tell(left.appended(of_work(20)), left.appended(of_work(21), ASKED), left.appended(of_work(22), control()))
    assert (left.admitted[-1], left.challenged[-1], left.commanded[-1]) == (8, 9, (10, False))
    goes_by(left, BOTH)
    assert left.admitted == [7, 1, 2, 3, 8]
    assert left.challenged == [4, 9, 4, 9], "again, as after a restart: whether it was answered the row says"
    assert left.commanded == [(5, True), (10, False), (5, True), (10, True)]


def test_rows_that_wait_for_a_place_are_in_the_window_too(open_room: Open) -> None:
    room = open_room(sources=BOTH)
    count = PER_CHAT + 10
    room.tell(*(room.appended(of_work(n)) for n in range(1, count + 1)))
    goes_by(room, ALONE)
    goes_by(room, BOTH)
    assert room.admitted == list(range(1, PER_CHAT + 1))
    room.record(*(settled(n) for n in range(1, count + 1)))
    assert room.admitted == list(range(1, count + 1))


def test_those_that_come_keep_their_order_and_the_limits(open_room: Open, stage: KillableStage) -> None:
    room = open_room()
    count = LIMIT + 40
    room.tell(*(room.appended(of_work(n, chat=1 + n % 40)) for n in range(1, count + 1)))
    stage.kill()
    room = open_room(sources=ALONE)
    room.append(message(10_000))
    goes_by(room, BOTH)
    assert len(room.admitted) == LIMIT
    through = 0
    while through < len(room.admitted):
        live = room.admitted[through:]
        through += len(live)
        room.record(*(settled(seq) for seq in live))
    assert sorted(room.admitted) == list(range(1, count + 2))
    for chat in range(40):
        own = [seq for seq in room.admitted if seq % 40 == chat and seq <= count]
        assert own == sorted(own)


def test_those_are_told_who_asked_last(left: Room) -> None:
    registry, desk = Probe("registry"), Probe("another desk")
    left.replay("challenged", registry)
    left.replay("commanded", desk)
    goes_by(left, BOTH)
    assert ([one.seq for one in registry.all(Challenged)], left.challenged) == ([4], [])
    assert ([one.seq for one in desk.all(Commanded)], left.commanded) == ([5], [])


def test_whoever_asks_for_everything_meanwhile_is_not_told_twice(left: Room) -> None:
    reconfigured(left, BOTH)
    left.replay("challenged", left.pairing)
    left.replay("admitted", left.sessions)
    resumed(left)
    assert (left.challenged, left.commanded, left.admitted) == ([4], [(5, True)], [7, 1, 2, 3, 7])


def test_nobody_is_told_who_has_not_asked_yet(open_room: Open, stage: KillableStage) -> None:
    room = open_room()
    room.tell(room.appended(of_work(1)), room.appended(of_work(2), ASKED), room.appended(of_work(3), control()))
    stage.kill()
    room = open_room(sources=ALONE, sessions=False)
    goes_by(room, BOTH)
    assert room.told() == 0
    room.replay("admitted", room.sessions)
    room.replay("challenged", room.pairing)
    room.replay("commanded", room.desk)
    assert (room.admitted, room.challenged, room.commanded) == ([1], [2], [(3, True)])
    goes_by(room, {**BOTH, "more": 9})
    assert (room.admitted, room.challenged, room.commanded) == ([1], [2], [(3, True)])


def test_many_are_told_a_page_at_a_time(open_room: Open, stage: KillableStage) -> None:
    room, count = open_room(), PAGE + 5
    room.tell(*(room.appended(of_work(n), control()) for n in range(1, count + 1)))
    stage.kill()
    room = open_room(sources=ALONE)
    room.replay("commanded", room.desk)
    goes_by(room, BOTH)
    assert room.commanded == [(seq, True) for seq in range(1, count + 1)]


@pytest.mark.parametrize("fails", range(4))
def test_a_disk_that_cannot_be_read_just_then_loses_and_doubles_nothing(left: Room, fails: int) -> None:
    reconfigured(left, BOTH)
    reads: list[str] = []

    def before(_number: int, sql: str) -> None:
        if sql.startswith("SELECT"):
            reads.append(sql)
            if len(reads) == fails + 1:
                raise disk_error()

    left.connection.before = before
    resumed(left)
    left.stage.advance(5.0)
    assert len(reads) > fails
    assert (left.admitted, left.challenged, left.commanded) == ([7, 1, 2, 3], [4], [(5, True)])


def test_without_a_change_nothing_is_read(left: Room) -> None:
    goes_by(left, dict(ALONE))
    reads: list[str] = []
    left.connection.before = lambda _, sql: reads.append(sql)
    goes_by(left, dict(ALONE))
    assert reads == []


# What else goes by it


def test_it_goes_by_what_it_was_told_whatever_becomes_of_that(open_room: Open, stage: KillableStage) -> None:
    sources = dict(BOTH)
    room = open_room(sources=sources)
    room.append(of_work(1), Held("no agent"))
    sources.clear()
    room.replay("held", room.sender, seqs=(1,))
    assert [one.seq for one in room.sender.all(Recorded)[1:]] == [1]


def test_held_rows_chunks_and_askers_follow_it(open_room: Open) -> None:
    room = open_room(sources=BOTH)
    room.tell(room.appended(of_work(1), Held("no agent")), room.appended(of_work(2), ASKED))
    room.append(of_work(3))
    room.record(queued(3, "text"))
    room.connection.execute("UPDATE outbox SET account = 'work', source = 2")

    def seen() -> tuple[int, int, int]:
        probe = Probe("anybody")
        room.tell(
            Replay("held", probe.ref, seqs=(1,)),
            Replay("chunks", probe.ref, account="work"),
            Replay("asked", probe.ref, account="work", reason=ANN),
        )
        chunks, asked = probe.all(Replayed)
        return len(probe.all(Recorded)), len(chunks.items), len(asked.items)

    assert seen() == (1, 1, 1)
    goes_by(room, ALONE)
    assert seen() == (0, 0, 0)
    goes_by(room, {**ALONE, "work": 3})
    assert seen() == (0, 0, 0)
    goes_by(room, None)
    assert seen() == (1, 1, 1)


def test_chunks_of_an_account_that_goes_away_are_named(open_room: Open, stage: KillableStage) -> None:
    room = open_room(sources=BOTH)
    room.append(of_work(1))
    room.record(queued(1, "text"))
    room.connection.execute("UPDATE outbox SET account = 'work', source = 2")

    def named() -> int:
        return sum("of account work, which does not run, are kept" in text for _, text in stage.logged)

    for sources, times in ((BOTH, 0), (ALONE, 1), (ALONE, 1), (BOTH, 1), (ALONE, 2)):
        reconfigured(room, sources)
        assert named() == times
    room.connection.before = lambda *_: (_ for _ in ()).throw(disk_error())
    reconfigured(room, {})
    room.connection.before = None
    assert stage.deaths.told == []
    room.record(Sent(chunk_key(1, 0), "G", START))
    assert room.states() == {chunk_key(1, 0): "sent"}
