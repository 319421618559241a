"""Rows that must be where the journal knows them: another database, or one that went back, is told by its rows."""

from typing import Any

import pytest

from actors.envelopes.control import Landmark
from actors.normalizer.guids import guid_key
from actors.rpc.landmarks import Ground, Landmarks

KNOWN = tuple(Landmark(number, 7, guid_key(f"G{number}")) for number in (12, 11, 9))


def row(number: int, guid: str | None = None) -> dict[str, Any]:
    """A message of imsg."""
    return {"id": number, "guid": guid or f"G{number}"}


def ask(new: bool, *answers: dict[str, Any] | None) -> tuple[list[tuple[str, dict[str, Any]]], Ground | None]:
    """The questions asked, and what was proved; ``new``: imsg has ``messages.after``."""
    landmarks = Landmarks(KNOWN, lambda method: new and method == "messages.after")
    questions = [landmarks.first()]
    for answer in answers:
        found = landmarks.answered(answer)
        if isinstance(found, Ground):
            return questions, found
        questions.append(found)
    return questions, None


NEWEST = ("messages.after", {"since_rowid": 11, "limit": 1})
HISTORY = ("messages.history", {"chat_id": 7, "limit": 50})


def test_the_newest_row_in_its_place_is_enough() -> None:
    assert ask(True, {"messages": [row(12)]}) == ([NEWEST], Ground.SAME)
    assert ask(False, {"messages": [row(13), row(12)]}) == ([HISTORY], Ground.SAME)


def test_a_guid_in_any_case_is_the_same() -> None:
    upper = "A0000000-0000-0000-0000-00000000000A"
    landmarks = Landmarks((Landmark(1, 7, guid_key(upper)),), lambda _: True)
    assert landmarks.answered({"messages": [row(1, upper.lower())]}) is Ground.SAME


@pytest.mark.parametrize("new", [True, False])
def test_another_guid_under_a_known_number_is_another_database(new: bool) -> None:
    assert ask(new, {"messages": [row(12, "X")]})[1] is Ground.OTHER


def test_where_the_newest_is_gone_the_others_are_looked_at() -> None:
    others = ("messages.after", {"since_rowid": 8, "limit": 3})
    assert ask(True, {"messages": [row(20)]}, {"messages": [row(9), row(20)]}) == ([NEWEST, others], Ground.SAME)
    assert ask(True, {"messages": []}, {"messages": [row(9), row(11, "X")]})[1] is Ground.OTHER


def test_an_older_imsg_is_asked_chat_by_chat() -> None:
    chats = {"chats": [{"id": 8}, {"id": 7}, {"id": "odd"}, {"id": 9}]}
    questions, found = ask(False, {"messages": []}, chats, {"messages": [row(9)]}, {"messages": [row(11, "X")]})
    assert [method for method, _ in questions] == ["messages.history", "chats.list", *["messages.history"] * 2]
    assert [params.get("chat_id") for _, params in questions] == [7, None, 8, 9]
    assert found is Ground.OTHER


@pytest.mark.parametrize("new", [True, False])
def test_what_is_gone_or_cannot_be_read_proves_nothing(new: bool) -> None:
    """People delete messages."""
    assert ask(new, None, None, None)[1] is Ground.UNKNOWN
    assert ask(new, {"messages": []}, {"messages": [], "chats": []})[1] is Ground.UNKNOWN
    assert ask(new, {"messages": [{"id": 12}, {"id": 12, "guid": ""}, {"guid": "G12"}]}, {}, {})[1] is Ground.UNKNOWN
