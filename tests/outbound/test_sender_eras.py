"""A replaced Messages database: chat numbers of the old one mean nothing in the new one."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from actors.envelopes.control import Recorded
from actors.envelopes.facts import Appended, Deferred, Failed, Sent
from actors.envelopes.identity import Chat
from actors.envelopes.inbound import Dropped
from actors.envelopes.outbound import chunk_key
from actors.outbound.doubts import HISTORY_AFTER
from actors.rpc.capabilities import UNKNOWN, Capabilities
from tests.outbound.desk import STRICT, TRACKED, Desk, chunks, left, place, prepared
from tests.support.probes import KillableStage
from tests.support.rows import inbound

K1, K2 = chunk_key(1, 0), chunk_key(2, 0)
GROUP = "any;+;chat5"


def test_a_chunk_of_this_database_goes_by_number(stage: KillableStage) -> None:
    desk = Desk(stage, era=3)
    desk.tell(prepared(1, "one", to=place(7, era=3)))
    assert desk.calls[0].params["chat_id"] == 7


def test_a_chunk_of_the_database_before_goes_by_guid(stage: KillableStage) -> None:
    desk = Desk(stage, left(chunks(1, "one", to=place(7, era=0, guid=GROUP))[0], "queued"), era=1)
    (call,) = desk.calls
    assert call.params["chat_guid"] == GROUP
    assert "chat_id" not in call.params


def test_a_tracked_one_too(stage: KillableStage) -> None:
    desk = Desk(stage, left(chunks(1, "one", to=place(7, era=0, guid=GROUP))[0], "queued"), era=1, able=TRACKED)
    (call,) = desk.calls
    assert (call.method, call.params["chat_guid"]) == ("send.tracked", GROUP)
    assert "chat_id" not in call.params


def test_without_a_guid_it_fails_with_the_reason_and_what_to_do_and_its_chat_goes_on(stage: KillableStage) -> None:
    nowhere = chunks(1, "one", "two", to=place(7, era=0, guid=""))
    desk = Desk(stage, *(left(chunk, "queued") for chunk in nowhere), era=1)
    failed = desk.of(Failed)
    assert [fact.key for fact in failed] == [K1, K1 + 1]
    assert "database was replaced" in failed[0].why
    assert f"outbox discard {K1}" in failed[0].why
    assert desk.calls == []
    desk.tell(prepared(2, "later", to=place(7, era=1)))
    assert desk.texts == ["later"]


def test_a_replacement_between_the_attempt_on_disk_and_the_request_counts(stage: KillableStage) -> None:
    desk = Desk(stage, slow=True)
    desk.tell(prepared(1, "one", to=place(7, guid=GROUP)), prepared(2, "two", to=place(9, guid="")))
    desk.subscribe(era=1)
    desk.slow = False
    desk.commit()
    stage.settle()
    assert desk.calls[0].params["chat_guid"] == GROUP


def test_replies_of_one_chat_stay_in_order_across_databases(stage: KillableStage) -> None:
    old = left(chunks(1, "old", to=place(7, era=0, guid=GROUP))[0], "queued")
    desk = Desk(stage, old, ready=False)
    desk.tell(prepared(2, "new", to=place(9, era=1, guid=GROUP)))
    desk.subscribe(era=1)
    assert desk.texts == ["old"]
    desk.answer(K1)
    assert desk.texts == ["old", "new"]


def test_its_own_row_in_the_new_database_is_known_by_the_chats_guid(stage: KillableStage) -> None:
    first = chunks(1, "one", to=place(7, era=0, guid=GROUP))[0]
    desk = Desk(stage, left(first, "attempted", 1_800_000_000.0), era=1)
    row = replace(inbound(9, chat=7, text="one", is_from_me=True), sent_at=1_800_000_001.0, era=1)
    desk.tell(Recorded(9, Appended(row, Dropped("from me"))))
    assert desk.of(Sent) == [], "number 7 is another chat now"
    row = replace(row, chat=Chat(12, GROUP, "chat5", "", True, ()))
    desk.tell(Recorded(9, Appended(row, Dropped("from me"))))
    assert desk.keys(Sent) == [K1]


def test_the_history_of_a_number_of_the_old_database_is_not_asked_for(stage: KillableStage) -> None:
    first = chunks(1, "one", to=place(7, era=0, guid=GROUP))[0]
    desk = Desk(stage, left(first, "attempted", 1_800_000_000.0), era=1)
    stage.advance(HISTORY_AFTER)
    assert desk.lookups == []


def moved(stage: KillableStage, able: Capabilities) -> Desk:
    """Another file was put in the place of the one that is watched, and nobody has looked yet."""
    desk = Desk(stage, able=able, ready=False)
    desk.file = desk.there = "inode 1"
    desk.subscribe()
    desk.there = "inode 2"
    return desk


@pytest.mark.parametrize("able", [STRICT, TRACKED])
def test_nothing_goes_out_while_another_file_stands_there_than_is_watched(
    stage: KillableStage, able: Capabilities
) -> None:
    """imsg sends over the new file at once, and the chat's number means somebody else in it."""
    desk = moved(stage, able)
    desk.tell(prepared(1, "one", to=place(7, guid=GROUP)))
    stage.advance(20.0)
    assert desk.calls == []
    assert desk.of(Deferred)[-1].tries == 0
    desk.file = "inode 2"
    desk.subscribe(era=1)
    stage.advance(20.0)
    (call,) = desk.calls
    assert call.params["chat_guid"] == GROUP


def test_an_older_imsg_goes_on_with_the_file_it_opened(stage: KillableStage) -> None:
    desk = moved(stage, UNKNOWN)
    desk.tell(prepared(1, "one"))
    assert desk.texts == ["one"]
