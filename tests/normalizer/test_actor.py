"""The normalizer: everything through the same mailbox, in the order it came."""

from __future__ import annotations

import unicodedata
from typing import Any

import pytest

from actors.envelopes.control import Listen, Replay, Replayed, Spoken
from actors.envelopes.inbound import Corrupt, Dropped, Held, Inbound, Judged, Overlong, Received, Watching
from actors.normalizer import actor as room
from actors.normalizer.fences import MISSED_TOO_LONG_AGO, STALE_BACKLOG, TOO_MANY_MISSED
from actors.normalizer.normalize import normalize
from tests.normalizer.bench import Bench
from tests.support.probes import KillableStage
from tests.support.rows import ACCOUNT, START, guid, raw

HOUR = 3600.0
DATED = START - 1000.0
"""What the rows of these tests are dated unless a test says otherwise."""


@pytest.fixture
def bench(stage: KillableStage) -> Bench:
    """A normalizer."""
    return Bench(stage)


def test_it_learns_what_was_said_and_listens_to_what_will_be(bench: Bench) -> None:
    (replay,) = bench.journal.all(Replay)
    assert (replay.what, replay.then) == ("echoes", bench.ref)
    assert [len(sender.all(Listen)) for sender in bench.senders] == [1, 1]


def test_good_bad_and_own_rows_pass_in_the_order_they_came(bench: Bench) -> None:
    bench.stage.tell(bench.ref, Spoken(7, 1, "echo: hi", guid(3), START))
    bench.receive(
        raw(1),
        b"junk",
        raw(3, text="echo: hi"),
        raw(4, is_from_me=True),
        raw(5, guid=""),
        raw(6, text="last"),
    )
    kinds = [
        (type(message).__name__, type(message.verdict).__name__ if type(message) is Judged else "")
        for message in bench.access.told
    ]
    assert kinds == [
        ("Inbound", ""),
        ("Judged", "Corrupt"),
        ("Judged", "Dropped"),
        ("Inbound", ""),
        ("Judged", "Corrupt"),
        ("Inbound", ""),
    ]
    assert bench.access.all(Judged)[1].verdict == Dropped("echo")


def test_echoes_are_known_over_restarts(bench: Bench) -> None:
    bench.stage.tell(bench.ref, Replayed("echoes", (Spoken(7, 1, "hi", guid(3), START - 3600),)))
    bench.receive(raw(3, text="hi"))
    (judged,) = bench.access.all(Judged)
    assert judged.verdict == Dropped("echo")


def test_an_own_row_is_passed_on_and_remembered(bench: Bench) -> None:
    """is_from_me turns true only later on some versions: the second row of the same guid is an echo."""
    bench.stage.tell(bench.ref, Spoken(7, 1, "hi", "", START))
    bench.receive(raw(3, text="hi", is_from_me=True))
    assert [row.is_from_me for row in bench.access.all(Inbound)] == [True]
    bench.receive(raw(4, text="hi", guid=guid(3)), at=START + 3600)
    assert bench.access.all(Judged)[0].verdict == Dropped("echo")


def test_a_row_that_breaks_it_is_kept_as_corrupt_in_its_place_and_many_do_not_end_it(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    def breaks(account: str, source: int, body: bytes, *more: Any) -> object:
        if b"poison" in body:
            raise RuntimeError("a bug")
        return normalize(account, source, body, *more)

    monkeypatch.setattr(room, "normalize", breaks)
    bodies = [raw(number, text="poison" if number % 2 else "fine") for number in range(1, 25)]
    bench.receive(*bodies)
    told = bench.access.told
    assert [message.row.raw if type(message) is Judged else message.raw for message in told] == bodies
    assert {type(one.verdict) for one in bench.access.all(Judged)} == {Corrupt}
    assert len(bench.access.all(Judged)) == 12
    assert bench.stage.deaths.told == []


def test_overlong_lines_that_show_nothing_are_rows_of_their_own(bench: Bench) -> None:
    bench.stage.tell(bench.ref, Overlong("default", 1, START), Overlong("default", 1, START + 1))
    first, second = bench.access.all(Judged)
    assert isinstance(first.verdict, Corrupt)
    assert "16 MiB" in first.verdict.error
    assert first.row.raw != second.row.raw


def test_an_overlong_line_is_kept_with_its_head_and_says_which_row_it_was(bench: Bench) -> None:
    head = b'{"method":"message","params":{"message":{"id":5,"chat_id":7,"guid":"ABC","text":"aaaa'
    bench.stage.tell(bench.ref, *(Overlong("default", 1, START + at, head) for at in range(2)))
    first, second = bench.access.all(Judged)
    assert first.verdict == Corrupt("a line of more than 16 MiB was passed over: id 5, chat_id 7, guid ABC")
    assert first.row.raw == second.row.raw == head, "the same row again is the same row"
    assert (first.row.rowid, first.row.guid) == (0, ""), "nothing in it is trusted"


def test_our_own_words_that_keep_coming_back_are_held(bench: Bench) -> None:
    """The eighth return in a chat is a loop: held, so that nothing is lost and nothing is answered."""
    for number in range(9):
        bench.stage.tell(bench.ref, Spoken(7, 1, f"echo {number}", guid(500 + number), START + number))
    bench.receive(*(raw(100 + number, text=f"echo {number}") for number in range(9)), at=START + 20)
    verdicts = [message.verdict for message in bench.access.all(Judged)]
    assert verdicts == [Held("echo loop"), Held("echo loop")]
    assert len(bench.access.all(Inbound)) == 7


# What comes too late


def test_rows_are_marked_by_the_fences_as_they_pass(stage: KillableStage) -> None:
    bench = Bench(stage, liveMinutes=15, replayHours=48, maxRows=1)
    bench.receive(raw(1), raw(2, created_at="2027-01-15T08:16:00Z"), raw(3, created_at="2040-01-01T00:00:00Z"))
    bench.stage.tell(bench.ref, Watching(1, 0, DATED - 90 * HOUR, START))
    bench.receive(raw(4), raw(5), raw(6, created_at="2027-01-12T08:00:00Z"), raw(7, created_at=...))
    assert [row.stale for row in bench.passed] == [
        STALE_BACKLOG,
        "",
        "",
        "",
        TOO_MANY_MISSED,
        MISSED_TOO_LONG_AGO,
        "",
    ]


def test_a_gap_counts_for_the_rows_after_it_only(stage: KillableStage) -> None:
    bench = Bench(stage, liveMinutes=15)
    body = raw(1)
    bench.stage.tell(
        bench.ref,
        Received(ACCOUNT, 1, body, START),
        Watching(1, 0, DATED - HOUR, START),
        Received(ACCOUNT, 1, body, START),
    )
    assert [row.stale for row in bench.passed] == [STALE_BACKLOG, ""]


def test_without_settings_nothing_is_too_old(bench: Bench) -> None:
    bench.receive(raw(1, created_at="2020-01-01T00:00:00Z"))
    assert [row.stale for row in bench.passed] == [""]


def test_a_row_belongs_to_the_database_its_reader_named(bench: Bench) -> None:
    bench.stage.tell(bench.ref, Watching(1, 7, None, START))
    bench.receive(raw(1), era=3)
    bench.receive(b"junk", raw(2, text="x"), era=4)
    told = [message.row if type(message) is Judged else message for message in bench.access.told]
    assert [row.era for row in told] == [3, 4, 4]


# Our own words


@pytest.mark.parametrize("form", ["NFC", "NFD"])
@pytest.mark.parametrize("damage", ["", "\ufffd", "\ufeff\ufffd"])
def test_an_echo_is_known_in_any_form_from_the_wire(bench: Bench, form: Any, damage: str) -> None:
    """Under way, no GUID known yet: the text decides, and neither normal form nor damage in front hides it."""
    bench.stage.tell(bench.ref, Spoken(7, 1, unicodedata.normalize("NFC", "écho: café"), "", START, open=True))
    bench.receive(raw(3, text=damage + unicodedata.normalize(form, "écho: café")), at=START + 60)
    assert [judged.verdict for judged in bench.access.all(Judged)] == [Dropped("echo")]
    assert bench.passed == []


def test_a_row_that_becomes_ours_only_later_is_answered_neither_time(bench: Bench) -> None:
    """is_from_me flips after the row was delivered: first it is an echo, then an own row, never a person's."""
    bench.stage.tell(bench.ref, Spoken(7, 1, "hi", "", START, open=True))
    bench.receive(raw(3, text="hi"), at=START + 0.1)
    bench.receive(raw(3, text="hi", is_from_me=True), at=START + 0.4)
    bench.stage.tell(bench.ref, Spoken(7, 1, "hi", guid(3), START + 1))
    bench.receive(raw(3, text="hi"), at=START + 60)
    assert [judged.verdict for judged in bench.access.all(Judged)] == [Dropped("echo"), Dropped("echo")]
    assert [row.is_from_me for row in bench.passed] == [True]


def test_a_stale_echo_is_an_echo(stage: KillableStage) -> None:
    bench = Bench(stage, liveMinutes=15)
    bench.stage.tell(bench.ref, Spoken(7, 1, "hi", guid(3), START))
    bench.receive(raw(3, text="hi"))
    assert [judged.verdict for judged in bench.access.all(Judged)] == [Dropped("echo")]


def test_a_message_that_is_no_json_is_kept_with_the_reason(bench: Bench) -> None:
    head = b'{"method":"message","params":{"message":{"id":5,"text":"a'
    bench.stage.tell(bench.ref, Overlong("default", 1, START, head, "JSON is malformed"))
    (judged,) = bench.access.all(Judged)
    assert judged.verdict == Corrupt("a line broken: JSON is malformed: id 5")
    assert judged.row.raw == head
