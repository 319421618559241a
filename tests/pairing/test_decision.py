"""Whether a code goes out: one case for each thing that stands against it, and their order."""

from __future__ import annotations

from typing import Any

import pytest

from actors.access import reasons
from actors.normalizer.fences import STALE_BACKLOG
from actors.pairing.challenge import OLDEST
from actors.pairing.codes import LIFETIME, MOST_PENDING, Request
from actors.pairing.decision import why_no_code
from actors.pairing.guard import DAY, MOST_CHALLENGES, Mark, Record
from tests.support.rows import ACCOUNT, ANN, BEN, START, guid, inbound

NOW = START + 10.0


def request(handle: str = ANN, code: str = "CODE", at: float = NOW - 60, account: str = ACCOUNT) -> Request:
    return Request(handle, code, at, at, {"accountId": account}, {})


FULL = tuple(request(f"+1555000{number:04d}", f"CODE{number}") for number in range(MOST_PENDING))
OTHERS = tuple(one._replace(meta={"accountId": "work"}) for one in FULL)
TIRED = Record(challenges=tuple(Mark(ACCOUNT, ANN, NOW - number, f"C{number}") for number in range(MOST_CHALLENGES)))
DENIED = Record(denials=(Mark(ACCOUNT, ANN, NOW - 60),))
TOLD = Record(challenges=(Mark(ACCOUNT, ANN, NOW - 60, "CODE", guid(1)),))
SOMEBODY = Record(denials=(Mark(ACCOUNT, BEN, NOW), Mark("work", ANN, NOW)))

CASES: list[tuple[str, dict[str, Any], tuple[Request, ...], Record, str]] = [
    ("nothing", {}, (), Record(), ""),
    ("others asked, others were denied", {}, (request(BEN),), SOMEBODY, ""),
    ("other accounts are full", {}, OTHERS, Record(), ""),
    (
        "a code was told already",
        {},
        (request(),),
        TOLD._replace(challenges=(Mark(ACCOUNT, ANN, NOW, "CODE", "X"),)),
        "?",
    ),
    ("and no longer counts", {}, (request(at=NOW - LIFETIME - 1),), Record(), ""),
    ("it was told to this very row", {}, (request(),), TOLD, ""),
    ("a request of another row, not told", {}, (request(at=START - 60),), Record(), "?"),
    ("a request of this row, not told", {}, (request(at=START + 1),), Record(), ""),
    ("denied", {}, (), DENIED, reasons.PAIRING_DENIED),
    ("denied long ago", {}, (), Record(denials=(Mark(ACCOUNT, ANN, NOW - DAY),)), ""),
    ("too often today", {}, (), TIRED, reasons.TOO_MANY_CHALLENGES),
    ("no room", {}, FULL, Record(), reasons.TOO_MANY_REQUESTS),
    ("no room, and denied", {}, FULL, DENIED, reasons.PAIRING_DENIED),
    ("no room, and one of those", {}, (*FULL[1:], request()), TOLD, ""),
    ("written long ago", {"received_at": NOW - OLDEST - 1}, (), DENIED, STALE_BACKLOG),
    ("from a group", {"is_group": True}, (), Record(), reasons.NOT_IN_GROUP_LIST),
    ("from me", {"is_from_me": True}, (request(),), TOLD, reasons.FROM_ME),
]


@pytest.mark.parametrize(
    ("keys", "requests", "record", "why"), [case[1:] for case in CASES], ids=[one[0] for one in CASES]
)
def test_why_no_code_goes_out(keys: dict[str, Any], requests: tuple[Request, ...], record: Record, why: str) -> None:
    expected = reasons.PAIRING_PENDING if why == "?" else why
    assert why_no_code(inbound(1, **keys), ACCOUNT, ANN, requests, record, NOW) == expected


def test_whoever_cannot_be_answered_is_not() -> None:
    assert why_no_code(inbound(1), ACCOUNT, "22000", (), Record(), NOW) == reasons.SHORT_CODE
