"""Stopping, looking and beginning anew, as commands and operators ask for it, in every state of a conversation."""

from __future__ import annotations

import pytest

from actors.conversation.habits import Habits
from actors.envelopes.inbound import Absorbed, Replied
from actors.envelopes.outbound import Reply
from actors.envelopes.session import Past, Recalled
from actors.envelopes.steering import Look, Looked, Renew
from tests.conversation.people import Thinking
from tests.conversation.table import SESSION, Table
from tests.support.actors import Probe
from tests.support.probes import KillableStage

STOPPED = Absorbed("stopped")


def test_an_idle_one_has_nothing_to_stop(table: Table) -> None:
    answer = table.stop()
    assert (answer.running, answer.waiting, answer.tag) == (False, 0, "tag")


def test_what_runs_and_what_waits_ends_at_once_and_the_next_waits_until_it_has(table: Table) -> None:
    table.hear(1, 2, 3)
    answer = table.stop()
    assert (answer.running, answer.waiting) == (True, 2)
    assert table.settled == [(2, STOPPED), (3, STOPPED), (1, STOPPED)]
    assert (table.cancelled, [turn.seqs for turn in table.turns]) == ([1], [(1,)])
    assert table.attended[-1] == (1, True, False)
    table.hear(4)
    assert table.asked == [(1, 1)]
    table.end(1, None, "cancelled")
    assert table.asked == [(1, 1), (2, 4)]
    assert (table.replies, table.noticed) == ([], []), "nobody hears of a turn that was stopped"


def test_a_second_stop_finds_what_came_since(table: Table) -> None:
    table.hear(1)
    table.stop()
    table.hear(2)
    answer = table.stop()
    assert (answer.running, answer.waiting) == (False, 1)
    assert table.cancelled == [1]


def test_what_a_stopped_turn_still_says_is_not_heard(table: Table) -> None:
    table.hear(1)
    table.stop()
    table.say(1, "but")
    table.end(1, "anyway")
    assert table.replies == []


def test_a_stopped_turn_that_had_said_something_was_an_answer(table: Table) -> None:
    table.hear(1)
    table.say(1, "well")
    table.stop()
    _, last = table.chunker.all(Reply)
    assert (last.text, last.part, last.goes_on, last.settles) == ("", 1, False, ((1, Replied()),))
    assert (table.settled, [turn.text for turn in table.turns]) == ([], ["well"])


def test_a_turn_that_asks_the_journal_is_stopped_and_its_answer_comes_too_late(table: Table) -> None:
    table.answers = False
    table.hear(1)
    assert table.stop().running
    assert (table.settled, table.cancelled) == ([(1, STOPPED)], [])
    table.recalled(table.journal.told[0].fact)
    table.hear(2)
    table.recalled(table.journal.told[0].fact)
    table.stage.settle()
    assert table.asked == []
    table.recalled(table.journal.told[-1].fact)
    table.stage.settle()
    assert table.asked == [(1, 2)]


def test_what_is_still_gathered_is_stopped_too(stage: KillableStage) -> None:
    table = Table(stage, Habits(window=0.5))
    table.hear(1, 2)
    answer = table.stop()
    assert (answer.running, answer.waiting) == (False, 2)
    stage.advance(1.0)
    assert table.asked == []


@pytest.mark.parametrize(("chat", "running", "waiting"), [(7, True, 1), (8, False, 1), (9, False, 0)])
def test_one_chat_stops_what_is_its_own(table: Table, chat: int, running: bool, waiting: int) -> None:
    table.hear(1, 2)
    table.hear(3, chat=8)
    answer = table.stop(chat)
    assert (answer.running, answer.waiting) == (running, waiting)
    table.end(1)
    left = {7: [(1, 1), (2, 3)], 8: [(1, 1), (2, 2)], 9: [(1, 1), (2, 2)]}
    assert table.asked == left[chat]


def test_what_came_later_than_the_stop_goes_on(table: Table) -> None:
    table.hear(1, 2, 4)
    answer = table.stop(before=3, gone=2)
    assert (answer.running, answer.waiting) == (True, 3)
    assert table.settled == [(2, STOPPED), (1, STOPPED)]
    table.end(1, None, "cancelled")
    assert table.asked == [(1, 1), (2, 4)]
    assert not table.stop(before=4).running


def test_messages_the_turn_was_steered_by_are_stopped_with_it(stage: KillableStage) -> None:
    table = Table(stage, Habits(mode="steer"))
    table.hear(1, 2, agent="wheel")
    assert table.stop().waiting == 1
    table.end(1, "one and two", taken=(2,))
    assert table.ended == [1, 2]


def test_how_it_does_can_be_looked_at_while_it_works(table: Table) -> None:
    asker = Probe("asker")
    table.tell(Look(SESSION, 1, asker.ref))
    began = table.stage.clock.wall()
    table.hear(1, 2, 3)
    table.stage.advance(5.0)
    table.tell(Look(SESSION, 2, asker.ref))
    assert [(one.tag, one.waiting, one.since) for one in asker.all(Looked)] == [(1, 0, None), (2, 2, began)]


def test_beginning_anew_forgets_what_was_said_and_lets_agents_forget(table: Table) -> None:
    agent = table.agents["main"]
    assert isinstance(agent, Thinking)
    table.hear(1)
    table.end(1, "one")
    table.tell(Renew(SESSION, "asked"))
    assert agent.forgotten == [SESSION]
    table.hear(2)
    memory = table.latest.turn.memory
    assert memory is not None
    assert memory.turns == ()


def test_a_running_turn_keeps_what_it_has_and_is_not_remembered_in_the_new_session(table: Table) -> None:
    agent = table.agents["main"]
    assert isinstance(agent, Thinking)
    table.hear(1)
    table.stage.advance(1.0)
    table.tell(Renew(SESSION, "asked"))
    assert agent.forgotten == []
    table.hear(2)
    table.end(1, "one")
    assert agent.forgotten == [SESSION], "before the next turn begins"
    assert table.replies == [(1, "one")]
    memory = table.latest.turn.memory
    assert memory is not None
    assert memory.turns == ()


def test_a_turn_of_before_is_told_from_one_of_the_new_session_whatever_the_clock_says(table: Table) -> None:
    table.hear(1)
    table.tell(Renew(SESSION, "asked"))
    table.stage.clock.epoch -= 3600.0
    table.hear(2)
    table.end(1, "one")
    table.end(2, "two")
    table.hear(3)
    assert sorted((turn.seqs, turn.before_renewal) for turn in table.turns) == [((1,), True), ((2,), False)]
    memory = table.latest.turn.memory
    assert memory is not None
    assert [one.seq for one in memory.turns] == [2]


def test_a_turn_that_asks_the_journal_is_the_first_of_the_new_session(table: Table) -> None:
    agent = table.agents["main"]
    assert isinstance(agent, Thinking)
    table.answers = False
    table.hear(1)
    table.tell(Renew(SESSION, "asked"))
    old = Past(90, "main", (), "old", "replied", 1.0, 2.0)
    table.memory = Recalled(SESSION, 0, (old,), 2, 1.0, 2.0)
    table.recalled(table.journal.told[0].fact)
    table.stage.settle()
    memory = table.latest.turn.memory
    assert memory is not None
    assert (memory.turns, memory.number, agent.forgotten) == ((), 1, [SESSION])
    table.end(1, "one")
    assert [turn.before_renewal for turn in table.turns] == [False]


def test_beginning_anew_while_a_turn_is_being_stopped_waits_for_its_end(table: Table) -> None:
    agent = table.agents["main"]
    assert isinstance(agent, Thinking)
    table.hear(1)
    table.stop()
    table.tell(Renew(SESSION, "asked"))
    assert agent.forgotten == []
    table.end(1, None, "cancelled")
    assert agent.forgotten == [SESSION]


def test_an_agent_that_cannot_forget_holds_nothing_up(table: Table) -> None:
    class Stubborn(Thinking):
        def forget(self, session: str) -> None:
            raise OSError("no")

    table.reconfigure(main=Stubborn())
    table.tell(Renew(SESSION, "asked"))
    table.hear(1)
    assert table.asked == [(1, 1)]
