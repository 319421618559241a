"""The search for the chat of a row: by GUID only, through the newest chats, and never by its sender."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors.envelopes.inbound import Inbound
from actors.normalizer.normalize import normalize
from actors.normalizer.search import CHATS, MESSAGES, Search, Wanted
from tests.support.rows import ACCOUNT, ANN, START, guid, inbound, wire

CHAT_LIST = {"chats": [{"id": 11}, {"id": 12}, {"id": 13}]}


def ghost(number: int = 1, **keys: Any) -> Inbound:
    """A row as it came: without a chat."""
    return inbound(
        number, **{"chat_id": 0, "chat_guid": "", "chat_identifier": "", "participants": [], "text": "", **keys}
    )


def search(*numbers: int, attachments: bool = False) -> Search:
    """A search for these rows; row n is held under number n + 100."""
    return Search([Wanted.of(number + 100, ghost(number)) for number in numbers], attachments)


def asked(chat: int) -> Any:
    """The question for a history."""
    return ("messages.history", {"chat_id": chat, "limit": MESSAGES})


def history(*messages: dict[str, Any]) -> dict[str, Any]:
    """An answer."""
    return {"messages": [{**wire(99), "guid": "other"}, *messages]}


def test_it_asks_for_the_newest_chats_and_then_for_one_after_the_other_until_the_hit() -> None:
    looking = search(1)
    assert looking.first() == ("chats.list", {"limit": CHATS})
    assert looking.answered(CHAT_LIST) == ([], asked(11))
    assert looking.answered(history()) == ([], asked(12))
    found, question = looking.answered(history(wire(1, 12, "now with text")))
    assert question is None
    assert looking.missing == ()
    ((seq, row),) = found
    assert (seq, row.chat.id, row.text, row.guid) == (101, 12, "now with text", guid(1))


def test_a_found_row_is_the_historys_own_and_finds_its_chat_when_it_is_read_back() -> None:
    looking = Search([Wanted.of(5, inbound(1, chat_id=0, source=3, account="work", received_at=START + 7))], False)
    looking.answered(CHAT_LIST)
    ((_, row),), _ = looking.answered(history(wire(1, 11, chat_guid="iMessage;+;chat9", is_group=True)))
    assert (row.account, row.source, row.received_at, row.chat.is_group) == ("work", 3, START + 7, True)
    assert normalize(row.account, row.source, row.raw, row.received_at) == row


def test_a_found_row_belongs_to_the_database_it_came_from_and_is_not_stale() -> None:
    wanted = Wanted(5, ACCOUNT, 1, 3, START, guid(1))
    looking = Search([wanted], False)
    looking.answered(CHAT_LIST)
    ((_, row),), _ = looking.answered(history(wire(1, 11)))
    assert (row.era, row.stale) == (3, "")


def test_several_rows_are_looked_for_in_one_round() -> None:
    looking = search(1, 2, 3)
    looking.answered(CHAT_LIST)
    found, _ = looking.answered(history(wire(3, 11), wire(1, 11)))
    assert sorted(seq for seq, _ in found) == [101, 103]
    assert [row.guid for row in looking.missing] == [guid(2)]
    assert looking.answered(history()) == ([], asked(13))
    assert looking.answered(history()) == ([], None)
    assert [row.seq for row in looking.missing] == [102]


@pytest.mark.parametrize(
    "message",
    [
        wire(1, chat_id=0, chat_guid="", chat_identifier=""),
        {**wire(1), "chat_id": None},
        {**wire(1), "chat_id": "7"},
        {**wire(1), "id": 0},
        {**wire(1), "id": 2**70},
        {**wire(2)},
        {key: value for key, value in wire(1).items() if key != "guid"},
        {**wire(1), "guid": 5},
    ],
)
def test_what_names_no_chat_or_another_row_is_no_hit(message: dict[str, Any]) -> None:
    looking = search(1)
    looking.answered(CHAT_LIST)
    assert looking.answered(history(message)) == ([], asked(12))
    assert len(looking.missing) == 1


def test_a_guid_is_the_same_in_either_case() -> None:
    wanted = Wanted(5, ACCOUNT, 1, 0, START, guid(0xABC))
    looking = Search([wanted], False)
    looking.answered(CHAT_LIST)
    found, _ = looking.answered(history(wire(1, 11, guid=guid(0xABC).lower())))
    assert len(found) == 1


@pytest.mark.parametrize(
    "result", [None, {}, {"chats": None}, {"chats": []}, {"chats": [5, {}, {"id": "1"}, {"id": 0}, {"id": True}]}]
)
def test_without_a_list_of_chats_there_is_nothing_to_ask(result: Any) -> None:
    looking = search(1)
    assert looking.answered(result) == ([], None)
    assert len(looking.missing) == 1


@pytest.mark.parametrize("result", [None, {}, {"messages": None}, {"messages": [None, 5, "x", []]}])
def test_a_chat_that_cannot_be_read_is_passed_over(result: Any) -> None:
    looking = search(1)
    looking.answered(CHAT_LIST)
    assert looking.answered(result) == ([], asked(12))


def test_chats_are_asked_once_and_not_more_than_so_many() -> None:
    looking = search(1)
    _, question = looking.answered({"chats": [{"id": 1 + number // 2} for number in range(100)]})
    count = 0
    while question is not None:
        count += 1
        _, question = looking.answered(None)
    assert count == CHATS // 2


def test_files_are_asked_for_where_the_account_takes_them() -> None:
    _, question = search(1, attachments=True).answered(CHAT_LIST)
    assert question == ("messages.history", {"chat_id": 11, "limit": MESSAGES, "attachments": True})


def test_the_sender_is_mended_too() -> None:
    """A row without a handle names our own address; the history knows the chat, and so who wrote."""
    own = "+15559990000"
    looking = search(1)
    looking.answered(CHAT_LIST)
    ((_, row),), _ = looking.answered(history(wire(1, 11, sender=own, destination_caller_id=own)))
    assert row.sender == ANN


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters(exclude_categories=()), max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)


@given(st.lists(st.dictionaries(st.sampled_from(["chats", "messages", "x"]), JSON, max_size=2), max_size=4))
def test_no_answer_breaks_it(answers: list[dict[str, Any]]) -> None:
    looking = search(1, 2)
    for answer in answers:
        looking.answered(answer)
        looking.answered({"messages": [{**wire(1), **answer}]})
    assert all(row.chat.id > 0 for _, row in looking.answered({"messages": [wire(2)]})[0])
