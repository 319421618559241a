"""Lanes: order within a chat, turns between chats, and nothing lost whatever happens to a chunk."""

from __future__ import annotations

from dataclasses import dataclass, field

from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    MultipleResults,
    RuleBasedStateMachine,
    consumes,
    invariant,
    multiple,
    precondition,
    rule,
)
from msgspec.structs import replace

from actors.envelopes.outbound import Chunk, chunk_key, reply_of
from actors.outbound.answers import NOTICES
from actors.outbound.lanes import REMEMBERED, Lanes, lane_of
from tests.outbound.desk import chunks, place
from tests.support.examples import examples


@dataclass
class Lane:
    """What the model knows of one chat."""

    queue: list[Chunk] = field(default_factory=list)
    busy: Chunk | None = None
    held: bool = False


class LanesAgainstAModel(RuleBasedStateMachine):
    """The same story told to ``Lanes`` and to lists a person can check by eye."""

    under_way: Bundle[Chunk] = Bundle("under_way")
    doubted: Bundle[Chunk] = Bundle("doubted")
    parked: Bundle[Chunk] = Bundle("parked")

    def __init__(self) -> None:
        super().__init__()
        self.lanes = Lanes()
        self.chats = {chat: Lane() for chat in range(1, 4)}
        self.behind: dict[int, list[Chunk]] = {}
        self.said: dict[int, Chunk] = {}
        """The last chunk of each reply so far."""
        self.seq = 0
        self.open = 0

    def lane(self, chunk: Chunk) -> Lane:
        """The lane of a chunk."""
        return self.chats[chunk.address.chat_id]

    def eligible(self) -> list[Chunk]:
        """What may start now."""
        return [lane.queue[0] for lane in self.chats.values() if lane.queue and lane.busy is None and not lane.held]

    @rule(chat=st.integers(1, 3), count=st.integers(1, 3))
    def a_reply_is_queued(self, chat: int, count: int) -> None:
        self.seq += 1
        added = chunks(self.seq, *"abc"[:count], chat=chat)
        lane = self.chats[chat]
        at_once = lane.busy is None and not lane.held and not lane.queue
        if self.lanes.free(added[0]):
            assert at_once, "somebody stands before it"
        for chunk in added:
            self.lanes.add(chunk)
            lane.queue.append(chunk)
        self.open += count
        self.said[self.seq] = added[-1]
        assert self.lanes.repeats(added[0], 0)

    @precondition(lambda self: self.said)
    @rule(data=st.data())
    def another_part_of_a_reply_is_queued(self, data: st.DataObject) -> None:
        last = data.draw(st.sampled_from(list(self.said.values())))
        chunk = self.said[reply_of(last.key)] = replace(last, key=last.key + 1)
        self.lanes.add(chunk)
        self.behind.get(reply_of(chunk.key), self.lane(chunk).queue).append(chunk)
        self.open += 1

    @rule(target=under_way)
    def the_next_one_starts(self) -> Chunk | MultipleResults[Chunk]:
        may = self.eligible()
        chunk = self.lanes.start()
        if chunk is None:
            assert may == []
            return multiple()
        assert chunk in may
        lane = self.lane(chunk)
        lane.busy = lane.queue.pop(0)
        assert self.lanes.ahead(chunk) is chunk
        return chunk

    @rule(chunk=consumes(under_way))
    def it_ends(self, chunk: Chunk) -> None:
        self.lanes.ended(chunk.key)
        self.lane(chunk).busy = None
        self.open -= 1
        assert self.lanes.ahead(chunk) is None

    @rule(chunk=consumes(under_way))
    def it_is_deferred(self, chunk: Chunk) -> None:
        again = replace(chunk, tries=chunk.tries + 1)
        self.lanes.hold(chunk.key, again)
        lane = self.lane(chunk)
        lane.busy, lane.held = None, True
        lane.queue.insert(0, again)

    @rule(chat=st.integers(1, 3))
    def a_time_has_come(self, chat: int) -> None:
        lane = self.chats[chat]
        if lane.busy is None:
            self.lanes.resume(lane_of(chunks(1, "x", chat=chat)[0]))
            lane.held = False

    @rule(target=doubted, chunk=consumes(under_way))
    def its_fate_is_unknown(self, chunk: Chunk) -> Chunk:
        self.lanes.hold(chunk.key)
        self.lane(chunk).held = True
        return chunk

    @rule(chunk=consumes(doubted))
    def evidence_comes(self, chunk: Chunk) -> None:
        self.lanes.ended(chunk.key)
        lane = self.lane(chunk)
        lane.busy, lane.held = None, False
        self.open -= 1

    @rule(target=parked, chunk=consumes(doubted))
    def no_evidence_comes(self, chunk: Chunk) -> Chunk:
        self.lanes.park(chunk.key)
        lane, reply = self.lane(chunk), reply_of(chunk.key)
        self.behind[reply] = [one for one in lane.queue if reply_of(one.key) == reply]
        lane.queue = [one for one in lane.queue if reply_of(one.key) != reply]
        lane.busy, lane.held = None, False
        return chunk

    @rule(chunk=consumes(parked))
    def evidence_comes_after_all(self, chunk: Chunk) -> None:
        self.lanes.unpark(chunk.key)
        self.lane(chunk).queue.extend(self.behind.pop(reply_of(chunk.key)))
        self.open -= 1

    @rule(chunk=consumes(doubted))
    def the_operator_sends_it_again(self, chunk: Chunk) -> None:
        self.lanes.again(chunk, parked=False)
        lane = self.lane(chunk)
        lane.busy, lane.held = None, False
        lane.queue.insert(0, chunk)

    @rule(chunk=consumes(parked))
    def the_operator_sends_a_parked_one_again(self, chunk: Chunk) -> None:
        self.lanes.again(chunk, parked=True)
        self.lane(chunk).queue.extend([chunk, *self.behind.pop(reply_of(chunk.key))])

    @rule(data=st.data())
    def the_operator_gives_up_a_waiting_one(self, data: st.DataObject) -> None:
        waiting = [one for lane in self.chats.values() for one in lane.queue]
        waiting += [one for behind in self.behind.values() for one in behind]
        if not waiting:
            return
        chunk = data.draw(st.sampled_from(waiting))
        assert self.lanes.waiting(chunk.key) is chunk
        self.lanes.remove(chunk)
        assert self.lanes.waiting(chunk.key) is None
        lane = self.lane(chunk)
        if chunk in lane.queue:
            first = lane.queue[0] is chunk
            lane.queue.remove(chunk)
            if lane.busy is None and (first or not lane.queue):
                lane.held = False
        else:
            self.behind[reply_of(chunk.key)].remove(chunk)
        self.open -= 1

    @rule(key=st.integers(0, 3 << 12))
    def a_key_nobody_waits_for_changes_nothing(self, key: int) -> None:
        stranger = key + (1 << 40)
        self.lanes.ended(stranger)
        self.lanes.hold(stranger)
        self.lanes.park(stranger)
        self.lanes.unpark(stranger)
        assert self.lanes.waiting(stranger) is None

    @invariant()
    def the_model_lost_nothing_either(self) -> None:
        known = sum(len(lane.queue) + (lane.busy is not None) for lane in self.chats.values())
        behind = sum(len(rest) + 1 for rest in self.behind.values())
        assert known + behind == self.open

    @precondition(lambda self: self.seq > 5)
    @rule(chat=st.integers(1, 3))
    def all_that_may_go_can_be_driven_out(self, chat: int) -> None:
        """Liveness: resumed and never in doubt, everything that is not parked starts in order."""
        for number, lane in self.chats.items():
            if lane.busy is not None or lane.held:
                return
            self.lanes.resume(lane_of(chunks(1, "x", chat=number)[0]))
        started: dict[int, list[int]] = {number: [] for number in self.chats}
        while (chunk := self.lanes.start()) is not None:
            started[chunk.address.chat_id].append(chunk.key)
            self.lanes.ended(chunk.key)
        for number, lane in self.chats.items():
            assert started[number] == [one.key for one in lane.queue]
            self.open -= len(lane.queue)
            lane.queue.clear()


LanesAgainstAModel.TestCase.settings = settings(max_examples=examples(60), stateful_step_count=60, deadline=None)
TestLanes = LanesAgainstAModel.TestCase


@given(sizes=st.lists(st.integers(1, 8), min_size=2, max_size=6))
@settings(max_examples=50, deadline=None)
def test_i6_lanes_take_turns(sizes: list[int]) -> None:
    """A chat with much to say delays another by one chunk, not by all it has."""
    lanes = Lanes()
    for chat, size in enumerate(sizes):
        for position in range(size):
            lanes.add(Chunk(chunk_key(chat + 1, position), place(chat + 1), "x"))
    order = []
    while (chunk := lanes.start()) is not None:
        order.append(chunk.address.chat_id)
        lanes.ended(chunk.key)
    assert len(order) == sum(sizes)
    for turn in range(max(sizes)):
        still = [chat + 1 for chat, size in enumerate(sizes) if size > turn]
        assert order[: len(still)] == still
        order = order[len(still) :]


def test_i6_a_chunk_left_under_way_holds_its_lane_until_it_ends() -> None:
    lanes = Lanes()
    first, second = chunks(1, "one", "two")
    lanes.adopt(first)
    lanes.add(second)
    assert lanes.start() is None
    assert not lanes.free(second)
    lanes.ended(first.key)
    assert lanes.start() is second


def test_i6_the_rest_of_a_reply_left_in_doubt_stays_behind() -> None:
    lanes = Lanes()
    first, second, third = chunks(1, "one", "two", "three")
    (other,) = chunks(2, "other")
    lanes.adopt_parked(first)
    for chunk in (second, third, other):
        lanes.add(chunk)
    assert lanes.start() is other
    lanes.ended(other.key)
    assert lanes.start() is None
    lanes.unpark(first.key)
    assert lanes.start() is second


def test_a_lane_told_to_wait_waits_until_resumed() -> None:
    lanes = Lanes()
    (chunk,) = chunks(1, "one")
    lanes.add(chunk)
    lanes.wait(chunk, 10.0)
    assert lanes.start() is None
    lanes.resume(lane_of(chunk), 9.9)
    assert lanes.start() is None
    lanes.resume(lane_of(chunk), 10.0)
    assert lanes.start() is chunk


def test_a_chat_is_one_lane_whichever_database_names_it() -> None:
    """Its GUID means the same in every era; its number does not."""
    old, new = place(7, era=0, guid="any;-;+1"), place(9, era=1, guid="any;-;+1")
    assert lane_of(chunks(1, "a", to=old)[0]) == lane_of(chunks(2, "b", to=new)[0])
    nameless, other = place(7, era=0, guid=""), place(7, era=1, guid="")
    assert lane_of(chunks(1, "a", to=nameless)[0]) != lane_of(chunks(2, "b", to=other)[0])


def test_replies_are_known_after_they_ended_too_but_not_for_ever() -> None:
    lanes = Lanes()
    for seq in range(1, REMEMBERED + 2):
        (chunk,) = chunks(seq, "x")
        lanes.add(chunk)
        assert lanes.start() is chunk
        lanes.ended(chunk.key)
    assert not lanes.repeats(chunks(1, "x")[0], 0)
    assert lanes.repeats(chunks(2, "x")[0], 0)
    assert not lanes.repeats(chunks(REMEMBERED + 2, "x")[0], 0)


def test_a_later_part_is_no_repeat_unless_its_first_was() -> None:
    lanes = Lanes()
    first, second = chunks(1, "one", "two")
    assert not lanes.repeats(first, 0)
    lanes.add(first)
    assert not lanes.repeats(second, 1)
    lanes.add(second)
    assert lanes.repeats(first, 0)
    assert lanes.repeats(second, 1), "of the answer that was begun again"
    successor = Lanes()
    successor.inherit(lanes)
    assert successor.repeats(second, 1)


def test_notices_on_one_row_wait_for_no_other() -> None:
    """Each is an answer by itself; the chunks of one answer are not."""
    lanes = Lanes()
    one, two = (Chunk(chunk_key(1, NOTICES + n), place(7), "x") for n in range(2))
    lanes.adopt_parked(one)
    lanes.add(two)
    assert not lanes.repeats(Chunk(chunk_key(1, NOTICES + 2), place(7), "x"), 0)
    assert lanes.start() is two
