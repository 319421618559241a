"""What a reader needs to know of its account, and what it says about its child, in a table each."""

import dataclasses
from typing import Any

import pytest

from actors.rpc.health import FULL_DISK_ACCESS, LinkHealth, explain_exit, explain_silence
from actors.rpc.link import Link, source_identity, watch_params

LINK = Link("default", 1, "imsg", None, attachments=False, debounce_ms=100, patience=10.0, waiting=lambda: 0)


@pytest.mark.parametrize(
    ("cli", "db_path", "host", "identity"),
    [
        ("imsg", None, None, "cli:imsg"),
        ("/opt/wrapper", None, "mac", "cli:/opt/wrapper"),
        ("imsg", "/db", None, "/db"),
        ("/opt/wrapper", "/db", "me@mac", "me@mac:/db"),
    ],
)
def test_a_database_keeps_its_name_over_restarts(
    cli: str, db_path: str | None, host: str | None, identity: str
) -> None:
    assert source_identity(cli, db_path, host) == identity


def test_databases_that_differ_have_names_that_differ() -> None:
    names = [
        source_identity(cli, db_path, host)
        for cli in ("imsg", "/opt/wrapper")
        for db_path in (None, "/a", "/b")
        for host in (None, "mac")
    ]
    assert len(set(names)) == 2 + 2 * 2


@pytest.mark.parametrize(
    ("cursor", "params"),
    [
        (None, {}),
        (42, {"since_rowid": 42}),
        (-1, {"since_rowid": -1}),
        # 0 would mean "from now" to imsg: the whole of an empty database is asked for instead.
        (0, {"since_rowid": -1}),
    ],
)
def test_the_watch_starts_after_the_cursor(cursor: int | None, params: dict[str, Any]) -> None:
    assert watch_params(LINK, cursor) == {"attachments": False, "debounce_ms": 100, **params}


def test_the_watch_asks_for_what_the_account_wants() -> None:
    link = dataclasses.replace(LINK, attachments=True, debounce_ms=0)
    assert watch_params(link, None) == {"attachments": True, "debounce_ms": 0}


def test_the_command_line_names_the_database_when_it_is_known() -> None:
    assert LINK.argv == ("imsg", "rpc")
    link = dataclasses.replace(LINK, cli="/opt/my wrapper", db_path="/a b/chat.db")
    assert link.argv == ("/opt/my wrapper", "rpc", "--db", "/a b/chat.db")
    assert "/opt/my wrapper" in link.remedy_missing


BANNER = ["Permission Error: cannot open", "grant Full Disk Access to Terminal", "1. open settings", "2. add it"]


@pytest.mark.parametrize(
    ("code", "words", "answered", "reason", "remedy"),
    [
        (1, BANNER, False, "no Full Disk Access", FULL_DISK_ACCESS),
        (None, ["unable to open: authorization denied (code: 23)"], True, "no Full Disk Access", FULL_DISK_ACCESS),
        (0, [], True, "imsg closed", "by hand"),
        (1, [], False, "imsg exited (1)", "by hand"),
        (127, ["sh: imsg: not found"], False, "without speaking JSON-RPC; it said: sh: imsg", "update imsg"),
        (-9, ["x"], True, "imsg ended by signal 9; it said: x", "by hand"),
        (None, ["no such method"], True, "imsg failed; it said: no such method", "by hand"),
    ],
)
def test_an_end_is_explained_with_a_remedy(
    code: int | None, words: list[str], answered: bool, reason: str, remedy: str
) -> None:
    said, help_ = explain_exit("imsg", code, words, answered)
    assert reason in said
    assert remedy in help_


def test_what_a_child_says_at_length_is_cut() -> None:
    assert len(explain_exit("imsg", 1, ["x" * 100_000], answered=True)[0]) < 300


def test_silence_is_explained_with_a_remedy() -> None:
    reason, remedy = explain_silence("imsg")
    assert "imsg does not answer" in reason
    assert "permission prompt" in remedy


def test_health_goes_down_with_a_reason_and_up_again() -> None:
    health = LinkHealth()
    assert (health.state, health.reason) == ("down", "starting")
    health.down("no imsg", "install it")
    health.up(5.0)
    assert (health.state, health.reason, health.remedy, health.since) == ("ok", "", "", 5.0)
    assert health.last_error == "no imsg"
