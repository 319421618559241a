"""The agenda: what makes the next turn, and when. Nothing lost, nothing twice, order per chat, one address a turn."""

from __future__ import annotations

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from actors.conversation.turns import (
    COLLECT,
    FOLLOWUP,
    INTERRUPT,
    STEER,
    Agenda,
    QueueRule,
    address_of,
)
from actors.envelopes.inbound import Admitted
from tests.conversation.book import ONE_BY_ONE, TOGETHER, WINDOW, Book
from tests.support.rows import ANN, BEN, admitted


def test_an_empty_one_has_nothing_and_knows_nothing() -> None:
    book = Book()
    assert (book.take(), len(book.agenda)) == (None, 0)


def test_one_by_one_each_message_is_a_turn_in_the_order_they_came() -> None:
    book = Book()
    for seq, chat in [(1, 7), (2, 8), (3, 7)]:
        book.add(seq, chat)
    assert book.all == [[1], [2], [3]]
    assert len(book.agenda) == 0


def test_a_message_that_waits_is_not_taken_in_twice() -> None:
    book = Book()
    book.add(1)
    book.add(1)
    assert book.all == [[1]]


def test_a_first_message_runs_at_once_also_where_messages_are_taken_together() -> None:
    book = Book(TOGETHER)
    book.add(1)
    assert book.take() == [1]


def test_what_comes_while_a_turn_runs_is_one_turn_once_it_is_quiet() -> None:
    book = Book(TOGETHER)
    book.busy = True
    book.add(1)
    book.now += 0.8
    book.add(2)
    book.busy = False
    assert book.take() == 1.0
    book.now += 0.9
    assert book.take() == 0.1
    book.now += 0.1
    assert book.take() == [1, 2]


def test_what_comes_into_the_quiet_waits_with_the_others() -> None:
    book = Book(TOGETHER)
    book.busy = True
    book.add(1)
    book.busy = False
    book.now += 0.9
    book.add(2)
    assert book.take() == 1.0


def test_as_many_as_a_turn_may_have_need_no_quiet_and_the_others_wait_for_the_next() -> None:
    book = Book(TOGETHER)
    book.busy = True
    for seq in range(1, 6):
        book.add(seq)
    assert book.take() == [1, 2, 3]
    assert book.take() == 1.0
    book.now += 1.0
    assert book.take() == [4, 5]


def test_a_turn_has_messages_of_one_chat_for_one_agent() -> None:
    book = Book(TOGETHER)
    book.busy = True
    others: list[dict[str, Any]] = [{"chat": 8}, {"agent": "other"}, {}, {"era": 1}, {"source": 2}, {"account": "work"}]
    for seq, keys in enumerate([{}, *others, {}], start=1):
        book.add(seq, **keys)
    book.now += 1.0
    assert book.all == [[1], [2], [3], [4, 8], [5], [6], [7]]


def test_another_chat_does_not_wait_for_the_quiet_of_the_first() -> None:
    book = Book(TOGETHER)
    book.busy = True
    book.add(1, 7)
    book.busy = False
    book.add(2, 8)
    assert book.take() == [2]
    assert book.take() == 1.0


def test_the_newest_runs_with_what_waits_before_it() -> None:
    """Of an interrupted turn's chat: it waits for no quiet."""
    book = Book(QueueRule(INTERRUPT, True, 0.0, 3))
    book.busy = True
    book.add(1)
    book.add(2)
    assert book.take() == [1, 2]


def test_until_it_is_known_who_answers_a_message_waits_and_others_go() -> None:
    agenda = Agenda()
    for seq, agent in [(1, "gone"), (2, "here")]:
        agenda.add(admitted(seq, chat=seq, agent=agent), 0.0, busy=False)

    def rule(agent: str) -> QueueRule | None:
        return None if agent == "gone" else ONE_BY_ONE

    found = agenda.next(0.0, rule)
    assert isinstance(found, tuple)
    assert [one.seq for one in found] == [2]
    assert agenda.next(0.0, rule) is None
    assert len(agenda) == 1


def test_messages_can_be_taken_away_and_come_back_in_the_order_they_came() -> None:
    book = Book()
    for seq, chat in [(1, 7), (2, 8), (3, 7), (4, 8)]:
        book.add(seq, chat)
    gone = book.agenda.remove(lambda one: one.seq != 3)
    assert [one.seq for one in gone] == [1, 2, 4]
    assert (len(book.agenda), book.all) == (1, [[3]])


def test_messages_of_a_turn_that_does_not_happen_are_the_first_again() -> None:
    book = Book(TOGETHER)
    book.busy = True
    book.add(1)
    book.add(2)
    book.now += 1.0
    taken = book.agenda.next(book.now, lambda _: TOGETHER)
    assert isinstance(taken, tuple)
    book.add(3)
    book.add(4, chat=8)
    book.agenda.put_back(taken, book.now)
    assert len(book.agenda) == 4
    book.now += 1.0
    assert book.all == [[1, 2, 3], [4]]


def test_a_message_that_comes_late_waits_in_the_place_of_its_row() -> None:
    """What stands behind a command is told by the command desk, a held one when it is released."""
    book = Book()
    for seq in (4, 6):
        book.add(seq)
    book.add(5, words="behind /new")
    book.add(2, released=True)
    book.add(3, chat=8)
    assert book.all == [[2], [4], [5], [6], [3]]


def test_messages_may_get_another_agent() -> None:
    book = Book(TOGETHER)
    book.busy = True
    book.add(1)
    book.add(2)
    book.agenda.change(lambda one: admitted(one.seq, agent="new" if one.seq == 2 else "main"))
    book.now += 1.0
    assert book.all == [[1], [2]]


MESSAGES = st.tuples(
    st.sampled_from([7, 8]),
    st.sampled_from([ANN, BEN]),
    st.sampled_from(["main", "other"]),
    st.sampled_from([0, 1]),
    st.booleans(),
)
STEPS = st.lists(st.one_of(MESSAGES, st.sampled_from(["begin", "end", "pass", "wait", "undo"])), max_size=60)
RULES = st.builds(
    QueueRule,
    st.sampled_from([FOLLOWUP, COLLECT, STEER, INTERRUPT]),
    st.booleans(),
    st.sampled_from([0.0, 1.0]),
    st.integers(1, 4),
)


@given(STEPS, RULES, RULES, st.sampled_from([0.0, WINDOW]))
@settings(max_examples=400, deadline=None)
def test_whatever_happens_nothing_is_lost_or_twice_and_each_chat_keeps_its_order(
    steps: list[Any], rule: QueueRule, other: QueueRule, window: float
) -> None:
    agenda, now, busy, seq = Agenda(), 0.0, False, 0
    rules = {"main": rule, "other": other}
    turns: list[tuple[Admitted, ...]] = []

    def look() -> bool:
        found = agenda.next(now, rules.get)
        if isinstance(found, tuple):
            turns.append(found)
        else:
            assert (found is None) == (len(agenda) == 0)
            assert found is None or found > now
        return isinstance(found, tuple)

    for step in steps:
        match step:
            case "begin" if not busy:
                busy = look()
            case "end":
                busy = False
            case "pass":
                now += 0.3
            case "wait":
                now += 1.0
            case "undo" if busy:
                agenda.put_back(turns.pop(), now)
                busy = False
            case (chat, sender, agent, era, has_text):
                seq += 1
                message = admitted(seq, chat, "hi" if has_text else " ", agent=agent, sender=sender, era=era)
                agenda.add(message, now, busy=busy, window=window, cap=min(rule.cap, other.cap))
    for _ in range(4 * seq + 4):
        now += 0.5
        look()
    assert len(agenda) == 0
    assert sorted(one.seq for turn in turns for one in turn) == list(range(1, seq + 1))
    by_chat: dict[Any, list[int]] = {}
    for turn in turns:
        assert len({(address_of(one), one.agent) for one in turn}) == 1
        assert len(turn) <= rules[turn[0].agent].cap
        by_chat.setdefault(address_of(turn[0]), []).extend(one.seq for one in turn)
    assert all(rows == sorted(rows) for rows in by_chat.values())
