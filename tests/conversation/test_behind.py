"""What is written after ``/new hello`` is not answered before it."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from actors.conversation.behind import Behind
from tests.support.rows import admitted

MAIN = "s"


def test_what_came_later_waits_and_what_came_earlier_does_not() -> None:
    behind = Behind()
    behind.announce(MAIN, 5)
    assert not behind.holds(admitted(4))
    assert behind.holds(admitted(6))
    assert not behind.holds(admitted(5))
    assert [one.seq for one in behind.came(5)] == [6]
    assert not behind.holds(admitted(7))


def test_other_sessions_do_not_wait() -> None:
    behind = Behind()
    behind.announce("agent:main:imessage:group:7", 5)
    assert not behind.holds(admitted(6))


@given(st.lists(st.integers(1, 9), unique=True, min_size=1), st.permutations(range(1, 13)))
def test_in_whatever_order_they_come_none_is_lost_or_told_before_one_it_waits_for(
    awaited: list[int], order: list[int]
) -> None:
    behind, told = Behind(), list[int]()
    for seq in awaited:
        behind.announce(MAIN, seq)
    for seq in order:
        if not behind.holds(admitted(seq)):
            told.append(seq)
            told += [one.seq for one in behind.came(seq)]
    assert sorted(told) == list(range(1, 13))
    places = {seq: place for place, seq in enumerate(told)}
    behind_them = [(late, seq) for late in awaited for seq in range(late + 1, 13) if seq not in awaited]
    assert all(places[late] < places[seq] for late, seq in behind_them)
