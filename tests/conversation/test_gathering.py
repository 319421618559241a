"""Inbound debounce: quick messages of one person are one turn, whatever the queue does, and the order is kept."""

from __future__ import annotations

from typing import Any

import pytest

from actors.conversation.turns import LONGEST_WINDOWS, QueueRule
from tests.conversation.book import ONE_BY_ONE, TOGETHER, WINDOW, Book
from tests.support.rows import ANN, BEN


@pytest.mark.parametrize("rule", [ONE_BY_ONE, TOGETHER])
def test_quick_messages_of_one_person_are_one_turn(rule: QueueRule) -> None:
    book = Book(rule, WINDOW)
    book.add(1)
    assert book.take() == 0.5
    book.now += 0.4
    book.add(2)
    assert book.take() == 0.5
    book.now += 0.5
    assert book.take() == [1, 2]


def test_who_never_stops_is_answered_after_so_many_windows() -> None:
    book = Book(window=WINDOW)
    for seq in range(1, 100):
        book.add(seq, text=str(seq))
        if isinstance(rows := book.take(), list):
            break
        book.now += 0.3
    assert rows == list(range(1, seq)) or seq == 99
    assert book.now - 100.0 <= LONGEST_WINDOWS * WINDOW + 0.3


def test_no_more_than_a_turn_may_have_are_gathered() -> None:
    book = Book(QueueRule(cap=2), WINDOW)
    for seq in range(1, 6):
        book.add(seq)
    assert book.take() == [1, 2]
    assert book.take() == [3, 4]
    assert book.take() == 0.5


@pytest.mark.parametrize(
    "keys",
    [
        {"text": "  "},
        {"attachments": [{"original_path": "/a.png", "mime_type": "image/png"}]},
        {"released": True},
        {"words": "behind /new"},
    ],
)
def test_what_does_not_wait_lets_what_came_before_it_go_too(keys: dict[str, Any]) -> None:
    book = Book(window=WINDOW)
    book.add(1)
    book.add(2, **keys)
    assert book.all == [[1], [2]]


def test_somebody_else_in_the_chat_ends_the_gathering_so_that_the_order_is_kept() -> None:
    book = Book(window=WINDOW)
    book.add(1, sender=ANN)
    book.add(2, sender=BEN)
    book.add(3, sender=ANN)
    assert book.all == [[1], [2]]
    book.add(4, chat=8)
    book.now += 0.5
    assert book.all == [[3], [4]]


def test_gathering_does_not_wait_for_the_quiet_of_a_queue_when_nothing_ran() -> None:
    book = Book(TOGETHER, WINDOW)
    book.add(1)
    book.add(2)
    book.now += WINDOW
    assert book.take() == [1, 2]
