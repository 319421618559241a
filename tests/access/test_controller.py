"""The controller: a verdict for every row, in order, by what the pairing files say now, and no effect yet."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from actors.access import controller as room
from actors.access.controller import STAMP_SECONDS
from actors.access.policy import STORE_UNREADABLE, Allowed, decide
from actors.access.view import AccessView
from actors.envelopes.control import AllowedChanged, Listen, Recorded
from actors.envelopes.facts import Appended, Rejudged
from actors.envelopes.inbound import Admit, Challenge, Control, Corrupt, Dropped, Held, Inbound, Judged, Recheck
from actors.pairing.snapshot import Snapshots
from actors.pairing.store import PairingStore
from tests.access.builders import ANN, BEN, row, view
from tests.access.doors import Door, Paper
from tests.support.actors import Probe
from tests.support.probes import KillableStage


def test_each_row_goes_to_the_journal_with_its_verdict_and_whoever_acts_on_it(door: Door) -> None:
    own = row(is_from_me=True)
    rows = [row(), row(sender=BEN), own, row(text=" "), row(chat_id=0)]
    door.hear(*rows)
    assert [record.fact.row for record in door.records] == rows
    assert door.verdicts == [Admit, Challenge, Dropped, Dropped, Held]
    then = [record.then for record in door.records]
    assert then == [door.sessions.ref, door.pairing.ref, door.sender.ref, None, None]


def test_judging_tells_nobody_but_the_journal(door: Door) -> None:
    door.hear(row(), row(sender=BEN), row(is_from_me=True))
    assert door.sender.told == []
    assert [type(said) for said in door.sessions.told] == [Recheck], "at its start: who may still speak"
    assert door.pairing.told == [Listen(door.ref)], "it says at its start who judges what is held, and nothing else"


def test_what_is_judged_already_passes_in_its_place(door: Door) -> None:
    door.hear(
        row(guid="1"),
        Judged(row(guid="2"), Dropped("echo")),
        Judged(row(guid="3"), Corrupt("x")),
        row(guid="4"),
    )
    assert [record.fact.row.guid for record in door.records] == ["1", "2", "3", "4"]
    assert door.verdicts == [Admit, Dropped, Corrupt, Admit]


def test_the_sessions_look_again_when_somebody_is_shut_out(door: Door, book: Paper) -> None:
    waiting = row(sender=BEN, received_at=door.stage.clock.wall())
    book.now = Allowed(frozenset({BEN}))
    door.hear(AllowedChanged())
    book.now = Allowed()
    door.hear(AllowedChanged(), AllowedChanged())
    at_start, in_, out = door.sessions.all(Recheck)
    assert [one.refused(waiting) is None for one in (at_start, in_, out)] == [False, True, False]
    assert out.at == door.stage.clock.wall()


# Looking at the files


def test_nobody_is_challenged_on_an_old_reading(door: Door, book: Paper) -> None:
    """An approval counts for the very next message."""
    looks = book.looks
    door.hear(row())
    assert book.looks == looks, "who is known needs no look"
    door.hear(row(sender=BEN))
    assert door.verdicts == [Admit, Challenge]
    assert book.looks == looks + 1
    book.now = Allowed(frozenset({ANN, BEN}))
    door.hear(row(sender=BEN))
    assert door.verdicts[-1] is Admit


def test_nobody_is_refused_a_command_on_an_old_reading(
    stage: KillableStage, monkeypatch: pytest.MonkeyPatch, book: Paper
) -> None:
    """Ben's chat is let in, he himself is not authorised; whoever approves him counts at once."""
    door = Door(stage, monkeypatch, book, {"default": view(allow_from=("chat_id:7",))})
    door.hear(row(sender=BEN, text="/status"))
    assert door.verdicts == [Dropped]
    book.now = Allowed(frozenset({ANN, BEN}))
    door.hear(row(sender=BEN, text="/status"))
    assert door.verdicts == [Dropped, Control]
    book.now = Allowed(frozenset({ANN, BEN}), owners=frozenset({ANN}))
    door.hear(AllowedChanged(), row(text="/status"))
    assert door.records[-1].fact.verdict.authority == "owner"


def test_a_revocation_counts_in_a_second_or_at_once_when_told(door: Door, book: Paper, stage: KillableStage) -> None:
    book.now = Allowed(frozenset())
    stage.advance(STAMP_SECONDS)
    door.hear(row())
    assert door.verdicts == [Challenge]
    book.now = Allowed(frozenset({ANN}))
    door.hear(AllowedChanged())
    book.now = Allowed(frozenset())
    door.hear(AllowedChanged(), row())
    assert door.verdicts[-1] is Challenge


def test_it_keeps_looking(door: Door, book: Paper, stage: KillableStage) -> None:
    looks = book.looks
    stage.advance(10 * STAMP_SECONDS)
    assert book.looks == looks + 10


def test_i8_unreadable_files_hold_rows_and_never_admit_or_challenge(
    door: Door, book: Paper, stage: KillableStage
) -> None:
    book.now = Allowed(frozenset(), readable=False)
    stage.advance(STAMP_SECONDS)
    door.hear(row(), row(sender=BEN))
    assert [record.fact.verdict.reason for record in door.records] == [STORE_UNREADABLE] * 2
    assert [record.then for record in door.records] == [None, None]
    assert [line for line in stage.errors() if "the file is damaged" in line]


def test_i8_files_that_become_unreadable_just_now_hold_the_row(door: Door, book: Paper) -> None:
    book.now = Allowed(frozenset(), readable=False)
    door.hear(row(sender=BEN))
    assert door.verdicts == [Held]


def test_i8_what_was_held_is_judged_again_as_soon_as_they_can_be_read(
    door: Door, book: Paper, stage: KillableStage
) -> None:
    before = len(door.replays)
    book.now = Allowed(frozenset(), readable=False)
    stage.advance(5 * STAMP_SECONDS)
    assert len(door.replays) == before
    assert len(stage.errors()) == 1, "said once"
    book.now = Allowed(frozenset({ANN}))
    stage.advance(STAMP_SECONDS)
    assert door.replays[before:] == [("default", STORE_UNREADABLE)]
    door.hear(Recorded(11, row()), Recorded(12, row(sender=BEN)), Recorded(13, row(text="")))
    facts = [record.fact for record in door.records]
    assert [(type(fact), fact.seq, type(fact.verdict)) for fact in facts] == [
        (Rejudged, 11, Admit),
        (Rejudged, 12, Challenge),
        (Rejudged, 13, Dropped),
    ]
    assert [record.then for record in door.records] == [door.sessions.ref, door.pairing.ref, None]


def test_i8_what_still_cannot_be_judged_stays_held(door: Door, book: Paper, stage: KillableStage) -> None:
    book.now = Allowed(frozenset(), readable=False)
    stage.advance(STAMP_SECONDS)
    door.hear(Recorded(11, row()))
    (record,) = door.records
    assert (type(record.fact), record.fact.seq, record.then) == (Rejudged, 11, None)
    assert record.fact.verdict.reason == STORE_UNREADABLE, "the same hold again: nothing changes"


def test_i8_what_is_released_while_they_cannot_be_read_waits_for_them(door: Door, book: Paper) -> None:
    """It was held for its age; from now on it is held for the files, and comes by itself once they can be read."""
    door.hear(row(sender=BEN, stale="stale backlog"))
    book.now = Allowed(frozenset(), readable=False)
    door.hear(AllowedChanged(), row(stale="stale backlog"), Recorded(11, row()))
    assert [record.fact.verdict.reason for record in door.records] == [
        "stale backlog",
        "stale backlog",
        STORE_UNREADABLE,
    ]


def test_i8_what_waited_over_a_restart_is_judged_again_at_the_start(door: Door) -> None:
    assert door.replays == [("default", STORE_UNREADABLE)]


def test_i8_at_a_start_with_unreadable_files_it_says_so_and_waits(
    stage: KillableStage, monkeypatch: pytest.MonkeyPatch, book: Paper
) -> None:
    book.now = Allowed(frozenset(), readable=False)
    door = Door(stage, monkeypatch, book)
    assert door.replays == []
    assert len(stage.errors()) == 1


def test_each_account_has_its_own_files(stage: KillableStage, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """On real files: damaged for one account, fine for the other."""
    store = PairingStore(tmp_path)
    code, _ = store.challenge("work", ANN, stage.clock.wall(), {})
    store.approve(None, code, stage.clock.wall())
    (tmp_path / "imessage-default-allowFrom.json").write_text("{", encoding="utf-8")
    door = Door(stage, monkeypatch, Snapshots(store), {"default": view(), "work": view()})
    assert door.replays == [("work", STORE_UNREADABLE)]
    door.hear(row(), row(account="work"), row(account="work", sender=BEN))
    assert door.verdicts == [Held, Admit, Challenge]
    (tmp_path / "imessage-default-allowFrom.json").write_text('{"allowFrom": []}', encoding="utf-8")
    stage.advance(STAMP_SECONDS)
    assert door.replays[1:] == [("default", STORE_UNREADABLE)]


def test_an_approval_on_disk_counts_for_the_very_next_message(
    stage: KillableStage, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    store = PairingStore(tmp_path)
    door = Door(stage, monkeypatch, Snapshots(store))
    door.hear(row(sender=BEN))
    code, _ = store.challenge("default", BEN, stage.clock.wall(), {})
    assert store.approve(None, code, stage.clock.wall())
    door.hear(row(sender=BEN))
    assert door.verdicts == [Challenge, Admit]


# Rows without a chat


def test_a_row_without_a_chat_goes_to_the_repairer_once_it_is_journaled(door: Door) -> None:
    door.hear(row(chat_id=0))
    assert door.records[-1].then is None, "nobody listens yet"
    repairer = Probe("repairer")
    door.hear(Listen(repairer.ref), row(chat_id=0), row(chat_id=0, is_from_me=True), row(chat_id=0, group=True))
    assert [record.then for record in door.records[1:]] == [repairer.ref, door.sender.ref, None]
    assert repairer.told == [], "not before it is on disk"


def test_a_row_whose_chat_was_found_is_judged_like_any_other(door: Door) -> None:
    door.hear(Listen(Probe("repairer").ref), Recorded(11, row(chat_id=9)), Recorded(12, row(sender=BEN, chat_id=9)))
    facts = [(type(record.fact), record.fact.seq, type(record.fact.verdict)) for record in door.records]
    assert facts == [(Rejudged, 11, Admit), (Rejudged, 12, Challenge)]
    assert [record.then for record in door.records] == [door.sessions.ref, door.pairing.ref]


def test_whoever_releases_a_row_without_a_chat_has_it_looked_for_again(door: Door) -> None:
    repairer = Probe("repairer")
    door.hear(Listen(repairer.ref), Recorded(11, row(chat_id=0)))
    (told,) = repairer.all(Recorded)
    assert (told.seq, told.fact.row.chat.id) == (11, 0)
    assert door.records[-1].fact.verdict == Held("no chat anchor")


def test_a_repairer_that_was_started_again_takes_over(door: Door) -> None:
    first, second = Probe("first"), Probe("second")
    door.hear(Listen(first.ref), Listen(second.ref), row(chat_id=0))
    assert door.records[-1].then == second.ref


# What breaks it


def test_a_row_that_breaks_the_decision_is_kept_as_corrupt_and_many_do_not_end_it(
    door: Door, monkeypatch: pytest.MonkeyPatch, stage: KillableStage
) -> None:
    def breaks(message: Inbound, of: AccessView, allowed: Allowed) -> Any:
        if message.text == "poison":
            raise RuntimeError("a bug")
        return decide(message, of, allowed)

    monkeypatch.setattr(room, "decide", breaks)
    door.hear(*(row(guid=f"{n}", text="poison" if n % 2 else "fine") for n in range(24)))
    assert [record.fact.row.guid for record in door.records] == [f"{n}" for n in range(24)]
    assert door.verdicts == [Admit, Corrupt] * 12
    assert all(record.then is None for record in door.records if type(record.fact.verdict) is Corrupt)
    assert stage.deaths.told == []
    assert {type(record.fact) for record in door.records} == {Appended}
