"""Chats that are not what they seem: groups of one, short codes, businesses. Without a word of the owner, no answer."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec.structs import replace

from actors.access import reasons
from actors.envelopes.inbound import Admit, Challenge, Dropped
from tests.access.builders import ANN, BEN, judge, row, view

SHORT, BUSINESS, NAME = "262966", "urn:biz:0f3c-77", "AMAZON"


def group_of_one(**changes: Any) -> Any:
    """A group whose one participant is who writes."""
    message = row(group=True, **changes)
    return replace(message, chat=replace(message.chat, participants=(message.sender,)))


def test_a_group_of_one_is_a_group_and_shut_by_default() -> None:
    assert judge(group_of_one(sender=BEN), view(), BEN) == Dropped(
        reasons.EMPTY_GROUP_LIST, "channels.imessage.allowFrom"
    )


def test_a_group_of_one_is_no_way_round_the_list_of_groups() -> None:
    of = view(allow_from=(ANN,), groups={"42": None})
    assert judge(group_of_one(sender=ANN), of) == Dropped(reasons.UNKNOWN_GROUP, "channels.imessage.groups")
    assert judge(group_of_one(sender=BEN, chat_id=42), of, BEN) == Dropped(
        reasons.NOT_IN_GROUP_LIST, "channels.imessage.allowFrom"
    )


def test_who_writes_counts_and_not_whom_the_chat_is_named_after() -> None:
    of = view(allow_from=(ANN,), dm_policy="allowlist")
    assert judge(row(sender=BEN, identifier=ANN, guid_of_chat=f"iMessage;-;{ANN}"), of) == Dropped(
        reasons.DM_BLOCKED, "channels.imessage.allowFrom"
    )


@pytest.mark.parametrize("sender", [SHORT, BUSINESS, NAME, "*", "-", "chat_id:7", "a b@c"])
def test_what_is_no_person_gets_no_code_and_no_answer(sender: str) -> None:
    for policy in ("pairing", "allowlist", "disabled"):
        verdict = judge(row(sender=sender, identifier=sender, guid_of_chat=f"SMS;-;{sender}"), view(dm_policy=policy))
        assert isinstance(verdict, Dropped)
        assert verdict.reason


@pytest.mark.parametrize("sender", [SHORT, BUSINESS])
def test_what_is_no_person_may_be_listed_by_the_owner(sender: str) -> None:
    message = row(sender=sender, identifier=sender, guid_of_chat=f"SMS;-;{sender}")
    assert isinstance(judge(message, view(allow_from=(sender,))), Admit)


def test_a_person_gets_a_code() -> None:
    assert judge(row(sender=BEN, identifier=BEN), view()) == Challenge(BEN, "channels.imessage.dmPolicy")
