"""The runner when the config changes, at shutdown, when it ends: no turn is lost in silence, no agent stays open."""

from __future__ import annotations

import threading
from typing import cast

import pytest

from actors.agents.runner import GRACE_SECONDS, LATE_SECONDS, RunnerView
from actors.envelopes.control import Quiesce, Quiet, Reconfigure
from actors.envelopes.outbound import Cancel, Run, Turn, TurnEnded
from tests.agents.puppets import Floor, Puppet, Stray, threads_end
from tests.support.actors import Probe, wait_until
from tests.support.probes import KillableStage


@pytest.fixture
def floor(stage: KillableStage) -> Floor:
    """A runner of two at once."""
    return Floor(stage)


def test_a_turn_whose_agent_goes_while_it_waits_still_has_it(floor: Floor, stage: KillableStage) -> None:
    floor.ask(1, 2, 3)
    floor.running(1, 2)
    floor.tell(Reconfigure(RunnerView({"other": Puppet()}, 2)))
    floor.ask(4)  # by somebody who had not heard of it yet
    floor.puppet.let(1, 2, 3, 4)
    for number in (1, 2, 3, 4):
        assert floor.end(number).text == f"done {number}"
    stage.advance(LATE_SECONDS)
    floor.ask(5)
    assert floor.end(5) == TurnEnded(5, None, "is not in the config any more")


def test_a_turn_begins_with_its_agent_as_the_config_has_it_then(floor: Floor) -> None:
    floor.ask(1, 2, 3)
    floor.running(1, 2)
    floor.tell(Reconfigure(RunnerView({"puppet": floor.broken}, 2)))
    floor.puppet.let(1, 2)
    assert floor.end(3).text == "fine"


def test_an_agent_that_is_not_used_any_more_is_closed_once_its_turns_are_over(
    floor: Floor, stage: KillableStage
) -> None:
    floor.ask(1, 2, 3)
    floor.running(1, 2)
    floor.tell(Reconfigure(RunnerView({"puppet": Puppet(), "broken": floor.broken}, 2)))
    stage.advance(LATE_SECONDS)
    assert (floor.puppet.closed, floor.broken.closed) == (0, 0)
    floor.puppet.let(1)
    floor.end(1)
    assert floor.puppet.closed == 0
    floor.puppet.let(2)
    floor.end(2)
    assert (floor.puppet.closed, floor.broken.closed) == (1, 0)
    floor.tell(Cancel(3))
    stage.advance(2 * GRACE_SECONDS)
    assert floor.puppet.closed == 1


def test_an_idle_agent_is_closed_when_no_turn_of_its_config_can_come_any_more(
    floor: Floor, stage: KillableStage
) -> None:
    floor.tell(Reconfigure(RunnerView({"stray": (stray := Stray())}, 2)))
    stage.advance(LATE_SECONDS - 1)
    floor.tell(Reconfigure(RunnerView({"broken": floor.broken}, 2)))
    stage.advance(1.0)
    assert floor.puppet.closed == 0, "the second config gives turns of the first one time of their own"
    stage.advance(LATE_SECONDS - 1)
    assert (floor.puppet.closed, floor.broken.closed) == (1, 0), "one that is used again stays"
    assert stray.started == []
    assert len(stage.errors()) == 1, "one that cannot be closed is said"


def test_a_turn_that_was_given_up_keeps_its_agent_from_nothing(stage: KillableStage) -> None:
    floor = Floor(stage, slow=(slow := Puppet(stubborn=True)))
    floor.ask(1, agent="slow", patience=1.0)
    stage.until(lambda: slow.started, "the turn")
    stage.advance(1.0 + GRACE_SECONDS)
    floor.tell(Reconfigure(RunnerView({}, 2)))
    stage.advance(LATE_SECONDS)
    assert slow.closed == 1
    slow.let(1)
    threads_end("agent-slow")


def test_at_shutdown_it_waits_for_what_runs_and_starts_nothing(floor: Floor, stage: KillableStage) -> None:
    supervisor = Probe("supervisor")
    floor.ask(1, 2, 3)
    floor.running(1, 2)
    floor.tell(Quiesce(supervisor.ref))
    assert supervisor.all(Quiet) == []
    floor.puppet.let(1, 2, 3)
    stage.until(lambda: supervisor.all(Quiet), "quiet")
    assert sorted(floor.puppet.started) == [1, 2]


def test_an_idle_one_is_quiet_at_once(floor: Floor) -> None:
    supervisor = Probe("supervisor")
    floor.tell(Quiesce(supervisor.ref))
    assert [quiet.name for quiet in supervisor.all(Quiet)] == ["runner"]


@pytest.mark.parametrize("how", ["stop", "death"])
def test_when_it_ends_what_runs_is_cancelled_and_says_nothing(stage: KillableStage, how: str) -> None:
    """The rows stay open and come again after the next start."""
    floor = Floor(stage, most=100)
    floor.ask(1, 2)
    floor.running(1, 2)
    if how == "stop":
        floor.ref.stop(block=False)
        stage.settle()
    else:
        floor.tell(*(Run(cast(Turn, None), floor.asker.ref) for _ in range(7)))
        assert [death.name for death in stage.deaths.told] == ["runner"]
    wait_until(lambda: sorted(floor.puppet.cancelled) == [1, 2], what="the cancelling")
    floor.puppet.jobs[1].say("too late", ())
    stage.settle()
    assert (floor.ended, floor.spoken) == ([], [])


def test_a_turn_that_breaks_the_runner_fails(floor: Floor) -> None:
    floor.tell(Run(Turn("s", 1, cast(str, []), ()), floor.asker.ref))
    assert floor.end(1).failure.startswith("broke: TypeError")


def test_a_turn_that_gets_no_thread_fails_and_the_next_ones_run(floor: Floor, monkeypatch: pytest.MonkeyPatch) -> None:
    real, left = threading.Thread.start, [2]

    def start(thread: threading.Thread) -> None:
        if thread.name.startswith("agent-") and left[0]:
            left[0] -= 1
            raise RuntimeError("can't start new thread")
        real(thread)

    monkeypatch.setattr(threading.Thread, "start", start)
    floor.puppet.let(1, 2, 3)
    floor.ask(1, 2, 3)
    assert "cannot start" in floor.end(1).failure
    assert "cannot start" in floor.end(2).failure
    assert floor.end(3).failure == ""
