"""What waits in the outbox for somebody who was shut out: the journal is asked for it, their sender gives it up."""

from __future__ import annotations

import pytest

from actors.access.controller import REVIEWS, STAMP_SECONDS, AccessRules
from actors.access.policy import Allowed
from actors.envelopes.control import AllowedChanged, Forfeited, Order, Reconfigure, Review
from actors.envelopes.inbound import Dropped
from tests.access.builders import ANN, BEN, CH, row, view
from tests.access.doors import Door, Paper
from tests.support.actors import Probe
from tests.support.probes import KillableStage


def reviews(door: Door) -> list[Review]:
    """What the journal was asked."""
    return door.journal.all(Review)


def test_the_journal_is_asked_at_the_start_and_whenever_something_changed(door: Door, book: Paper) -> None:
    stranger = row(sender=BEN)
    assert len(reviews(door)) == 1
    door.hear(AllowedChanged())
    assert len(reviews(door)) == 1, "the files say what they said"
    book.now = Allowed(frozenset({BEN}))
    door.hear(AllowedChanged())
    door.hear(Reconfigure(AccessRules({"default": view(dm_policy="disabled")}, book, {})))
    first, changed, config = reviews(door)
    assert {one.then for one in reviews(door)} == {door.ref}
    assert [one.refused(stranger) is None for one in (first, changed, config)] == [False, True, False]
    assert config.refused(row()) == Dropped("revoked", f"{CH}dmPolicy")


def test_it_is_asked_again_for_what_was_on_its_way_and_not_for_ever(
    door: Door, book: Paper, stage: KillableStage
) -> None:
    assert REVIEWS > 0
    stage.advance(REVIEWS * STAMP_SECONDS)
    assert len(reviews(door)) == 1 + REVIEWS
    stage.advance(100 * STAMP_SECONDS)
    assert len(reviews(door)) == 1 + REVIEWS
    book.now = Allowed()
    stage.advance(100 * STAMP_SECONDS)
    assert len(reviews(door)) == 2 + 2 * REVIEWS
    assert len({id(one) for one in reviews(door)}) == 2


def test_what_is_forfeited_is_revoked_by_the_sender_of_its_account(
    stage: KillableStage, monkeypatch: pytest.MonkeyPatch, book: Paper
) -> None:
    door, work = Door(stage, monkeypatch, book), Probe("work")
    senders = {"default": door.sender.ref, "work": work.ref}
    door.hear(Reconfigure(AccessRules({"default": view(), "work": view()}, book, senders)))
    door.hear(Forfeited("default", (4096, 4097)), Forfeited("work", (8192,)), Forfeited("gone", (1,)))
    assert door.sender.told == [Order(4096, "revoke"), Order(4097, "revoke")]
    assert work.told == [Order(8192, "revoke")]
    lines = [text for _, text in stage.logged if "revoked" in text]
    assert lines == [
        "account default: 2 chunks wait for people who may not speak any more: revoked",
        "account work: 1 chunks wait for people who may not speak any more: revoked",
    ]


def test_nobody_of_an_account_that_is_gone_is_shut_out(door: Door, book: Paper) -> None:
    door.hear(Reconfigure(AccessRules({"work": view(dm_policy="disabled")}, book, {})))
    refused = reviews(door)[-1].refused
    assert refused(row(sender=ANN)) is None
    assert refused(row(sender=ANN, account="work")) is not None
