"""The sender at its ordinary work: attempts on disk first, order per chat, pace, echo memory, shutdown."""

from __future__ import annotations

from typing import cast

from msgspec.structs import replace

from actors.envelopes.control import Listen, Quiesce, Quiet, Recorded, Spoken
from actors.envelopes.facts import Queued, Sent
from actors.envelopes.inbound import Absorbed
from actors.envelopes.link import Answer, OwnRow
from actors.envelopes.outbound import Prepared, chunk_key
from actors.outbound.inquiries import Tag
from actors.outbound.sender import OutboundSender
from tests.outbound.desk import ACCEPTED, INTERNAL, Desk, chunks, left, prepared
from tests.support.actors import Probe
from tests.support.probes import KillableStage

K1, K2, K3 = chunk_key(1, 0), chunk_key(2, 0), chunk_key(3, 0)
GUID = str(ACCEPTED["guid"])


def test_a_free_lane_queues_settles_and_attempts_in_one_fact(stage: KillableStage) -> None:
    desk = Desk(stage)
    desk.tell(prepared(1, "one", "two"))
    (queued,) = desk.of(Queued)
    assert queued.attempt == K1
    assert [chunk.text for chunk in queued.chunks] == ["one", "two"]
    assert queued.settles[0][0] == 1
    assert desk.texts == ["one"]


def test_i4_nothing_is_written_before_its_attempt_is_on_disk(stage: KillableStage) -> None:
    desk = Desk(stage)
    desk.warm()
    desk.slow = True
    desk.tell(prepared(1, "one"), prepared(2, "two", chat=8))
    assert desk.calls == []
    desk.commit()
    stage.settle()
    assert desk.texts == ["one", "two"]
    assert desk.attempts == [K1, K2]


def test_i4_holds_for_every_later_chunk(stage: KillableStage) -> None:
    desk = Desk(stage)
    desk.tell(prepared(1, "one", "two"))
    desk.slow = True
    desk.answer(K1)
    assert desk.texts == ["one"]
    desk.commit()
    stage.settle()
    assert desk.texts == ["one", "two"]


def test_the_request_names_the_chat_and_nothing_else(stage: KillableStage) -> None:
    desk = Desk(stage)
    desk.tell(prepared(1, "one"))
    (call,) = desk.calls
    assert call.method == "send"
    assert call.params == {
        "chat_id": 7,
        "text": "one",
        "service": "auto",
        "transport": "applescript",
        "region": "US",
    }
    assert call.patience == 180.0


def test_a_reply_without_chunks_only_settles(stage: KillableStage) -> None:
    desk = Desk(stage)
    desk.tell(Prepared((), ((1, Absorbed("no reply")),)))
    (queued,) = desk.of(Queued)
    assert (queued.chunks, queued.attempt) == ((), 0)
    assert desk.calls == []


def test_the_same_reply_twice_is_queued_and_sent_once(stage: KillableStage) -> None:
    """After a restart of the sessions a row may be answered again while its first answer is on the way."""
    desk = Desk(stage)
    desk.tell(prepared(1, "one", "two"), prepared(1, "one", "two"))
    desk.answer(K1)
    desk.tell(prepared(1, "one", "two"))
    desk.answer(K1 + 1)
    desk.tell(prepared(1, "one", "two"))
    assert desk.texts == ["one", "two"]
    assert len(desk.of(Queued)) == 1


def test_a_confirmation_that_comes_twice_sends_once(stage: KillableStage) -> None:
    desk = Desk(stage)
    desk.tell(prepared(1, "one"))
    desk.tell(Recorded(0, desk.of(Queued)[0]))
    assert desk.texts == ["one"]


def test_the_chunks_of_a_reply_go_one_after_the_other(stage: KillableStage) -> None:
    desk = Desk(stage)
    desk.tell(prepared(1, "one", "two", "three"))
    for position in range(3):
        assert desk.texts == ["one", "two", "three"][: position + 1]
        desk.answer(K1 + position)
    assert [fact.key for fact in desk.of(Sent)] == [K1, K1 + 1, K1 + 2]


def test_replies_of_a_chat_go_one_after_the_other_and_chats_side_by_side(stage: KillableStage) -> None:
    desk = Desk(stage)
    desk.warm()
    desk.tell(prepared(1, "a"), prepared(2, "b"), prepared(3, "c"), prepared(4, "d", chat=8))
    assert desk.texts == ["a", "d"]
    desk.answer(K1)
    desk.answer(K2)
    assert desk.texts == ["a", "d", "b", "c"]


def test_nothing_is_sent_while_the_child_is_away(stage: KillableStage) -> None:
    desk = Desk(stage, ready=False)
    desk.tell(prepared(1, "one"))
    assert desk.calls == []
    assert desk.of(Queued)[0].attempt == 0
    desk.subscribe()
    assert desk.texts == ["one"]
    desk.answer(K1)
    desk.disconnect()
    desk.tell(prepared(2, "two"))
    assert desk.texts == ["one"]


def test_one_request_at_a_time_until_imsg_shows_that_it_is_quick(stage: KillableStage) -> None:
    desk = Desk(stage)
    desk.tell(*(prepared(seq, f"{seq}", chat=seq) for seq in range(1, 200)))
    assert len(desk.calls) == 1
    for _ in range(60):
        desk.answer(desk.calls[len(desk.of(Sent))].tag.chunk.key)
    deep = len(desk.calls) - len(desk.of(Sent))
    assert 60 < deep <= 128


def test_a_slow_imsg_gets_one_request_at_a_time_again(stage: KillableStage) -> None:
    desk = Desk(stage)
    desk.tell(*(prepared(seq, f"{seq}", chat=seq) for seq in range(1, 200)))
    for _ in range(60):
        desk.answer(desk.calls[len(desk.of(Sent))].tag.chunk.key)
    before = len(desk.calls)
    while len(desk.calls) == before:
        desk.tell(Answer(desk.calls[len(desk.of(Sent))].tag, ACCEPTED, None, seconds=2.0))
        assert len(desk.of(Sent)) < 199
    assert len(desk.calls) - len(desk.of(Sent)) == 1


def test_the_echo_memory_hears_of_the_attempt_and_of_the_guid(stage: KillableStage) -> None:
    desk = Desk(stage)
    desk.tell(prepared(1, "one"))
    attempt = stage.clock.wall()
    (said,) = desk.listener.all(Spoken)
    assert said == Spoken(7, 1, "one", "", attempt, open=True)
    stage.advance(2.0)
    desk.answer(K1)
    assert desk.listener.all(Spoken)[1:] == [Spoken(7, 1, "one", GUID, attempt + 2.0)]


def test_the_echo_memory_hears_before_imsg_does(stage: KillableStage) -> None:
    order: list[str] = []
    desk = Desk(stage)
    desk.listener = Probe("listener", lambda _: order.append("spoken"))
    desk.tell(Listen(desk.listener.ref))
    desk.on_call = lambda _: order.append("call")
    desk.tell(prepared(1, "one"))
    assert order == ["spoken", "call"]


def test_the_echo_memory_hears_what_was_in_doubt_when_the_outbox_is_restored(stage: KillableStage) -> None:
    (chunk,) = chunks(1, "one")
    begun = stage.clock.wall() - 2.0
    desk = Desk(stage, left(chunk, "attempted", begun), forgetful=True)
    assert desk.listener.all(Spoken) == []
    desk.remember()
    (said,) = desk.listener.all(Spoken)
    assert (said.chat_id, said.text, said.open) == (7, "one", True)


def test_at_shutdown_it_finishes_what_is_under_way_and_starts_nothing(stage: KillableStage) -> None:
    desk, supervisor = Desk(stage), Probe("supervisor")
    desk.tell(prepared(1, "one", "two"), Quiesce(supervisor.ref), prepared(2, "three", chat=8))
    assert supervisor.all(Quiet) == []
    desk.answer(K1)
    assert len(supervisor.all(Quiet)) == 1
    assert desk.texts == ["one"]
    assert desk.of(Queued)[-1].attempt == 0, "what comes late is queued for the next run"


def test_at_shutdown_an_attempt_on_its_way_to_disk_counts_as_under_way(stage: KillableStage) -> None:
    desk, supervisor = Desk(stage, slow=True), Probe("supervisor")
    desk.tell(prepared(1, "one"), Quiesce(supervisor.ref))
    assert supervisor.all(Quiet) == []
    desk.commit()
    stage.settle()
    desk.answer(K1)
    assert len(supervisor.all(Quiet)) == 1


def test_an_idle_sender_is_quiet_at_once(stage: KillableStage) -> None:
    desk, supervisor = Desk(stage), Probe("supervisor")
    desk.tell(Quiesce(supervisor.ref))
    assert [quiet.name for quiet in supervisor.all(Quiet)] == ["sender:default"]


def test_answers_to_nothing_are_ignored(stage: KillableStage) -> None:
    desk = Desk(stage)
    desk.answer(K1)
    desk.late(K2)
    desk.tell(Answer(Tag("history", K3, 0), {"messages": []}, None))
    desk.tell(Answer(Tag("again", K3, 1), ACCEPTED, None), Answer("able", None, INTERNAL))
    desk.tell(prepared(1, "one"))
    desk.answer(K1)
    desk.answer(K1)
    assert [fact.key for fact in desk.of(Sent)] == [K1]
    assert stage.errors() == []


def test_a_message_that_breaks_the_sender_ends_it_for_its_successor(stage: KillableStage) -> None:
    desk = Desk(stage)
    desk.tell(replace(OwnRow(7, "one", "B0", 1.0), guid=cast(str, None)), prepared(1, "one"))
    desk.tell(Recorded(0, Queued((), (), cast(int, []), 0.0)))
    assert len(stage.deaths.told) == 1
    assert not desk.ref.is_alive()


def test_the_region_of_the_account_goes_on_the_wire(stage: KillableStage) -> None:
    desk = Desk(stage, region="DE")
    desk.tell(prepared(1, "one"))
    assert desk.calls[0].params["region"] == "DE"


def test_a_new_child_has_to_show_anew_that_it_is_quick(stage: KillableStage) -> None:
    desk = Desk(stage)
    desk.warm()
    desk.disconnect()
    desk.subscribe()
    desk.tell(*(prepared(seq, f"{seq}", chat=seq) for seq in range(1, 9)))
    assert len(desk.calls) == 1


def test_a_send_that_nobody_answers_makes_the_pipe_narrow(stage: KillableStage) -> None:
    desk = Desk(stage)
    desk.warm()
    desk.tell(prepared(1, "a", chat=1))
    desk.late(K1)
    desk.tell(*(prepared(seq, f"{seq}", chat=seq) for seq in range(2, 9)))
    assert len(desk.calls) == 2


def test_a_later_listener_takes_the_place_of_the_one_before(stage: KillableStage) -> None:
    """The normalizer was started again: its new self hears what is in doubt, the old one nothing more."""
    desk, successor = Desk(stage), Probe("listener")
    desk.tell(prepared(1, "one"))
    desk.late(K1)
    before = len(desk.listener.told)
    desk.tell(Listen(successor.ref), prepared(2, "two", chat=8))
    assert [said.text for said in successor.all(Spoken)] == ["one", "two"]
    assert len(desk.listener.told) == before


def test_nothing_is_remembered_of_what_has_ended(stage: KillableStage) -> None:
    desk = Desk(stage)
    for seq in range(1, 50):
        desk.tell(prepared(seq, "x", chat=seq))
        desk.answer(chunk_key(seq, 0), error=None if seq % 2 else {"code": -32602})
    sender = desk.ref._actor_weakref()
    assert isinstance(sender, OutboundSender)
    assert (sender._flights.requests, sender._flights._written) == (0, {})
    assert list(sender._doubts) == []
    assert sender._lanes._lanes == {}
