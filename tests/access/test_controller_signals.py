"""What the controller says about refusals, and whom it tells of our own rows: nothing is dropped in silence."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from actors.access.controller import REMEMBERED_DROPS
from actors.envelopes.control import Record, Recorded
from actors.envelopes.facts import Appended, Rejudged
from actors.envelopes.inbound import Admit, Corrupt, Dropped, Held, Judged
from tests.access.builders import ANN, BEN, CH, OWN, note, row, view
from tests.access.doors import Door, Paper
from tests.support.probes import KillableStage

AGENT_ECHO = "agent echo in self-chat"


@pytest.fixture
def home(stage: KillableStage, monkeypatch: pytest.MonkeyPatch, book: Paper) -> Door:
    """A controller of an owner who talks to his agent in the chat with himself."""
    return Door(stage, monkeypatch, book, {"default": view(allow_from=(OWN,))})


# The log


def test_the_first_refusal_of_a_chat_is_shown_with_what_would_admit_it_and_repeats_are_not(
    door: Door,
) -> None:
    door.hear(*(row(text=" ") for _ in range(3)), row(chat_id=8, text=" "), row(chat_id=0))
    assert [(level, text) for level, text, _ in door.logged] == [
        ("info", "dropped: empty body"),
        ("debug", "dropped: empty body"),
        ("debug", "dropped: empty body"),
        ("info", "dropped: empty body"),
        ("warning", "held: no chat anchor"),
    ]


def test_the_hint_names_the_setting(stage: KillableStage, monkeypatch: pytest.MonkeyPatch, book: Paper) -> None:
    door = Door(stage, monkeypatch, book, {"default": view(dm_policy="allowlist", allow_from=(BEN,))})
    door.hear(row())
    ((level, text, fields),) = door.logged
    assert (level, text) == ("info", "dropped: dmPolicy blocked")
    assert ANN in fields["hint"]
    assert "allowFrom" in fields["hint"]


def test_a_stale_row_is_shown_with_how_to_release_it(door: Door) -> None:
    door.hear(*(row(guid=f"{n}", stale="stale backlog") for n in range(3)))
    assert [(level, text) for level, text, _ in door.logged] == [
        ("warning", "held: stale backlog"),
        ("debug", "held: stale backlog"),
        ("debug", "held: stale backlog"),
    ]
    assert "gateway held release" in door.logged[0][2]["hint"]


def test_no_line_holds_what_was_said(door: Door) -> None:
    said = row(text="secret words")
    door.hear(said, replace(said, sender=""), Judged(said, Corrupt("x")))
    assert "secret" not in repr(door.logged)


def test_own_rows_are_not_news(door: Door) -> None:
    door.hear(row(is_from_me=True))
    assert list(door.logged) == []


def test_the_memory_of_refusals_is_bounded(door: Door) -> None:
    for start in range(0, REMEMBERED_DROPS + 2000, 200):
        door.hear(*(row(chat_id=number + 1, text="") for number in range(start, start + 200)))
    assert [level for level, _, _ in door.logged].count("info") == REMEMBERED_DROPS + 2000
    door.hear(row(chat_id=1, text=""))
    assert door.logged[-1][0] == "info", "forgotten, and said again"


def test_each_reason_of_a_chat_is_shown_once(
    stage: KillableStage, monkeypatch: pytest.MonkeyPatch, book: Paper
) -> None:
    door = Door(stage, monkeypatch, book, {"default": view(allow_from=("chat_id:7",))})
    door.hear(row(text=""), row(sender=BEN, text="/status"), row(text=""), row(sender=BEN, text="/status"))
    assert [(level, text) for level, text, _ in door.logged] == [
        ("info", "dropped: empty body"),
        ("info", "dropped: control command (unauthorized)"),
        ("debug", "dropped: empty body"),
        ("debug", "dropped: control command (unauthorized)"),
    ]
    assert door.logged[1][2]["hint"] == f'add "{BEN}" to {CH}allowFrom'


def test_a_note_to_oneself_nobody_may_read_is_shown_once_with_what_would_admit_it(door: Door) -> None:
    """Whoever tries this wonders why nothing happens; whoever only keeps notes there hears of it once."""
    door.hear(note(), note(), note(own_handle=""))
    assert [(level, text) for level, text, _ in door.logged] == [
        ("info", "dropped: from me"),
        ("debug", "dropped: from me"),
    ]
    assert door.logged[0][2]["hint"] == f'add "{OWN}" to {CH}allowFrom'


# Our own rows


def test_every_own_row_is_evidence_for_its_sender_but_a_note_the_agent_answers(home: Door) -> None:
    """What we said in that chat ourselves is known before it comes here."""
    rows = [row(guid="1", is_from_me=True), note(guid="2"), note(guid="3", stale="stale backlog"), note(text="")]
    home.hear(*rows, Judged(note(guid="5"), Dropped(AGENT_ECHO)), Judged(note(guid="6"), Held("echo loop")))
    assert [(type(record.fact.verdict), record.then) for record in home.records] == [
        (Dropped, home.sender.ref),
        (Admit, home.sessions.ref),
        (Held, home.sender.ref),
        (Dropped, home.sender.ref),
        (Dropped, home.sender.ref),
        (Held, home.sender.ref),
    ]


def test_rows_of_others_are_no_evidence(home: Door) -> None:
    home.hear(
        row(),
        note(is_from_me=False),
        Judged(row(), Dropped("echo")),
        Judged(note(is_from_me=False), Dropped(AGENT_ECHO)),
    )
    assert [record.then for record in home.records] == [home.sessions.ref, None, None, None]
    assert home.sender.told == []


def test_a_note_that_was_held_is_answered_like_any_other(home: Door) -> None:
    home.hear(note(stale="stale backlog"), Recorded(11, note()))
    assert [type(record.fact) for record in home.journal.all(Record)] == [Appended, Rejudged]
    assert [record.then for record in home.records] == [home.sender.ref, home.sessions.ref]


def test_without_a_sender_of_its_account_an_own_row_is_only_journaled(
    stage: KillableStage, monkeypatch: pytest.MonkeyPatch, book: Paper
) -> None:
    door = Door(stage, monkeypatch, book, {"default": view(), "work": view(allow_from=(OWN,))})
    door.hear(row(account="work", is_from_me=True), note(account="work"))
    assert [record.then for record in door.records] == [None, door.sessions.ref]
    assert door.sender.told == []
