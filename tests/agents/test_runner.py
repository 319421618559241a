"""The runner: so many turns at once, in order, and an end for each whatever the agent does."""

from __future__ import annotations

import pytest

from actors.agents.runner import GRACE_SECONDS
from actors.envelopes.outbound import Cancel, Steer, TurnEnded, Usage
from tests.agents.puppets import Floor, Puppet, threads_end
from tests.support.probes import KillableStage
from tests.support.rows import admitted


@pytest.fixture
def floor(stage: KillableStage) -> Floor:
    """A runner of two at once."""
    return Floor(stage)


def test_an_answer_comes_back_to_whoever_asked(floor: Floor) -> None:
    floor.puppet.let(1)
    floor.ask(1)
    assert floor.end(1) == TurnEnded(1, "done 1", "")
    assert floor.puppet.threads == ["agent-puppet"]


def test_so_many_at_once_and_the_rest_in_order(floor: Floor, stage: KillableStage) -> None:
    floor.ask(1, 2, 3, 4)
    floor.running(1, 2)
    stage.settle()
    assert sorted(floor.puppet.started) == [1, 2]
    floor.puppet.let(2)
    floor.running(3)
    assert floor.puppet.started[2] == 3
    floor.puppet.let(1, 3, 4)
    stage.until(lambda: len(floor.ended) == 4, "all answers")
    assert floor.puppet.started[3] == 4
    assert floor.ended[0][0] == 2


@pytest.mark.parametrize(
    ("text", "failure"),
    [
        ("fails", "exited with code 3"),
        ("fails in silence", "failed without a reason"),
        ("fails at length", "no \ufffd idea xxx"),
        ("raises", "broke: ZeroDivisionError('a bug')"),
        ("exits", "broke: SystemExit(3)"),
        ("none", "broke: TypeError('answered with NoneType')"),
        ("wrong", "broke: TypeError('answered with bytes')"),
        ("text", "broke: TypeError('answered with str')"),
        ("none inside", "broke: TypeError('said NoneType instead of text')"),
        ("bytes inside", "broke: TypeError('said bytes instead of text')"),
        ("says bytes", "broke: TypeError('said bytes instead of text')"),
        ("media", "broke: TypeError"),
        ("media text", "broke: TypeError"),
    ],
)
def test_a_failure_or_a_crash_is_an_end_too_and_the_next_turn_runs(floor: Floor, text: str, failure: str) -> None:
    floor.ask(1, 2, 3, agent="broken", text=text)
    floor.ask(4, agent="broken")
    for number in (1, 2, 3):
        ended = floor.end(number)
        assert ended.text is None
        assert ended.failure.startswith(failure)
        assert len(ended.failure) <= 500
    assert floor.end(4) == TurnEnded(4, "fine", "")


@pytest.mark.parametrize(
    ("text", "said"),
    [("surrogate", "a\ufffd b"), ("pair", "a\U0001f600b"), ("blank", " \n"), ("long", "x" * 5_000_000)],
)
def test_whatever_is_text_is_an_answer(floor: Floor, text: str, said: str) -> None:
    floor.ask(1, agent="broken", text=text)
    assert floor.end(1).text == said


def test_what_comes_with_an_answer_is_kept_as_far_as_it_makes_sense(floor: Floor) -> None:
    floor.ask(1, agent="broken", text="usage")
    assert floor.end(1).usage == Usage("sm\ufffdall", 0, 0)
    floor.ask(2, agent="broken", text="taken")
    assert floor.end(2).taken == (3,)


def test_an_agent_that_is_not_there_is_a_failure_of_that_turn(floor: Floor) -> None:
    floor.ask(1, agent="gone")
    assert floor.end(1) == TurnEnded(1, None, "is not in the config any more")


def test_parts_come_before_the_end_and_blank_ones_not_at_all(floor: Floor) -> None:
    floor.ask(1)
    floor.running(1)
    job = floor.puppet.jobs[1]
    for text in ("first", "  ", "sec\udc00ond"):
        job.say(text, ())
    job.say("", ("/a.png",))
    floor.puppet.let(1)
    floor.end(1)
    assert floor.spoken == [(1, "first"), (1, "sec\ufffdond"), (1, "")]
    assert isinstance(floor.asker.told[-1], TurnEnded)


@pytest.mark.parametrize("runs", [True, False])
def test_a_turn_is_steered_by_each_message_once_also_before_it_has_a_place(floor: Floor, runs: bool) -> None:
    if not runs:
        floor.ask(8, 9)
    floor.ask(1)
    floor.tell(Steer(1, admitted(21)), Steer(1, admitted(22)), Steer(77, admitted(23)))
    floor.puppet.let(8, 9)
    floor.running(1)
    job = floor.puppet.jobs[1]
    assert [one.seq for one in job.steered()] == [21, 22]
    assert job.steered() == ()
    floor.tell(Steer(1, admitted(24)))
    assert [one.seq for one in job.steered()] == [24]
    floor.puppet.let(1)
    floor.end(1)


def test_a_turn_that_is_cancelled_is_told_to_give_up(floor: Floor) -> None:
    floor.ask(1)
    floor.running(1)
    floor.tell(Cancel(1), Cancel(1), Cancel(77))
    assert floor.end(1) == TurnEnded(1, None, "cancelled")
    assert floor.puppet.cancelled == [1]


def test_a_turn_that_waits_for_a_place_is_cancelled_without_running(floor: Floor) -> None:
    floor.ask(1, 2, 3, 4)
    floor.tell(Cancel(3))
    assert floor.ended == [(3, None, "cancelled")]
    floor.puppet.let(1, 2, 4)
    floor.end(4)
    assert 3 not in floor.puppet.started


def test_the_deadline_counts_from_the_moment_a_turn_has_its_place(floor: Floor, stage: KillableStage) -> None:
    floor.ask(1, 2, 3, patience=10.0)
    floor.running(1, 2)
    begun = stage.clock.now
    assert floor.puppet.jobs[1].deadline == begun + 10.0
    stage.advance(8.0)
    floor.puppet.let(1)
    floor.running(3)
    stage.advance(2.0)
    assert floor.end(2) == TurnEnded(2, None, "timed out after 10 s")
    assert floor.puppet.jobs[3].deadline == begun + 18.0
    stage.advance(7.9)
    assert not floor.puppet.jobs[3].cancelled.is_set()
    stage.advance(0.1)
    assert floor.end(3).failure == "timed out after 10 s"


def test_an_agent_that_answers_after_all_is_heard_before_it_is_given_up(stage: KillableStage) -> None:
    floor = Floor(stage, slow=(slow := Puppet(stubborn=True)))
    floor.ask(1, agent="slow", patience=10.0)
    stage.until(lambda: slow.started, "the turn")
    stage.advance(10.0)
    assert slow.jobs[1].cancelled.is_set()
    slow.let(1)
    assert floor.end(1).text == "done 1"


@pytest.mark.parametrize("how", ["cancelled", "late"])
def test_a_turn_that_does_not_end_is_given_up_and_its_place_is_free(stage: KillableStage, how: str) -> None:
    floor = Floor(stage, most=1, slow=(slow := Puppet(stubborn=True)))
    floor.ask(1, agent="slow", patience=10.0 if how == "late" else 600.0)
    floor.ask(2)
    stage.until(lambda: slow.started, "the turn")
    if how == "late":
        stage.advance(10.0)
    else:
        floor.tell(Cancel(1))
    stage.advance(GRACE_SECONDS - 0.1)
    assert floor.ended == []
    stage.advance(0.1)
    assert floor.ended == [(1, None, "timed out after 10 s" if how == "late" else "cancelled")]
    floor.running(2)
    (line,) = stage.errors()
    assert "1 (agent-slow)" in line
    slow.jobs[1].say("too late", ())
    slow.let(1)
    stage.until(lambda: any("ended after all" in text for _, text in stage.logged), "the thread's end")
    assert floor.spoken == []
    floor.puppet.let(2)
    floor.end(2)
    assert [number for number, _, _ in floor.ended] == [1, 2]


def test_threads_that_never_end_are_counted(stage: KillableStage) -> None:
    floor = Floor(stage, most=3, slow=(slow := Puppet(stubborn=True)), other=(other := Puppet(stubborn=True)))
    floor.ask(1, 2, agent="slow", patience=1.0)
    floor.ask(3, agent="other", patience=1.0)
    stage.until(lambda: len(slow.started) == 2 and other.started, "the turns")
    stage.advance(1.0 + GRACE_SECONDS)
    assert "3 (agent-slow, agent-slow, agent-other)" in stage.errors()[-1]
    slow.let(1, 2)
    other.let(3)
    threads_end("agent-slow", "agent-other")
