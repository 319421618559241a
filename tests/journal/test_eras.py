"""Eras: another database where a source was. Its rows count anew, and what belongs to the old one keeps its mark."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from actors.envelopes.control import OpenChunk, Record, Recorded, Replayed, SourceState
from actors.envelopes.facts import Baseline, Identified, Queued, Rejudged, Replaced, Sent, Watched
from actors.envelopes.inbound import Admitted, Challenge, Challenged, Corrupt, Dropped, Held, Replied, Verdict
from actors.envelopes.outbound import Chunk, chunk_key
from tests.journal.conftest import Open
from tests.journal.desk import Room, disk_error, fail_at, message, queued
from tests.support.actors import Probe
from tests.support.examples import examples
from tests.support.probes import KillableStage, killable
from tests.support.rows import ACCOUNT, START, address, admit


def state(room: Room) -> SourceState:
    """What a reader would be told."""
    return SourceState(room.source, *room.store.source_state(room.source))


# What a reader learns


def test_a_reader_learns_everything_about_its_source(open_room: Open, stage: KillableStage) -> None:
    room = open_room()
    room.record(Baseline(room.source, 41), Identified(room.source, "1:2:3"), Watched(room.source, START))
    room.record(Watched(room.source, START + 5))
    stage.kill()
    room = open_room()
    reader = Probe("reader")
    room.replay("source", reader, source=room.source)
    assert reader.all(SourceState) == [
        SourceState(room.source, 41, None, None, 0, "1:2:3", START + 5),
    ]


def test_a_replaced_database_starts_a_new_era_at_its_own_row_even_a_lower_one(
    open_room: Open, stage: KillableStage
) -> None:
    room = open_room()
    room.record(Watched(room.source, START))
    room.append(message(500))
    room.record(Replaced(room.source, 20, "4:5:6"))
    assert state(room) == SourceState(room.source, 20, None, None, 1, "4:5:6", START)
    assert room.ledger.cursors == {room.source: 20}
    stage.kill()
    room = open_room()
    assert room.ledger.cursors == {room.source: 20}
    room.append(message(21, era=1))
    assert room.cursor() == 21
    room.record(Replaced(room.source, -1, ""))
    assert state(room) == SourceState(room.source, -1, None, None, 2, "", START)
    assert room.ledger.cursors == {room.source: -1}


def test_a_database_that_is_named_and_replaced_in_one_group_has_its_last_name(room: Room) -> None:
    source = room.source
    room.record(Identified(source, "a"), Replaced(source, 7, "b"), Identified(source, "c"))
    assert (state(room).file, state(room).era, state(room).cursor) == ("c", 1, 7)
    room.record(Replaced(source, 8, "d"), Replaced(source, 9, "e"))
    assert (state(room).file, state(room).era, state(room).cursor) == ("e", 3, 9)


def test_a_baseline_after_the_replacement_counts_for_nothing(room: Room) -> None:
    room.record(Replaced(room.source, 7, ""), Baseline(room.source, 900))
    assert room.cursor() == 7
    room.record(Baseline(room.source, 901))
    assert (room.cursor(), room.ledger.cursors) == (7, {room.source: 7})


# The cursor


@pytest.mark.parametrize("one_group", [True, False])
def test_rows_of_the_new_database_move_its_cursor_and_late_ones_of_the_old_do_not(room: Room, one_group: bool) -> None:
    records = [
        room.appended(message(500)),
        Record(Replaced(room.source, 20, "f")),
        room.appended(message(501)),
        room.appended(message(23, era=1)),
        room.appended(message(22, era=1)),
        room.appended(message(502)),
    ]
    if one_group:
        room.tell(*records)
    else:
        for record in records:
            room.tell(record)
    assert (room.cursor(), room.ledger.cursors, room.ledger.visible) == (23, {1: 23}, {1: 23})
    assert len(room.admitted) == 5, "late ones are answered like any other"
    room.append(message(30, era=1))
    assert room.cursor() == 30


def test_a_message_both_databases_have_is_one_row_and_moves_the_new_cursor(room: Room) -> None:
    room.append(message(500))
    room.tell(Record(Replaced(room.source, 3, "f")), room.appended(replace(message(500, era=1), rowid=4)))
    assert (room.cursor(), room.admitted) == (4, [1])


def test_a_replacement_that_the_disk_refuses_counts_once_when_it_is_taken(room: Room, stage: KillableStage) -> None:
    room.append(message(500))
    room.connection.before = fail_at(room.connection.count + 3, disk_error())
    room.tell(Record(Replaced(room.source, 3, "f")), room.appended(message(5, era=1)))
    assert (state(room).era, state(room).cursor) == (0, 500)
    stage.advance(1.0)
    assert (state(room).era, state(room).cursor) == (1, 5)
    room.append(message(6))
    assert room.cursor() == 5, "the next batch knows the era"


def test_another_source_is_not_touched(room: Room) -> None:
    other = room.store.source_number("/other.db")
    room.tell(
        room.appended(message(5)),
        room.appended(message(9, source=other)),
        Record(Replaced(other, 2, "f")),
        room.appended(message(6)),
    )
    assert room.rows("SELECT cursor, era FROM source ORDER BY id") == [(6, 0), (2, 1)]
    assert room.ledger.visible == {room.source: 6, other: 0}


# The newest row a history shows


def test_the_newest_visible_row_counts_duplicates_and_refused_ones_but_no_reactions(room: Room) -> None:
    assert room.ledger.visible == {1: 0}
    room.append(message(3))
    room.append(message(4, is_reaction=True), Dropped("reaction"))
    assert (room.ledger.visible, room.ledger.cursors) == ({1: 3}, {1: 4})
    room.append(replace(message(3), rowid=5))
    room.append(message(6), Corrupt("a bug"))
    assert (room.ledger.visible, room.ledger.cursors) == ({1: 6}, {1: 5})
    room.append(message(2))
    assert room.ledger.visible == {1: 6}
    room.record(Replaced(room.source, 2, "f"))
    assert room.ledger.visible == {1: 0}, "it says nothing about the new one"
    room.append(message(7))
    assert room.ledger.visible == {1: 0}
    room.append(message(1, era=1))
    assert room.ledger.visible == {1: 1}


# Rows and addresses


def test_a_row_keeps_its_era_and_so_does_every_address_made_from_it(open_room: Open, stage: KillableStage) -> None:
    room = open_room()
    room.record(Replaced(room.source, 0, "f"))
    room.append(message(1, era=1))
    room.append(message(2, era=1), Challenge("+15550001111", "k"))
    room.append(message(3, era=1), Held("no agent"))
    room.append(message(4))
    told, asked = room.sessions.all(Admitted), room.pairing.all(Challenged)
    assert [(one.address.era, one.row.era) for one in told] == [(1, 1), (0, 0)]
    assert asked[0].address == replace(address(), era=1)
    stage.kill()
    room = open_room()
    room.replay("challenged", room.pairing)
    access = Probe("access")
    room.replay("held", access, seqs=(3,))
    assert room.sessions.all(Admitted) == told
    assert room.pairing.all(Challenged) == [replace(asked[0], replayed=True)]
    assert access.all(Recorded) == [Recorded(3, message(3, era=1))]


def test_a_chunk_keeps_the_era_of_its_address(open_room: Open, stage: KillableStage) -> None:
    room = open_room()
    to = replace(address(), era=3)
    room.append(message(1))
    room.record(Queued((Chunk(chunk_key(1, 0), to, "x"),), ((1, Replied()),), 0, START))
    stage.kill()
    room, sender = open_room(), Probe("sender")
    room.replay("chunks", sender, account=ACCOUNT)
    assert sender.all(Replayed)[0].items == (OpenChunk(chunk_key(1, 0), to, "x", "queued", None, None, 0),)


def test_a_row_that_found_its_chat_is_stored_with_it(open_room: Open, stage: KillableStage) -> None:
    room = open_room()
    room.append(message(1, chat_id=None, chat_guid=None, chat_identifier=None), Held("no chat anchor"))
    repaired = message(1, chat=9, text="hello", era=2)
    room.tell(Record(Rejudged(1, replace(repaired, rowid=77), admit()), room.sessions.ref))
    assert room.rows("SELECT chat_id, era, body, row_id FROM inbound") == [(9, 2, repaired.raw, 1)]
    stage.kill()
    room = open_room()
    (told,) = room.sessions.all(Admitted)
    assert (told.address, told.row) == (replace(address(9), era=2), repaired)
    room.record(queued(1, "x", chat=9), Sent(chunk_key(1, 0), "G", START))
    assert room.outcomes() == {1: "replied"}


# Any order


STEPS = st.one_of(
    st.tuples(st.just("row"), st.integers(1, 60), st.integers(0, 3)),
    st.tuples(st.just("corrupt"), st.integers(1, 60), st.integers(0, 3)),
    st.tuples(st.just("reaction"), st.integers(1, 60), st.integers(0, 3)),
    st.tuples(st.just("replaced"), st.integers(-1, 60), st.just(0)),
    st.tuples(st.just("baseline"), st.integers(-1, 60), st.just(0)),
)


@given(steps=st.lists(STEPS, max_size=25), groups=st.lists(st.integers(1, 8), max_size=12), restarts=st.booleans())
@settings(max_examples=examples(60), deadline=None)
def test_cursor_era_and_newest_row_are_those_of_the_facts_in_order_however_they_are_grouped(
    steps: list[tuple[str, int, int]], groups: list[int], restarts: bool
) -> None:
    era, cursor, visible = 0, None, 0
    for what, number, of in steps:
        match what:
            case "replaced":
                era, cursor, visible = era + 1, number, 0
            case "baseline":
                cursor = number if cursor is None else cursor
            case _ if of >= era:
                if what != "corrupt":
                    cursor = number if cursor is None else max(cursor, number)
                if what != "reaction":
                    visible = max(visible, number)
    folder = Path.home() / f"{len(list(Path.home().iterdir()))}"
    folder.mkdir()
    with killable() as stage:
        room = Room(stage, folder / "journal.db")
        records = [_record(room, *step) for step in steps]
        while records:
            size = groups.pop() if groups else len(records)
            room.tell(*records[:size])
            records = records[size:]
            if restarts:
                room.ledger.load(room.store)
        found = state(room)
        assert (found.era, found.cursor) == (era, cursor)
        assert room.ledger.cursors.get(room.source) == cursor
        # A start knows the rows on disk, not what came again under another number.
        assert restarts or room.ledger.visible.get(room.source, 0) == visible
        room.close()


def _record(room: Room, what: str, number: int, era: int) -> Record:
    match what:
        case "replaced":
            return Record(Replaced(room.source, number, "f"))
        case "baseline":
            return Record(Baseline(room.source, number))
    row = message(number, era=era, is_reaction=what == "reaction")
    verdicts: dict[str, Verdict] = {"corrupt": Corrupt("x"), "reaction": Dropped("reaction")}
    return room.appended(row, verdicts.get(what, Dropped("no mention")))


def test_a_start_knows_the_newest_row_that_a_history_shows(room: Room) -> None:
    room.append(message(3))
    room.append(message(4, is_reaction=True), Dropped("reaction"))
    room.append(message(2))
    room.ledger.visible = {}
    room.ledger.load(room.store)
    assert room.ledger.visible == {1: 3}
    room.record(Replaced(room.source, 2, "f"))
    room.ledger.load(room.store)
    assert room.ledger.visible == {1: 0}
