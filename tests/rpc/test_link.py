"""What a reader needs to know of its account, in a table each."""

import dataclasses
from typing import Any

import pytest

from actors.rpc.capabilities import BUFFER_LIMIT, UNKNOWN, from_initialize
from actors.rpc.link import watch_params
from tests.rpc.ports import a_link

LINK = a_link(db_path=None)
PARAMS = {"attachments": False, "include_reactions": True, "debounce_ms": 100}


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
    assert watch_params(LINK, UNKNOWN, cursor) == {**PARAMS, **params}


def test_an_imsg_that_ends_a_slow_watch_is_asked_for_its_longest_patience() -> None:
    """Before 0.14 there is no such limit, and the key is not sent."""
    new = from_initialize({"version": "0.15.9"})
    assert watch_params(LINK, new, 42) == {**PARAMS, "buffer_limit": BUFFER_LIMIT, "since_rowid": 42}


def test_the_watch_asks_for_what_the_account_wants() -> None:
    link = dataclasses.replace(LINK, attachments=True, debounce_ms=0)
    assert watch_params(link, UNKNOWN, None) == {**PARAMS, "attachments": True, "debounce_ms": 0}


def test_the_command_line_names_the_database_when_it_is_known() -> None:
    assert LINK.argv == ("imsg", "rpc")
    link = dataclasses.replace(LINK, cli="/opt/my wrapper", db_path="/a b/chat.db")
    assert link.argv == ("/opt/my wrapper", "rpc", "--db", "/a b/chat.db")
    assert (LINK.name, link.name) == ("the Messages database", "/a b/chat.db")


@pytest.mark.parametrize(
    ("changes", "file"),
    [
        ({"db_path": None}, "/told"),
        ({"db_path": None, "standard": "/s"}, "/s"),
        ({"db_path": "/d", "standard": "/s"}, "/d"),
        ({"db_path": "/d", "local": False}, ""),
        ({"db_path": None, "local": False}, ""),
    ],
)
def test_the_file_is_looked_for_where_it_is_sure_to_be(changes: dict[str, Any], file: str) -> None:
    assert a_link(**changes).file("/told") == file
