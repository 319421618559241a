"""What the config wants people to see."""

from __future__ import annotations

from typing import Any

import pytest

from actors.presence.manners import Manners, tapback
from config import Account
from config.schema.root import Config


def manners(blocks: dict[str, Any], **account: Any) -> Manners:
    """Those of an account under these blocks of the config."""
    return Manners.of(Config.model_validate(blocks), Account(id="default", **account))


def test_unset_people_see_that_they_are_read_and_answered_and_no_tapback() -> None:
    assert manners({}) == Manners()
    assert Manners() == Manners(reads=True, mode=None, interval=8.0, ack="", scope="group-mentions", takes_back=False)


def test_every_key_counts() -> None:
    found = manners(
        {
            "session": {"typingMode": "thinking", "typingIntervalSeconds": 5},
            "messages": {"ackReaction": " \U0001f44d ", "ackReactionScope": "all", "removeAckAfterReply": True},
        },
        send_read_receipts=False,
    )
    assert found == Manners(False, "thinking", 5.0, "\U0001f44d", "all", True)


@pytest.mark.parametrize("ack", ["", "\U0001f440", "hug"])
def test_what_is_no_classic_tapback_is_none_without_the_newer_imsg(ack: str) -> None:
    assert tapback(ack, any_emoji=False) is None


def test_no_emoji_is_no_tapback() -> None:
    assert not Manners(ack="", scope="all").acks(is_group=False, mentioned=False)
