"""Another database where the old one stood: nothing of it is answered twice, and what was missed is found in it."""

from typing import Any

import pytest

from actors.envelopes.control import Landmark, SourceState
from actors.envelopes.facts import Identified, Replaced
from actors.normalizer.guids import guid_key
from actors.rpc.health import REPLACED
from tests.rpc.ports import NOW, PATH, SOURCE, Played, a_link, chats, history, page

MISSED = "2027-01-15T07:59:50.000Z"
"""Ten seconds before ``NOW``."""


def test_the_file_of_the_database_is_remembered_once() -> None:
    assert Played(stands="f1").old().port.facts == [Identified(SOURCE, "f1")]
    assert Played(stands="f1", file="f1").old().port.facts == []


@pytest.mark.parametrize("changes", [{"local": False}, {"db_path": None}])
def test_a_database_that_nobody_can_look_at_has_no_file(changes: dict[str, Any]) -> None:
    played = Played(link=a_link(**changes), file="f1", stands="f2").old()
    assert (played.port.facts, played.watch.file) == ([], "")
    assert not played.watch.is_other_file()


def test_an_imsg_that_says_where_its_database_is_has_it_looked_at() -> None:
    played = Played(link=a_link(db_path=None), stands="f1").new()
    assert played.port.facts == [Identified(SOURCE, "f1")]


def test_an_old_imsg_over_the_standard_database_has_it_looked_at() -> None:
    """It goes on reading the file that was there when it began, and nothing in its answers tells."""
    played = Played(link=a_link(db_path=None, standard=PATH), stands="f1", file="f1").old().subscribed()
    assert not played.watch.is_other_file()
    played.port.file = "f2"
    assert played.watch.is_other_file()


def test_a_file_that_is_not_there_says_nothing() -> None:
    played = Played(file="f1", stands="").old()
    assert (played.port.facts, played.asked[0][0]) == ([], "watch.subscribe")


def replaced(**state: Any) -> Played:
    """A database with cursor 42 in era 4, watched until a minute ago, with another file than then."""
    return Played(cursor=42, era=4, file="f1", stands="f2", watched=NOW - 60, **state)


def test_a_replaced_database_is_watched_from_before_the_first_row_that_was_missed() -> None:
    played = replaced().old()
    played.answer("chats.list", chats(5))
    recent, missed = played.asked
    assert recent == ("messages.history", {"chat_id": 5, "limit": 5})
    assert missed == ("messages.history", {"chat_id": 5, "limit": 500, "start": "2027-01-15T07:59:00Z"})
    played.answer("messages.history", history(9, at=MISSED))
    assert played.told == []
    both = history(9, 8, at=MISSED)["messages"] + history(7)["messages"]
    played.answer("messages.history", {"messages": both})
    assert played.port.facts == [Replaced(SOURCE, 7, "f2")]
    assert played.asked[0][1]["since_rowid"] == 7
    played.subscribed()
    assert played.told == [("fact", "Replaced"), ("begins", 5, NOW - 60), ("live", 7, False)]
    assert played.watch.era == 5
    assert played.port.notices == [REPLACED]


def test_the_rows_of_a_replaced_database_are_of_the_next_era() -> None:
    played = replaced().new()
    played.answer("chats.list", chats())
    assert played.port.facts == [Replaced(SOURCE, -1, "f2")]
    played.answer("messages.after", page(1, next_rowid=1))
    assert played.told == [("fact", "Replaced"), ("begins", 5, NOW - 60), ("row", 1, 5)]


@pytest.mark.parametrize("how", ["refused", "late"])
def test_a_replaced_database_that_cannot_be_looked_through_is_not_begun(how: str) -> None:
    """A guess too high would lose rows, one too low would answer the old ones."""
    played = replaced().old()
    played.refuse("chats.list") if how == "refused" else played.late("chats.list")
    assert played.told == [("down", "hanging")]
    assert played.port.given_up
    assert (played.port.facts, played.asked) == ([], [])


def test_a_replaced_file_is_seen_while_the_watch_runs() -> None:
    played = Played(file="f1", stands="f1").old().subscribed()
    assert not played.watch.is_other_file()
    played.port.file = ""
    assert not played.watch.is_other_file()  # gone for a moment: imsg says so itself
    played.port.file = "f2"
    assert played.watch.is_other_file()


@pytest.mark.parametrize(("since", "begins"), [(NOW - 7, NOW - 7), (None, NOW - 60)])
def test_rows_that_went_back_begin_an_era_without_a_notice(since: float | None, begins: float) -> None:
    """What was missed counts from the last good moment, not from when this watch began days ago."""
    played = Played(cursor=42, since=NOW - 60, stands="f1", file="f1").old().subscribed()
    played.port.told.clear()
    played.watch.replace(30, since)
    assert played.port.facts == [Replaced(SOURCE, 30, "f1")]
    assert played.asked[0][1]["since_rowid"] == 30
    played.subscribed(2)
    assert played.told == [("fact", "Replaced"), ("begins", 1, begins), ("live", 30, False)]
    assert played.port.notices == []


def test_a_watch_that_begins_again_takes_the_journals_word_for_era_and_cursor() -> None:
    played = Played(cursor=42).old().subscribed()
    played.watch.resume(SourceState(SOURCE, 50, None, None, era=7), NOW - 3)
    assert not played.watch.is_live
    assert played.asked[0][1]["since_rowid"] == 50
    played.subscribed(2)
    assert played.told[-2:] == [("begins", 7, NOW - 3), ("live", 50, False)]


def test_the_path_is_the_accounts_even_when_imsg_names_another() -> None:
    played = Played(stands="f1").new(database={"path": "/elsewhere"})
    assert played.port.facts == [Identified(SOURCE, "f1")]
    assert played.watch.capabilities.database.path != PATH


MARK = Landmark(42, 7, guid_key("G42"))
"""The row at the cursor, as the journal knows it."""


def test_a_row_that_bears_another_guid_means_another_database_whatever_its_file_is_called() -> None:
    played = Played(cursor=42, era=4, watched=NOW - 60, landmarks=(MARK,)).old()
    played.answer("messages.history", {"messages": [{"id": 42, "guid": "X"}]})
    played.answer("chats.list", chats(7))
    played.answer("messages.history", history(50))
    played.answer("messages.history", history(45, at=MISSED))
    assert played.port.facts[-1] == Replaced(SOURCE, 44, "")
    assert played.port.notices == [REPLACED]
    assert played.asked[0][1]["since_rowid"] == 44


@pytest.mark.parametrize("messages", [[{"id": 42, "guid": "g42"}, {"id": 41, "guid": "X"}], []])
def test_a_row_in_its_place_or_gone_means_nothing(messages: list[dict[str, Any]]) -> None:
    played = Played(cursor=42, landmarks=(Landmark(42, 7, guid_key("g42")),)).old()
    played.answer("messages.history", {"messages": messages})
    if not messages:
        played.answer("chats.list", chats())
    assert played.asked[0][0] == "watch.subscribe"
    assert played.port.facts == []


def test_a_live_watch_is_begun_anew_over_another_database() -> None:
    played = Played(cursor=42, landmarks=(MARK,)).new()
    played.answer("messages.after", {"messages": [{"id": 42, "guid": "G42"}]})
    played.answer("messages.after", page(next_rowid=42))
    played.subscribed(3)
    state = SourceState(SOURCE, 42, None, None, landmarks=(MARK,))
    played.watch.verify(state, NOW - 30)
    played.answer("messages.after", {"messages": [{"id": 42, "guid": "G42"}]})
    assert ("grounded",) in played.told
    played.watch.verify(state, NOW - 30)
    played.answer("messages.after", {"messages": [{"id": 42, "guid": "X"}]})
    assert played.asked[0] == ("watch.unsubscribe", {"subscription": 3})
    assert played.asked[1][0] == "chats.list"
    assert not played.watch.is_live
