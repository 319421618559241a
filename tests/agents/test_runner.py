"""The runner: so many turns at once, in order, and an answer for each whatever the agent does."""

from __future__ import annotations

import threading
from typing import Any, cast

import pytest

from actors.agents.base import AgentError, Cancelled, Said
from actors.agents.echo import EchoAgent
from actors.agents.factory import make_agents
from actors.agents.runner import AgentRunner, RunnerView
from actors.envelopes.control import Quiesce, Quiet, Reconfigure
from actors.envelopes.outbound import Run, Turn, TurnEnded
from config.schema.root import Config
from tests.support.actors import Probe, wait_until
from tests.support.probes import KillableStage
from tests.support.rows import admitted


class Puppet:
    """Answers when the test lets it; ``started`` holds the numbers of turns under way or done."""

    waits = True

    def __init__(self) -> None:
        self.started: list[int] = []
        self.cancelled: list[int] = []
        self._go: dict[int, threading.Event] = {}
        self._lock = threading.Lock()

    def _event(self, number: int) -> threading.Event:
        with self._lock:
            return self._go.setdefault(number, threading.Event())

    def let(self, *numbers: int) -> None:
        """These turns may end."""
        for number in numbers:
            self._event(number).set()

    def answer(self, turn: Turn, cancelled: Cancelled) -> Said:
        """``done <number>``, once let."""
        self.started.append(turn.number)
        while not self._event(turn.number).wait(0.005):
            if cancelled.is_set():
                self.cancelled.append(turn.number)
                raise AgentError("cancelled")
        return Said(f"done {turn.number}")


class Broken:
    """Does what its text says."""

    waits = True

    def answer(self, turn: Turn, _cancelled: Cancelled) -> Said:
        """One way to be wrong."""
        match turn.message.row.text:
            case "fails":
                raise AgentError("exited with code 3")
            case "raises":
                raise ZeroDivisionError("a bug")
            case "none":
                return cast(Said, None)
            case "wrong":
                return cast(Said, b"bytes")
        return Said("fine")


class Floor:
    """A runner with agents and someone who asked."""

    def __init__(self, stage: KillableStage, most: int = 2) -> None:
        self.stage = stage
        self.puppet = Puppet()
        self.asker = Probe("conversation")
        agents: dict[str, Any] = {"puppet": self.puppet, "broken": Broken()}
        self.ref = AgentRunner.start(stage.place("runner"), agents, most)

    def ask(self, *numbers: int, agent: str = "puppet", text: str = "hi") -> None:
        """Turns are to run."""
        runs = (Run(Turn("s", number, admitted(number, text=text, agent=agent)), self.asker.ref) for number in numbers)
        self.stage.tell(self.ref, *runs)

    @property
    def ended(self) -> list[tuple[int, str | None, str]]:
        """What the asker was told."""
        return [(one.number, one.text, one.failure) for one in self.asker.all(TurnEnded)]


@pytest.fixture
def floor(stage: KillableStage) -> Floor:
    """A runner of two at once."""
    return Floor(stage)


def test_an_answer_comes_back_to_whoever_asked(floor: Floor, stage: KillableStage) -> None:
    floor.puppet.let(1)
    floor.ask(1)
    stage.until(lambda: floor.ended, "the answer")
    assert floor.ended == [(1, "done 1", "")]


def test_so_many_at_once_and_the_rest_in_order(floor: Floor, stage: KillableStage) -> None:
    floor.ask(1, 2, 3, 4)
    wait_until(lambda: len(floor.puppet.started) == 2, what="two turns")
    stage.settle()
    assert sorted(floor.puppet.started) == [1, 2]
    floor.puppet.let(2)
    stage.until(lambda: len(floor.puppet.started) == 3, "the third")
    assert floor.puppet.started[2] == 3
    floor.puppet.let(1, 3, 4)
    stage.until(lambda: len(floor.ended) == 4, "all answers")
    assert floor.puppet.started[3] == 4
    assert floor.ended[0][0] == 2


@pytest.mark.parametrize(
    ("text", "failure"),
    [
        ("fails", "exited with code 3"),
        ("raises", "broke: ZeroDivisionError('a bug')"),
        ("none", "broke: AttributeError"),
        ("wrong", "broke: AttributeError"),
    ],
)
def test_a_failure_or_a_crash_is_an_answer_too_and_the_next_turn_runs(
    floor: Floor, stage: KillableStage, text: str, failure: str
) -> None:
    floor.ask(1, 2, 3, agent="broken", text=text)
    floor.ask(4, agent="broken")
    stage.until(lambda: len(floor.ended) == 4, "all answers")
    by_number = {number: (said, why) for number, said, why in floor.ended}
    for number in (1, 2, 3):
        said, why = by_number[number]
        assert said is None
        assert why.startswith(failure)
    assert by_number[4] == ("fine", "")


def test_an_agent_that_is_not_there_is_a_failure_of_that_turn(floor: Floor, stage: KillableStage) -> None:
    floor.ask(1, agent="gone")
    stage.until(lambda: floor.ended, "the failure")
    assert floor.ended[0][1] is None


def test_a_turn_whose_agent_goes_while_it_waits_still_has_it(floor: Floor, stage: KillableStage) -> None:
    floor.ask(1, 2, 3)
    wait_until(lambda: len(floor.puppet.started) == 2, what="two turns")
    stage.tell(floor.ref, Reconfigure(RunnerView({"other": Broken()}, 2)))
    floor.ask(4)  # by somebody who had not heard of it yet
    floor.puppet.let(1, 2, 3, 4)
    stage.until(lambda: len(floor.ended) == 4, "all answers")
    assert sorted(floor.ended) == [(number, f"done {number}", "") for number in (1, 2, 3, 4)]
    stage.tell(floor.ref, Reconfigure(RunnerView({"other": Broken()}, 2)))
    floor.ask(5)
    stage.until(lambda: len(floor.ended) == 5, "the failure")
    assert floor.ended[-1] == (5, None, "is not in the config any more")


def test_a_turn_begins_with_its_agent_as_the_config_has_it_then(floor: Floor, stage: KillableStage) -> None:
    floor.ask(1, 2, 3)
    wait_until(lambda: len(floor.puppet.started) == 2, what="two turns")
    stage.tell(floor.ref, Reconfigure(RunnerView({"puppet": Broken()}, 2)))
    floor.puppet.let(1, 2)
    stage.until(lambda: len(floor.ended) == 3, "all answers")
    assert (3, "fine", "") in floor.ended


def test_at_shutdown_it_waits_for_what_runs_and_starts_nothing(floor: Floor, stage: KillableStage) -> None:
    supervisor = Probe("supervisor")
    floor.ask(1, 2, 3)
    wait_until(lambda: len(floor.puppet.started) == 2, what="two turns")
    stage.tell(floor.ref, Quiesce(supervisor.ref))
    assert supervisor.all(Quiet) == []
    floor.puppet.let(1, 2, 3)
    stage.until(lambda: supervisor.all(Quiet), "quiet")
    assert sorted(floor.puppet.started) == [1, 2]


def test_an_idle_one_is_quiet_at_once(floor: Floor, stage: KillableStage) -> None:
    supervisor = Probe("supervisor")
    stage.tell(floor.ref, Quiesce(supervisor.ref))
    assert [quiet.name for quiet in supervisor.all(Quiet)] == ["runner"]


@pytest.mark.parametrize("how", ["stop", "death"])
def test_when_it_ends_what_runs_is_cancelled_and_says_nothing(stage: KillableStage, how: str) -> None:
    """The rows stay open and come again after the next start."""
    floor = Floor(stage, most=100)
    floor.ask(1, 2)
    wait_until(lambda: len(floor.puppet.started) == 2, what="two turns")
    if how == "stop":
        floor.ref.stop(block=False)
        stage.settle()
    else:
        stage.tell(floor.ref, *(Run(cast(Turn, None), floor.asker.ref) for _ in range(7)))
        assert [death.name for death in stage.deaths.told] == ["runner"]
    wait_until(lambda: sorted(floor.puppet.cancelled) == [1, 2], what="the cancelling")
    stage.settle()
    assert floor.ended == []


def test_the_echo_agent_says_what_it_heard_at_once() -> None:
    assert EchoAgent.waits is False
    turn = Turn("s", 1, admitted(1, text="hé\n\U0001f600"))
    assert EchoAgent().answer(turn, threading.Event()).text == "echo: hé\n\U0001f600"


def test_agents_come_from_the_config_and_what_cannot_be_made_is_left_out() -> None:
    config = Config.model_validate(
        {
            "agents": {
                "defaults": {"workspace": "/tmp"},
                "list": [
                    {"id": "a", "runtime": {"type": "echo"}},
                    {"id": "b", "runtime": {"type": "command", "command": ["cat"], "timeoutSeconds": 5}},
                    {"id": "c"},
                ],
            }
        },
        strict=False,
    )
    agents = make_agents(config, {"PATH": "/bin:/usr/bin"})
    assert sorted(agents) == ["a", "b"]
    assert (agents["a"].waits, agents["b"].waits) == (False, True)
    answer = agents["b"].answer(Turn("s", 1, admitted(1)), threading.Event()).text
    assert answer == "hello", "it gives back the turn, a line of JSON with a text"


def test_a_turn_that_gets_no_thread_fails_and_the_next_ones_run(
    floor: Floor, stage: KillableStage, monkeypatch: pytest.MonkeyPatch
) -> None:
    real, left = threading.Thread.start, [2]

    def start(thread: threading.Thread) -> None:
        if thread.name.startswith("agent-") and left[0]:
            left[0] -= 1
            raise RuntimeError("can't start new thread")
        real(thread)

    monkeypatch.setattr(threading.Thread, "start", start)
    floor.puppet.let(1, 2, 3)
    floor.ask(1, 2, 3)
    stage.until(lambda: len(floor.ended) == 3, "all three ends")
    failures = {number: failure for number, _, failure in floor.ended}
    assert "cannot start" in failures[1]
    assert "cannot start" in failures[2]
    assert failures[3] == ""
