"""Answers in parts, and notices, at the sender: queued as they come, sent in order, and never twice."""

from __future__ import annotations

from msgspec.structs import replace

from actors.envelopes.facts import Discarded, Failed, Queued, Sent
from actors.envelopes.inbound import Replied
from actors.envelopes.outbound import Chunk, Prepared, chunk_key
from actors.envelopes.session import TurnRecord
from actors.envelopes.steering import Inform, Notice
from actors.outbound.answers import NOTICES
from actors.outbound.doubts import EVIDENCE_SECONDS
from tests.outbound.desk import HOPELESS, NOT_STARTED, UNKNOWN_OUTCOME, Desk, chunks, left, place, prepared
from tests.outbound.world import notice, over_a_disk, part
from tests.support.actors import Probe
from tests.support.probes import KillableStage

K1, K2, N1 = chunk_key(1, 0), chunk_key(2, 0), chunk_key(1, NOTICES + 1)
TURN = TurnRecord("s", "main", (1,), "one two", 1.0, 2.0)
(FIRST,) = chunks(1, "one")
SECOND = replace(part(FIRST, "two"), settles=((1, Replied()),), turn=TURN)


def first() -> Prepared:
    """The first part of an answer that goes on."""
    return Prepared((FIRST,), ())


def test_parts_are_queued_with_their_number_and_the_turn(stage: KillableStage) -> None:
    desk = Desk(stage)
    desk.tell(first())
    desk.answer(K1)
    desk.tell(SECOND)
    queued = desk.of(Queued)
    assert [(fact.part, fact.turn, fact.settles) for fact in queued] == [(0, None, ()), (1, TURN, ((1, Replied()),))]
    assert [[chunk.key for chunk in fact.chunks] for fact in queued] == [[K1], [K1 + 1]]
    desk.answer(K1 + 1)
    assert desk.texts == ["one", "two"]


def test_a_part_without_bubbles_only_settles(stage: KillableStage) -> None:
    desk = Desk(stage)
    desk.tell(first(), Prepared((), ((1, Replied()),), 1, TURN))
    (fact,) = desk.of(Queued)[1:]
    assert (fact.chunks, fact.settles, fact.part, fact.turn, fact.attempt) == ((), ((1, Replied()),), 1, TURN, 0)


def test_a_later_part_stands_behind_what_came_before_it_in_its_chat(stage: KillableStage) -> None:
    desk = Desk(stage)
    desk.tell(first(), prepared(2, "other"), SECOND)
    for key in (K1, K2, K1 + 1):
        desk.answer(key)
    assert desk.texts == ["one", "other", "two"]


def test_an_answer_that_is_given_again_is_left_out_with_all_its_parts(stage: KillableStage) -> None:
    desk = Desk(stage)
    desk.tell(first(), first(), SECOND)
    for key in (K1, K1 + 1):
        desk.answer(key)
    assert len(desk.of(Queued)) == 1
    assert desk.texts == ["one"]


def test_i6_a_part_waits_behind_one_in_doubt(stage: KillableStage) -> None:
    desk = Desk(stage)
    desk.tell(first())
    desk.answer(K1, error=UNKNOWN_OUTCOME)
    desk.tell(SECOND, prepared(2, "other"))
    assert desk.texts == ["one"]
    stage.advance(EVIDENCE_SECONDS)
    assert desk.texts == ["one", "other"], "the rest of the reply stays behind, later ones go on"
    desk.answer(K2)
    desk.order(K1, "sent")
    assert desk.texts == ["one", "other", "two"]


def test_i6_a_part_that_comes_when_an_earlier_one_is_parked_waits_too(stage: KillableStage) -> None:
    desk = Desk(stage)
    desk.tell(first())
    desk.answer(K1, error=UNKNOWN_OUTCOME)
    stage.advance(EVIDENCE_SECONDS)
    desk.tell(SECOND, prepared(2, "other"))
    assert desk.texts == ["one", "other"]
    desk.answer(K2)
    desk.order(K1, "failed")
    assert desk.texts == ["one", "other", "two"]


def test_a_part_that_failed_does_not_stop_the_next(stage: KillableStage) -> None:
    desk = Desk(stage)
    desk.tell(first())
    desk.answer(K1, error=HOPELESS)
    desk.tell(SECOND)
    desk.answer(K1 + 1)
    assert (desk.keys(Failed), desk.keys(Sent)) == ([K1], [K1 + 1])


def test_a_restart_between_parts_goes_on_with_what_is_queued(stage: KillableStage) -> None:
    """Those of before come from disk, in order; the turn itself is over."""
    desk = Desk(stage, left(FIRST, "queued"), left(SECOND.chunks[0], "queued"))
    for key in (K1, K1 + 1):
        desk.answer(key)
    assert desk.texts == ["one", "two"]


def test_a_newer_config_between_parts_changes_nothing(stage: KillableStage) -> None:
    desk = over_a_disk(stage)
    desk.tell(first())
    desk.answer(K1)
    desk.reconfigure()
    desk.tell(SECOND)
    desk.answer(K1 + 1)
    assert desk.texts == ["one", "two"]
    desk.tell(first(), SECOND)
    assert desk.texts == ["one", "two"]


def test_parts_of_another_database_wait_for_it(stage: KillableStage) -> None:
    desk = Desk(stage)
    away = replace(place(), source=2)
    desk.tell(
        *(
            Prepared(tuple(replace(chunk, address=away) for chunk in one.chunks), one.settles, one.part)
            for one in (first(), SECOND)
        )
    )
    assert [[chunk.text for chunk in fact.chunks] for fact in desk.of(Queued)] == [["one"], ["two"]]
    assert desk.calls == []


def test_whoever_was_shut_out_gets_no_part_that_waits(stage: KillableStage) -> None:
    desk = Desk(stage)
    desk.tell(first(), SECOND)
    desk.order(K1, "revoke")
    desk.order(K1 + 1, "revoke")
    desk.answer(K1, error=NOT_STARTED)
    stage.advance(3600.0)
    assert desk.texts == ["one"]
    assert sorted(desk.keys(Discarded)) == [K1, K1 + 1]


# Notices


def test_a_notice_goes_out_once_the_journal_says_that_it_is_new(stage: KillableStage) -> None:
    desk = over_a_disk(stage)
    desk.tell(notice(1, 1, "word"))
    desk.answer(N1)
    assert (desk.texts, desk.keys(Sent)) == (["word"], [N1])


def test_a_notice_in_doubt_stops_neither_the_next_on_its_row_nor_the_chat_for_long(stage: KillableStage) -> None:
    desk = over_a_disk(stage)
    desk.tell(notice(1, 1, "word"))
    desk.answer(N1, error=UNKNOWN_OUTCOME)
    desk.tell(notice(1, 2, "another"))
    desk.tell(prepared(2, "answer"))
    stage.advance(EVIDENCE_SECONDS)
    desk.answer(N1 + 1)
    assert desk.texts == ["word", "another", "answer"]


def test_a_notice_that_failed_stops_nothing(stage: KillableStage) -> None:
    desk = over_a_disk(stage)
    desk.tell(notice(1, 1, "word"))
    desk.answer(N1, error=HOPELESS)
    desk.tell(notice(1, 2, "another"))
    assert desk.texts == ["word", "another"]


# What the owner is told


def informed(stage: KillableStage, desk: Desk) -> Probe:
    """Who tells the owner."""
    owner = Probe("notices")
    stage.tell(desk.ref, Inform(owner.ref))
    return owner


def test_the_owner_hears_of_a_dead_letter(stage: KillableStage) -> None:
    desk = Desk(stage)
    owner = informed(stage, desk)
    desk.tell(prepared(1, "a secret"))
    desk.answer(K1, error=HOPELESS)
    (told,) = owner.all(Notice)
    assert (told.account, told.about) == ("default", "failed: 1/7")
    assert told.text == (
        "an answer in chat 7 (+15550000007) was not sent, and is not tried again: imsg error -32602: Invalid params. "
        "See `gateway dead list`."
    )


def test_the_owner_hears_of_what_was_parked_and_not_of_what_still_waits(stage: KillableStage) -> None:
    desk = Desk(stage)
    owner = informed(stage, desk)
    desk.tell(prepared(1, "a secret"))
    desk.answer(K1, error=UNKNOWN_OUTCOME)
    stage.advance(EVIDENCE_SECONDS - 1)
    assert owner.told == []
    stage.advance(1.0)
    (told,) = owner.all(Notice)
    assert told.about == "uncertain: 1/7"
    assert "whether an answer in chat 7 (+15550000007) went out is not known" in told.text
    assert "secret" not in told.text


def test_the_owner_hears_neither_of_what_they_did_nor_of_notices(stage: KillableStage) -> None:
    desk = Desk(stage)
    owner = informed(stage, desk)
    desk.tell(prepared(1, "one"), notice(3, 1, "word", chat=8))
    desk.answer(K1, error=UNKNOWN_OUTCOME)
    desk.order(K1, "failed")
    desk.answer(chunk_key(3, NOTICES + 1), error=HOPELESS)
    assert desk.keys(Failed) == [K1, chunk_key(3, NOTICES + 1)]
    assert owner.told == []


def test_a_group_is_named_by_its_number(stage: KillableStage) -> None:
    desk = Desk(stage)
    owner = informed(stage, desk)
    group = replace(place(), chat_guid="iMessage;+;chat123")
    desk.tell(Prepared((Chunk(K1, group, "one"),), ((1, Replied()),)))
    desk.answer(K1, error=HOPELESS)
    assert owner.all(Notice)[0].text.startswith("an answer in chat 7 was not sent")
