"""A second answer to a row (word that somebody was let in): it goes out once, however often it is told."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from actors.envelopes.control import Order, Record, Replayed
from actors.envelopes.facts import Failed, Queued, Sent, Settled
from actors.envelopes.inbound import Absorbed, Dropped
from actors.envelopes.outbound import Chunk, Reply, chunk_key
from actors.journal.active import PER_CHAT
from actors.journal.actor import FLOOR_EVERY
from actors.journal.offline import write_offline
from actors.runtime.actor import Actor
from tests.journal.conftest import Open
from tests.journal.desk import Room, later, message, queued, settled
from tests.journal.world import LIMIT, Gateway, Phone
from tests.support.actors import Probe
from tests.support.probes import KillableStage
from tests.support.rows import ACCOUNT, START, address

FIRST = 4000
KEY = chunk_key(1, FIRST)
WORD = "you are in"

Begin = Callable[..., Gateway]


@pytest.fixture
def phone() -> Phone:
    """Messages; Ann has written in chat 7."""
    return Phone()


@pytest.fixture
def begin(tmp_path: Path, phone: Phone) -> Iterator[Begin]:
    """``begin()`` starts a gateway; called again, it kills the one before and starts from its disk."""
    lives: list[Gateway] = []

    def start(*heard: tuple[int, str], pipe_survives: bool = True) -> Gateway:
        path = tmp_path / "journal.db"
        if lives:
            path = lives[-1].kill(tmp_path / f"life{len(lives)}", pipe_survives=pipe_survives)
        gateway = Gateway(path, phone, len(lives))
        lives.append(gateway)
        gateway.hear(*heard)
        gateway.finish()
        return gateway

    yield start
    lives[-1].close()


def tell(gateway: Gateway, text: str = WORD) -> None:
    """Row 1 is answered once more."""
    Actor.tell(gateway.chunker, Reply(1, "pairing", address(7), text, (), first=FIRST))


def said(phone: Phone) -> list[str]:
    """The words among what was sent."""
    return [text for _, text in phone.sent if not text.startswith("echo:")]


def state(gateway: Gateway) -> list[Any]:
    """The states of the later answer's chunks on disk."""
    return [one for (one,) in gateway.query(f"SELECT state FROM outbox WHERE key >= {KEY} AND key < {KEY} + 96")]


def test_told_twice_it_is_sent_once(begin: Begin, phone: Phone) -> None:
    gateway = begin((7, "hi"))
    tell(gateway)
    tell(gateway)
    gateway.finish()
    tell(gateway)
    gateway.finish()
    assert said(phone) == [WORD]
    assert state(gateway) == ["sent"]
    assert gateway.ledger.outbox["sent"] == 2
    assert +gateway.ledger.outbox == {"sent": 2}


def test_told_again_after_a_restart_it_is_not_sent_again(begin: Begin, phone: Phone) -> None:
    tell(gateway := begin((7, "hi")))
    gateway.finish()
    tell(gateway := begin())
    gateway.finish()
    assert said(phone) == [WORD]
    assert state(gateway) == ["sent"]


@pytest.mark.parametrize("turns", range(16))
@pytest.mark.parametrize("pipe_survives", [False, True])
def test_told_on_both_sides_of_a_kill_it_is_sent_once(
    begin: Begin, phone: Phone, turns: int, pipe_survives: bool
) -> None:
    """Killed at any moment: what was told before is on disk and goes on, or was lost and comes with the next one.

    An attempt that is on disk is never made again without evidence.
    """
    gateway = begin((7, "hi"))
    tell(gateway)
    gateway.turns(turns)
    gateway = begin(pipe_survives=pipe_survives)
    tell(gateway)
    gateway.finish()
    assert (said(phone), state(gateway)) in (([WORD], ["sent"]), ([], ["uncertain"]))


def test_with_several_chunks_each_is_sent_once_and_in_order(begin: Begin, phone: Phone) -> None:
    text = "one two three four five six seven"
    tell(gateway := begin((7, "hi")), text)
    gateway.turns(9)
    gateway = begin()
    tell(gateway, text)
    tell(gateway, text)
    gateway.finish()
    assert " ".join(said(phone)).split() == text.split()
    assert all(len(one) <= LIMIT for one in said(phone))
    assert set(state(gateway)) == {"sent"}


def test_one_that_failed_stays_failed_until_the_operator_sends_it_again(begin: Begin, phone: Phone) -> None:
    phone.behaviour = ["accepts", "refuses"]
    tell(gateway := begin((7, "hi")))
    gateway.finish()
    assert state(gateway) == ["failed"]
    for _ in range(2):
        tell(gateway)
        gateway.finish()
        assert state(gateway) == ["failed"]
        gateway = begin()
    assert said(phone) == []
    Actor.tell(gateway.sender, Order(KEY, "retry", Chunk(KEY, address(7), WORD)))
    gateway.finish()
    assert (said(phone), state(gateway)) == ([WORD], ["sent"])


def test_one_that_was_given_up_is_not_sent(begin: Begin, phone: Phone) -> None:
    phone.behaviour = ["accepts"] + ["is busy"] * 9
    gateway = begin((7, "hi"))
    tell(gateway)
    gateway.stage.settle()
    assert state(gateway) == ["deferred"]
    Actor.tell(gateway.sender, Order(KEY, "discard"))
    gateway.stage.settle()
    assert state(gateway) == ["discarded"]
    tell(gateway)
    gateway.finish()
    tell(gateway := begin())
    gateway.finish()
    assert state(gateway) == ["discarded"]
    assert said(phone) == []


def test_it_does_not_wait_for_a_first_answer_whose_fate_is_unknown(begin: Begin, phone: Phone) -> None:
    phone.behaviour = ["forgets"]
    gateway = begin((7, "hi"))
    tell(gateway)
    gateway.finish()
    assert said(phone) == [WORD]


def test_a_row_that_was_told_something_may_still_get_its_first_answer(begin: Begin, phone: Phone) -> None:
    """Somebody is let in, told so, and what they wrote is released: neither answer is taken for the other."""
    gateway = begin((7, "hi"))
    Actor.tell(gateway.chunker, Reply(9, "pairing", address(7), WORD, (), first=FIRST))
    gateway.finish()
    Actor.tell(gateway.chunker, Reply(9, "agent:main:main", address(7), "first", ()))
    gateway.finish()
    assert said(phone) == [WORD, "first"]


# The journal alone


def test_a_later_answer_below_the_floor_is_found_after_a_restart(open_room: Open, stage: KillableStage) -> None:
    room = open_room()
    for number in range(1, 6):
        room.append(message(number))
        room.record(settled(number, Absorbed("no reply")))
    room.tell(*(Record(Settled(5, Dropped("x"))) for _ in range(FLOOR_EVERY + 1)))
    room.append(message(6))
    assert room.ledger.floor == 6
    room.record(later(2, "in"))
    assert room.ledger.floor == 2
    assert room.rows("SELECT value FROM mark WHERE name = 'floor'") == [(2,)]
    stage.kill()
    assert items(open_room()) == [chunk_key(2, FIRST)]


def test_written_offline_it_lowers_the_floor_too(open_room: Open, stage: KillableStage) -> None:
    room = open_room()
    for number in range(1, 6):
        room.append(message(number))
        room.record(settled(number, Absorbed("no reply")))
    Actor.retire(room.ref)
    stage.settle()
    assert room.rows("SELECT value FROM mark WHERE name = 'floor'") == [(6,)]
    assert write_offline(room.path, (later(2, "in"), later(2, "in"))) == (0, -1)
    assert items(open_room()) == [chunk_key(2, FIRST)]


def items(room: Room) -> list[int]:
    """The keys of the open chunks a sender is told."""
    sender = Probe("sender")
    room.replay("chunks", sender, account=ACCOUNT)
    return [chunk.key for chunk in sender.all(Replayed)[0].items]


def test_the_journal_says_whether_it_is_new(room: Room) -> None:
    room.append(message(1))
    room.record(queued(1, "one"), later(1, "in"), later(1, "in"))
    room.record(later(1, "in"), later(1, "other", first=2048))
    said = [told.seq for told in room.sender.told if type(told.fact) is Queued]
    assert said == [0, 0, -1, -1, 0]
    assert room.states() == dict.fromkeys((chunk_key(1, 0), chunk_key(1, 2048), KEY), "queued")
    assert +room.ledger.outbox == {"queued": 3}
    room.record(Sent(KEY, "G", START), Failed(chunk_key(1, 2048), "never", START))
    room.record(later(1, "in"), later(1, "other", first=2048))
    assert +room.ledger.outbox == {"queued": 1, "sent": 1, "failed": 1}


def test_an_end_of_a_later_answer_frees_no_place_of_the_first(room: Room) -> None:
    for number in range(1, PER_CHAT + 2):
        room.append(message(number))
    assert len(room.admitted) == PER_CHAT
    room.record(queued(1, "one"), later(1, "in"), Sent(KEY, "G", START))
    assert len(room.admitted) == PER_CHAT
    room.record(Sent(chunk_key(1, 0), "H", START))
    assert len(room.admitted) == PER_CHAT + 1
