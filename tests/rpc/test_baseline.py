"""Where to begin: at the newest row from before a first run, or right before the first one that was missed."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors.rpc.baseline import AT_ONCE, CHATS, MANY_CHATS, MANY_MESSAGES, MESSAGES, Survey

SUBSCRIBED = 1_800_000_000.0
BEFORE, AFTER = "2027-01-15T07:59:59.000Z", "2027-01-15T08:00:01.000Z"


def history(*rows: tuple[Any, Any]) -> dict[str, Any]:
    return {"messages": [{"id": number, "created_at": at, "text": "x"} for number, at in rows]}


def survey(*histories: dict[str, Any] | None) -> int | None:
    """A survey over chats 1, 2, ... with these histories."""
    one = Survey(SUBSCRIBED)
    asked = one.answered({"chats": [{"id": number + 1} for number in range(len(histories))]})
    assert [params["chat_id"] for _, params in asked] == list(range(1, len(histories) + 1))
    for found in histories:
        assert one.newest() is None
        assert one.answered(found) == []
    return one.newest()


def test_it_asks_for_the_chats_and_then_for_their_histories() -> None:
    one = Survey(SUBSCRIBED)
    assert one.first() == ("chats.list", {"limit": CHATS})
    asked = one.answered({"chats": [{"id": 5}, {"id": 9}]})
    assert asked == [
        ("messages.history", {"chat_id": 5, "limit": MESSAGES}),
        ("messages.history", {"chat_id": 9, "limit": MESSAGES}),
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
    assert one.answered(result) == []
    assert one.newest() is None


@pytest.mark.parametrize("position", [0, 1, 2])
def test_a_chat_that_could_not_be_read_leaves_it_unknown(position: int) -> None:
    """A guess below the truth would answer messages from before the first run."""
    histories: list[dict[str, Any] | None] = [history((number, BEFORE)) for number in (4, 5)]
    histories.insert(position, None)
    assert survey(*histories) is None


def test_chats_without_a_number_are_passed_over() -> None:
    one = Survey(SUBSCRIBED)
    asked = one.answered({"chats": [{"id": "1"}, {}, 5, None, {"id": True}, {"id": 3}]})
    assert [params["chat_id"] for _, params in asked] == [3]


@given(st.lists(st.lists(st.tuples(st.integers(1, 1000), st.booleans()), max_size=5), max_size=5))
def test_no_row_from_before_is_above_the_baseline(chats: list[list[tuple[int, bool]]]) -> None:
    newest = survey(*[history(*((number, AFTER if after else BEFORE) for number, after in rows)) for rows in chats])
    assert newest is not None
    assert newest == -1 or newest >= 0
    assert all(number <= newest for rows in chats for number, after in rows if not after)


MISSED = "2027-01-15T07:30:00.000Z"
OLD = "2027-01-15T06:59:59.000Z"
SINCE = SUBSCRIBED - 3600.0
"""07:00 UTC."""


def missed(*chats: tuple[Any, list[tuple[int, Any]]]) -> Survey:
    """A survey since 07:00 over chats 1, 2, ... with a last activity and a history each, all answers in."""
    one = Survey(SUBSCRIBED, SINCE)
    assert one.first() == ("chats.list", {"limit": MANY_CHATS})
    listed = [{"id": number, "last_message_at": at} for number, (at, _) in enumerate(chats, 1)]
    asked = one.answered({"chats": listed})
    for _, params in asked:
        rows = chats[params["chat_id"] - 1][1]
        if "start" in params:
            assert (params["limit"], params["start"]) == (MANY_MESSAGES, "2027-01-15T07:00:00Z")
            rows = [(number, at) for number, at in rows if at is None or at >= MISSED]
        assert one.newest() is None
        asked += one.answered(history(*rows[: params["limit"]]))
    return one


@pytest.mark.parametrize(
    ("chats", "newest"),
    [
        ([(MISSED, [(9, MISSED), (8, MISSED), (7, OLD)])], 7),
        ([(MISSED, [(9, MISSED)]), (OLD, [(12, OLD)])], 8),
        ([(OLD, [(12, OLD)]), (None, [(5, MISSED)])], 4),
        ([("soon", [(5, MISSED)])], 4),
        ([(MISSED, [(1, MISSED)])], -1),
        ([(OLD, [(12, OLD)])], 12),
        ([(AFTER, [(12, AFTER), (3, OLD)])], 11),
        ([], -1),
    ],
)
def test_the_row_before_the_first_that_was_missed(chats: list[tuple[Any, list[tuple[int, Any]]]], newest: int) -> None:
    assert missed(*chats).newest() == newest


def test_only_chats_in_which_something_may_have_been_missed_are_read_at_length() -> None:
    one = Survey(SUBSCRIBED, SINCE)
    listed = [{"id": number, "last_message_at": MISSED if number in (2, 9) else OLD} for number in range(1, 12)]
    asked = one.answered({"chats": listed})
    assert [params["chat_id"] for _, params in asked if "start" in params] == [2, 9]
    assert [params["chat_id"] for _, params in asked if "start" not in params] == [1, 2, 3, 4, 5]


@given(st.lists(st.lists(st.tuples(st.integers(1, 1000), st.booleans()), max_size=5), max_size=8))
def test_every_row_that_was_missed_is_above_where_it_begins(chats: list[list[tuple[int, bool]]]) -> None:
    dated = [[(number, MISSED if late else OLD) for number, late in rows] for rows in chats]
    last = [max((at for _, at in rows), default=None) for rows in dated]
    newest = missed(*zip(last, dated, strict=True)).newest()
    assert newest is not None
    assert all(number > newest for rows in chats for number, late in rows if late)


def test_it_never_asks_more_at_once_than_imsg_takes() -> None:
    """0.14+ refuses what goes beyond 128 requests under way."""
    one = Survey(SUBSCRIBED, SINCE)
    waiting = one.answered(
        {"chats": [{"id": number, "last_message_at": MISSED} for number in range(1, MANY_CHATS + 1)]}
    )
    asked = 0
    while waiting:
        assert len(waiting) <= AT_ONCE
        assert one.newest() is None
        waiting, asked = [*waiting[1:], *one.answered(history())], asked + 1
    assert asked == MANY_CHATS + CHATS
    assert one.newest() == -1


def test_the_highest_row_of_all_counts_whatever_its_date() -> None:
    one = missed((MISSED, [(9, MISSED), (30, OLD)]), (OLD, [(12, OLD)]))
    assert one.highest() == 30
    assert missed().highest() is None
    failing = Survey(SUBSCRIBED)
    assert failing.highest() is None
    failing.answered(None)
    assert failing.done()
    assert failing.highest() is None
