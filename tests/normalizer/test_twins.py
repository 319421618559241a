"""Rows that say again what a row from me has just said: known where the local address is not."""

from __future__ import annotations

from typing import Any

import pytest

from actors.normalizer.twins import KEPT_SECONDS, MOST, Twins
from tests.support.rows import ANN, OWN, START, guid, inbound

NOW, LATER, ANOTHER_SECOND = "2027-01-15T08:00:00.100Z", "2027-01-15T08:00:00.900Z", "2027-01-15T08:00:01.100Z"


def row(number: int = 1, text: str = "milk", at: float = START, **keys: Any) -> Any:
    """A row of the chat with oneself, of which imsg does not say so."""
    return inbound(number, 7, text, **{"sender": OWN, "chat_identifier": OWN, "received_at": at, **keys})


def twins(*, proven: bool, **keys: Any) -> Twins:
    """A memory of one row from me."""
    found = Twins()
    found.own_row(row(is_from_me=True, **{"created_at": NOW, **keys}), proven)
    return found


@pytest.mark.parametrize(
    ("date", "proven", "twin"),
    [(NOW, False, True), (LATER, False, False), (NOW, True, True), (LATER, True, True), (ANOTHER_SECOND, True, False)],
)
def test_the_dates_must_agree_and_a_second_is_enough_where_the_chat_is_known(
    date: str, proven: bool, twin: bool
) -> None:
    own = {"destination_caller_id": OWN} if proven else {}
    assert twins(proven=proven, **own).is_twin(row(2, created_at=date)) is twin


@pytest.mark.parametrize(
    "keys",
    [
        {"text": "eggs"},
        {"chat_id": 8},
        {"source": 2},
        {"created_at": ...},
        {"at": START + KEPT_SECONDS + 1},
    ],
    ids=str,
)
def test_another_message_is_no_twin(keys: dict[str, Any]) -> None:
    assert not twins(proven=False).is_twin(row(2, **{"created_at": NOW, **keys}))


def test_a_twin_may_come_again() -> None:
    known = twins(proven=False)
    assert known.is_twin(row(2, created_at=NOW))
    assert known.is_twin(row(2, created_at=NOW, text=" milk\r\n"))


@pytest.mark.parametrize(
    "keys",
    [
        {"destination_caller_id": OWN, "sender": ANN, "chat_identifier": ANN},
        {"is_group": True},
        {"created_at": ...},
    ],
    ids=str,
)
def test_what_can_have_no_twin_is_not_remembered(keys: dict[str, Any]) -> None:
    """A friend who says the same at the same moment is heard."""
    assert not twins(proven=False, **keys).is_twin(row(2, created_at=NOW))


def test_it_is_bounded_and_forgets_the_oldest() -> None:
    known = Twins()
    for number in range(MOST + 1):
        known.own_row(row(number + 1, f"{number}", created_at=NOW, is_from_me=True, guid=guid(number)), proven=False)
    assert not known.is_twin(row(9999, "0", created_at=NOW))
    assert known.is_twin(row(9999, "1", created_at=NOW))
