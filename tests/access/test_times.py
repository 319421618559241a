"""When somebody wrote and when they were let in: strangers' words stay a stranger's, and what is revoked is revoked."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from actors.access import reasons
from actors.access.policy import Allowed, decide, refused
from actors.envelopes.inbound import Admit, Challenge, Dropped, Inbound
from tests.access.builders import ANN, BEN, CH, row, view

APPROVED = 1_000.0
KEY = f"{CH}dmPolicy"
PAIRED = Allowed(frozenset({BEN}), since={BEN: APPROVED})


def written(sent_at: float | None, received_at: float, missed: bool = False) -> Inbound:
    """A message of Ben by the date he gave it, and when it came."""
    return replace(row(sender=BEN, identifier=BEN), sent_at=sent_at, received_at=received_at, missed=missed)


@pytest.mark.parametrize(
    "message",
    [
        written(990.0, 990.5),
        written(2_000.0, 999.9),
        written(990.0, 1_200.0, missed=True),
        written(None, 999.0),
    ],
    ids=["seen before", "dated later", "missed and dated before", "without a date"],
)
def test_what_a_stranger_wrote_is_not_answered_once_he_is_in(message: Inbound) -> None:
    assert decide(message, view(), PAIRED) == Dropped(reasons.BEFORE_APPROVAL, KEY)


@pytest.mark.parametrize(
    "message",
    [
        written(1_000.0, 1_000.5),
        written(900.0, 1_000.5),
        written(1_100.0, 1_200.0, missed=True),
        written(None, 1_200.0, missed=True),
    ],
    ids=["at once", "by a clock that is slow", "missed and dated later", "missed without a date"],
)
def test_what_he_writes_then_is_answered(message: Inbound) -> None:
    assert isinstance(decide(message, view(), PAIRED), Admit)


def test_whoever_is_listed_needs_no_approval() -> None:
    assert isinstance(decide(written(990.0, 990.5), view(allow_from=(BEN,)), PAIRED), Admit)


def test_a_stranger_is_not_asked_about_what_was_missed() -> None:
    message = written(990.0, 1_200.0, missed=True)
    assert decide(message, view(), Allowed()) == Dropped(reasons.MISSED_STRANGER, KEY)
    assert decide(replace(message, missed=False), view(), Allowed()) == Challenge(BEN, KEY)


def test_whoever_was_shut_out_gets_no_answer_to_what_waits() -> None:
    message = written(1_100.0, 1_100.0)
    assert refused(message, view(), PAIRED) is None
    assert refused(message, view(), Allowed()) == Dropped(reasons.REVOKED, KEY)
    assert refused(message, view(dm_policy="allowlist", allow_from=(ANN,)), PAIRED) == Dropped(
        reasons.REVOKED, f"{CH}allowFrom"
    )


def test_what_cannot_be_told_takes_nothing_away() -> None:
    assert refused(written(1_100.0, 1_100.0), view(), Allowed(readable=False)) is None
