"""What imsg's answers mean: only what provably did not start may be tried again."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors.envelopes.link import Answer
from actors.outbound.verdicts import (
    DATABASE_SECONDS,
    RETRY_SECONDS,
    Accepted,
    Blocked,
    Hopeless,
    NotStarted,
    Unknown,
    Used,
    guid_of,
    meaning,
    of_error,
)

GUID = "5B3F2C1A-0000-4000-8000-000000000001"


def answer(result: dict[str, Any] | None = None, error: dict[str, Any] | None = None, **how: bool) -> Answer:
    """An answer of imsg."""
    return Answer(1, result, error, **how)


@pytest.mark.parametrize(
    ("given_answer", "kind"),
    [
        (answer(late=True), Unknown),
        (answer(lost=True), Unknown),
        (answer(lost=True, started=False), NotStarted),
        (answer({"ok": True}), Accepted),
        (answer({"guid": GUID}), Accepted),
        (answer({}), Unknown),
        (answer({"value": None}), Unknown),
        (answer(), Unknown),
        (answer({"ok": False}), Unknown),
        (answer({"ok": False, "guid": GUID}), Unknown),
    ],
)
def test_what_became_of_a_send(given_answer: Answer, kind: type) -> None:
    assert type(meaning(given_answer)) is kind


TYPED = {"transport": "applescript", "operation": "send", "detail": "x"}


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        # 0.14 and later: the code or the typed data says it
        (
            {"code": -32000, "message": "Server busy", "data": "outstanding request limit exceeded"},
            NotStarted,
        ),
        ({"code": -32000, "message": "Server busy", "data": "server is shutting down"}, NotStarted),
        ({"code": -32001, "message": "Delivery outcome unknown"}, Unknown),
        (
            {"code": -32001, "data": {**TYPED, "disposition": "may_have_completed", "retry_safe": False}},
            Unknown,
        ),
        ({"code": -32001, "data": {**TYPED, "disposition": "still_in_flight", "retry_safe": False}}, Unknown),
        ({"code": -32002, "data": {"path": "/chat.db", "detail": "x", "retryable": True}}, NotStarted),
        ({"code": -32003, "data": {"detail": "x", "retryable": True}}, Unknown),
        # the data of -32004 is about the earlier operation, not about the refused one
        (
            {"code": -32004, "data": {**TYPED, "disposition": "still_in_flight", "retry_safe": False}},
            Blocked,
        ),
        ({"code": -32603, "data": {**TYPED, "disposition": "not_started", "retry_safe": True}}, NotStarted),
        ({"code": -32603, "data": {**TYPED, "retry_safe": True}}, NotStarted),
        ({"code": -32603, "data": {**TYPED, "retry_safe": False}}, Unknown),
        ({"code": -32603, "data": {**TYPED, "retry_safe": "true"}}, Unknown),
        # a caller's fault
        ({"code": -32600, "message": "Invalid Request"}, Hopeless),
        ({"code": -32601, "message": "Method not found", "data": "send"}, Hopeless),
        ({"code": -32602, "message": "Invalid params", "data": "unknown chat_id 9"}, Hopeless),
        # older ones: only a text that can come from before the dispatch is safe
        ({"code": -32603, "message": "Internal error"}, Unknown),
        ({"code": -32603, "message": "Internal error", "data": "AppleScript failed: timed out"}, Unknown),
        (
            {"code": -32603, "data": "AppleScript failed: Not authorized to send Apple events to Messages."},
            NotStarted,
        ),
        ({"code": -32603, "data": "AppleScript failed: Messages got an error: error -1743"}, NotStarted),
        ({"code": -32603, "data": "AppleScript failed: Application isn't running."}, NotStarted),
        ({"code": -32603, "data": 'AppleScript failed: Can\u2019t get chat id "x"'}, Hopeless),
        ({"code": -32603, "data": "AppleScript failed: Can't get chat id"}, Hopeless),
        ({"code": -32603, "data": "AppleScript error -1728"}, Hopeless),
        ({"code": -32603, "data": "Sending is only supported on macOS"}, Hopeless),
        # no word of the protocol at all
        ({}, Unknown),
        ({"value": "boom"}, Unknown),
        ({"value": None}, Unknown),
        ({"code": "x", "message": 5, "data": [1]}, Unknown),
        ({"code": None, "data": {"detail": None}}, Unknown),
    ],
)
def test_errors(error: dict[str, Any], kind: type) -> None:
    found = of_error(error)
    assert type(found) is kind
    assert type(meaning(answer(error=error))) is kind


def test_the_reason_names_code_and_text_and_is_short() -> None:
    found = of_error({"code": -32602, "message": "Invalid params", "data": "unknown chat_id 9" + "!" * 5000})
    assert isinstance(found, Hopeless)
    assert found.why.startswith("imsg error -32602: Invalid params: unknown chat_id 9")
    assert len(found.why) < 400


@given(
    st.dictionaries(
        st.sampled_from(["code", "message", "data", "x"]),
        st.none()
        | st.booleans()
        | st.integers()
        | st.text(max_size=20)
        | st.lists(st.integers(), max_size=2)
        | st.dictionaries(st.sampled_from(["retry_safe", "disposition", "detail"]), st.none() | st.text(), max_size=3),
        max_size=4,
    )
)
def test_no_error_breaks_it_and_silence_about_safety_is_never_safe(error: dict[str, Any]) -> None:
    found = of_error(error)
    known = (-32000, -32002, -32004, -32600, -32601, -32602)
    if error.get("code") not in known and not error.get("data"):
        assert isinstance(found, Unknown) or error.get("message")


@pytest.mark.parametrize(
    ("result", "guid"),
    [
        ({"guid": GUID}, GUID),
        ({"messageGuid": GUID}, GUID),
        ({"message_id": GUID}, GUID),
        ({"messageId": GUID}, GUID),
        ({"id": GUID}, GUID),
        ({"guid": f" {GUID}\n"}, GUID),
        ({"id": 17, "guid": GUID}, GUID),
        ({"guid": "", "id": GUID}, GUID),
        ({"guid": "17"}, ""),
        ({"id": 17}, ""),
        ({"guid": None}, ""),
        ({"guid": "ok"}, ""),
        ({"guid": "unknown"}, ""),
        ({"guid": "  "}, ""),
        ({"guid": ["x"]}, ""),
        ({}, ""),
    ],
)
def test_the_guid_in_a_result(result: dict[str, Any], guid: str) -> None:
    assert guid_of(result) == guid
    assert meaning(answer({"ok": True, **result})) == Accepted(guid)


def test_there_are_four_pauses_for_five_attempts() -> None:
    assert RETRY_SECONDS == (5.0, 25.0, 120.0, 600.0)


def test_what_costs_no_try_says_how_long_to_wait() -> None:
    """The others take their pause from the table of tries."""
    assert meaning(answer(lost=True, started=False)) == NotStarted("imsg was not there", 0.0)
    away = of_error({"code": -32002, "message": "Database unavailable"})
    assert isinstance(away, NotStarted)
    assert away.pause == DATABASE_SECONDS
    busy = of_error({"code": -32000, "message": "Server busy"})
    assert isinstance(busy, NotStarted)
    assert busy.pause is None


def test_a_send_that_is_still_under_way_in_imsg_is_told_from_other_unknown_ones() -> None:
    data = {**TYPED, "retry_safe": False}
    for disposition, stuck in (("still_in_flight", True), ("may_have_completed", False)):
        found = of_error({"code": -32001, "data": {**data, "disposition": disposition}})
        assert isinstance(found, Unknown)
        assert found.stuck is stuck


@pytest.mark.parametrize(
    ("detail", "kind"),
    [
        ("attempt_id already identifies a message", Used),
        ("that GUID is already reserved by another tracked send", Used),
        ("the attempt_id was already used", Used),
        ("imsg bridge not ready", NotStarted),
        ("Chat not found", NotStarted),
    ],
)
def test_a_used_guid_is_told_from_other_refusals_of_a_tracked_send(detail: str, kind: type) -> None:
    error = {"code": -32603, "data": {"disposition": "not_started", "retry_safe": True, "detail": detail}}
    assert type(of_error(error, tracked=True)) is kind
    assert type(of_error(error)) is NotStarted


def test_an_unknown_outcome_stays_unknown_whatever_its_text_says() -> None:
    error = {"code": -32001, "message": "Delivery outcome unknown", "data": "error -1743"}
    assert isinstance(of_error(error), Unknown)


def test_a_tracked_send_that_imsg_cannot_do_any_more_did_not_start() -> None:
    assert isinstance(of_error({"code": -32601, "message": "Method not found"}, tracked=True), NotStarted)
    assert isinstance(of_error({"code": -32602, "message": "Invalid params"}, tracked=True), Hopeless)


def test_a_result_that_says_nothing_is_named_as_such() -> None:
    found = meaning(answer({"value": None}))
    assert found == Unknown("imsg answered without a result")
