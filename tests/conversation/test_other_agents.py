"""Another config has other agents: what was admitted for one that is gone is answered by the one it belongs to now."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import pytest

from actors.conversation.sessions import IDLE_SECONDS
from actors.envelopes.inbound import Dropped, Held, Inbound, Recheck
from actors.envelopes.outbound import Reply, Run
from tests.conversation.house import House
from tests.conversation.people import Quick, Thinking
from tests.support.probes import KillableStage
from tests.support.rows import admitted

NO_AGENT = Held("no agent", "agents.list[].runtime")
REVOKED = Dropped("revoked", "channels.imessage.dmPolicy")


class Renamed(House):
    """Sessions whose agents ``main`` (slow) and ``quick`` may become others."""

    def belongs(self, agents: Mapping[str, str] | str, lost: Callable[[Inbound], Dropped | None] | None = None) -> None:
        """The recheck comes: rows belong to these agents, by text or all of them."""

        def agent(row: Inbound) -> str:
            return agents if isinstance(agents, str) else agents[row.text]

        self.stage.tell(self.ref, Recheck(self.stage.clock.wall(), lost or (lambda _: None), agent))

    def put(self, seq: int, agent: str, session: str = "a") -> None:
        """A row that was admitted for an agent."""
        self.hear(admitted(seq, text=f"{seq}", session=session, agent=agent))

    @property
    def said(self) -> list[tuple[int, str]]:
        """``(seq, text)`` of the replies."""
        return [(reply.seq, reply.text) for reply in self.chunker.all(Reply)]


@pytest.fixture
def renamed(stage: KillableStage) -> Renamed:
    """Sessions with both agents."""
    return Renamed(stage)


def echo(name: str) -> Quick:
    """An agent that says who it is."""
    return Quick(lambda text: f"{name}: {text}")


def test_what_waits_for_an_agent_that_goes_is_answered_by_the_one_it_belongs_to(renamed: Renamed) -> None:
    run = renamed.slow(1, "a")
    for seq in (2, 3, 4):
        renamed.put(seq, "main")
    renamed.reconfigure(new=echo("new"), other=echo("other"))
    renamed.belongs({"1": "new", "2": "new", "3": "other", "4": "new"})
    assert renamed.said == []
    renamed.end(run)
    assert renamed.said == [(1, "done"), (2, "new: 2"), (3, "other: 3"), (4, "new: 4")]
    assert renamed.settled == []
    renamed.stage.advance(2 * IDLE_SECONDS)
    assert renamed.seated == []


def test_the_journal_tells_rows_of_an_agent_that_is_gone(renamed: Renamed) -> None:
    """After a restart, or because only so many live beyond its gate."""
    renamed.reconfigure(new=echo("new"))
    renamed.belongs("new")
    for seq, session in enumerate(["a", "b", "a"], start=1):
        renamed.put(seq, "main", session)
    assert renamed.said == [(1, "new: 1"), (2, "new: 2"), (3, "new: 3")]


@pytest.mark.parametrize("known", [True, False])
def test_until_the_recheck_of_its_config_comes_nothing_is_decided(renamed: Renamed, known: bool) -> None:
    """Whether its conversation was there before or not. The last recheck knows the agents of the config before."""
    if known:
        renamed.quick(1, "a")
    renamed.belongs("wrong")
    renamed.reconfigure(wrong=echo("wrong"), new=echo("new"))
    before = renamed.said
    for seq, agent in ((2, "main"), (3, "new"), (4, "main")):
        renamed.put(seq, agent)
    renamed.put(5, "new", session="b")
    assert renamed.said == [*before, (5, "new: 5")]
    renamed.belongs("new")
    assert renamed.said[-3:] == [(2, "new: 2"), (3, "new: 3"), (4, "new: 4")]
    assert renamed.settled == []


def test_a_turn_that_ends_meanwhile_begins_none_for_an_agent_that_is_gone(renamed: Renamed) -> None:
    run = renamed.slow(1, "a")
    renamed.put(2, "main")
    renamed.reconfigure(new=echo("new"))
    renamed.end(run)
    assert (renamed.said, renamed.settled) == ([(1, "done")], [])
    renamed.belongs("new")
    assert renamed.said == [(1, "done"), (2, "new: 2")]


def test_the_runner_is_asked_in_the_name_of_the_agent_that_answers(renamed: Renamed) -> None:
    renamed.reconfigure(slow=Thinking())
    renamed.put(1, "main")
    renamed.belongs("slow")
    [run] = renamed.runner.all(Run)
    assert run.turn.message.agent == "slow"
    assert run.turn.session == "a", "the session stays what it was"


def test_an_agent_that_is_still_there_answers_what_was_admitted_for_it(renamed: Renamed) -> None:
    renamed.reconfigure(quick=echo("quick"), new=echo("new"))
    renamed.put(1, "quick")
    renamed.belongs("new")
    renamed.put(2, "quick")
    assert renamed.said == [(1, "quick: 1"), (2, "quick: 2")]


@pytest.mark.parametrize("agent", ["main", ""])
def test_what_no_agent_answers_is_held(renamed: Renamed, agent: str) -> None:
    """Its agent has nothing that runs any more, or its account is gone. The conversation was idle at the recheck."""
    renamed.quick(1, "a")
    renamed.reconfigure(quick=echo("quick"))
    renamed.put(2, "main", "b")
    renamed.belongs(agent)
    renamed.put(3, "main")
    renamed.put(4, "quick")
    assert renamed.settled == [(2, NO_AGENT), (3, NO_AGENT)]
    assert renamed.said[1:] == [(4, "quick: 4")]


def test_whoever_is_shut_out_gets_no_answer_of_the_other_agent_either(renamed: Renamed) -> None:
    renamed.reconfigure(new=echo("new"))
    renamed.put(1, "main")
    renamed.put(2, "main")
    renamed.belongs("new", lambda row: REVOKED if row.text == "1" else None)
    assert (renamed.said, renamed.settled) == ([(2, "new: 2")], [(1, REVOKED)])
