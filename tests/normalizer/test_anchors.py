"""What kind of chat a row belongs to, who wrote it, and whether it names a chat at all."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors.normalizer.anchors import (
    besides,
    is_address,
    is_anchorless,
    is_from_own_address,
    is_group,
    is_self_chat,
    other_party,
)
from actors.normalizer.normalize import Malformed, normalize
from tests.support.rows import ACCOUNT, ANN, BEN, OWN, START, inbound, raw


@pytest.mark.parametrize(
    ("keys", "anchorless"),
    [
        ({}, False),
        ({"chat_id": 0}, True),
        ({"chat_id": -1}, True),
        ({"chat_id": None}, True),
        ({"chat_id": ...}, True),
        ({"chat_id": ..., "chat_guid": ..., "chat_identifier": ...}, True),
        ({"chat_id": 0, "chat_guid": "", "chat_identifier": ""}, True),
        ({"chat_id": 7, "chat_guid": "", "chat_identifier": ""}, False),
        ({"chat_id": 0, "is_group": True}, False),
        ({"chat_id": 0, "chat_guid": "iMessage;+;chat7"}, False),
    ],
)
def test_only_a_chat_number_is_an_anchor(keys: dict[str, Any], anchorless: bool) -> None:
    """A group's row without one is no candidate for repair: it is refused as what it is."""
    assert is_anchorless(inbound(**keys)) is anchorless


@pytest.mark.parametrize(
    ("flag", "guid", "identifier", "people", "group"),
    [
        (False, "iMessage;+;chat1", "chat1", (), True),
        (False, "any;+;chat1", "", (), True),
        (False, "", "iMessage;+;chat1", (), True),
        (False, f"iMessage;-;{ANN}", ANN, (ANN,), False),
        (False, f"iMessage;-;{ANN}", ANN, besides((ANN, f" {OWN}", ANN), OWN), False),
        (False, f"iMessage;-;{ANN}", ANN, (ANN, BEN), True),
        (False, "", "", (ANN, BEN), True),
        (None, f"iMessage;-;{ANN}", ANN, (ANN, BEN), True),
        (True, f"iMessage;-;{ANN}", ANN, (), True),
        (None, "", "", (), False),
    ],
)
def test_a_group_is_a_group_whatever_imsg_calls_it(
    flag: bool | None, guid: str, identifier: str, people: tuple[str, ...], group: bool
) -> None:
    """imsg before 0.5 calls every real group a direct chat (imsg protocol 1)."""
    assert is_group(flag, guid, identifier, people) is group


@pytest.mark.parametrize(
    ("sender", "identifier", "people", "who"),
    [
        (ANN, BEN, (BEN,), ANN),
        (OWN, ANN, (), ANN),
        (OWN, "ann@example.com", (), "ann@example.com"),
        (OWN, "262966", (), "262966"),
        (OWN, "", (ANN,), ANN),
        (OWN, OWN, (ANN, OWN), ANN),
        (OWN, OWN, (OWN,), OWN),
        (OWN, OWN, (), OWN),
        (OWN, "chat123", (), OWN),
        (OWN, f"iMessage;-;{ANN}", (ANN,), ANN),
        (OWN, "", (ANN, BEN), OWN),
        (f" {OWN.upper()} ", ANN, (), ANN),
    ],
)
def test_the_local_address_stands_for_a_sender_messages_does_not_know(
    sender: str, identifier: str, people: tuple[str, ...], who: str
) -> None:
    """Unless the chat is one with oneself, or it cannot be told who the other is."""
    assert other_party(sender, OWN, identifier, people) == who


@pytest.mark.parametrize(
    ("keys", "who"),
    [
        ({}, ANN),
        ({"destination_caller_id": ...}, OWN),
        ({"destination_caller_id": BEN}, OWN),
        ({"is_from_me": True}, OWN),
        ({"is_from_me": ...}, OWN),
        ({"is_group": True}, OWN),
        ({"chat_guid": "iMessage;+;chat7", "participants": [ANN]}, OWN),
        ({"chat_identifier": OWN}, OWN),
        ({"chat_identifier": "", "participants": [ANN]}, ANN),
    ],
)
def test_the_sender_is_mended_in_direct_chats_of_rows_that_are_not_ours(keys: dict[str, Any], who: str) -> None:
    row = inbound(**{"sender": OWN, "destination_caller_id": OWN, **keys})
    assert row.sender == who
    assert row.own_handle in {"", OWN, BEN}


def test_a_mended_sender_is_the_same_when_the_row_is_read_back() -> None:
    row = inbound(sender=OWN, destination_caller_id=OWN)
    assert normalize(row.account, row.source, row.raw, row.received_at) == row


@given(st.text(max_size=12), st.text(max_size=12), st.lists(st.text(max_size=12), max_size=3).map(tuple))
def test_nobody_is_invented(sender: str, identifier: str, people: tuple[str, ...]) -> None:
    who = other_party(sender, OWN, identifier, people)
    assert who in {sender, identifier, *people}
    if who != sender:
        assert is_address(who)


# The chat with oneself

MAIL = "me@example.com"
HERE: dict[str, Any] = {"sender": OWN, "chat_identifier": OWN, "destination_caller_id": OWN}


@pytest.mark.parametrize("from_me", [True, False])
@pytest.mark.parametrize(
    ("keys", "here"),
    [
        ({}, True),
        ({"sender": f"tel:{OWN}", "chat_identifier": "(555) 999-0000"}, True),
        ({"sender": MAIL.upper(), "chat_identifier": MAIL, "destination_caller_id": f" {MAIL}"}, True),
        ({"participants": [OWN]}, True),
        ({"sender": ANN}, False),
        ({"chat_identifier": ANN}, False),
        ({"chat_identifier": ""}, False),
        ({"chat_identifier": "chat123"}, False),
        ({"destination_caller_id": ANN}, False),
        ({"destination_caller_id": ...}, False),
        ({"destination_caller_id": MAIL}, False),
        ({"destination_caller_id": "", "sender": "", "chat_identifier": ""}, False),
        ({"destination_caller_id": " ", "sender": "", "chat_identifier": ""}, False),
        ({"sender": ANN, "chat_identifier": ANN}, False),
        ({"is_group": True}, False),
        ({"chat_guid": "iMessage;+;chat7"}, False),
        ({"chat_id": 0}, False),
    ],
    ids=str,
)
def test_a_chat_is_with_oneself_where_all_three_addresses_are_one(
    keys: dict[str, Any], here: bool, from_me: bool
) -> None:
    """Both rows of a note; in a friend's chat a row from me names the peer or the own address, never itself."""
    assert is_self_chat(inbound(**{**HERE, "is_from_me": from_me, **keys}), "US") is here


@pytest.mark.parametrize(
    ("keys", "own"),
    [
        ({}, True),
        ({"chat_identifier": ANN, "is_from_me": True}, True),
        ({"is_group": True}, True),
        ({"sender": ANN}, False),
        ({"sender": "", "destination_caller_id": ""}, False),
        ({"sender": "", "destination_caller_id": "?"}, False),
    ],
    ids=str,
)
def test_a_row_is_from_the_own_address_where_its_sender_is(keys: dict[str, Any], own: bool) -> None:
    assert is_from_own_address(inbound(**{**HERE, **keys}), "US") is own


BROKEN = [0, -1, -(2**62), None, ...]


@pytest.mark.parametrize("chat_id", BROKEN)
@pytest.mark.parametrize("names", ["", None, ..., "chat7"])
def test_no_broken_chat_field_makes_a_row_answerable(chat_id: Any, names: Any) -> None:
    """Whatever else is said, without a chat number there is no chat."""
    body = raw(chat_id=chat_id, chat_guid=names, chat_identifier=names)
    row = normalize(ACCOUNT, 1, body, START)
    assert not isinstance(row, Malformed)
    assert row.chat.id <= 0
