"""What is read from the journal beside its writer."""

from __future__ import annotations

from actors.control.reading import JournalReader
from config import Places
from tests.control.builders import JournalOnDisk


def test_before_the_first_run_there_is_nothing(places: Places) -> None:
    reading = JournalReader(places.journal).read()
    assert (reading.held, reading.oldest, reading.error) == (0, None, "")
    assert not places.gateway.exists()


def test_a_damaged_journal_is_unknown_not_empty(places: Places) -> None:
    places.gateway.mkdir(parents=True)
    places.journal.write_bytes(b"this is no database, whatever its name says" * 40)
    reading = JournalReader(places.journal).read()
    assert reading.held is None
    assert str(places.journal) in reading.error


def test_open_admitted_rows_and_unsent_chunks_are_unanswered(places: Places, journal: JournalOnDisk) -> None:
    reader = JournalReader(places.journal)
    journal.row(1, "replied", at=10.0)
    journal.chunk(1, "sent", at=11.0)
    assert reader.read().oldest is None
    journal.row(5, None, at=50.0)
    assert reader.read().oldest == 50.0
    journal.row(4, "replied", at=40.0)
    journal.chunk(4, "deferred")
    assert reader.read().oldest == 40.0
    journal.row(3, "replied", at=30.0)
    journal.chunk(3, "uncertain")
    journal.row(2, None, at=20.0, kind="challenge")
    assert reader.read().oldest == 40.0


def test_held_rows_are_counted_wherever_the_floor_is(places: Places, journal: JournalOnDisk) -> None:
    reader = JournalReader(places.journal)
    for seq, outcome in enumerate(("held", "replied", "held", None), start=1):
        journal.row(seq, outcome)
    assert reader.read().held == 2
    journal.floor(4)
    assert reader.read().held == 2
    journal.row(5, "held")
    assert reader.read().held == 3
    journal.run("UPDATE inbound SET outcome = NULL WHERE seq = 3")  # released, judged again
    assert reader.read().held == 2
    journal.run("UPDATE inbound SET outcome = 'held' WHERE seq = 3")  # and held again
    assert reader.read().held == 3


def test_held_rows_are_counted_by_reason_without_its_details(places: Places, journal: JournalOnDisk) -> None:
    reader = JournalReader(places.journal)
    for seq, reason in enumerate(("no agent", "agent failed: exited with 1", "agent failed: exited with 2"), start=1):
        journal.held(seq, reason)
    for floor in (1, 9):
        journal.floor(floor)
        assert reader.read().held_by == {"agent failed": 2, "no agent": 1}
    assert reader.read().sources == {"db": 1}


def test_a_new_reader_finds_held_rows_below_the_floor(places: Places, journal: JournalOnDisk) -> None:
    journal.row(1, "held")
    journal.floor(9)
    assert JournalReader(places.journal).read().held == 1


def test_cursors_counts_and_last_times_come_from_disk(places: Places, journal: JournalOnDisk) -> None:
    journal.row(1, "replied", at=10.0, who="a")
    journal.row(2, "replied", at=20.0, who="b")
    journal.row(3, "replied", at=15.0, who="a")
    journal.chunk(1, "sent", at=12.0)
    journal.chunk(2, "queued")
    journal.run("INSERT INTO tally VALUES ('replied', 3), ('outbox:sent', 1)")
    reading = JournalReader(places.journal).read()
    assert reading.cursors == {1: 77}
    assert reading.last_inbound == {"a": 15.0, "b": 20.0}
    assert reading.last_sent == {"default": 12.0}
    assert reading.counts == {"replied": 3}
    assert reading.outbox == {"sent": 1, "queued": 1}
