"""A conversation: one turn at a time, replies in order, and no failure of an agent ever reaches the chat."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from actors.conversation.habits import Habits
from actors.envelopes.inbound import Absorbed, Corrupt, Held, Replied
from actors.envelopes.outbound import Reply
from actors.envelopes.session import Standing
from config.schema.session import SendPolicy
from tests.conversation.table import SESSION, Table
from tests.support.probes import KillableStage, killable
from tests.support.rows import address

RUNTIME = "agents.list[].runtime"


def test_one_turn_at_a_time_in_the_order_of_the_messages(table: Table) -> None:
    table.hear(1, 2, 3)
    assert table.asked == [(1, 1)]
    table.end(1, "one")
    assert table.asked == [(1, 1), (2, 2)]
    table.end(2, "two")
    table.end(3, "three")
    assert table.replies == [(1, "one"), (2, "two"), (3, "three")]


def test_a_reply_settles_its_row_and_goes_where_the_message_came_from(table: Table) -> None:
    table.hear(5)
    table.end(1, "done")
    (reply,) = table.chunker.all(Reply)
    assert (reply.session, reply.address) == (SESSION, address())
    assert reply.settles == ((5, Replied()),)
    assert table.settled == []


@pytest.mark.parametrize("agent", ["main", "quick"])
def test_a_turn_is_written_down_with_its_answer(table: Table, agent: str) -> None:
    table.hear(5, agent=agent)
    table.stage.advance(2.0)
    table.end(1, "TEXT 5")
    (turn,) = table.turns
    assert (turn.session, turn.agent, turn.seqs, turn.text, turn.failure) == (SESSION, agent, (5,), "TEXT 5", "")
    assert turn.ended_at - turn.began_at == (2.0 if agent == "main" else 0.0)


def test_a_quick_agent_answers_without_the_runner_and_asks_for_nothing(table: Table) -> None:
    table.hear(1, 2, agent="quick")
    assert table.replies == [(1, "TEXT 1"), (2, "TEXT 2")]
    assert (table.asked, table.journal.told) == ([], [])
    assert table.attended == [(0, True, True), (0, True, True)], "each is over as it began"


def test_presence_does_not_hear_of_a_turn_where_nobody_could_see_it(table: Table) -> None:
    table.attends = False
    table.hear(1, agent="quick")
    table.hear(2)
    table.say(2, "well")
    table.end(2)
    assert (table.attended, len(table.replies)) == ([], 3)
    table.attends = True
    table.hear(3, agent="quick")
    assert table.attended == [(0, True, True)], "it is asked each time"


def test_an_agent_is_told_what_stands_behind_a_command_instead_of_the_text(table: Table) -> None:
    table.hear(1, agent="quick", text="/new hello", words="hello")
    assert table.replies == [(1, "HELLO")]


def test_presence_hears_when_a_turn_begins_and_when_it_is_over(table: Table) -> None:
    table.hear(1)
    assert table.attended == [(1, False, False)]
    table.end(1, "   ")
    assert table.attended == [(1, False, False), (1, True, False)]


def test_an_empty_answer_is_a_reply_all_the_same(table: Table) -> None:
    """What is nothing to say is decided where answers are cut."""
    table.hear(1)
    table.end(1, "")
    assert table.replies == [(1, "")]


def test_results_of_other_turns_are_ignored(table: Table) -> None:
    table.end(1, "nobody asked")
    table.hear(1, 2)
    table.end(2, "from the future")
    table.end(0, "from the past")
    table.say(2, "from the future")
    table.end(1, "one")
    table.end(1, "one again")
    assert table.replies == [(1, "one")]
    assert table.asked == [(1, 1), (2, 2)]


def test_a_turn_may_take_as_long_as_its_agent_may(stage: KillableStage) -> None:
    table = Table(stage, Habits(patience=60.0, patiences={"many": 5.0}))
    table.hear(1)
    assert table.latest.patience == 60.0
    table.end(1)
    table.hear(2, agent="many")
    assert table.latest.patience == 5.0


def test_the_model_a_session_asks_for_goes_with_its_turns(stage: KillableStage) -> None:
    table = Table(stage, standings={SESSION: Standing(model="local/small")})
    table.hear(1)
    assert table.latest.turn.model == "local/small"


def test_an_agent_that_is_not_configured_any_more_holds_the_row(table: Table) -> None:
    table.hear(1, agent="gone")
    table.hear(2, agent="quick")
    assert table.settled == [(1, Held("no agent", RUNTIME))]
    assert table.replies == [(2, "TEXT 2")]


DENIED = SendPolicy.model_validate({"default": "deny"})


@pytest.mark.parametrize(
    ("policy", "send", "answered"),
    [
        (SendPolicy(), None, True),
        (SendPolicy(), "off", False),
        (DENIED, None, False),
        (DENIED, "on", True),
        (DENIED, "off", False),
    ],
)
@pytest.mark.parametrize("agent", ["main", "quick"])
def test_a_session_that_may_not_speak_takes_messages_in_without_a_turn(
    stage: KillableStage, policy: SendPolicy, send: str | None, answered: bool, agent: str
) -> None:
    table = Table(stage, Habits(policy=policy), {SESSION: Standing(send=send)})
    table.hear(1, agent=agent)
    table.end(1)
    assert [seq for seq, _ in table.replies] == ([1] if answered else [])
    assert table.settled == ([] if answered else [(1, Absorbed("send policy"))])
    assert bool(table.turns) is answered


def test_what_was_said_in_the_session_counts_for_the_next_message(table: Table) -> None:
    table.hear(1, agent="quick")
    table.standings[SESSION] = Standing(send="off")
    table.hear(2, agent="quick")
    del table.standings[SESSION]
    table.hear(3, agent="quick")
    assert [seq for seq, _ in table.replies] == [1, 3]


def test_what_runs_when_a_session_is_muted_says_nothing_any_more(table: Table) -> None:
    table.hear(1)
    table.standings[SESSION] = Standing(send="off")
    table.say(1, "a part")
    table.end(1, "done")
    assert table.replies == []
    assert table.settled == [(1, Absorbed("send policy"))]
    del table.standings[SESSION]
    table.hear(2)
    table.end(2, "again")
    assert table.replies == [(2, "again")]


def test_a_turn_that_cannot_begin_ends_as_corrupt_and_the_next_is_served(table: Table, stage: KillableStage) -> None:
    table.hear(1)
    table.hear(2, text="poison")
    table.hear(3)
    table.end(1)
    assert [(seq, type(outcome)) for seq, outcome in table.settled] == [(2, Corrupt)]
    assert table.asked == [(1, 1), (2, 3)]
    assert stage.deaths.told == []


def test_a_message_that_breaks_it_ends_as_corrupt_and_the_next_is_served(table: Table, stage: KillableStage) -> None:
    unhashable: Any = []
    nowhere: Any = None
    for seq in range(1, 11):
        table.tell(table.message(seq, agent=unhashable), replace(table.message(100 + seq), address=nowhere))
    table.hear(200, agent="quick")
    assert (200, "TEXT 200") in table.replies
    assert len(table.ended) == len(set(table.ended)) == 21
    assert table.ref.is_alive()
    assert stage.deaths.told == []


def test_a_turn_whose_end_breaks_it_ends_as_corrupt_and_the_next_is_served(table: Table) -> None:
    broken: Any = 5
    table.hear(1, 2)
    table.end(1, broken)
    assert [(seq, type(outcome)) for seq, outcome in table.settled] == [(1, Corrupt)]
    table.end(2, "two")
    assert table.replies == [(2, "two")]


def test_once_revoked_it_says_nothing(table: Table) -> None:
    """Its sessions are gone; its rows are answered by those of their successor."""
    table.hear(1, 2)
    table.revoked.set()
    table.end(1, "one")
    table.hear(3, agent="quick")
    assert (table.replies, table.settled) == ([], [])


def test_when_it_stops_nobody_waits_for_its_turn(table: Table) -> None:
    table.hear(1)
    table.ref.stop(block=False)
    table.stage.settle()
    assert table.cancelled == [1]


def test_it_serves_messages_while_an_agent_thinks(table: Table) -> None:
    table.hear(1)
    table.hear(*range(2, 500))
    assert table.asked == [(1, 1)]
    assert table.ref.actor_inbox.empty(), "they wait in the conversation, not in its mailbox"


AGENTS = {"hear": "main", "hear quick": "quick", "many": "many", "wheel": "wheel"}


@given(
    story=st.lists(
        st.sampled_from([*AGENTS, "end", "fail", "stray", "gone", "fails", "broken", "part", "stop", "wait"]),
        min_size=1,
        max_size=40,
    ),
    mode=st.sampled_from([None, "followup", "collect", "steer", "interrupt"]),
    window=st.sampled_from([0.0, 0.5]),
)
@settings(max_examples=200, deadline=None)
def test_whatever_happens_every_message_ends_once_and_replies_are_in_order(
    story: list[str], mode: str | None, window: float
) -> None:
    with killable() as stage:
        table = Table(stage, Habits(mode=mode, window=window, cap=3))
        seq = 0
        for step in story:
            latest = table.asked[-1][0] if table.asked else 0
            match step:
                case "end":
                    table.end(latest, f"{latest}", taken=tuple(one for _, one in table.steered))
                case "fail":
                    table.end(latest, None, "exited with code 1")
                case "part":
                    table.say(latest, f"part of {latest}")
                case "stray":
                    table.end(latest + 1, "x")
                case "stop":
                    table.stop()
                case "wait":
                    stage.advance(0.4)
                case _:
                    seq += 1
                    table.hear(seq, agent=AGENTS.get(step, step))
        for _ in range(2 * seq + 1):
            if table.asked:
                table.end(table.asked[-1][0], "late")
            stage.advance(3.0)
        assert table.ended == list(range(1, seq + 1))
        answered = [reply.seq for reply in table.chunker.all(Reply) if not reply.part]
        assert answered == sorted(answered)
        turns = [one for turn in table.turns for one in turn.seqs]
        assert sorted(turns) == sorted(set(turns)), "no message is in two turns"
