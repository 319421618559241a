"""Where the config still admits somebody who was taken out of the pairing store."""

from __future__ import annotations

from typing import Any

import pytest

from actors.control.cli.pairing_ways import DIRECT, GROUPS, OWNER, Way, ways
from config import Account, Config

ALICE = "+15550001111"
BASE = {"id": "default", "dm_policy": "pairing", "group_policy": "disabled"}


def found(config: dict[str, Any] | None = None, **keys: Any) -> list[Way]:
    """The ways of Alice into an account with these settings."""
    return ways(Account(**{**BASE, **keys}), Config.model_validate(config or {}, strict=False), (ALICE,))


def test_nobody_on_a_list_has_no_other_way() -> None:
    assert found() == []
    assert found(allow_from=("+15550002222", "bob@example.com", "accessGroup:nobody")) == []


@pytest.mark.parametrize("entry", [ALICE, "(555) 000-1111", " imessage:+1 555 000 1111", "*"])
def test_an_entry_that_names_them_is_named_with_its_path(entry: str) -> None:
    (way,) = found(allow_from=("bob@example.com", entry))
    assert way == Way("channels.imessage.allowFrom.1", entry.strip(), DIRECT)


def test_an_access_group_they_are_in_counts() -> None:
    groups = {"family": {"type": "message.senders", "members": {"imessage": [ALICE]}}}
    (way,) = found({"accessGroups": groups}, allow_from=("accessGroup:family",))
    assert way == Way("channels.imessage.allowFrom.0", "accessGroup:family", DIRECT)


def test_the_group_lists_count_for_groups() -> None:
    assert found(group_policy="open") == [Way("channels.imessage.groupPolicy", "open", GROUPS)]
    assert found(group_policy="allowlist", group_allow_from=(ALICE,)) == [
        Way("channels.imessage.groupAllowFrom.0", ALICE, GROUPS)
    ]
    assert found(group_policy="allowlist", group_allow_from=()) == []
    both = found(group_policy="allowlist", allow_from=(ALICE,))
    assert [(way.path, way.where) for way in both] == [
        ("channels.imessage.allowFrom.0", DIRECT),
        ("channels.imessage.allowFrom.0", GROUPS),
    ]


def test_where_direct_messages_are_off_no_list_lets_them_in() -> None:
    assert found(dm_policy="disabled", allow_from=("*",)) == []


@pytest.mark.parametrize(
    ("entry", "sure"),
    [
        ("chat_id:7", False),
        ("chat_guid:iMessage;+;chat123", False),
        ("chat_identifier:chat123", False),
        (f"chat_guid:iMessage;-;{ALICE}", True),
        (f"chat_identifier:{ALICE}", True),
        ("chat_guid:iMessage;-;+15550002222", None),
        ("chat_identifier:bob@example.com", None),
    ],
)
def test_a_listed_chat_may_be_theirs(entry: str, sure: bool | None) -> None:
    expected = [] if sure is None else [Way("channels.imessage.allowFrom.0", entry, DIRECT, sure)]
    assert found(allow_from=(entry,)) == expected


def test_an_owner_of_the_config_stays_one() -> None:
    owners = {"commands": {"ownerAllowFrom": ["*", "chat_id:7", "+1 (555) 000-1111"]}}
    assert found(owners) == [Way("commands.ownerAllowFrom.2", "+1 (555) 000-1111", OWNER)]
