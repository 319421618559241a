"""What a turn remembers: what the journal knows, and the turns of a moment ago; and sessions that begin anew."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from actors.conversation.habits import Habits
from actors.conversation.resets import ResetPolicy
from actors.envelopes.facts import Renewed
from actors.envelopes.session import Heard, Past, Recall, Recalled
from tests.conversation.people import Quick, Thinking
from tests.conversation.table import SESSION, Table
from tests.support.probes import KillableStage

LISTENED = (Heard(90, "G", "+15550000000", "", "by the way", 1.0),)


def memory(table: Table) -> Recalled:
    """What the latest turn knows."""
    known = table.latest.turn.memory
    assert known is not None
    return known


def known(table: Table, *seqs: int) -> None:
    """The journal knows these turns, each a second after the one before."""
    now = table.stage.clock.wall()
    turns = tuple(Past(seq, "main", (), f"answer {seq}", "replied", now + seq, now + seq) for seq in seqs)
    last = now + seqs[-1] if seqs else None
    first = now + seqs[0] if seqs else None
    table.memory = Recalled(SESSION, 0, turns, len(turns) + 1, first, last, LISTENED)


def test_a_turn_of_an_agent_that_waits_begins_with_a_question_to_the_journal(table: Table) -> None:
    table.answers = False
    table.hear(1)
    (asked,) = table.facts(Recall)
    assert (asked.session, asked.before, asked.chat_id) == (SESSION, 1, 7)
    assert table.asked == []
    table.recalled(asked)
    table.stage.settle()
    assert table.asked == [(1, 1)]


def test_it_remembers_what_the_journal_knows(table: Table) -> None:
    known(table, 1, 2)
    table.hear(5)
    assert [one.seq for one in memory(table).turns] == [1, 2]
    assert (memory(table).number, memory(table).heard) == (3, LISTENED)


def test_a_turn_of_a_moment_ago_is_remembered_before_the_journal_knows_it(table: Table) -> None:
    table.hear(1)
    table.stage.advance(1.0)
    table.end(1, "one")
    table.hear(2)
    (past,) = memory(table).turns
    assert (past.seq, past.text, past.outcome, [one.text for one in past.messages]) == (1, "one", "replied", ["text 1"])
    assert (memory(table).number, memory(table).last_at) == (2, past.ended_at)
    table.end(2, "  ")
    known(table, 1)
    table.hear(3)
    assert {(one.seq, one.outcome) for one in memory(table).turns} == {(1, "replied"), (2, "absorbed")}
    assert memory(table).number == 3


def test_once_the_journal_knows_it_it_is_not_told_twice(table: Table) -> None:
    table.hear(1)
    table.end(1, "one")
    known(table, 1)
    table.hear(2)
    assert [one.text for one in memory(table).turns] == ["answer 1"]


@pytest.mark.parametrize("how", ["fails", "is stopped"])
def test_a_turn_without_an_answer_is_remembered_too(table: Table, how: str) -> None:
    table.hear(1)
    if how == "fails":
        table.end(1, None, "no idea")
    else:
        table.stop()
        table.end(1, None, "cancelled")
    table.hear(2)
    (past,) = memory(table).turns
    assert (past.outcome, past.text) == ("failed" if how == "fails" else "absorbed", "")


def test_no_more_turns_are_remembered_than_were_asked_for(table: Table) -> None:
    table.hear(*range(100, 140))
    for number in range(1, 41):
        table.end(number, f"{number}")
    assert len(memory(table).turns) == 10
    assert [one.text for one in memory(table).turns][-1] == "39"


def test_another_config_that_does_away_with_the_agent_meanwhile_puts_the_messages_back(table: Table) -> None:
    table.answers = False
    table.hear(1)
    table.reconfigure(new=Thinking())
    table.recalled(table.facts(Recall)[0])
    table.stage.settle()
    assert (table.asked, table.settled) == ([], [])
    table.answers = True
    table.reconfigure(main=Thinking())
    table.hear(2)
    assert table.asked == [(1, 1)]


def test_an_agent_that_answers_at_once_by_then_does(table: Table) -> None:
    table.answers = False
    table.hear(1)
    table.reconfigure(main=Quick())
    table.recalled(table.facts(Recall)[0])
    table.stage.settle()
    assert table.replies == [(1, "TEXT 1")]


@pytest.mark.parametrize("agent", ["main", "quick"])
def test_a_session_that_was_quiet_for_long_begins_anew_with_the_next_turn(stage: KillableStage, agent: str) -> None:
    table = Table(stage, Habits(direct=ResetPolicy(idle=600.0)))
    known(table, 1, 2)
    stage.advance(602.0)
    table.hear(3, agent=agent)
    now = stage.clock.wall()
    assert table.facts(Renewed) == [Renewed(SESSION, now, "idle")]
    if agent == "main":
        assert (memory(table).turns, memory(table).number, memory(table).heard) == ((), 1, LISTENED)
        slow = table.agents["main"]
        assert isinstance(slow, Thinking)
        assert slow.forgotten == [SESSION]
        table.end(1)
    (turn,) = table.turns
    assert turn.began_at == now, "it is the first of the new session"


def test_a_session_that_was_not_goes_on(stage: KillableStage) -> None:
    table = Table(stage, Habits(direct=ResetPolicy(idle=600.0)))
    known(table, 1, 2)
    stage.advance(600.0)
    table.hear(3)
    assert (table.facts(Renewed), len(memory(table).turns)) == ([], 2)


def test_the_turn_of_a_moment_ago_counts_for_the_quiet(stage: KillableStage) -> None:
    table = Table(stage, Habits(direct=ResetPolicy(idle=600.0)))
    known(table, 1)
    stage.advance(500.0)
    table.hear(2, agent="quick")
    stage.advance(500.0)
    table.hear(3, agent="quick")
    assert table.facts(Renewed) == []
    stage.advance(601.0)
    table.memory = replace(table.memory, turns=())
    table.hear(4, agent="quick")
    assert len(table.facts(Renewed)) == 1


def test_only_sessions_of_the_kind_begin_anew(stage: KillableStage) -> None:
    table = Table(stage, Habits(group=ResetPolicy(idle=600.0)))
    known(table, 1)
    stage.advance(1000.0)
    table.hear(2, agent="quick")
    assert (table.replies, table.journal.told) == ([(2, "TEXT 2")], []), "nothing is asked for"
