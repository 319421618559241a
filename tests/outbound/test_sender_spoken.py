"""What the echo memory hears of each chunk: as much as it needs, and nothing that swallows what people say later."""

from __future__ import annotations

from typing import Any

import pytest

from actors.envelopes.control import Spoken
from actors.envelopes.inbound import Inbound
from actors.envelopes.outbound import chunk_key
from actors.normalizer.echoes import NEVER, EchoMemory
from actors.outbound.doubts import EVIDENCE_SECONDS
from actors.outbound.leftovers import OLD_SECONDS
from actors.outbound.verdicts import RETRY_SECONDS
from tests.outbound.desk import HOPELESS, INTERNAL, NOT_STARTED, TRACKED, Desk, chunks, id_of, left, prepared
from tests.support.probes import KillableStage
from tests.support.rows import OWN, guid, inbound

K1 = chunk_key(1, 0)
DAY = 86_400.0


def heard(desk: Desk) -> EchoMemory:
    """An echo memory that was told the same as the listener."""
    memory = EchoMemory()
    for said in desk.listener.all(Spoken):
        memory.spoken(said)
    return memory


def friend(number: int, at: float) -> Inbound:
    """A friend says the same."""
    return inbound(number, 7, "ok", guid=guid(500 + number), received_at=at)


def note(number: int, at: float, **keys: Any) -> Inbound:
    """A row from me with the same words, in the chat with oneself."""
    where = {"chat_identifier": OWN, "sender": OWN, "destination_caller_id": OWN}
    return inbound(number, 7, "ok", is_from_me=True, received_at=at, created_at=..., **where, **keys)


def doubted(stage: KillableStage, *, parked: bool) -> Desk:
    """A gateway starts; the last one left a chunk in doubt."""
    (first,) = chunks(1, "ok")
    age = OLD_SECONDS if parked else OLD_SECONDS / 2
    return Desk(stage, left(first, "uncertain", stage.clock.wall() - age))


@pytest.mark.parametrize("parked", [True, False])
def test_what_an_earlier_gateway_left_in_doubt_swallows_no_friend(stage: KillableStage, *, parked: bool) -> None:
    desk = doubted(stage, parked=parked)
    start = stage.clock.wall()
    stage.advance(EVIDENCE_SECONDS)
    memory = heard(desk)
    assert desk.listener.all(Spoken)[-1].open is False
    for number, later in enumerate((EVIDENCE_SECONDS + 5, DAY, 30 * DAY), start=1):
        assert not memory.is_echo(friend(number, start + later))


def test_what_was_parked_is_over_since_long_and_its_row_is_still_known(stage: KillableStage) -> None:
    """A friend is heard at once; of rows from me one is ours."""
    desk = doubted(stage, parked=True)
    now = stage.clock.wall()
    assert [(said.open, said.at) for said in desk.listener.all(Spoken)] == [
        (True, now - OLD_SECONDS),
        (False, now - OLD_SECONDS),
    ]
    memory = heard(desk)
    assert not memory.is_echo(friend(1, now + 1))
    assert [memory.own_row(note(number, now + 1)) for number in (2, 3)] == [True, False]


def test_equal_chunks_that_were_parked_are_each_known_once(stage: KillableStage) -> None:
    old = stage.clock.wall() - 2 * OLD_SECONDS
    desk = Desk(stage, *(left(chunks(seq, "ok")[0], "uncertain", old + seq) for seq in (1, 2)))
    memory = heard(desk)
    assert [memory.own_row(note(number, stage.clock.wall())) for number in (1, 2, 3)] == [True, True, False]


def test_what_did_not_start_was_not_said(stage: KillableStage) -> None:
    """Tried again and again, and then sent: one row is ours, and what the person writes is theirs."""
    desk = Desk(stage)
    desk.tell(prepared(1, "ok"))
    for pause in RETRY_SECONDS[:3]:
        desk.answer(K1, error=NOT_STARTED)
        assert desk.listener.all(Spoken)[-1].at == NEVER
        stage.advance(pause)
    desk.answer(K1, {"ok": True, "guid": guid(3)})
    memory, now = heard(desk), stage.clock.wall()
    assert memory.own_row(note(3, now))
    assert not any(memory.own_row(note(number, now + number)) for number in range(10, 15))


def test_what_failed_for_good_was_not_said(stage: KillableStage) -> None:
    desk = Desk(stage)
    desk.tell(prepared(1, "ok"))
    desk.answer(K1, error=HOPELESS)
    memory, now = heard(desk), stage.clock.wall()
    assert not memory.is_echo(friend(1, now + 1))
    assert not memory.own_row(note(2, now + 1))


def test_what_may_have_failed_may_still_come(stage: KillableStage) -> None:
    """The operator gives up what is in doubt: its row is no note."""
    for what in ("failed", "discard"):
        desk = Desk(stage)
        desk.tell(prepared(1, "ok"))
        desk.answer(K1, error=INTERNAL)
        desk.order(K1, what)
        assert desk.listener.all(Spoken)[-1].open is False
        memory, now = heard(desk), stage.clock.wall()
        assert not memory.is_echo(friend(1, now + 5)), what
        assert memory.own_row(note(2, now + 5)), what
        stage.kill()


def test_what_is_sent_again_is_two_sayings(stage: KillableStage) -> None:
    """The first may be out, though the second did not even start."""
    desk = Desk(stage)
    desk.tell(prepared(1, "ok"))
    desk.answer(K1, error=INTERNAL)
    desk.order(K1, "retry")
    assert desk.texts == ["ok", "ok"]
    desk.answer(K1, error=NOT_STARTED)
    memory, now = heard(desk), stage.clock.wall()
    assert [memory.own_row(note(number, now)) for number in (1, 2)] == [True, False]


def test_an_order_about_what_was_parked_says_nothing_new(stage: KillableStage) -> None:
    desk = doubted(stage, parked=True)
    before = desk.listener.all(Spoken)
    desk.order(K1, "failed")
    assert desk.listener.all(Spoken) == before


def test_a_message_that_messages_could_not_deliver_keeps_its_guid(stage: KillableStage) -> None:
    """It stands in its chat all the same."""
    desk = Desk(stage, able=TRACKED)
    desk.tell(prepared(1, "ok"))
    desk.answer(K1, error=INTERNAL)
    desk.status({"ok": True, "send_state": "failed"})
    assert desk.listener.all(Spoken)[-1].guid == id_of(K1)
    assert heard(desk).own_row(note(1, stage.clock.wall() + DAY, guid=id_of(K1)))
