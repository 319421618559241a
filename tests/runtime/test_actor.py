"""Actors restart in place, die after too many faults, and never take others with them."""

import threading
from typing import Any, NamedTuple

import pytest
from pykka import ActorDeadError, ActorRegistry

from actors.envelopes.control import Died, IsReady, Ready, Ref
from actors.runtime.actor import BATCH, FAULT_WINDOW, FAULTS_ALLOWED, Actor, Context
from tests.support.actors import DEADLINE, Probe, Stage, context, wait_until


class Fail(NamedTuple):
    """Raise ``error`` the first ``times`` times."""

    error: BaseException
    times: int = 1_000_000


class Patient(Actor):
    """Reports what happens to it to a probe; fails as it is told."""

    def __init__(self, context: Context, report: Ref, fail_in: str = "", error: BaseException | None = None) -> None:
        super().__init__(context)
        self._report = report
        self._tries = 0
        self._fail_in = fail_in
        self._error = error or RuntimeError("planted")

    def _step(self, name: str, *details: Any) -> None:
        self.tell(self._report, (name, *details))
        if name == self._fail_in:
            raise self._error

    def on_start(self) -> None:
        self._step("start")

    def on_idle(self) -> None:
        self._step("idle")

    def on_restart(self) -> None:
        self._step("restart")

    def set_aside(self, message: Any, error: BaseException) -> None:
        self._step("aside", message, repr(error))

    def on_failure(self, *_: object) -> None:
        self._step("failure")

    def on_stop(self) -> None:
        self._step("stop")

    def on_receive(self, message: Any) -> Any:
        match message:
            case Fail(error, times):
                self._tries += 1
                if self._tries <= times:
                    raise error
                self.tell(self._report, ("done", "after faults"))
            case "stop yourself":
                self.stop()
            case _:
                self.tell(self._report, ("done", message))
        return f"answer to {message}"


class Immortal(Patient):
    """One that sets every poison message aside and lives on."""

    mortal = False


def told(probe: Probe) -> list[Any]:
    """What it reported, but for starts and idling."""
    return [message for message in probe.told if message not in [("start",), ("idle",)]]


ERRORS = [ValueError("bad"), SystemExit(1), KeyboardInterrupt(), GeneratorExit()]


@pytest.mark.parametrize("error", ERRORS, ids=repr)
def test_a_message_that_fails_once_is_tried_again_with_fresh_state(stage: Stage, error: BaseException) -> None:
    probe = Probe()
    ref: Ref = Patient.start(stage.context(), probe.ref)
    stage.tell(ref, "before", Fail(error, times=1), "after")
    assert told(probe) == [("done", "before"), ("restart",), ("done", "after faults"), ("done", "after")]


@pytest.mark.parametrize("error", ERRORS, ids=repr)
def test_a_message_that_fails_twice_is_set_aside_and_the_next_is_served(stage: Stage, error: BaseException) -> None:
    probe = Probe()
    ref: Ref = Patient.start(stage.context(), probe.ref)
    poison = Fail(error)
    stage.tell(ref, poison, "after")
    assert told(probe) == [("restart",), ("aside", poison, repr(error)), ("done", "after")]
    assert ref.is_alive()
    pulse = stage.pulses.get("subject")
    assert pulse is not None
    assert (pulse.faults, pulse.state, pulse.handled) == (1, "running", 2)


@pytest.mark.parametrize("hook", ["restart", "aside"])
def test_a_failure_while_mending_a_failure_costs_that_message_only(stage: Stage, hook: str) -> None:
    probe = Probe()
    ref: Ref = Patient.start(stage.context(), probe.ref, hook, SystemExit(2))
    stage.tell(ref, Fail(ValueError("bad")), "after")
    assert told(probe)[-1] == ("done", "after")


def test_more_than_five_faults_in_a_minute_end_it_with_one_obituary(stage: Stage) -> None:
    probe, boss = Probe(), Probe("boss")
    ref: Ref = Patient.start(stage.context("frail", boss.ref)._replace(generation=7), probe.ref)
    for _ in range(FAULTS_ALLOWED):
        stage.tell(ref, Fail(ValueError("bad"), times=0), Fail(ValueError("bad")))
        stage.advance(FAULT_WINDOW / FAULTS_ALLOWED - 1)
    assert ref.is_alive()
    assert boss.told == []
    stage.tell(ref, Fail(ValueError("last straw")), "never handled")
    assert not ref.is_alive()
    assert boss.told == [Died("frail", 7, "ValueError('last straw')")]
    assert told(probe)[-1] == ("failure",)
    assert stage.pulses.get("frail") is None


def test_faults_that_are_far_apart_are_forgiven(stage: Stage) -> None:
    ref: Ref = Patient.start(stage.context(), Probe().ref)
    for _ in range(FAULTS_ALLOWED * 3):
        stage.tell(ref, Fail(ValueError("bad")))
        stage.advance(FAULT_WINDOW / FAULTS_ALLOWED + 1)
    assert ref.is_alive()


def test_an_immortal_sets_any_number_aside(stage: Stage) -> None:
    probe = Probe()
    ref: Ref = Immortal.start(stage.context(), probe.ref)
    stage.tell(ref, *[Fail(ValueError("bad"))] * 50, "after")
    assert len([entry for entry in told(probe) if entry[0] == "aside"]) == 50
    assert told(probe)[-1] == ("done", "after")


@pytest.mark.parametrize("hook", ["start", "idle"])
@pytest.mark.parametrize("error", ERRORS, ids=repr)
def test_failing_to_start_or_while_idle_is_an_obituary(stage: Stage, hook: str, error: BaseException) -> None:
    probe, boss = Probe(), Probe("boss")
    ref: Ref = Patient.start(stage.context("frail", boss.ref), probe.ref, hook, error)
    stage.settle()
    assert not ref.is_alive()
    assert boss.told == [Died("frail", 1, repr(error))]
    assert ref not in ActorRegistry.get_all()


def test_a_failing_clean_up_does_not_suppress_the_obituary(stage: Stage) -> None:
    boss = Probe("boss")
    ref: Ref = Patient.start(stage.context("frail", boss.ref), Probe().ref, "failure")
    stage.tell(ref, *[Fail(ValueError("bad"))] * (FAULTS_ALLOWED + 1))
    assert [message.name for message in boss.all(Died)] == ["frail"]


def test_after_its_death_tells_are_lost_and_asks_fail_at_once(stage: Stage) -> None:
    ref: Ref = Patient.start(stage.context(), Probe().ref)
    waiting = ref.ask("queued behind the stop", block=False)
    stop = ref.stop(block=False)
    behind = ref.ask("too late", block=False)
    stage.settle()
    assert waiting.get(timeout=0) == "answer to queued behind the stop"
    assert stop.get(timeout=0) is True
    with pytest.raises(ActorDeadError):
        behind.get(timeout=0)
    with pytest.raises(ActorDeadError):
        ref.ask("dead", timeout=0)
    with pytest.raises(ActorDeadError):
        ref.tell("dead")
    Actor.tell(ref, "forgiven")
    Actor.tell(None, "nobody")
    stage.settle()


def test_an_actor_may_stop_itself_and_says_goodbye_once(stage: Stage) -> None:
    probe = Probe()
    ref: Ref = Patient.start(stage.context(), probe.ref)
    pulse = stage.pulses.get("subject")
    stage.tell(ref, "stop yourself", "already waiting")
    stage.tell(ref, "too late")
    assert told(probe) == [("done", "already waiting"), ("stop",)]
    assert pulse is not None
    assert pulse.gone.is_set()
    assert pulse.state == "stopped"


@pytest.mark.parametrize("error", ERRORS, ids=repr)
def test_who_asks_gets_the_error_and_the_actor_lives(stage: Stage, error: BaseException) -> None:
    ref: Ref = Patient.start(stage.context(), Probe().ref)
    future = ref.ask(Fail(error), block=False)
    stage.settle()
    with pytest.raises(type(error)):
        future.get(timeout=0)
    assert ref.is_alive()


def test_ready_is_answered_with_name_and_generation_after_the_start(stage: Stage) -> None:
    asker, probe = Probe(), Probe()
    ref: Ref = Patient.start(stage.context("eager")._replace(generation=3), probe.ref)
    Actor.tell(ref, Ready(asker.ref))
    assert asker.told == []
    stage.settle()
    assert asker.told == [IsReady("eager", 3)]
    assert probe.told[0] == ("start",)


def test_idle_comes_after_all_that_waited_and_not_in_between(stage: Stage) -> None:
    probe = Probe()
    ref: Ref = Patient.start(stage.context(), probe.ref)
    stage.tell(ref, *range(BATCH + 10))
    numbers = [entry for entry in probe.told if entry[0] == "done"]
    assert [entry[1] for entry in numbers] == list(range(BATCH + 10))
    assert probe.told[-1] == ("idle",)
    assert probe.told.count(("idle",)) == 1


def test_one_busy_actor_does_not_starve_another_on_the_same_thread(stage: Stage) -> None:
    probe = Probe()
    busy: Ref = Patient.start(stage.context("busy"), probe.ref)
    other: Ref = Patient.start(stage.context("other"), probe.ref)
    for number in range(10 * BATCH):
        busy.tell(number)
    other.tell("me too")
    stage.settle()
    assert probe.told.index(("done", "me too")) <= BATCH + 5


@pytest.mark.parametrize("error", ERRORS, ids=repr)
def test_a_system_exit_in_one_actor_leaves_the_others_and_their_thread_alone(error: BaseException) -> None:
    with context() as place:
        probe = Probe()
        poisoned: Ref = Patient.start(place._replace(name="poisoned"), Probe().ref)
        healthy: Ref = Patient.start(place._replace(name="healthy"), probe.ref)
        poisoned.tell(Fail(error))
        poisoned.ask("still there", timeout=DEADLINE)
        assert healthy.ask("you too", timeout=DEADLINE) == "answer to you too"
        assert poisoned.stop(block=True, timeout=DEADLINE)
        assert healthy.is_alive()


def test_five_thousand_actors_start_answer_and_stop_without_threads_of_their_own() -> None:
    with context(threads=2) as place:
        threads = threading.active_count()
        probe = Probe()
        refs: list[Ref] = [Patient.start(place._replace(name=f"one-{number}"), probe.ref) for number in range(5000)]
        for number, ref in enumerate(refs):
            ref.tell(number)
        wait_until(lambda: len([entry for entry in probe.told if entry[0] == "done"]) == 5000, what="5000 answers")
        assert threading.active_count() == threads
        for ref in refs:
            ref.stop(block=False)
        wait_until(lambda: not place.pulses.all(), what="the end of all")
        assert probe.told.count(("stop",)) == 5000
