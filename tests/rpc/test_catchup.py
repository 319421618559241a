"""Pages to exhaustion: every row once, whatever a page holds, and never for ever."""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors.rpc.catchup import FEWER, LIMIT, Hundreds, Pages
from actors.rpc.frames import Page, page_of

MOST = 100_000
"""Bytes of the longest line the imsg of these tests can get through."""


def page(*numbers: int, next_rowid: int, has_more: bool) -> Page:
    """A page as it comes over the wire."""
    messages = ",".join(f'{{"id":{number}}}' for number in numbers)
    flag = "true" if has_more else "false"
    found = page_of(f'{{"messages":[{messages}],"next_rowid":{next_rowid},"has_more":{flag}}}'.encode())
    assert found is not None
    return found


def test_it_asks_for_what_the_watch_would_bring() -> None:
    assert Pages(42, attachments=True).params() == {
        "since_rowid": 42,
        "limit": LIMIT,
        "attachments": True,
        "include_reactions": True,
    }


@pytest.mark.parametrize(("cursor", "since"), [(-1, 0), (0, 0), (7, 7)])
def test_the_beginning_is_0_here(cursor: int, since: int) -> None:
    assert Pages(cursor, attachments=False).params()["since_rowid"] == since


def test_an_empty_page_may_have_another_one_behind_it() -> None:
    pages = Pages(42, attachments=False)
    assert pages.took(page(next_rowid=142, has_more=True))
    assert pages.since == 142
    assert not pages.took(page(next_rowid=142, has_more=False))


@pytest.mark.parametrize("next_rowid", [42, 41, 0, -1])
def test_a_page_that_does_not_move_on_is_the_last(next_rowid: int) -> None:
    pages = Pages(42, attachments=False)
    assert not pages.took(page(43, next_rowid=next_rowid, has_more=True))
    assert pages.since == 42


def test_a_page_that_does_not_come_is_asked_for_with_fewer_rows_down_to_one() -> None:
    pages = Pages(42, attachments=False)
    limits = [pages.params()["limit"]]
    while pages.failed():
        limits.append(pages.params()["limit"])
    assert limits == [LIMIT, LIMIT // FEWER, LIMIT // FEWER // FEWER, 1]
    assert not pages.failed()
    assert pages.since == 42


def test_after_a_page_that_came_full_ones_are_asked_for_again() -> None:
    pages = Pages(42, attachments=False)
    assert pages.failed()
    assert pages.took(page(43, next_rowid=43, has_more=True))
    assert pages.params()["limit"] == LIMIT


SIZES = st.lists(st.sampled_from([1, 10, 3_000, 60_000, MOST + 1]), max_size=400)


@given(SIZES)
def test_all_rows_come_in_order_up_to_the_first_that_no_page_can_hold(sizes: list[int]) -> None:
    """That one is left to the watch, which begins right before it."""
    pages, got, more = Pages(0, attachments=False), list[int](), True
    for _ in range(20 * len(sizes) + 10):
        if not more:
            break
        since, limit = pages.params()["since_rowid"], pages.params()["limit"]
        numbers = list(range(since + 1, min(since + limit, len(sizes)) + 1))
        if sum(sizes[number - 1] for number in numbers) > MOST:
            more = pages.failed()
        else:
            last = numbers[-1] if numbers else since
            got += numbers
            more = pages.took(page(*numbers, next_rowid=last, has_more=last < len(sizes)))
    assert not more
    whole = list(itertools.takewhile(lambda number: sizes[number - 1] <= MOST, range(1, len(sizes) + 1)))
    assert got == whole
    assert pages.since == len(whole)


def test_a_replay_goes_on_after_each_full_hundred_that_nothing_follows() -> None:
    hundreds = Hundreds()
    assert not any(hundreds.took(1) for _ in range(500)), "not a replay"
    hundreds.count(True)
    assert [number for number in range(1, 251) if hundreds.took(1)] == [100, 200]
    assert not hundreds.took(0)
    assert not hundreds.stand_still(), "rows came since"
    assert not hundreds.took(49)
    assert hundreds.took(101)
    assert hundreds.stand_still()
    hundreds.count(False)
    assert not hundreds.stand_still()
