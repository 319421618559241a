"""Where a first run starts: at the newest row from before the subscription, or nowhere while that is unknown."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors.rpc.baseline import Survey

SUBSCRIBED = 1_800_000_000.0
BEFORE, AFTER = "2027-01-15T07:59:59.000Z", "2027-01-15T08:00:01.000Z"


def history(*rows: tuple[Any, Any]) -> dict[str, Any]:
    return {"messages": [{"id": number, "created_at": at, "text": "x"} for number, at in rows]}


def survey(*histories: dict[str, Any] | None) -> int | None:
    """A survey over chats 1, 2, ... with these histories."""
    one = Survey(SUBSCRIBED)
    asked = one.answered("chats", {"chats": [{"id": number + 1} for number in range(len(histories))]})
    assert [params["chat_id"] for _, params, _ in asked] == list(range(1, len(histories) + 1))
    for found in histories:
        assert one.newest() is None
        assert one.answered("history", found) == []
    return one.newest()


def test_it_asks_for_the_chats_and_then_for_their_histories() -> None:
    one = Survey(SUBSCRIBED)
    method, params, name = one.first()
    assert (method, name) == ("chats.list", "chats")
    assert params["limit"] >= 1
    asked = one.answered(name, {"chats": [{"id": 5}, {"id": 9}]})
    assert [(method, params["chat_id"], name) for method, params, name in asked] == [
        ("messages.history", 5, "history"),
        ("messages.history", 9, "history"),
    ]


@pytest.mark.parametrize(
    ("histories", "newest"),
    [
        ([history((7, BEFORE), (6, BEFORE)), history((9, BEFORE))], 9),
        ([history((7, BEFORE), (8, AFTER))], 7),
        ([history((8, AFTER), (11, AFTER))], 7),
        ([history()], -1),
        ([], -1),
        ([history((7, "no time")), history((3, BEFORE))], 7),
        ([history((7, None))], 7),
        ([history((True, BEFORE), ("5", BEFORE), (-4, BEFORE), (0, BEFORE), (2.0, BEFORE))], -1),
        ([{"messages": "none"}], -1),
        ([{"messages": [None, 5, []]}], -1),
        ([{}], -1),
    ],
)
def test_the_newest_row_from_before_the_subscription(histories: list[dict[str, Any]], newest: int) -> None:
    assert survey(*histories) == newest


@pytest.mark.parametrize("result", [None, {}, {"chats": None}, {"chats": {}}])
def test_without_a_list_of_chats_nothing_is_known(result: dict[str, Any] | None) -> None:
    one = Survey(SUBSCRIBED)
    assert one.answered("chats", result) == []
    assert one.newest() is None


@pytest.mark.parametrize("position", [0, 1, 2])
def test_a_chat_that_could_not_be_read_leaves_it_unknown(position: int) -> None:
    """A guess below the truth would answer messages from before the first run."""
    histories: list[dict[str, Any] | None] = [history((number, BEFORE)) for number in (4, 5)]
    histories.insert(position, None)
    assert survey(*histories) is None


def test_chats_without_a_number_are_passed_over() -> None:
    one = Survey(SUBSCRIBED)
    asked = one.answered("chats", {"chats": [{"id": "1"}, {}, 5, None, {"id": True}, {"id": 3}]})
    assert [params["chat_id"] for _, params, _ in asked] == [3]


@given(st.lists(st.lists(st.tuples(st.integers(1, 1000), st.booleans()), max_size=5), max_size=5))
def test_no_row_from_before_is_above_the_baseline(chats: list[list[tuple[int, bool]]]) -> None:
    newest = survey(*[history(*((number, AFTER if after else BEFORE) for number, after in rows)) for rows in chats])
    assert newest is not None
    assert newest == -1 or newest >= 0
    assert all(number <= newest for rows in chats for number, after in rows if not after)
