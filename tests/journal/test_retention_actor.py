"""The journal forgets while it works: when, how it gives way to facts, and who still reads what is left."""

from __future__ import annotations

import sqlite3
from contextlib import closing

import pytest

from actors.control import shelf
from actors.envelopes.control import Keep, Reconfigure, Record, Replayed, SourceState, Tick
from actors.envelopes.facts import Sent
from actors.envelopes.inbound import Challenge, Corrupt, Dropped, Held, Verdict
from actors.envelopes.outbound import chunk_key
from actors.journal import actor as journal_actor
from actors.journal import queries, stories
from actors.journal.actor import JournalView
from actors.journal.pruning import PAUSE_SECONDS
from actors.journal.retention import DAY, FIRST_SECONDS, HOUR, ROUND_SECONDS
from actors.journal.schema import connect_readonly
from tests.journal.conftest import Open
from tests.journal.desk import Room, dump, fail_at, message, queued, settled
from tests.support.actors import Probe
from tests.support.probes import KillableStage
from tests.support.rows import ACCOUNT, ANN, START, admit, guid

OLD = START - 40 * DAY
FULL = "SELECT seq FROM inbound WHERE body IS NOT NULL UNION SELECT key >> 12 FROM outbox WHERE text <> '' ORDER BY 1"


def full(room: Room) -> list[int]:
    """The rows that have words."""
    return [seq for (seq,) in room.rows(FULL)]


@pytest.fixture
def old(room: Room) -> Room:
    """A journal with an answered, a refused, a challenged and a corrupt row of forty days ago, and a held one."""
    verdicts: tuple[Verdict, ...] = (admit(), Dropped("x"), Challenge(ANN, "k"), Corrupt("bad"), Held("no agent"))
    for number, verdict in enumerate(verdicts, 1):
        room.append(message(number, received_at=OLD), verdict)
    room.record(queued(1, "answer"), Sent(chunk_key(1, 0), "", OLD), settled(3))
    room.connection.execute("UPDATE inbound SET settled_at = ? WHERE seq IN (1, 3)", (OLD,))
    assert full(room) == [1, 2, 3, 4, 5]
    return room


def test_nothing_is_forgotten_unless_somebody_says_for_how_long(old: Room, stage: KillableStage) -> None:
    before = dump(old.path)
    stage.advance(10 * DAY)
    assert dump(old.path) == before


def test_words_go_soon_after_the_start_and_then_round_by_round(old: Room, stage: KillableStage) -> None:
    old.tell(Keep(30, 365))
    stage.advance(FIRST_SECONDS - 1)
    assert full(old) == [1, 2, 3, 4, 5]
    stage.advance(10.0)
    assert full(old) == [5]
    assert old.outcomes() == {1: "replied", 2: "dropped", 3: "replied", 4: "corrupt", 5: "held"}
    old.append(message(6, received_at=START - 31 * DAY), Dropped("x"))
    stage.advance(ROUND_SECONDS)
    assert full(old) == [5]
    assert any("forgot the words of 4 messages (kept 30 days)" in text for _, text in stage.logged)


def test_another_keep_counts_from_the_next_round_on(old: Room, stage: KillableStage) -> None:
    old.tell(Keep(100, 365))
    stage.advance(FIRST_SECONDS + 10.0)
    assert full(old) == [1, 2, 3, 4, 5]
    old.tell(Keep(30, 365))
    stage.advance(ROUND_SECONDS)
    assert full(old) == [5]
    assert len([one for one in stage.clock.timers if one[1] == Tick("prune")]) == 1


def test_facts_that_wait_go_first(old: Room, stage: KillableStage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(journal_actor, "PATIENCE", 3)
    old.tell(Keep(30, 365))
    stage.clock.stop()
    for number in range(3):
        old.tell(old.appended(message(10 + number)), Tick("prune"))
        assert [wait for wait, _ in stage.clock.timers] == pytest.approx([PAUSE_SECONDS] * (number + 1))
    assert old.ledger.floor == 0, "no round began"
    old.tell(old.appended(message(20)), Tick("prune"))
    assert 20 in [row for (row,) in old.rows("SELECT row_id FROM inbound")], (
        "then they are committed, and a step is taken"
    )
    assert old.ledger.floor > 0
    stage.clock.stop()
    old.tell(Tick("prune"))
    for _ in range(20):
        old.tell(Tick("prune"))
    assert full(old) == [5, 6, 7, 8, 9]


def test_a_disk_in_trouble_is_said_and_tried_again_in_an_hour(old: Room, stage: KillableStage) -> None:
    old.tell(Keep(30, 365))
    old.connection.before = fail_at(old.connection.count + 3, sqlite3.OperationalError("database or disk is full"))
    stage.advance(FIRST_SECONDS + 10.0)
    assert any("cannot forget what is due" in text and "disk is full" in text for text in stage.errors())
    assert full(old) == [1, 2, 3, 4, 5]
    old.append(message(6))
    assert 6 in old.outcomes(), "the flow goes on"
    stage.advance(HOUR)
    assert full(old) == [5, 6]


def test_what_is_left_still_tells_a_known_message_and_a_known_database(
    old: Room, stage: KillableStage, open_room: Open
) -> None:
    reader = Probe("reader")
    old.replay("source", reader, source=old.source)
    old.tell(Keep(30, 365))
    stage.advance(FIRST_SECONDS + 10.0)
    old.replay("source", reader, source=old.source)
    before, after = reader.all(SourceState)
    assert after == before
    assert len(after.landmarks) == 4
    duplicates = old.ledger.duplicates
    old.append(message(2, received_at=START), admit())
    assert old.ledger.duplicates == duplicates + 1
    again = open_room("journal.db")
    assert again.admitted == []
    assert again.ledger.next_seq == 6
    again.replay("asked", again.sender, account=ACCOUNT, reason=ANN)
    assert again.sender.all(Replayed)[-1].items == ()
    again.replay("echoes", again.sender)
    assert again.sender.all(Replayed)[-1].items == ()


def test_everybody_who_looks_finds_a_row_without_words(old: Room, stage: KillableStage) -> None:
    old.tell(Keep(30, 365))
    stage.advance(FIRST_SECONDS + 10.0)
    with closing(connect_readonly(old.path)) as looking:
        told = stories.story(looking, guid(1))
        assert told is not None
        assert (told.guid, told.body, [chunk.text for chunk in told.chunks]) == (guid(1), None, [""])
        assert (told.kind, told.session, told.outcome) == ("admit", "agent:main:main", "replied")
        last = stories.story(looking, "last")
        assert last is not None
        assert last.seq == 5
        assert stories.chats_seen(looking, old.source, 7) == message(5).raw
        found = queries.chunk(looking, chunk_key(1, 0))
        assert found is not None
        assert found.answers == queries.Answered(1, "", "", "", OLD)
        assert [row.excerpt for row in queries.corrupt_rows(looking)] == [""]
    shown = shelf.row(old.path, 1)
    assert shown is not None
    assert (shown["outcome"], shown["excerpt"]) == ("replied", None)
    assert shelf.corrupt(old.path)[0]["excerpt"] == ""
    assert shelf.chunks(old.path, None)[0]["text"] == ""


def test_a_later_answer_to_a_row_without_words_keeps_its_own(old: Room, stage: KillableStage) -> None:
    old.tell(Keep(30, 365))
    stage.advance(FIRST_SECONDS + 10.0)
    late = queued(3, "you are in")
    old.tell(Record(late, old.sender.ref))
    stage.advance(2 * ROUND_SECONDS)
    assert full(old) == [3, 5]


def reconfigured(room: Room, keep: Keep | None) -> None:
    """Another view."""
    room.tell(Reconfigure(JournalView({ACCOUNT: 1}, keep)))


def test_it_forgets_as_the_latest_view_says(room: Room, stage: KillableStage) -> None:
    old = START - 40 * DAY
    for number in (1, 2):
        room.append(message(number, received_at=old))
        room.record(settled(number))
    room.connection.execute("UPDATE inbound SET settled_at = ?", (old,))
    reconfigured(room, Keep(100, 365))
    stage.advance(FIRST_SECONDS + DAY / 2)
    before = dump(room.path)
    reconfigured(room, Keep(30, 365))
    reconfigured(room, None)
    stage.advance(2 * DAY)
    assert dump(room.path) == before
    reconfigured(room, Keep(30, 365))
    stage.advance(DAY / 2)
    assert room.rows("SELECT count(*) FROM inbound WHERE body IS NOT NULL") == [(0,)]


def test_a_round_that_was_under_way_does_not_go_on_by_an_older_view(room: Room, stage: KillableStage) -> None:
    old = START - 40 * DAY
    room.append(message(1, received_at=old))
    room.record(settled(1))
    room.connection.execute("UPDATE inbound SET settled_at = ?", (old,))
    reconfigured(room, Keep(30, 365))
    stage.advance(FIRST_SECONDS)
    reconfigured(room, None)
    stage.advance(10.0)
    reconfigured(room, Keep(100, 365))
    stage.advance(DAY)
    assert room.rows("SELECT count(*) FROM inbound WHERE body IS NOT NULL") == [(1,)]
