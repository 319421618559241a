"""The window: bounded, fair, in order, and nothing lost. The gate: the same with rows and their bodies."""

from __future__ import annotations

import sqlite3

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from actors.envelopes.control import Record
from actors.envelopes.facts import Deferred, Failed, Sent, Settled, Uncertain
from actors.envelopes.inbound import Absorbed, Admitted, Held
from actors.envelopes.outbound import chunk_key
from actors.journal.active import LIMIT, PER_CHAT, Window
from actors.journal.gate import KEPT_ROWS
from tests.journal.conftest import Open
from tests.journal.desk import Room, message, queued
from tests.support.examples import examples
from tests.support.probes import KillableStage
from tests.support.rows import START, admit

LITTLE, FEW = 3, 2


class WindowAgainstAModel(RuleBasedStateMachine):
    """A window of three places, two of one chat, told the same story as a few lists."""

    def __init__(self) -> None:
        super().__init__()
        self.window: Window[str] = Window(LITTLE, FEW)
        self.waiting: dict[int, list[tuple[int, bool]]] = {}
        self.live: dict[int, tuple[int, bool]] = {}
        self.offered = 0
        self.passed: dict[int, list[int]] = {}
        self.through = 0

    def counted(self) -> int:
        """Live rows that count."""
        return sum(counts for _, counts in self.live.values())

    def enter(self, chat: int, seq: int, counts: bool) -> None:
        """The model's side of a row that went through."""
        self.live[seq] = (chat, counts)
        self.passed.setdefault(chat, []).append(seq)

    @rule(chat=st.integers(1, 4), counts=st.booleans())
    def a_row_wants_in(self, chat: int, counts: bool) -> None:
        self.offered += 1
        went = self.window.offer(self.offered, (1, chat), counts, f"{self.offered}")
        queue = self.waiting.setdefault(chat, [])
        if went:
            assert not queue, "it overtook its own chat"
            self.enter(chat, self.offered, counts)
        else:
            queue.append((self.offered, counts))

    @invariant()
    def it_knows_who_is_in_it(self) -> None:
        waiting = {seq for queue in self.waiting.values() for seq, _ in queue}
        assert self.window.seqs() == waiting | self.live.keys()

    @rule()
    def those_who_may_go(self) -> None:
        for seq, item in self.window.admit():
            assert item == f"{seq}"
            chat = next(chat for chat, queue in self.waiting.items() if queue and queue[0][0] == seq)
            first, counts = self.waiting[chat].pop(0)
            assert first == seq
            self.enter(chat, seq, counts)
        full = self.counted() >= LITTLE
        for chat, queue in self.waiting.items():
            if queue:
                alive = sum(one == chat for one, _ in self.live.values())
                assert alive >= FEW or (full and queue[0][1]), "it waits for nothing"

    @rule(data=st.data())
    def one_is_through(self, data: st.DataObject) -> None:
        seq = data.draw(st.sampled_from([*self.live, 1 << 40]))
        self.window.release(seq)
        self.through += self.live.pop(seq, None) is not None
        self.window.release(seq)

    @rule(data=st.data(), chat=st.none() | st.integers(1, 4))
    def some_wait_no_longer(self, data: st.DataObject, chat: int | None) -> None:
        queues = [queue for number, queue in self.waiting.items() if chat in (None, number)]
        there = [seq for queue in queues for seq, _ in queue]
        assert sorted(self.window.waiting_of(None if chat is None else (1, chat))) == sorted(there)
        gone = data.draw(st.sets(st.sampled_from(there))) if there else set[int]()
        assert sorted(self.window.forget(gone), key=int) == [f"{seq}" for seq in sorted(gone)]
        for queue in queues:
            queue[:] = [one for one in queue if one[0] not in gone]
        self.through += len(gone)

    @invariant()
    def it_is_bounded_and_counts_right(self) -> None:
        assert self.counted() <= LITTLE
        for chat in self.waiting:
            assert sum(one == chat for one, _ in self.live.values()) <= FEW
        assert self.window.live == len(self.live)
        assert self.window.waiting == sum(map(len, self.waiting.values()))
        assert self.window.live + self.window.waiting + self.through == self.offered

    @invariant()
    def every_chat_is_in_order(self) -> None:
        for passed in self.passed.values():
            assert passed == sorted(passed)


WindowAgainstAModel.TestCase.settings = settings(max_examples=examples(60), stateful_step_count=60, deadline=None)
TestWindow = WindowAgainstAModel.TestCase


def test_the_limits_are_those_of_the_design() -> None:
    assert (LIMIT, PER_CHAT) == (512, 20)


@given(sizes=st.lists(st.integers(1, 30), min_size=2, max_size=8))
@settings(max_examples=40, deadline=None)
def test_waiting_chats_take_turns(sizes: list[int]) -> None:
    """A backlog of one chat does not starve the others (promise 14)."""
    window: Window[None] = Window(limit=1, per_chat=5)
    assert window.offer(0, (1, 0), True, None)
    seq = 0
    chat_of = {}
    for chat, size in enumerate(sizes, start=1):
        for _ in range(size):
            seq += 1
            chat_of[seq] = chat
            assert not window.offer(seq, (1, chat), True, None)
    window.release(0)
    order = []
    while found := list(window.admit()):
        ((one, _),) = found
        order.append(chat_of[one])
        window.release(one)
    assert len(order) == sum(sizes)
    for turn in range(max(sizes)):
        still = [chat for chat, size in enumerate(sizes, start=1) if size > turn]
        assert order[: len(still)] == still
        order = order[len(still) :]


def test_a_newcomer_does_not_take_the_place_of_one_who_waits() -> None:
    window: Window[str] = Window(limit=1)
    assert window.offer(1, (1, 1), True, "a")
    assert not window.offer(2, (1, 2), True, "b")
    window.release(1)
    assert not window.offer(3, (1, 3), True, "c")
    assert list(window.admit()) == [(2, "b")]
    window.release(2)
    assert list(window.admit()) == [(3, "c")]


def test_the_same_chat_number_in_another_database_is_another_chat() -> None:
    window: Window[None] = Window(per_chat=1)
    assert window.offer(1, (1, 7), True, None)
    assert window.offer(2, (2, 7), True, None)
    assert not window.offer(3, (1, 7), True, None)


def test_rows_of_slow_agents_are_not_counted_but_bounded_per_chat() -> None:
    window: Window[None] = Window(limit=2, per_chat=2)
    for seq in range(100):
        assert window.offer(seq, (1, seq), False, None)
    assert window.offer(200, (1, 200), True, None)
    assert window.offer(300, (1, 1), False, None)
    assert not window.offer(301, (1, 1), False, None), "two of one chat are live"


# The gate, on a real journal


def test_at_most_the_limit_is_beyond_the_gate_and_the_rest_follows_in_order(room: Room) -> None:
    total = LIMIT + 300
    room.tell(*(room.appended(message(n, chat=n)) for n in range(1, total + 1)))
    assert room.admitted == list(range(1, LIMIT + 1))
    room.record(*(queued(n, "x", chat=n) for n in range(1, 101)))
    assert len(room.admitted) == LIMIT, "queued is not through"
    room.record(*(Sent(chunk_key(n, 0), "G", START) for n in range(1, 101)))
    assert room.admitted == list(range(1, LIMIT + 101))


def test_one_chat_has_at_most_twenty_beyond_the_gate(room: Room) -> None:
    room.tell(*(room.appended(message(n)) for n in range(1, 51)))
    assert room.admitted == list(range(1, PER_CHAT + 1))
    room.record(Settled(1, Absorbed("no reply")))
    assert room.admitted == list(range(1, PER_CHAT + 2))


def test_slow_agents_do_not_fill_the_gate(room: Room) -> None:
    room.tell(*(room.appended(message(n, chat=n), admit(waits=True)) for n in range(1, LIMIT + 50)))
    room.append(message(5000, chat=5000))
    assert len(room.admitted) == LIMIT + 50


@pytest.mark.parametrize("end", ["sent", "failed", "uncertain"])
def test_a_place_is_free_when_the_reply_is_out_or_given_up(room: Room, end: str) -> None:
    room.tell(*(room.appended(message(n)) for n in range(1, 25)))
    room.record(queued(1, "one", "two"))
    match end:
        case "sent":
            room.record(Sent(chunk_key(1, 0), "G", START))
            assert len(room.admitted) == PER_CHAT, "half a reply is not a reply"
            room.record(Deferred(chunk_key(1, 1), START, 1, "busy"))
            assert len(room.admitted) == PER_CHAT, "it will be tried again"
            room.record(Sent(chunk_key(1, 1), "G", START))
        case "failed":
            room.record(Failed(chunk_key(1, 0), "why", 1.0))
        case "uncertain":
            room.record(Uncertain(chunk_key(1, 0), "why"))
    assert len(room.admitted) == PER_CHAT + 1
    room.record(Sent(chunk_key(1, 0), "G", START), Sent(chunk_key(1, 1), "G", START))
    assert len(room.admitted) == PER_CHAT + 1, "a reply ends once"


def test_a_row_that_is_held_after_all_frees_its_place(room: Room) -> None:
    room.tell(*(room.appended(message(n)) for n in range(1, 25)))
    room.record(Settled(3, Held("agent failed: exited with code 3")))
    assert len(room.admitted) == PER_CHAT + 1


def test_what_waits_beyond_memory_is_read_back_whole(room: Room) -> None:
    """Long rows, and rows beyond the number kept in memory, come from disk and are the same."""
    rows = [message(n, chat=1 + n // PER_CHAT, text=f"{n} " + "x" * 5000 * (n % 2)) for n in range(LIMIT + 200)[1:]]
    for row in rows:
        room.append(row)
    for number in range(1, LIMIT + 200):
        room.record(Settled(number, Absorbed("no reply")))
    told = room.sessions.all(Admitted)
    assert [one.row for one in sorted(told, key=lambda one: one.seq)] == rows
    assert {one.session for one in told} == {"agent:main:main"}
    assert {one.agent for one in told} == {"main"}


def test_the_memory_of_waiting_rows_is_bounded(room: Room) -> None:
    count = KEPT_ROWS + LIMIT + 500
    room.tell(*(room.appended(message(n, chat=1 + n % 100)) for n in range(1, count + 1)))
    released = 0
    while released < count:
        live = [one.seq for one in room.sessions.all(Admitted)][released:]
        assert 0 < len(live) <= LIMIT
        room.tell(*(Record(Settled(seq, Absorbed("no reply"))) for seq in live))
        released += len(live)
    assert sorted(room.admitted) == list(range(1, count + 1))
    for chat in range(100):
        own = [seq for seq in room.admitted if seq % 100 == chat]
        assert own == sorted(own)


def test_rows_that_wait_a_moment_are_not_read_from_disk(room: Room) -> None:
    """However many waited before."""
    reads: list[str] = []
    room.connection.before = lambda _, sql: reads.append(sql) if "seq IN" in sql else None
    half = KEPT_ROWS // 2
    through = 0
    for start in range(0, 3 * KEPT_ROWS, half):
        room.tell(*(room.appended(message(n, chat=1 + n % 100)) for n in range(start + 1, start + half + 1)))
        while through < start + half:
            live = room.admitted[through:]
            through += len(live)
            room.tell(*(Record(Settled(seq, Absorbed("no reply"))) for seq in live))
    assert reads == []


def test_a_damaged_row_ends_as_corrupt_instead_of_blocking_its_chat(open_room: Open, stage: KillableStage) -> None:
    room = open_room()
    room.tell(*(room.appended(message(n)) for n in range(1, 4)))
    with sqlite3.connect(room.path) as connection:
        connection.execute("UPDATE inbound SET body = x'00' WHERE seq = 1")
    connection.close()
    stage.kill()
    again = open_room()
    assert again.admitted == [2, 3]
    assert again.outcomes() == {1: "corrupt", 2: None, 3: None}


def test_without_sessions_rows_wait_on_disk_and_come_with_their_first_replay(open_room: Open) -> None:
    room = open_room(sessions=False)
    room.tell(*(room.appended(message(n)) for n in range(1, 4)))
    assert room.admitted == []
    room.replay("admitted", room.sessions)
    assert room.admitted == [1, 2, 3]
    room.append(message(4))
    assert room.admitted == [1, 2, 3, 4]


def test_sessions_that_start_again_get_everything_open_again(room: Room) -> None:
    room.tell(*(room.appended(message(n)) for n in range(1, 30)))
    room.record(Settled(1, Absorbed("no reply")), queued(2, "two"))
    first = len(room.admitted)
    room.replay("admitted", room.sessions)
    assert room.admitted[first:] == list(range(3, 3 + PER_CHAT))
