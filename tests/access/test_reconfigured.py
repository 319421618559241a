"""A newer config in place: each message is judged by one, what waits is looked at again, accounts come and go."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from actors.access.controller import STAMP_SECONDS, AccessController, AccessRules
from actors.access.policy import STORE_UNREADABLE, Allowed
from actors.access.reasons import ACCOUNTS_KEY, NO_ACCOUNT
from actors.access.view import AccessView
from actors.envelopes.control import AllowedChanged, Reconfigure, Record, Recorded, Replay, Review
from actors.envelopes.facts import Appended, Rejudged
from actors.envelopes.inbound import Admit, Challenge, Control, Corrupt, Dropped, Held, Judged, Recheck
from actors.pairing.snapshot import Snapshots
from actors.pairing.store import PairingStore
from tests.access.builders import ANN, BEN, CH, config, note, row, view
from tests.access.doors import Door, Paper
from tests.support.actors import Probe
from tests.support.probes import KillableStage

GONE = Held(NO_ACCOUNT, ACCOUNTS_KEY)


class Papers(Paper):
    """A pairing book that refuses to speak of accounts it has not looked at."""

    def __init__(self, *handles: str) -> None:
        super().__init__(*handles)
        self.looked: list[str] = []

    def allowed(self, account: str) -> Allowed:
        """As of the last look at that account."""
        assert account in self.looked, f"{account} was not looked at"
        return super().allowed(account)

    def refresh(self, account: str) -> bool:
        """Look."""
        self.looked.append(account)
        return super().refresh(account)


def rules(*handles: str, senders: dict[str, Any] | None = None, book: Any = None, **views: AccessView) -> Reconfigure:
    """A newer config, with a book that was never opened."""
    return Reconfigure(AccessRules(views, book or Papers(*handles), senders or {}))


def test_each_message_is_judged_by_the_config_before_it(door: Door) -> None:
    command = row(text="/config show")
    door.hear(
        row(),
        command,
        rules(default=view(dm_policy="disabled")),
        row(),
        command,
        rules(BEN, default=view()),
        row(sender=BEN),
        row(),
    )
    assert door.verdicts == [Admit, Control, Dropped, Dropped, Admit, Challenge]


def test_a_command_goes_to_the_desk_and_a_note_of_the_owner_too(door: Door) -> None:
    own = rules(default=view(allow_from=(ANN, "+15559990000")), senders={"default": door.sender.ref})
    door.hear(row(text="/config show"), Recorded(11, row(text="/restart")), own, note(text="/debug show"))
    assert door.verdicts == [Control] * 3
    assert [record.then for record in door.records] == [door.desk.ref] * 3
    assert [type(record.fact) for record in door.records] == [Appended, Rejudged, Appended]
    assert (door.logged, [type(message) for message in door.desk.told]) == ([], [Recheck] * 2)


def test_without_a_desk_a_command_waits_in_the_journal(stage: KillableStage, book: Paper) -> None:
    journal = Probe("journal")
    others = [Probe("sessions").ref, Probe("pairing").ref]
    ref = AccessController.start(stage.place("access"), {"default": view()}, book, journal.ref, *others, {})
    stage.tell(ref, row(text="/config show"))
    (record,) = journal.all(Record)
    assert (type(record.fact.verdict), record.then) == (Control, None)


def test_the_sessions_look_again_before_anything_is_resumed(
    stage: KillableStage, monkeypatch: pytest.MonkeyPatch, book: Paper
) -> None:
    """What is open of an account that comes is told by the journal, to sessions that know who may speak by then."""
    door = Door(stage, monkeypatch, book)
    order: list[Any] = []
    for probe in (door.sessions, door.journal):
        monkeypatch.setattr(probe, "_on_tell", order.append)
    door.hear(rules(ANN, default=view(), work=view()))
    asked = [told for told in order if not isinstance(told, Replay) or told.what == "resumed"]
    assert [type(told) for told in asked] == [Recheck, Review, Replay]
    assert order[-1] == Replay("resumed", door.sessions.ref)
    assert len(door.sessions.all(Recheck)) == 2, "once at the start, and once for all accounts"


def test_it_asks_for_what_was_resumed_at_its_start_too(door: Door) -> None:
    """The one before it may have ended between a newer config and that question."""
    assert [one.what for one in door.journal.all(Replay)] == ["held", "resumed"]


def test_who_waits_is_looked_at_by_the_newer_config(door: Door) -> None:
    at = door.stage.clock.wall()
    ann, ben = row(received_at=at), row(sender=BEN, received_at=at)
    group = row(group=True, received_at=at)
    shy = config(agents={"list": [{"id": "main", "identity": {"name": "Claw"}, "runtime": {"type": "echo"}}]})
    door.hear(rules(default=view(shy, dm_policy="allowlist", allow_from=(BEN,), group_policy="open")))
    lost = door.sessions.all(Recheck)[-1].refused
    assert lost(ann) == Dropped("revoked", f"{CH}allowFrom")
    assert lost(ben) is None
    assert lost(group) is None, "a mention that is asked for since takes nothing away"


def test_what_waits_of_an_account_that_is_gone_is_not_revoked(door: Door) -> None:
    door.hear(rules(work=view(dm_policy="disabled")))
    lost = door.sessions.all(Recheck)[-1].refused
    assert lost(row()) is None
    assert lost(row(account="work")) is not None


# Accounts that come and go


def test_what_comes_of_an_account_that_is_gone_is_held_and_nothing_breaks(door: Door) -> None:
    door.hear(
        rules(work=view()),
        row(),
        row(text="/config show"),
        Recorded(11, row()),
        Recorded(12, row(chat_id=0)),
        Judged(row(guid="2"), Dropped("echo")),
        Judged(row(guid="3"), Corrupt("x")),
        row(account="work", sender=BEN),
    )
    facts = [(type(record.fact), record.fact.verdict, record.then) for record in door.records]
    assert facts == [
        (Appended, GONE, None),
        (Appended, GONE, None),
        (Rejudged, GONE, None),
        (Rejudged, GONE, None),
        (Appended, Dropped("echo"), None),
        (Appended, Corrupt("x"), None),
        (Appended, Challenge(BEN, f"{CH}dmPolicy"), door.pairing.ref),
    ]
    assert door.stage.errors() == []


def test_how_to_have_it_answered_is_said_once(door: Door) -> None:
    door.hear(rules(work=view()), row(), row())
    assert [(level, text) for level, text, _ in door.logged] == [
        ("warning", f"held: {NO_ACCOUNT}"),
        ("debug", f"held: {NO_ACCOUNT}"),
    ]
    assert "configure the account again, then gateway held release" in door.logged[0][2]["hint"]


def test_once_it_is_back_what_was_held_is_judged_like_any_other(door: Door) -> None:
    door.hear(rules(work=view()), row(), rules(ANN, default=view()), Recorded(11, row()))
    assert door.verdicts == [Held, Admit]


def test_own_rows_go_to_the_senders_there_are_now(door: Door) -> None:
    other = Probe("another sender")
    own = row(is_from_me=True)
    door.hear(own, rules(default=view(), senders={"default": other.ref}), own, rules(default=view()), own)
    assert [record.then for record in door.records] == [door.sender.ref, other.ref, None]


def test_each_account_that_comes_has_what_was_held_for_its_files_judged(door: Door) -> None:
    before = len(door.replays)
    door.hear(rules(ANN, default=view(), work=view()))
    assert door.replays[before:] == [("work", STORE_UNREADABLE)], "the other one's could be read all the time"
    door.hear(rules(ANN, default=view()), rules(ANN, default=view(), work=view()))
    assert door.replays[before:] == [("work", STORE_UNREADABLE)] * 2


def test_files_that_cannot_be_read_are_told_of_once_and_read_as_soon_as_they_can(door: Door) -> None:
    book = Papers(ANN)
    book.now = Allowed(frozenset(), readable=False)
    before = len(door.replays)
    door.hear(rules(book=book, default=view()), row(), rules(book=book, default=view()))
    assert door.verdicts == [Held]
    assert len(door.stage.errors()) == 1
    book.now = Allowed(frozenset({ANN}))
    door.stage.advance(STAMP_SECONDS)
    assert door.replays[before:] == [("default", STORE_UNREADABLE)]


def test_the_newer_book_is_looked_at_from_then_on(door: Door, book: Paper) -> None:
    newer = Papers(ANN)
    door.hear(rules(book=newer, default=view(), work=view()))
    looks, rechecks = book.looks, len(door.sessions.all(Recheck))
    door.stage.advance(3 * STAMP_SECONDS)
    assert (book.looks, newer.looked) == (looks, ["default", "work"] * 4)
    newer.now = Allowed(frozenset({BEN}))
    door.hear(AllowedChanged())
    assert len(door.sessions.all(Recheck)) == rechecks + 1
    door.hear(row(sender=BEN), row())
    assert door.verdicts == [Admit, Challenge]


def test_on_real_files_an_account_that_comes_has_its_people(
    stage: KillableStage, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    store = PairingStore(tmp_path)
    code, _ = store.challenge("work", ANN, stage.clock.wall(), {})
    store.approve(None, code, stage.clock.wall())
    door = Door(stage, monkeypatch, Snapshots(store))
    door.hear(
        row(account="work"),
        rules(book=Snapshots(PairingStore(tmp_path)), default=view(), work=view()),
        row(account="work"),
        row(),
    )
    assert door.verdicts == [Held, Admit, Challenge]


# The log


def test_what_is_refused_by_a_newer_config_is_said_once_more_with_its_setting(door: Door) -> None:
    door.hear(row(text=" "), row(text=" "), rules(default=view(dm_policy="disabled")), row(), row())
    assert [(level, text) for level, text, _ in door.logged] == [
        ("info", "dropped: empty body"),
        ("debug", "dropped: empty body"),
        ("info", "dropped: dmPolicy disabled"),
        ("debug", "dropped: dmPolicy disabled"),
    ]
    door.hear(rules(default=view(dm_policy="disabled")), row())
    assert door.logged[-1][0] == "info"
