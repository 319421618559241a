"""What edits make of the overrides, and what they lie over."""

from __future__ import annotations

import pytest

from actors.reload.overrides import laid, leaves, overridden
from config.edit import CannotEditError, Set, Unset

FILE = {"session": {"dmScope": "main"}, "channels": {"imessage": {"allowFrom": ("a", "b"), "region": "US"}}}
LIST = ("channels", "imessage", "allowFrom")


def test_an_entry_of_a_list_takes_the_whole_list_as_the_files_have_it() -> None:
    found = overridden({}, [Set((*LIST, 1), "c"), Set((*LIST, 2), "d")], FILE)
    assert found == {"channels": {"imessage": {"allowFrom": ("a", "c", "d")}}}
    assert overridden(found, [Unset((*LIST, 0))], FILE) == {}
    with pytest.raises(CannotEditError, match="is not overridden"):
        overridden({}, [Unset((*LIST, 0))], FILE)


def test_what_is_no_override_cannot_be_taken_away() -> None:
    with pytest.raises(CannotEditError, match=r"session\.dmScope: is not overridden"):
        overridden({}, [Unset(("session", "dmScope"))], FILE)


def test_nothing_is_left_of_an_override_that_is_taken_away() -> None:
    found = overridden({}, [Set(("session", "dmScope"), "per-peer"), Set(("messages", "x"), 1)], FILE)
    assert sorted(leaves(found)) == ["messages.x", "session.dmScope"]
    assert overridden(found, [Unset(("session", "dmScope")), Unset(("messages", "x"))], FILE) == {}


def test_overrides_win_key_by_key() -> None:
    over = {"channels": {"imessage": {"allowFrom": ["c"]}}}
    assert laid(FILE, over) == {
        "session": {"dmScope": "main"},
        "channels": {"imessage": {"allowFrom": ["c"], "region": "US"}},
    }
