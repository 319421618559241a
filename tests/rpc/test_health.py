"""What is said about a link: a code, the reason and what helps, and the worst of it first."""

from typing import Any

import pytest

from actors.rpc.health import (
    FULL_DISK_ACCESS,
    STARTING,
    LinkHealth,
    Problem,
    explain_database,
    explain_exit,
    explain_missing,
    explain_refusal,
    explain_silence,
    off,
    quoted,
)

BANNER = ["Permission Error: cannot open", "grant Full Disk Access to Terminal", "1. open settings", "2. add it"]
SSH = ["ssh: connect to host mac port 22: Connection refused"]


@pytest.mark.parametrize(
    ("code", "words", "answered", "problem", "reason", "remedy"),
    [
        (1, BANNER, False, "no-disk-access", "no Full Disk Access", FULL_DISK_ACCESS),
        (None, ["unable to open: authorization denied (code: 23)"], True, "no-disk-access", "denied", FULL_DISK_ACCESS),
        (0, [], True, "exited", "imsg closed", "by hand"),
        (1, [], False, "exited", "imsg exited (1)", "by hand"),
        (127, ["sh: imsg: not found"], False, "no-rpc", "without speaking JSON-RPC; it said: sh: imsg", "update imsg"),
        (255, SSH, False, "exited", "imsg exited (255); it said: ssh: connect", "by hand"),
        (255, ["x", "Host key verification failed."], False, "exited", "Host key verification failed", "by hand"),
        (-9, ["x"], True, "exited", "imsg ended by signal 9; it said: x", "by hand"),
        (None, ["no such method"], True, "exited", "imsg failed; it said: no such method", "by hand"),
    ],
)
def test_an_end_is_explained_with_a_remedy(
    code: int | None, words: list[str], answered: bool, problem: str, reason: str, remedy: str
) -> None:
    found = explain_exit("imsg", code, words, answered)
    assert found.code == problem
    assert reason in found.reason
    assert remedy in found.remedy


def test_the_line_of_a_banner_that_tells_most_is_quoted() -> None:
    assert explain_exit("imsg", 1, BANNER, answered=False).reason.endswith("said: grant Full Disk Access to Terminal")
    denied = ["it begins", "authorization denied (code: 23)", "it ends"]
    assert explain_exit("imsg", 1, denied, answered=False).reason.endswith("said: authorization denied (code: 23)")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("one\n\n  two\\n\\nthree", "one two three"),
        ("word " * 100, "word word\u2026"),
        ("x" * 100, "x" * 12 + "\u2026"),
        ("", ""),
    ],
)
def test_a_quotation_is_one_line_of_whole_words(text: str, said: str) -> None:
    assert quoted(text, 13) == said


def test_a_start_is_no_error_to_remember() -> None:
    health = LinkHealth()
    health.down(DOWN)
    health.down(STARTING)
    assert (health.reason, health.last_error) == ("imsg is being started", "down it is")
    assert health.remedy


def test_what_a_child_says_at_length_is_cut() -> None:
    for found in (
        explain_exit("imsg", 1, ["x" * 100_000], answered=True),
        explain_exit("imsg", 1, ["authorization denied" * 10_000], answered=True),
        explain_database("imsg", "x" * 100_000),
        explain_database("imsg", "authorization denied" * 10_000),
    ):
        assert len(found.reason) < 300


@pytest.mark.parametrize(
    ("error", "code", "words"),
    [
        ({"code": -32603, "message": "Internal error", "data": "authorization denied"}, "no-disk-access", "denied"),
        ({"code": -32602, "message": "Invalid params", "data": "limit is odd"}, "exited", "limit is odd"),
        ({"code": -32603, "message": "Internal error"}, "exited", "Internal error"),
        ({"code": -32603, "data": {"detail": "poisoned"}}, "exited", "poisoned"),
        ({"code": -32002, "data": {"detail": "authorization denied"}}, "no-disk-access", "denied"),
        ({"code": -32002, "data": {"detail": "malformed image"}}, "database-unreadable", "malformed image"),
        ({"code": -32002, "message": "Database unavailable"}, "database-unreadable", "Database unavailable"),
        ({}, "exited", "{}"),
        ({"value": None}, "exited", "None"),
    ],
)
def test_a_refusal_is_told_in_imsgs_own_words(error: dict[str, Any], code: str, words: str) -> None:
    found = explain_refusal("imsg", error)
    assert found.code == code
    assert words in found.reason
    assert found.remedy


@pytest.mark.parametrize("detail", ["unable to open database file (code: 14)", "Operation not permitted"])
def test_a_database_that_may_not_be_read_wants_full_disk_access(detail: str) -> None:
    assert explain_database("imsg", detail).remedy == FULL_DISK_ACCESS


def test_silence_and_absence_are_explained_with_a_remedy() -> None:
    silent, missing = explain_silence("imsg"), explain_missing("/opt/imsg", "/opt/imsg: not found")
    assert "imsg does not answer" in silent.reason
    assert "permission prompt" in silent.remedy
    assert "/opt/imsg" in missing.reason
    assert "cliPath" in missing.remedy


DOWN, SENDS, NOTICE = (Problem(word, f"{word} it is", f"mend {word}") for word in ("down", "sends", "notice"))


def test_health_goes_down_with_a_reason_and_up_again() -> None:
    health = LinkHealth()
    assert (health.state, health.reason) == ("down", "imsg is being started")
    health.down(DOWN)
    assert (health.state, health.reason, health.remedy) == ("down", "down it is", "mend down")
    health.up(5.0)
    assert (health.state, health.reason, health.remedy, health.since) == ("ok", "", "", 5.0)
    assert health.last_error == "down it is"


def test_the_worst_is_said_first_and_nothing_hides_what_is_still_wrong() -> None:
    health = LinkHealth()
    health.up(5.0)
    health.note(NOTICE)
    assert (health.state, health.problem) == ("degraded", NOTICE)
    health.sends(SENDS)
    assert (health.state, health.problem) == ("degraded", SENDS)
    health.down(DOWN)
    assert (health.state, health.problem) == ("down", DOWN)
    health.up(6.0)
    assert health.problem == SENDS
    health.sends(None)
    assert health.problem == NOTICE
    health.note(None)
    assert (health.state, health.reason) == ("ok", "")
    assert health.last_error == "down it is"


def test_an_account_that_does_not_run_says_why() -> None:
    health = off("another gateway runs", "stop it")
    assert (health.state, health.reason, health.remedy) == ("down", "another gateway runs", "stop it")
    assert health.problem is not None
    assert health.problem.code == "off"
