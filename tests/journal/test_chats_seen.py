"""What is known of a chat: the newest body the journal has of it."""

from __future__ import annotations

import sqlite3
from typing import Any

from actors.envelopes.facts import Replaced
from actors.envelopes.inbound import Dropped
from actors.journal.stories import chats_seen
from tests.journal.desk import Room, message
from tests.journal.test_stories import MENTION, spoil
from tests.support.rows import ANN, BEN, OWN, raw


def test_the_newest_body_of_a_chat(room: Room, looking: sqlite3.Connection) -> None:
    room.append(message(1, chat=8, text="old"), MENTION)
    room.append(message(2, chat=8, text="new"), MENTION)
    room.append(message(3, chat=9))
    assert chats_seen(looking, 1, 8) == message(2, chat=8, text="new").raw
    spoil(room, 2, b"{")
    assert chats_seen(looking, 1, 8) == message(1, chat=8, text="old").raw
    assert chats_seen(looking, 1, 10) is None
    assert chats_seen(looking, 2, 8) is None


def test_the_newest_body_of_a_handle_is_of_its_direct_chat(room: Room, looking: sqlite3.Connection) -> None:
    eve = "Eve@Example.org"
    room.append(message(1, chat=1, sender=eve, chat_identifier=eve.lower()))
    room.append(message(2, chat=2, sender=eve, is_group=True, chat_guid="iMessage;+;chat2", chat_identifier="chat2"))
    room.append(message(3, chat=3))
    own: dict[str, Any] = {"is_from_me": True, "sender": "", "destination_caller_id": OWN}
    room.append(message(4, chat=3, **own), Dropped("from me"))
    assert chats_seen(looking, 1, "eve@example.ORG") == raw(1, 1, sender=eve, chat_identifier=eve.lower())
    assert chats_seen(looking, 1, ANN) == raw(4, 3, **own)
    assert chats_seen(looking, 1, BEN) is None
    assert chats_seen(looking, 1, "") is None


def test_a_chat_of_a_database_that_is_gone_is_another_chat(room: Room, looking: sqlite3.Connection) -> None:
    room.append(message(1, chat=8))
    room.record(Replaced(1, 0, "file"))
    assert chats_seen(looking, 1, 8) is None
    assert chats_seen(looking, 1, ANN) is None
    room.append(message(2, chat=8, era=1))
    assert chats_seen(looking, 1, 8) == raw(2, 8)
