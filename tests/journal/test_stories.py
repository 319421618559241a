"""The story of a message, as it is read from disk: by number, by GUID, or the last one; whatever state it is in."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from typing import Any

import pytest
from msgspec.structs import replace

from actors.envelopes.control import Discard
from actors.envelopes.facts import (
    Rejudged,
    Sent,
    Settled,
)
from actors.envelopes.inbound import Absorbed, Admitted, Challenge, Corrupt, Dropped, Held, Verdict
from actors.envelopes.outbound import chunk_key
from actors.journal.stories import LOOK_BACK, Story, StoryChunk, StoryTurn, story
from actors.normalizer.normalize import nameless
from tests.journal.conftest import Open
from tests.journal.desk import Room, later, message, queued
from tests.journal.turning import answered, failed
from tests.support.probes import KillableStage
from tests.support.rows import ACCOUNT, BEN, OWN, START, admit, guid

OWNER = replace(admit("agent:main:main"), authority="owner")
MENTION = Dropped("no mention", "channels.imessage.groups")


def told(connection: sqlite3.Connection, which: str | int) -> Story:
    """A story that is there."""
    found = story(connection, str(which))
    assert found is not None
    return found


def spoil(room: Room, seq: int, body: bytes | None) -> None:
    """The bytes of a row are gone or spoilt."""
    with closing(sqlite3.connect(room.path)) as connection:
        connection.execute("UPDATE inbound SET body = ? WHERE seq = ?", (body, seq))
        connection.commit()


# One row


def test_an_answered_message_has_everything_in_its_story(room: Room, looking: sqlite3.Connection) -> None:
    row = message(1, text="hi", era=0)
    room.append(row, OWNER)
    room.stage.advance(2.0)
    room.record(replace(queued(1, "one", "two", attempt=True), at=START + 2, guid="OURS"))
    room.record(Sent(chunk_key(1, 0), "", START + 3), later(1, "in"))
    chunks = (
        StoryChunk(chunk_key(1, 0), 0, "sent", "one", START + 2, START + 2, None, START + 3, 0, "OURS", ""),
        StoryChunk(chunk_key(1, 1), 1, "queued", "two", START + 2, None, None, None, 0, "", ""),
        StoryChunk(chunk_key(1, 4000), 4000, "queued", "in", START, None, None, None, 0, "", ""),
    )
    assert told(looking, 1) == Story(
        seq=1,
        source=1,
        era=0,
        account=ACCOUNT,
        guid=guid(1),
        chat_id=7,
        received_at=START,
        judged_at=START,
        settled_at=START + 2,
        kind="admit",
        session="agent:main:main",
        agent="main",
        service="auto",
        mentioned=True,
        authority="owner",
        outcome="replied",
        reason="",
        config_key="",
        body=row.raw,
        chunks=chunks,
        same=1,
    )


def test_one_that_is_open_has_no_end_yet(room: Room, looking: sqlite3.Connection) -> None:
    room.append(message(1))
    found = told(looking, 1)
    assert (found.outcome, found.settled_at, found.judged_at, found.chunks) == ("", None, START, ())


def test_a_story_names_the_turn_a_message_was_taken_in_by(room: Room, looking: sqlite3.Connection) -> None:
    room.tell(*(room.appended(message(n)) for n in range(1, 5)))
    room.record(answered(1, 2, 3, at=START + 1), failed(4, at=START + 5))
    both = StoryTurn(3, (1, 2), "main", "replied", START + 1, START + 2)
    assert [told(looking, seq).turn for seq in (1, 2, 3)] == [both] * 3
    assert told(looking, 4).turn == StoryTurn(4, (), "main", "failed", START + 5, START + 6)


def test_a_refused_one_says_why(room: Room, looking: sqlite3.Connection) -> None:
    room.append(message(1), MENTION)
    found = told(looking, 1)
    assert (found.kind, found.outcome, found.reason, found.config_key) == ("refused", "dropped", *_of(MENTION))
    assert (found.settled_at, found.judged_at, found.authority) == (START, START, "")
    assert (found.mentioned, found.session, found.agent, found.service) == (False, "", "", "")


def _of(verdict: Dropped) -> tuple[str, str]:
    return verdict.reason, verdict.config_key


def test_one_that_was_judged_again_says_when(room: Room, looking: sqlite3.Connection) -> None:
    for number in (1, 2, 3):
        room.append(message(number), Held("no agent"))
    room.stage.advance(60.0)
    room.record(Rejudged(1, message(1), OWNER), Rejudged(2, message(2), MENTION))
    room.stage.advance(60.0)
    room.record(Settled(1, Absorbed("no reply")))
    room.tell(Discard((3,)))
    times = [(one.judged_at - START, (one.settled_at or 0) - START) for one in (told(looking, n) for n in (1, 2, 3))]
    assert times == [(60, 120), (60, 60), (0, 120)]
    assert told(looking, 1).authority == "owner"


def test_while_it_is_open_again_it_has_no_end(room: Room, looking: sqlite3.Connection) -> None:
    room.append(message(1), Held("no agent"))
    room.stage.advance(60.0)
    room.record(Rejudged(1, message(1), OWNER))
    assert (told(looking, 1).settled_at, told(looking, 1).judged_at) == (None, START + 60)


def test_authority_outlives_a_restart(open_room: Open, stage: KillableStage) -> None:
    room = open_room()
    for number, authority in enumerate(("known", "authorised", "owner"), 1):
        room.append(message(number), replace(OWNER, authority=authority))
    said = room.sessions.all(Admitted)
    assert [one.authority for one in said] == ["known", "authorised", "owner"]
    stage.kill()
    assert open_room().sessions.all(Admitted) == said


# Finding it


@pytest.mark.parametrize("which", ["171", "#171", " #171 ", "0000171"])
def test_a_row_is_found_by_its_number(room: Room, looking: sqlite3.Connection, which: str) -> None:
    with closing(sqlite3.connect(room.path)) as connection:
        connection.execute(
            "INSERT INTO inbound (seq, source, guid, account, received_at, kind) "
            "VALUES (171, 1, x'00', 'a', 1, 'admit')"
        )
        connection.commit()
    found = told(looking, which)
    assert (found.seq, found.guid, found.body, found.chat_id) == (171, "", None, 0)


@pytest.mark.parametrize("odd", ["ABCDEF00-0000-4000-8000-0000000000AB", "p:0/X", "Mixed-Case", "#7x", "last words"])
def test_a_row_is_found_by_its_guid(room: Room, looking: sqlite3.Connection, odd: str) -> None:
    room.append(message(1))
    room.append(message(2, guid=odd))
    assert told(looking, odd).guid == odd
    assert told(looking, f" {odd}\n").seq == 2


def test_a_guid_is_found_in_any_case(room: Room, looking: sqlite3.Connection) -> None:
    room.append(message(0xABCDEF))
    room.append(message(2, guid="P:0/X"))
    assert told(looking, guid(0xABCDEF).lower()).guid == guid(0xABCDEF)
    assert told(looking, "p:0/x").seq == 2


def test_of_several_databases_the_newest_row_is_told_and_how_many_there_are(
    room: Room, looking: sqlite3.Connection
) -> None:
    other = room.store.source_number("/other.db")
    room.append(message(1))
    room.append(message(1, source=other, account="work"))
    room.append(message(2))
    found = told(looking, guid(1))
    assert (found.seq, found.source, found.account, found.same) == (2, other, "work", 2)
    assert told(looking, 1).same == 2
    assert told(looking, 3).same == 1


@pytest.mark.parametrize("which", ["", "last", "#", "#0", "99", "9" * 19, "9" * 40, guid(9), "\ud800", "\x00", "#-1"])
def test_what_is_not_there_has_no_story(looking: sqlite3.Connection, which: str) -> None:
    assert story(looking, which) is None


# The last one

ECHOES: tuple[tuple[dict[str, Any], Verdict], ...] = (
    ({"is_from_me": True}, Dropped("from me")),
    ({"is_from_me": True}, Held("stale backlog")),
    ({"sender": OWN}, Dropped("from me")),
    ({}, Dropped("echo")),
    ({}, Dropped("self-chat echo")),
    ({}, Dropped("agent echo in self-chat")),
)


@pytest.mark.parametrize(("keys", "verdict"), ECHOES)
def test_the_last_one_is_not_from_us(
    room: Room, looking: sqlite3.Connection, keys: dict[str, Any], verdict: Verdict
) -> None:
    room.append(message(1))
    room.append(message(2, **keys), verdict)
    assert told(looking, "last").seq == 1
    assert told(looking, "LAST").seq == 1


@pytest.mark.parametrize("verdict", [admit(), Challenge(BEN, "dmPolicy"), MENTION, Held("no agent"), Corrupt("no")])
def test_the_last_one_counts_whatever_was_decided(room: Room, looking: sqlite3.Connection, verdict: Verdict) -> None:
    room.append(message(1))
    room.append(message(2), verdict)
    assert told(looking, "last").seq == 2


def test_a_message_to_oneself_that_was_let_in_may_be_the_last_one(room: Room, looking: sqlite3.Connection) -> None:
    room.append(message(1))
    room.append(message(2, is_from_me=True))
    assert told(looking, "last").seq == 2


@pytest.mark.parametrize("reason", ["from me", "dmPolicy disabled"])
def test_a_message_to_oneself_that_config_refused_may_be_the_last_one(
    room: Room, looking: sqlite3.Connection, reason: str
) -> None:
    room.append(message(1))
    room.append(message(2, is_from_me=True), Dropped(reason, "channels.imessage.allowFrom"))
    assert told(looking, "last").seq == 2


def test_rows_that_cannot_be_read_may_be_the_last_one(room: Room, looking: sqlite3.Connection) -> None:
    room.append(message(1))
    room.append(nameless(ACCOUNT, 1, b"junk", START), Corrupt("JSON is malformed"))
    assert told(looking, "last").seq == 2


def test_the_search_for_the_last_one_has_an_end(room: Room, looking: sqlite3.Connection) -> None:
    room.append(message(1))
    with closing(sqlite3.connect(room.path)) as connection:
        connection.execute(
            f"WITH RECURSIVE n (i) AS (VALUES (2) UNION ALL SELECT i + 1 FROM n WHERE i <= {LOOK_BACK}) "
            "INSERT INTO inbound (seq, source, guid, account, received_at, kind, outcome, reason) "
            "SELECT i, 1, randomblob(16), 'default', 0, 'refused', 'dropped', 'from me' FROM n"
        )
        connection.commit()
    assert story(looking, "last") is None


# Rows whose bytes are gone


@pytest.mark.parametrize("body", [None, b"", b"{", b"\xff\x00", b'{"id": "x"}'])
def test_a_row_that_cannot_be_read_has_a_story(room: Room, looking: sqlite3.Connection, body: bytes | None) -> None:
    room.append(message(1))
    room.record(queued(1, "one"))
    spoil(room, 1, body)
    found = told(looking, 1)
    assert (found.guid, found.body, found.outcome, len(found.chunks)) == ("", body, "replied", 1)
    assert told(looking, guid(1).lower()).guid == guid(1).lower()
