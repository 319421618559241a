"""What becomes of messages that come while the agent works, by queue mode; and of quick ones that come together."""

from __future__ import annotations

import pytest

from actors.conversation.habits import Habits
from actors.envelopes.inbound import Absorbed
from actors.envelopes.outbound import Reply
from actors.envelopes.session import Standing
from tests.conversation.table import SESSION, Table
from tests.support.probes import KillableStage

QUIET = Habits().quiet


def test_followup_is_one_turn_each(table: Table) -> None:
    table.hear(1)
    table.hear(2, 3)
    table.end(1)
    table.end(2)
    assert table.asked == [(1, 1), (2, 2), (3, 3)]


def test_collect_takes_what_came_meanwhile_in_one_turn_that_settles_it_all(table: Table) -> None:
    table.hear(1, 2, 3, agent="many")
    assert table.asked == [(1, 1)]
    table.end(1, "one")
    assert table.asked == [(1, 1)], "it waits for quiet"
    table.stage.advance(QUIET)
    assert table.asked == [(1, 1), (2, 2, 3)]
    table.end(2, "both")
    assert table.replies == [(1, "one"), (3, "both")]
    assert [seq for seq, _ in table.chunker.all(Reply)[-1].settles] == [2, 3]
    assert [turn.seqs for turn in table.turns] == [(1,), (2, 3)]


def test_collect_waits_as_long_as_messages_keep_coming(table: Table) -> None:
    table.hear(1, 2, agent="many")
    table.end(1)
    table.stage.advance(0.6 * QUIET)
    table.hear(3, agent="many")
    table.stage.advance(0.9 * QUIET)
    assert table.asked == [(1, 1)]
    table.stage.advance(0.1 * QUIET)
    assert table.asked == [(1, 1), (2, 2, 3)]


def test_what_came_long_before_the_turn_ended_waits_no_more(table: Table) -> None:
    table.hear(1, 2, agent="many")
    table.stage.advance(2 * QUIET)
    table.end(1)
    assert table.asked == [(1, 1), (2, 2)]


def test_over_the_cap_messages_wait_for_the_next_turn(stage: KillableStage) -> None:
    table = Table(stage, Habits(cap=2))
    table.hear(1, 2, 3, 4, agent="many")
    table.end(1)
    assert table.asked[1:] == [(2, 2, 3)], "no more than two fit, so there is nothing to wait for"
    table.stage.advance(QUIET)
    table.end(2)
    assert table.asked[-1] == (3, 4)


def test_messages_of_two_chats_are_never_one_turn(table: Table) -> None:
    table.hear(1, agent="many")
    table.tell(*(table.message(seq, chat=chat, agent="many") for seq, chat in [(2, 7), (3, 8), (4, 7)]))
    table.stage.advance(QUIET)
    table.end(1)
    table.end(2)
    assert table.asked == [(1, 1), (2, 2, 4), (3, 3)]
    table.end(3, "to the other")
    assert table.chunker.all(Reply)[-1].address.chat_id == 8


@pytest.mark.parametrize("mode", ["queue", "steer-backlog", "steer+backlog", "steer"])
def test_steer_tells_the_running_turn_which_answers_what_it_took_in(stage: KillableStage, mode: str) -> None:
    table = Table(stage, standings={SESSION: Standing(queue=mode)})
    table.hear(1, 2, 3, agent="wheel")
    assert table.steered == [(1, 2), (1, 3)]
    table.end(1, "one and two", taken=(2, 99))
    (reply,) = table.chunker.all(Reply)
    assert (reply.seq, [seq for seq, _ in reply.settles]) == (2, [1, 2])
    assert [turn.seqs for turn in table.turns] == [(1, 2)]
    table.stage.advance(QUIET)
    assert table.asked[-1] == (2, 3), "what it did not take waits"


def test_after_a_part_what_was_taken_in_ends_with_the_answer_that_began(stage: KillableStage) -> None:
    table = Table(stage, Habits(mode="steer"))
    table.hear(1, agent="wheel")
    table.say(1, "a moment")
    table.hear(2, agent="wheel")
    table.end(1, "done", taken=(2,))
    assert [(reply.seq, reply.part) for reply in table.chunker.all(Reply)] == [(1, 0), (1, 1)]
    assert [[seq for seq, _ in reply.settles] for reply in table.chunker.all(Reply)] == [[], [2, 1]]
    (turn,) = table.turns
    assert (turn.seqs, turn.text) == ((2, 1), "a moment\n\ndone"), "the row that carries the answer is the last"


def test_a_turn_that_fails_leaves_what_it_was_steered_by_for_the_next(stage: KillableStage) -> None:
    table = Table(stage, Habits(mode="steer"))
    table.hear(1, 2, agent="wheel")
    table.end(1, None, "no idea", taken=(2,))
    table.stage.advance(QUIET)
    assert table.asked[-1] == (2, 2)


@pytest.mark.parametrize("what", ["another chat", "another agent"])
def test_steer_is_for_the_place_and_the_agent_of_the_turn(stage: KillableStage, what: str) -> None:
    table = Table(stage, Habits(mode="steer"))
    table.hear(1, agent="wheel")
    if what == "another chat":
        table.hear(2, agent="wheel", chat=8)
    else:
        table.agents["other"] = table.agents["wheel"]
        table.hear(2, agent="other")
    assert table.steered == []
    table.stage.advance(QUIET)
    table.end(1)
    assert table.asked[-1] == (2, 2)


@pytest.mark.parametrize(("agent", "turns"), [("main", [(2, 2)]), ("many", [(2, 2, 3)])])
def test_an_agent_that_cannot_be_steered_lets_messages_wait_as_it_would(
    stage: KillableStage, agent: str, turns: list[tuple[int, ...]]
) -> None:
    table = Table(stage, Habits(mode="steer"))
    table.hear(1, 2, 3, agent=agent)
    table.stage.advance(QUIET)
    table.end(1)
    assert (table.steered, table.asked[1:]) == ([], turns)


def test_interrupt_gives_the_running_turn_up_and_runs_the_newest_once_it_has_ended(stage: KillableStage) -> None:
    table = Table(stage, Habits(mode="interrupt"))
    table.hear(1)
    table.hear(2)
    assert table.cancelled == [1]
    assert table.settled == [(1, Absorbed("interrupted"))]
    assert [turn.seqs for turn in table.turns] == [(1,)], "the agent is to remember it"
    assert table.asked == [(1, 1)]
    table.hear(3)
    table.end(1, "too late")
    assert table.asked == [(1, 1), (2, 2, 3)], "what came before the newest runs with it"
    table.end(2, "both")
    assert table.replies == [(3, "both")]
    assert table.attended == [(1, False, False), (1, True, False), (2, False, False), (2, True, True)]


def test_an_interrupted_turn_that_said_something_was_an_answer(stage: KillableStage) -> None:
    table = Table(stage, Habits(mode="interrupt"))
    table.hear(1)
    table.say(1, "well")
    table.hear(2)
    assert table.settled == []
    first, last = table.chunker.all(Reply)
    assert (first.text, first.goes_on, last.text, last.goes_on) == ("well", True, "", False)
    assert [seq for seq, _ in last.settles] == [1]


def test_a_message_for_another_place_interrupts_nothing(stage: KillableStage) -> None:
    table = Table(stage, Habits(mode="interrupt"))
    table.hear(1)
    table.hear(2, chat=8)
    assert table.cancelled == []
    table.end(1)
    assert table.asked == [(1, 1), (2, 2)]


def test_a_turn_that_has_not_begun_is_interrupted_without_the_runner(stage: KillableStage) -> None:
    table = Table(stage, Habits(mode="interrupt"))
    table.answers = False
    table.hear(1)
    table.answers = True
    table.hear(2)
    assert table.settled == [(1, Absorbed("interrupted"))]
    assert (table.asked, table.cancelled) == ([(1, 2)], [])


def test_what_the_session_says_counts_more_than_the_config(stage: KillableStage) -> None:
    table = Table(stage, Habits(mode="collect"), {SESSION: Standing(queue="followup")})
    table.hear(1, 2, 3, agent="many")
    table.end(1)
    table.end(2)
    assert table.asked == [(1, 1), (2, 2), (3, 3)]


@pytest.mark.parametrize("agent", ["main", "many", "quick"])
def test_quick_messages_of_one_person_are_one_turn_for_every_agent(stage: KillableStage, agent: str) -> None:
    table = Table(stage, Habits(window=0.5))
    table.hear(1, 2, agent=agent)
    table.stage.advance(0.4)
    table.hear(3, agent=agent)
    table.stage.advance(0.4)
    assert (table.asked, table.replies) == ([], [])
    table.stage.advance(0.1)
    table.end(1, "TEXT 1 + TEXT 2 + TEXT 3")
    assert table.replies == [(3, "TEXT 1 + TEXT 2 + TEXT 3")]
    assert [turn.seqs for turn in table.turns] == [(1, 2, 3)]


def test_quick_messages_that_come_while_a_turn_runs_are_gathered_too(stage: KillableStage) -> None:
    table = Table(stage, Habits(window=0.5))
    table.hear(1)
    table.stage.advance(0.5)
    table.hear(2, 3)
    table.end(1)
    assert table.asked == [(1, 1)]
    table.stage.advance(0.5)
    assert table.asked == [(1, 1), (2, 2, 3)]
