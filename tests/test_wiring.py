"""What of an account starts its link anew: the same for its reader, for its sender, and for what people are told."""

from __future__ import annotations

from dataclasses import fields, replace
from typing import Any

import pytest

from actors.wiring import links
from config import Account, changes

BEFORE = Account(id="default")
OTHERS: dict[str, Any] = {
    "cli_path": "/opt/imsg",
    "db_path": "/tmp/chat.db",
    "remote_host": "mac",
    "include_attachments": True,
    "debounce_ms": 7,
    "probe_timeout_ms": 7,
    "send_transport": "bridge",
    "region": "DE",
    "allow_from": ("+15550001111",),
    "text_chunk_limit": 7,
    "recovery": None,
    "dm_policy": "open",
    "groups": {"1": None},
    "response_prefix": "x",
}


@pytest.mark.parametrize("field", OTHERS)
def test_a_link_starts_anew_for_all_who_share_it_or_for_none(field: str) -> None:
    after = replace(BEFORE, **{field: OTHERS[field]})
    reader = links.reader_mark(BEFORE, 1) != links.reader_mark(after, 1)
    sender = links.sender_mark(BEFORE, 1) != links.sender_mark(after, 1)
    over = links.prefs(BEFORE, 1, 0).over != links.prefs(after, 1, 0).over
    assert reader == over, "a sender must know of every child that is replaced, and of no other"
    assert sender >= reader
    key = "".join(part if not number else part.capitalize() for number, part in enumerate(field.split("_")))
    assert (changes.effect([f"channels.imessage.{key}"]) == "accounts") == sender


def test_another_database_is_another_link() -> None:
    assert links.reader_mark(BEFORE, 1) != links.reader_mark(BEFORE, 2)
    assert links.prefs(BEFORE, 1, 0).over != links.prefs(BEFORE, 2, 0).over


def test_the_fields_are_those_of_an_account() -> None:
    assert OTHERS.keys() <= {field.name for field in fields(Account)}
