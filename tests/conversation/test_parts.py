"""Answers that come in parts: the first settles all rows but the last one, the last settles that."""

from __future__ import annotations

import pytest

from actors.envelopes.facts import Settled
from actors.envelopes.inbound import Replied
from actors.envelopes.outbound import Reply
from actors.envelopes.steering import Attend
from tests.conversation.table import Table

QUIET = 1.0


def batch(table: Table) -> int:
    """A turn of three messages runs; its number."""
    table.hear(1, 2, 3, 4, agent="many")
    table.end(1)
    table.stage.advance(QUIET)
    assert table.asked[-1] == (2, 2, 3, 4)
    return 2


def shown(replies: list[Reply]) -> list[tuple[int, int, bool, list[int]]]:
    """Row, part, whether more follows, the rows it settles."""
    return [(one.seq, one.part, one.goes_on, [seq for seq, _ in one.settles]) for one in replies]


def test_parts_stand_one_behind_the_other(table: Table) -> None:
    number = batch(table)
    table.say(number, "first")
    table.say(number, "second")
    table.end(number, "third")
    replies = table.chunker.all(Reply)[1:]
    assert shown(replies) == [(4, 0, True, [2, 3]), (4, 1, True, []), (4, 2, False, [4])]
    assert [one.text for one in replies] == ["first", "second", "third"]
    assert [one.turn is None for one in replies] == [True, True, False]
    turn = table.turns[-1]
    assert (turn.seqs, turn.text) == ((2, 3, 4), "first\n\nsecond\n\nthird")
    assert [(one.done, one.spoke) for one in table.presence.all(Attend)[2:]] == [
        (False, False),
        (False, True),
        (False, True),
        (True, True),
    ]


def test_a_turn_that_fails_after_a_part_was_an_answer_and_the_owner_is_told(table: Table) -> None:
    table.hear(1)
    table.say(1, "well")
    table.end(1, None, "exited with code 1")
    last = table.chunker.all(Reply)[-1]
    assert (last.text, last.goes_on, last.settles) == ("", False, ((1, Replied()),))
    assert table.settled == []
    (turn,) = table.turns
    assert (turn.text, turn.failure) == ("well", "exited with code 1")
    (notice,) = table.notices.told
    assert "broke off its answer" in notice.text


def test_the_apology_ends_an_answer_that_broke_off(table: Table) -> None:
    table.habits = type(table.habits)(apologies={"default": "Sorry."})
    table.reconfigure()
    table.hear(1)
    table.say(1, "well")
    table.end(1, None, "exited with code 1")
    assert [(one.text, one.part) for one in table.chunker.all(Reply)] == [("well", 0), ("Sorry.", 1)]


@pytest.mark.parametrize("agent", ["main", "quick", "gone"])
def test_an_answer_that_a_restart_cut_off_is_not_begun_anew(table: Table, agent: str) -> None:
    table.hear(1, agent=agent, begun=True)
    table.hear(2)
    (fact,) = table.facts(Settled)
    assert (fact.seq, fact.outcome, fact.turn.seqs) == (1, Replied(), (1,))
    assert table.asked == [(1, 2)]
    assert [about.partition(":")[0] for about in table.noticed] == ["cut off"]
