"""A conversation: one turn at a time, replies in order, and no failure of an agent ever reaches the chat."""

from __future__ import annotations

import threading

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from actors.agents.base import AgentError
from actors.conversation.conversation import Conversation
from actors.envelopes.control import Finished, Record
from actors.envelopes.facts import Settled
from actors.envelopes.inbound import Corrupt, Held, Replied
from actors.envelopes.outbound import Reply, Run, TurnEnded
from tests.conversation.people import Quick, Thinking
from tests.support.actors import Probe
from tests.support.probes import KillableStage, killable
from tests.support.rows import address, admitted


def fail(_: str) -> str:
    """An agent that says it cannot."""
    raise AgentError("no idea")


SESSION = "agent:main:main"


class Table:
    """A conversation with everyone around it as probes."""

    def __init__(self, stage: KillableStage) -> None:
        self.stage = stage
        self.runner, self.chunker = Probe("runner"), Probe("chunker")
        self.journal, self.sessions = Probe("journal"), Probe("sessions")
        self.revoked = threading.Event()
        self.ref = Conversation.start(
            stage.place("conversation"),
            SESSION,
            {
                "main": Thinking(),
                "quick": Quick(),
                "fails": Quick(fail),
                "broken": Quick(lambda _: str(1 // 0)),
            },
            self.runner.ref,
            self.chunker.ref,
            self.journal.ref,
            self.sessions.ref,
            self.revoked,
        )

    def hear(self, *seqs: int, agent: str = "main") -> None:
        """Messages come in."""
        self.stage.tell(self.ref, *(admitted(seq, text=f"text {seq}", agent=agent) for seq in seqs))

    def end(self, number: int, text: str | None = "done", failure: str = "") -> None:
        """The agent is done with a turn."""
        self.stage.tell(self.ref, TurnEnded(number, text, failure))

    @property
    def asked(self) -> list[tuple[int, int]]:
        """``(turn number, seq)`` of what the runner was asked."""
        return [(run.turn.number, run.turn.message.seq) for run in self.runner.all(Run)]

    @property
    def replies(self) -> list[tuple[int, str]]:
        """``(seq, text)`` of the replies."""
        return [(reply.seq, reply.text) for reply in self.chunker.all(Reply)]

    @property
    def settled(self) -> list[tuple[int, object]]:
        """``(seq, outcome)`` of what the journal was told."""
        facts = [record.fact for record in self.journal.all(Record)]
        return [(fact.seq, fact.outcome) for fact in facts if type(fact) is Settled]

    @property
    def finished(self) -> int:
        """How many messages it says it is done with."""
        return sum(one.done for one in self.sessions.all(Finished))


@pytest.fixture
def table(stage: KillableStage) -> Table:
    """A conversation."""
    return Table(stage)


def test_one_turn_at_a_time_in_the_order_of_the_messages(table: Table) -> None:
    table.hear(1, 2, 3)
    assert table.asked == [(1, 1)]
    table.end(1, "one")
    assert table.asked == [(1, 1), (2, 2)]
    table.end(2, "two")
    table.end(3, "three")
    assert table.replies == [(1, "one"), (2, "two"), (3, "three")]
    assert table.finished == 3


def test_a_reply_settles_its_row_and_goes_where_the_message_came_from(table: Table) -> None:
    table.hear(5)
    table.end(1, "done")
    (reply,) = table.chunker.all(Reply)
    assert (reply.session, reply.address) == (SESSION, address())
    assert [(seq, type(outcome)) for seq, outcome in reply.settles] == [(5, Replied)]
    assert table.settled == []


def test_a_quick_agent_answers_without_the_runner(table: Table) -> None:
    table.hear(1, 2, agent="quick")
    assert table.replies == [(1, "TEXT 1"), (2, "TEXT 2")]
    assert table.asked == []


def test_a_failed_turn_is_held_with_its_reason_and_the_next_one_works(table: Table) -> None:
    table.hear(1, 2)
    table.end(1, None, "exited with code 3: no such model")
    assert table.settled == [(1, Held("agent failed: exited with code 3: no such model", "agents.list[].runtime"))]
    assert table.replies == []
    table.end(2, "two")
    assert table.replies == [(2, "two")]
    assert table.finished == 2


def test_a_quick_agent_that_fails_is_held_the_same_way(table: Table, stage: KillableStage) -> None:
    table.hear(1, agent="fails")
    assert table.settled == [(1, Held("agent failed: no idea", "agents.list[].runtime"))]
    assert table.finished == 1


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
    table.end(1, "one")
    table.end(1, "one again")
    assert table.replies == [(1, "one")]
    assert table.asked == [(1, 1), (2, 2)]
    assert table.finished == 1


def test_an_agent_that_is_not_configured_any_more_holds_the_row(table: Table) -> None:
    table.hear(1, agent="gone")
    table.hear(2, agent="quick")
    assert table.settled == [(1, Held("no agent", "agents.list[].runtime"))]
    assert table.replies == [(2, "TEXT 2")]


def test_a_message_that_breaks_it_ends_as_corrupt_and_the_next_is_served(table: Table, stage: KillableStage) -> None:
    for seq in range(1, 11):
        table.hear(seq, agent="broken")
    table.hear(11, agent="quick")
    assert [(seq, type(outcome)) for seq, outcome in table.settled] == [(seq, Corrupt) for seq in range(1, 11)]
    assert table.replies == [(11, "TEXT 11")]
    assert table.finished == 11, "the sessions must not wait for it for ever"
    assert table.ref.is_alive()
    assert stage.deaths.told == []


def test_once_revoked_it_says_nothing(table: Table) -> None:
    """Its sessions are gone; its rows are answered by those of their successor."""
    table.hear(1, 2)
    table.revoked.set()
    table.end(1, "one")
    table.hear(3, agent="quick")
    assert table.replies == []
    assert table.settled == []
    assert table.finished == 0


def test_it_serves_messages_while_an_agent_thinks(table: Table) -> None:
    table.hear(1)
    table.hear(*range(2, 500))
    assert table.asked == [(1, 1)]
    assert table.ref.actor_inbox.empty(), "they wait in the conversation, not in its mailbox"


@given(
    story=st.lists(
        st.sampled_from(["hear", "hear quick", "end", "fail", "stray", "gone", "fails"]),
        min_size=1,
        max_size=40,
    )
)
@settings(max_examples=80, deadline=None)
def test_whatever_happens_every_message_ends_once_and_replies_are_in_order(story: list[str]) -> None:
    with killable() as stage:
        table = Table(stage)
        seq = 0
        for step in story:
            match step:
                case "end":
                    table.end(len(table.asked), f"{len(table.asked)}")
                case "fail":
                    table.end(len(table.asked), None, "exited with code 1")
                case "stray":
                    table.end(len(table.asked) + 1, "x")
                case _:
                    seq += 1
                    agent = {"hear": "main", "hear quick": "quick"}.get(step, step)
                    table.hear(seq, agent=agent)
        for _ in range(seq):
            turns = table.runner.all(Run)
            if turns:
                table.end(turns[-1].turn.number, "late")
        ended = [one for one, _ in table.replies] + [one for one, _ in table.settled]
        assert sorted(ended) == list(range(1, seq + 1))
        assert table.finished == seq
        answered = [one for one, _ in table.replies]
        assert answered == sorted(answered)
