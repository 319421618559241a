"""What is written after a command of its session is not answered before that."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from actors.conversation.behind import LONGEST_SECONDS, Behind
from tests.support.rows import admitted

MAIN = "s"


def waiting(*awaited: int) -> Behind:
    """These rows are awaited."""
    behind = Behind()
    for seq in awaited:
        behind.announce(MAIN, seq, 0.0)
    return behind


def test_what_came_later_waits_and_what_came_earlier_does_not() -> None:
    behind = waiting(5)
    assert not behind.holds(admitted(4))
    assert behind.holds(admitted(6))
    assert not behind.holds(admitted(5))
    assert [one.seq for one in behind.came(5)] == [6]
    assert not behind.holds(admitted(7))


def test_other_sessions_do_not_wait() -> None:
    behind = Behind()
    behind.announce("agent:main:imessage:group:7", 5, 0.0)
    assert not behind.holds(admitted(6))


def test_a_message_that_comes_back_waits_for_what_came_before_it() -> None:
    """``/model``, a message, ``/new hi``: the last one is back while the first is still carried out."""
    behind = waiting(5, 7)
    assert behind.holds(admitted(6))
    assert behind.holds(admitted(7))
    assert behind.holds(admitted(8))
    assert behind.came(7) == ()
    assert [one.seq for one in behind.came(5)] == [6, 7, 8]
    assert not behind.awaited


def test_what_is_told_twice_waits_once() -> None:
    behind = waiting(5, 5)
    assert behind.holds(admitted(6))
    assert behind.holds(admitted(6))
    assert [one.seq for one in behind.came(5)] == [6]
    assert not behind.awaited


def test_what_is_not_wanted_any_more_is_taken_out() -> None:
    behind = waiting(5)
    for seq in (6, 7, 8):
        behind.holds(admitted(seq))
    assert [one.seq for one in behind.remove(MAIN, lambda one: one.seq < 8)] == [6, 7]
    assert behind.remove("other", lambda _: True) == ()
    assert [one.seq for one in behind.came(5)] == [8]


def test_a_command_that_nobody_hears_of_any_more_is_not_waited_for_for_ever() -> None:
    behind = waiting(5)
    behind.announce(MAIN, 6, 1.0)
    assert behind.overdue(LONGEST_SECONDS - 1) == ()
    assert behind.overdue(LONGEST_SECONDS) == (5,)


@given(st.lists(st.integers(1, 9), unique=True, min_size=1), st.permutations(range(1, 13)))
def test_in_whatever_order_they_come_none_is_lost_or_told_before_one_it_waits_for(
    awaited: list[int], order: list[int]
) -> None:
    behind, told = waiting(*awaited), list[int]()
    for seq in order:
        if not behind.holds(admitted(seq)):
            told.append(seq)
            told += [one.seq for one in behind.came(seq)]
    assert sorted(told) == list(range(1, 13))
    assert not behind.awaited
    places = {seq: place for place, seq in enumerate(told)}
    assert all(places[late] < places[seq] for late in awaited for seq in range(late + 1, 13))
