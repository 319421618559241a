"""What to do next about a chunk in doubt: a table of answers and steps."""

from __future__ import annotations

from typing import Any

import pytest

from actors.outbound.doubts import Doubt
from actors.outbound.settlement import (
    MOST_ISSUES,
    Ask,
    CameToNothing,
    Issue,
    Powers,
    Step,
    Wait,
    WentOut,
    after_asking,
    after_issuing,
    begin,
)
from actors.outbound.verdicts import RETRY_SECONDS, Accepted, Blocked, Hopeless, Meaning, NotStarted, Unknown, Used
from tests.outbound.desk import chunks

ALL, ASK, ISSUE, NONE = Powers(True, True), Powers(True, False), Powers(False, True), Powers()


def doubt(guid: str = "ab", **keys: Any) -> Doubt:
    """A chunk in doubt that bore this GUID."""
    return Doubt(chunks(1, "one")[0], 1.0, guid, **keys)


@pytest.mark.parametrize(
    ("about", "powers", "step"),
    [
        (doubt(), ALL, Ask()),
        (doubt(), ASK, Ask()),
        (doubt(), ISSUE, Issue(RETRY_SECONDS[0])),
        (doubt(), NONE, Wait()),
        (doubt(""), ALL, Wait()),
        (doubt(used=True), ISSUE, Wait()),
        (doubt(issued=2), ISSUE, Issue(RETRY_SECONDS[1])),
        (doubt(issued=MOST_ISSUES), ISSUE, Wait()),
    ],
)
def test_what_is_done_first(about: Doubt, powers: Powers, step: Step) -> None:
    assert begin(about, powers) == step


@pytest.mark.parametrize(
    ("result", "kind"),
    [
        ({"send_state": "sent", "status_fields": {}}, WentOut),
        ({"send_state": "delivered"}, WentOut),
        ({"send_state": "pending", "status_fields": {}}, WentOut),
        ({"send_state": "pending", "status_fields": None}, Issue),
        ({"send_state": "pending"}, Issue),
        ({"send_state": "failed", "status_fields": {"error": 22}}, CameToNothing),
        ({"send_state": ["sent"]}, Issue),
        ({}, Issue),
        (None, Issue),
    ],
)
def test_what_imsg_knows_of_a_guid(result: dict[str, Any] | None, kind: type) -> None:
    assert type(after_asking(doubt(), result, ALL)) is kind


@pytest.mark.parametrize(
    ("meaning", "kind"),
    [
        (Accepted("ab"), WentOut),
        (Used("x"), WentOut),
        (NotStarted("x"), Ask),
        (Unknown("x"), Ask),
        (Blocked("x"), Ask),
        (Hopeless("x"), Ask),
    ],
)
def test_what_issuing_a_guid_again_tells(meaning: Meaning, kind: type) -> None:
    assert type(after_issuing(doubt(), meaning, ALL)) is kind


def test_what_imsg_refuses_for_good_is_not_issued_again() -> None:
    about = doubt()
    assert after_issuing(about, Hopeless("x"), ISSUE) == Wait()
    assert after_asking(about, None, ALL) == Wait()
