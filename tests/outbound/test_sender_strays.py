"""An account was given another Messages database: answers that belong to the one before wait on disk for it."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from actors.envelopes.control import OpenChunk
from actors.envelopes.facts import Discarded, Failed, Queued, Requeued, Sent
from actors.envelopes.inbound import Replied
from actors.envelopes.outbound import Prepared, chunk_key
from actors.outbound.strays import ELSEWHERE, NAMED_AFTER
from actors.outbound.wire import Place
from tests.outbound.desk import Desk, chunks, left, place, prepared
from tests.outbound.world import Disk, later
from tests.support.probes import KillableStage
from tests.support.rows import ACCOUNT

K1, K2, K3 = chunk_key(1, 0), chunk_key(2, 0), chunk_key(3, 0)
OTHER = replace(place(7), source=2)
"""The same chat by number and GUID, in a database that is not read."""


def named(stage: KillableStage) -> list[int]:
    """The counts of chunks that were said to wait."""
    lines = [text for level, text in stage.logged if level == "WARNING" and "another Messages database" in text]
    counts = [int(line.split()[0]) for line in lines]
    assert lines == [ELSEWHERE.format(count, ACCOUNT) for count in counts]
    return counts


class Swapped:
    """A sender over a disk that, as the journal does, tells what belongs to the database that is read."""

    def __init__(self, stage: KillableStage) -> None:
        self.disk = Disk()
        self.source = 1
        self.desk = Desk(stage, judge=self.disk.apply, holds=self.holds)

    def holds(self) -> tuple[OpenChunk, ...]:
        """What is open there."""
        return tuple(item for item in self.disk.open() if item.address.source == self.source)

    def read(self, source: int) -> None:
        """A newer config gives the account this database."""
        self.source = source
        self.desk.reconfigure(source=source)
        self.desk.disconnect()
        self.desk.subscribe()


def test_it_is_queued_and_its_row_settled_and_nothing_goes_out(stage: KillableStage) -> None:
    desk = Desk(stage)
    desk.tell(prepared(1, "one", "two", to=OTHER))
    (fact,) = desk.facts
    assert type(fact) is Queued
    assert ([chunk.text for chunk in fact.chunks], fact.settles, fact.attempt) == (["one", "two"], ((1, Replied()),), 0)
    stage.advance(3600.0)
    assert (desk.calls, desk.of(Failed)) == ([], [])


def test_what_belongs_here_goes_out_beside_it(stage: KillableStage) -> None:
    """Also to a chat of the same GUID."""
    desk = Desk(stage)
    desk.tell(prepared(1, "one", to=OTHER), prepared(2, "two"))
    desk.answer(K2)
    assert (desk.texts, desk.keys(Sent)) == (["two"], [K2])


def test_it_goes_out_once_when_its_database_is_read_again(stage: KillableStage) -> None:
    swapped = Swapped(stage)
    desk = swapped.desk
    swapped.read(2)
    desk.tell(prepared(1, "one", "two"), prepared(2, "three"), prepared(3, "here", to=OTHER))
    assert desk.texts == ["here"]
    desk.answer(K3)
    swapped.read(1)
    for key in (K1, K1 + 1, K2):
        desk.answer(key)
    assert desk.texts == ["here", "one", "two", "three"]
    assert {entry.state for entry in swapped.disk.entries.values()} == {"sent"}
    desk.tell(prepared(1, "one", "two"))
    assert len(desk.texts) == 4


def test_a_row_that_is_answered_again_meanwhile_is_not_queued_twice(stage: KillableStage) -> None:
    desk = Desk(stage)
    for _ in range(2):
        desk.tell(prepared(1, "one", to=OTHER))
    assert len(desk.of(Queued)) == 1


def test_the_operator_hears_once_how_many_and_why(stage: KillableStage) -> None:
    desk = Desk(stage)
    desk.tell(prepared(1, "one", "two", to=OTHER), prepared(2, "three", to=OTHER))
    assert named(stage) == []
    stage.advance(NAMED_AFTER)
    assert named(stage) == [3]
    stage.advance(3600.0)
    assert named(stage) == [3]
    desk.tell(prepared(3, "four", to=OTHER))
    stage.advance(NAMED_AFTER)
    assert named(stage) == [3, 1]


def test_nothing_is_said_of_answers_without_bubbles_or_of_what_belongs_here(stage: KillableStage) -> None:
    desk = Desk(stage)
    desk.tell(Prepared((), ((1, Replied()),)), prepared(2, "two"))
    stage.advance(3600.0)
    assert named(stage) == []


def test_a_later_answer_of_another_database_waits_too(stage: KillableStage) -> None:
    desk = Desk(stage)
    answer = later(1, "welcome")
    desk.tell(Prepared(tuple(replace(chunk, address=OTHER) for chunk in answer.chunks), ()))
    stage.advance(NAMED_AFTER)
    assert (len(desk.of(Queued)), desk.calls, named(stage)) == (1, [], [1])


def test_what_the_operator_sends_again_waits_for_its_database(stage: KillableStage) -> None:
    """The order was given before the database was another one."""
    desk = Desk(stage)
    (dead,) = chunks(1, "one", to=OTHER)
    desk.order(K1, "retry", left(dead, "failed"))
    stage.advance(NAMED_AFTER)
    assert (desk.keys(Requeued), desk.calls, named(stage)) == ([K1], [], [1])


def test_what_the_journal_tells_of_another_database_is_left_to_the_next_config(stage: KillableStage) -> None:
    """The journal goes by a newer config before the sender does."""
    tried, waits = chunks(1, "one", "two", to=OTHER)
    desk = Desk(stage, left(tried, "attempted", 1.0), left(waits, "queued"), left(chunks(2, "here")[0], "queued"))
    assert (desk.texts, desk.attempts) == (["here"], [K2])
    assert len(desk.facts) == 1


@pytest.mark.parametrize("what", ["discard", "revoke"])
def test_it_can_be_given_up(stage: KillableStage, what: str) -> None:
    disk = Disk()
    desk = Desk(stage, judge=disk.apply)
    desk.tell(prepared(1, "one", to=OTHER))
    desk.order(K1, what, disk.entries[K1].as_open())
    assert (desk.keys(Discarded), disk.entries[K1].state) == ([K1], "discarded")


def test_a_sender_that_ends_puts_it_on_disk(stage: KillableStage) -> None:
    desk = Desk(stage, forgetful=True)
    desk.tell(prepared(1, "one", to=OTHER))
    desk.ref.stop(block=False)
    stage.settle()
    assert [fact.chunks[0].text for fact in desk.of(Queued)] == ["one"]


def test_no_guid_names_a_chat_of_another_source() -> None:
    here = Place(1, era=1)
    assert here.selector(place(7, era=1)) == {"chat_id": 7}
    assert here.selector(place(7, era=0)) == {"chat_guid": place(7).chat_guid}
    for era in (0, 1):
        assert here.selector(replace(OTHER, era=era)) is None
    assert Place().selector(OTHER) == {"chat_id": 7}, "there is only one"
