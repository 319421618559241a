"""Supervision in order: who is stopped and started when, how long it waits, when it gives up, how it ends.

The children are probes on a stage, so every order and every pause is exact; one test runs real actors.
"""

from collections.abc import Callable
from functools import partial
from typing import Any

import pytest

from actors.envelopes.control import Died, IsReady, Quiesce, Quiet, Ready, Ref
from actors.runtime import supervisor as module
from actors.runtime.actor import Actor, Context
from actors.runtime.backoff import ACTORS
from actors.runtime.supervisor import (
    DRAIN_PATIENCE,
    HEALTHY_AFTER,
    MAX_DEATHS,
    READY_PATIENCE,
    Child,
    Shutdown,
    Supervisor,
)
from tests.support.actors import DEADLINE, HandDispatcher, Probe, Stage, context, stage, wait_until

SOON = ACTORS.first * (1 + ACTORS.jitter)
LONGEST = ACTORS.cap * (1 + ACTORS.jitter)


class Tree:
    """A supervisor on a stage over probes: ``log`` is what happened to them, in order, as ``start a 1``, ``stop a``."""

    def __init__(self, stage: Stage, *names: str, draining: str = "") -> None:
        self.stage = stage
        self.log: list[str] = []
        self.probes: dict[str, Probe] = {}
        self.generations: dict[str, int] = {}
        self.codes: list[int] = []
        self.roster: dict[str, Ref] = {}
        self.restarts: dict[str, int] = {}
        self.broken: set[str] = set()
        self.mute: set[str] = set()
        self.contexts: dict[str, Context] = {}
        self.ref: Ref = Supervisor.start(
            stage.context("supervisor"),
            [Child(name, self._starter(name), drains=name in draining) for name in names],
            lambda context, _: context,
            self.roster,
            self.codes.append,
            self.restarts,
        )
        stage.settle()

    def _starter(self, name: str) -> Callable[[Context], Ref]:
        def start(context: Context) -> Ref:
            assert context.name == name
            if name in self.broken:
                self.log.append(f"cannot start {name}")
                raise RuntimeError(f"{name} is broken")
            self.log.append(f"start {name} {context.generation}")
            self.contexts[name] = context
            probe = self.probes[name] = Stoppable(name, self.log, partial(self._answer, context))
            return probe.ref

        return start

    def _answer(self, context: Context, message: Any) -> None:
        if isinstance(message, Quiesce):
            self.log.append(f"quiesce {context.name}")
        elif isinstance(message, Ready) and context.name not in self.mute:
            message.reply_to.tell(IsReady(context.name, context.generation))

    def die(self, name: str, generation: int | None = None) -> None:
        """An obituary of the child as it was started last."""
        number = self.contexts[name].generation if generation is None else generation
        self.stage.tell(self.ref, Died(name, number, "planted"))

    def happened(self) -> list[str]:
        """What happened since the last look."""
        log, self.log[:] = list(self.log), []
        return log


class Stoppable(Probe):
    """Writes down that it was stopped."""

    def __init__(self, name: str, log: list[str], on_tell: Callable[[Any], None]) -> None:
        super().__init__(name, on_tell)
        self._log = log

    def stop(self, *, block: bool = True, timeout: float | None = None) -> None:
        assert not block, "a supervisor that waits in stop() could wait for ever"
        self._log.append(f"stop {self.name}")
        super().stop(block=block, timeout=timeout)


def test_children_start_in_order_and_are_asked_whether_they_are_ready(stage: Stage) -> None:
    tree = Tree(stage, "a", "b", "c")
    assert tree.happened() == ["start a 1", "start b 1", "start c 1"]
    assert list(tree.roster) == ["a", "b", "c"]
    assert all(len(probe.all(Ready)) == 1 for probe in tree.probes.values())
    stage.advance(10 * READY_PATIENCE)
    assert tree.happened() == []
    assert tree.restarts == {}


def test_a_child_starts_when_the_roster_holds_those_before_it(stage: Stage) -> None:
    seen: dict[str, list[str]] = {}
    roster: dict[str, Ref] = {}

    def starter(name: str) -> Callable[[Context], Ref]:
        def start(_: Context) -> Ref:
            seen[name] = list(roster)
            return Probe(name).ref

        return start

    children = [Child(name, starter(name)) for name in "abc"]
    Supervisor.start(stage.context("supervisor"), children, lambda given, _: given, roster, [].append, {})
    stage.settle()
    assert seen == {"a": [], "b": ["a"], "c": ["a", "b"]}


@pytest.mark.parametrize(
    ("dead", "stopped", "started"),
    [("a", "c b a", "a b c"), ("b", "c b", "b c"), ("c", "c", "c")],
)
def test_a_death_restarts_that_child_and_those_after_it(stage: Stage, dead: str, stopped: str, started: str) -> None:
    tree = Tree(stage, "a", "b", "c")
    tree.happened()
    tree.die(dead)
    assert tree.happened() == [f"stop {name}" for name in stopped.split()]
    assert not tree.roster.keys() & set(started.split())
    stage.advance(SOON)
    log = tree.happened()
    assert [entry.rpartition(" ")[0] for entry in log] == [f"start {name}" for name in started.split()]
    assert tree.restarts == dict.fromkeys(started.split(), 1)
    assert list(tree.roster) == ["a", "b", "c"]


def test_a_generation_is_never_used_twice_and_old_obituaries_count_for_nothing(stage: Stage) -> None:
    tree = Tree(stage, "a", "b")
    first = {name: context.generation for name, context in tree.contexts.items()}
    tree.die("a")
    stage.advance(SOON)
    second = {name: context.generation for name, context in tree.contexts.items()}
    assert all(second[name] > first[name] for name in first)
    tree.happened()
    tree.die("a", first["a"])
    tree.die("b", first["b"])
    stage.advance(LONGEST)
    assert tree.happened() == []


def test_a_second_obituary_of_a_child_that_is_down_already_counts_for_nothing(stage: Stage) -> None:
    tree = Tree(stage, "a", "b", "c")
    tree.happened()
    generation = tree.contexts["c"].generation
    tree.die("b")
    tree.die("c", generation)
    stage.advance(LONGEST)
    assert tree.happened() == ["stop c", "stop b", "start b 3", "start c 3"]


def test_a_death_further_up_while_a_restart_is_due_widens_it(stage: Stage) -> None:
    tree = Tree(stage, "a", "b", "c")
    tree.happened()
    tree.die("c")
    tree.die("a")
    assert tree.happened() == ["stop c", "stop b", "stop a"]
    stage.advance(LONGEST)
    assert [entry[:7] for entry in tree.happened()] == ["start a", "start b", "start c"]
    assert tree.restarts == {"a": 1, "b": 1, "c": 1}


def test_pauses_double_with_every_death_and_are_forgotten_after_health(stage: Stage) -> None:
    tree = Tree(stage, "a")

    def pause() -> float:
        tree.happened()
        tree.die("a")
        before = stage.clock.now
        while not any(entry.startswith("start") for entry in tree.log):
            stage.advance(0.01)
        return stage.clock.now - before

    for attempt in range(6):
        base = min(ACTORS.cap, ACTORS.first * ACTORS.factor**attempt)
        assert base * 0.9 - 0.02 <= pause() <= base * 1.1 + 0.02
    stage.advance(HEALTHY_AFTER + 1)
    assert pause() <= SOON + 0.02
    assert tree.codes == []


def test_too_many_deaths_without_health_stop_all_in_reverse_and_end_with_1(stage: Stage) -> None:
    tree = Tree(stage, "a", "b", "c")
    for _ in range(MAX_DEATHS):
        tree.die("b")
        stage.advance(LONGEST)
    assert tree.codes == []
    tree.happened()
    tree.die("c")
    assert tree.codes == [1]
    assert tree.happened() == ["stop c", "stop b", "stop a"]
    tree.die("a")
    stage.advance(10 * LONGEST)
    assert tree.happened() == []
    assert tree.codes == [1]


def test_a_child_that_cannot_be_built_is_tried_again_and_the_rest_waits_for_it(stage: Stage) -> None:
    tree = Tree(stage, "a", "b", "c")
    tree.broken = {"b"}
    tree.happened()
    tree.die("b")
    stage.advance(SOON)
    assert tree.happened() == ["stop c", "stop b", "cannot start b"]
    stage.advance(LONGEST)
    assert set(tree.happened()) == {"cannot start b"}
    tree.broken.clear()
    stage.advance(LONGEST)
    assert [entry[:7] for entry in tree.happened()] == ["start b", "start c"]
    assert list(tree.roster) == ["a", "b", "c"]


def test_a_child_that_can_never_be_built_ends_with_1(stage: Stage) -> None:
    tree = Tree(stage, "a", "b")
    tree.broken = {"a"}
    tree.die("a")
    stage.advance(2 * MAX_DEATHS * LONGEST)
    assert tree.codes == [1]


def test_a_child_that_does_not_say_it_is_ready_is_restarted(stage: Stage) -> None:
    tree = Tree(stage, "a", "b", "c")
    tree.mute = {"b"}
    tree.die("b")
    stage.advance(SOON)
    tree.happened()
    stage.advance(READY_PATIENCE - SOON)
    assert tree.happened() == []
    tree.mute.clear()
    stage.advance(3 * SOON)
    assert [entry[:7] for entry in tree.happened()] == ["stop c", "stop b", "start b", "start c"]
    stage.advance(10 * READY_PATIENCE)
    assert tree.happened() == []


def test_of_several_that_are_not_ready_the_first_in_order_is_restarted(stage: Stage) -> None:
    # Not the first by name: "z" comes before "a" in this tree.
    tree = Tree(stage, "z", "a")
    tree.mute = {"z", "a"}
    tree.die("z")
    stage.advance(SOON)
    tree.happened()
    stage.advance(READY_PATIENCE)
    assert tree.happened()[:2] == ["stop a", "stop z"]


def test_every_child_has_the_whole_patience_to_become_ready(stage: Stage) -> None:
    """The timer of an earlier start does not judge a child that was started a moment ago."""
    tree = Tree(stage, "a")
    stage.advance(READY_PATIENCE - SOON / 2)
    tree.mute = {"a"}
    tree.die("a")
    stage.advance(SOON)
    tree.happened()
    stage.advance(READY_PATIENCE - 2 * SOON)
    assert tree.happened() == []


def test_shutdown_without_anything_to_drain_stops_in_reverse_and_ends_with_0(stage: Stage) -> None:
    tree = Tree(stage, "a", "b", "c")
    tree.happened()
    stage.tell(tree.ref, Shutdown())
    assert tree.happened() == ["stop c", "stop b", "stop a"]
    assert tree.codes == [0]
    stage.tell(tree.ref, Shutdown(), Shutdown(hurry=True))
    assert tree.codes == [0]


def test_shutdown_lets_the_draining_finish_last_first(stage: Stage) -> None:
    tree = Tree(stage, "a", "b", "c", draining="ac")
    tree.happened()
    stage.tell(tree.ref, Shutdown())
    assert tree.happened() == ["quiesce c", "quiesce a"]
    stage.tell(tree.ref, Quiet("c"))
    assert tree.codes == []
    stage.tell(tree.ref, Quiet("a"))
    assert tree.happened() == ["stop c", "stop b", "stop a"]
    assert tree.codes == [0]


def test_draining_has_a_deadline(stage: Stage) -> None:
    tree = Tree(stage, "a", "b", draining="ab")
    stage.tell(tree.ref, Shutdown())
    stage.tell(tree.ref, Quiet("b"))
    stage.advance(DRAIN_PATIENCE - 0.1)
    assert tree.codes == []
    stage.advance(0.2)
    assert tree.codes == [0]


def test_a_second_shutdown_in_a_hurry_cuts_the_draining_short(stage: Stage) -> None:
    tree = Tree(stage, "a", "b", draining="ab")
    stage.tell(tree.ref, Shutdown())
    stage.tell(tree.ref, Shutdown(hurry=True))
    assert tree.codes == [0]


def test_a_word_of_quiet_without_a_shutdown_ends_nothing(stage: Stage) -> None:
    tree = Tree(stage, "a", draining="a")
    stage.tell(tree.ref, Quiet("a"))
    assert tree.codes == []
    assert list(tree.roster) == ["a"]


def test_who_dies_while_draining_is_not_restarted(stage: Stage) -> None:
    """A restarted reader would take new messages in while the gateway is on its way down."""
    tree = Tree(stage, "a", "b", "c", draining="ac")
    stage.tell(tree.ref, Shutdown())
    tree.happened()
    tree.die("c")
    stage.advance(DRAIN_PATIENCE / 2)
    assert tree.happened() == ["stop c"]
    stage.tell(tree.ref, Quiet("a"))
    assert tree.happened() == ["stop b", "stop a"]
    assert tree.codes == [0]


def test_shutdown_while_a_restart_is_due_starts_nothing_more(stage: Stage) -> None:
    tree = Tree(stage, "a", "b", draining="a")
    tree.die("b")
    tree.happened()
    stage.tell(tree.ref, Shutdown())
    stage.advance(10 * LONGEST)
    assert tree.happened() == ["stop a"]
    assert tree.codes == [0]


def test_a_supervisor_that_fails_ends_the_process_with_1(stage: Stage) -> None:
    codes: list[int] = []

    def adopt(_: Context, __: str) -> Context:
        raise RuntimeError("planted")

    child = Child("a", lambda _: Probe().ref)
    Supervisor.start(stage.context("supervisor"), [child], adopt, {}, codes.append, {})
    stage.settle()
    assert codes == [1]


class Worker(Actor):
    """Fails to start when told so, and blocks while ``hold`` is set."""

    def __init__(self, context: Context, log: list[str], fails: set[str]) -> None:
        super().__init__(context)
        self._events = log
        self._fails = fails

    def on_start(self) -> None:
        self._events.append(f"start {self.context.name}")
        if self.context.name in self._fails:
            self._fails.discard(self.context.name)
            raise OSError("no room")

    def on_stop(self) -> None:
        self._events.append(f"stop {self.context.name}")

    def on_receive(self, message: Any) -> Any:
        if message == "fail":
            raise ValueError("planted")
        return message


def test_real_children_on_threads_come_back_after_failing_to_start_and_after_faults() -> None:
    log: list[str] = []
    fails = {"b"}
    codes: list[int] = []
    roster: dict[str, Ref] = {}
    restarts: dict[str, int] = {}
    with stage() as above, context("children") as below:
        children = [Child(name, lambda given: Worker.start(given, log, fails)) for name in "abc"]
        ref: Ref = Supervisor.start(
            above.context("supervisor")._replace(pulses=below.pulses),
            children,
            lambda given, _: given._replace(dispatcher=below.dispatcher),
            roster,
            codes.append,
            restarts,
        )

        def settled(condition: Callable[[], object]) -> Callable[[], bool]:
            def look() -> bool:
                above.settle()
                return bool(condition())

            return look

        wait_until(settled(lambda: "b" not in roster and "a" in roster), what="the obituary of b")
        above.advance(SOON)
        wait_until(settled(lambda: len(roster) == 3), what="all of them")
        assert roster["b"].ask("hello", timeout=DEADLINE) == "hello"
        for _ in range(6):
            Actor.tell(roster["b"], "fail")
        wait_until(settled(lambda: restarts.get("b") == 1 and "b" not in roster), what="the obituary after faults")
        above.advance(3 * SOON)
        wait_until(settled(lambda: len(roster) == 3), what="all of them again")
        assert roster["c"].ask("hello", timeout=DEADLINE) == "hello"
        log.clear()
        above.tell(ref, Shutdown())
        assert log == ["stop c", "stop b", "stop a"]
        assert codes == [0]
        ref.stop(block=False)
        above.settle()


def test_a_child_that_does_not_stop_is_not_waited_for_for_ever(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "STOP_PATIENCE", 0.05)
    codes: list[int] = []
    stuck = Child("stuck", lambda given: Worker.start(given._replace(dispatcher=HandDispatcher()), [], set()))
    ref: Ref = Supervisor.start(stage.context("supervisor"), [stuck], lambda given, _: given, {}, codes.append, {})
    stage.settle()
    stage.tell(ref, Shutdown())
    assert codes == [0]
