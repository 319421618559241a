"""The life of a message in the order of time, and what is known of a chat."""

from __future__ import annotations

import sqlite3
from typing import Any

from actors.envelopes.control import Discard
from actors.envelopes.facts import (
    Attempted,
    Deferred,
    Discarded,
    Failed,
    Queued,
    Rejudged,
    Replaced,
    Requeued,
    Sent,
    Settled,
    Uncertain,
)
from actors.envelopes.inbound import Challenge, Dropped, Held, Replied
from actors.envelopes.outbound import Chunk
from actors.journal.stories import Story, chats_seen, facts
from tests.journal.desk import Room, message
from tests.journal.test_stories import MENTION, OWNER, spoil, told
from tests.support.rows import ANN, BEN, OWN, START, address, admit, raw


def lines(found: Story) -> list[tuple[float, str]]:
    """Its facts, in seconds since ``START``."""
    return [(at - START, text) for at, text in facts(found)]


def test_the_life_of_an_answered_message(room: Room, looking: sqlite3.Connection) -> None:
    room.append(message(1), OWNER)
    room.stage.advance(1.0)
    room.record(Queued(tuple(Chunk(4096 + n, address(), "x") for n in range(7)), ((1, Replied()),), 0, START + 1))
    room.record(
        *(Attempted(4096 + n, START + 2 + n) for n in range(6)),
        Sent(4096, "G", START + 3),
        Failed(4097, "refused", START + 9),
        Deferred(4098, START + 30, 1, "busy"),
        Uncertain(4099, "late"),
        Discarded(4100, "given up", START + 40),
        Failed(4101, "x", START + 8),
        Requeued(4101, START + 10),
    )
    assert lines(told(looking, 1)) == [
        (0, "received and judged: admitted (owner) to agent main, session agent:main:main"),
        (1, "settled: replied"),
        *((1, f"chunk {4096 + n} queued") for n in range(7)),
        (2, "chunk 4096 attempted"),
        (3, "chunk 4096 sent as G"),
        (3, "chunk 4097 attempted"),
        (4, "chunk 4098 attempted"),
        (5, "chunk 4099 attempted"),
        (5, "chunk 4099 uncertain: late"),
        (6, "chunk 4100 attempted"),
        (7, "chunk 4101 attempted"),
        (9, "chunk 4097 failed: refused"),
        (30, "chunk 4098 deferred, due again: busy"),
        (40, "chunk 4100 discarded: given up"),
    ]


def test_the_lives_of_those_without_an_answer(room: Room, looking: sqlite3.Connection) -> None:
    room.append(message(1), MENTION)
    room.append(message(2), Challenge(BEN, "dmPolicy"))
    for number in (3, 4, 5):
        room.append(message(number), Held("no agent"))
    room.append(message(6))
    room.stage.advance(5.0)
    room.record(
        Settled(2, Dropped("pairing required")), Rejudged(3, message(3), MENTION), Rejudged(4, message(4), admit())
    )
    room.tell(Discard((5,)))
    assert [lines(told(looking, seq)) for seq in range(1, 7)] == [
        [(0, "received and judged: dropped: no mention")],
        [(0, f"received and judged: challenged as {BEN}"), (5, "settled: dropped: pairing required")],
        [(0, "received"), (5, "judged again: dropped: no mention")],
        [(0, "received"), (5, "judged again: admitted (known) to agent main, session agent:main:main")],
        [(0, "received and judged: held"), (5, "settled: dropped: discarded")],
        [(0, "received and judged: admitted (known) to agent main, session agent:main:main")],
    ]


# What is known of a chat


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
