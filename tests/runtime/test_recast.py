"""Another list of children: who finishes first, who is started, told and stopped, and what a death in between does."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from actors.envelopes.control import Died, IsReady, Quiesce, Quiet, Ready, Reconfigure, Ref
from actors.runtime.actor import Context
from actors.runtime.backoff import ACTORS
from actors.runtime.child import Child, Recast, Recasted, differences
from actors.runtime.recasting import DRAIN_PATIENCE, TELL_PATIENCE
from actors.runtime.supervisor import Shutdown, Supervisor
from tests.support.actors import Probe, Stage

SOON = ACTORS.first * (1 + ACTORS.jitter)


class Tree:
    """A supervisor over probes that tell ``log`` what happens to them; a child is ``name``, ``name=mark`` or ``name!``.

    With a mark a child drains and has a view; ``!`` is one with a view and without a mark. Senders
    pause, readers come late, ``access`` follows.
    """

    def __init__(self, stage: Stage, *children: str) -> None:
        self.stage = stage
        self.log: list[str] = []
        self.contexts: dict[str, Context] = {}
        self.roster: dict[str, Ref] = {}
        self.codes: list[int] = []
        self.slow: set[str] = set()
        """Who does not say by itself that it is quiet."""
        self.mute: set[str] = set()
        """Who does not say that it is ready."""
        self.broken: set[str] = set()
        self.keeper = Probe("keeper")
        self.ref: Ref = Supervisor.start(
            stage.context("supervisor"),
            self.listed(children),
            lambda context, _: context,
            self.roster,
            self.codes.append,
            {},
        )
        stage.settle()
        self.happened()

    def listed(self, children: tuple[str, ...]) -> tuple[Child, ...]:
        """The children of these descriptions."""
        return tuple(map(self._child, children))

    def _child(self, described: str) -> Child:
        name, _, mark = described.partition("=")
        bare = name.rstrip("!")

        def view() -> str:
            return f"view of {described}"

        told = mark != "" or name.endswith("!")
        return Child(
            bare,
            self._starter(bare),
            bool(mark),
            view if told else None,
            mark or None,
            follows=bare == "access",
            late=bare.startswith("reader"),
            pauses=bare.startswith("sender"),
        )

    def _starter(self, name: str) -> Callable[[Context], Ref]:
        def start(context: Context) -> Ref:
            if name in self.broken:
                raise RuntimeError(f"{name} is broken")
            self.log.append(f"start {name}")
            self.contexts[name] = context
            return Stoppable(name, self.log, lambda message: self._answer(context, message)).ref

        return start

    def _answer(self, context: Context, message: Any) -> None:
        match message:
            case Quiesce(reply_to):
                self.log.append(f"quiesce {context.name}")
                if context.name not in self.slow:
                    reply_to.tell(Quiet(context.name))
            case Ready(reply_to) if context.name not in self.mute:
                reply_to.tell(IsReady(context.name, context.generation))
            case Reconfigure(view):
                self.log.append(f"tell {context.name} {view}")

    def recast(self, *children: str) -> None:
        """Another list."""
        self.stage.tell(self.ref, Recast(self.listed(children), self.keeper.ref))

    def quiet(self, name: str) -> None:
        """What was under way there is over."""
        self.stage.tell(self.ref, Quiet(name))

    def die(self, name: str) -> None:
        """An obituary."""
        self.stage.tell(self.ref, Died(name, self.contexts[name].generation, "planted"))

    def happened(self) -> list[str]:
        """What happened since the last look."""
        log, self.log[:] = list(self.log), []
        return log

    @property
    def done(self) -> list[Recasted]:
        """What the keeper was told."""
        return self.keeper.all(Recasted)


class Stoppable(Probe):
    """Writes down that it was stopped."""

    def __init__(self, name: str, log: list[str], on_tell: Callable[[Any], None]) -> None:
        super().__init__(name, on_tell)
        self._log = log

    def stop(self, *, block: bool = True, timeout: float | None = None) -> None:
        self._log.append(f"stop {self.name}")
        super().stop(block=block, timeout=timeout)


@pytest.fixture
def tree(stage: Stage) -> Iterator[Callable[..., Tree]]:
    """``tree("journal!", "sender=1", "reader=1")``."""
    yield lambda *children: Tree(stage, *children)


def test_who_stays_is_told_in_order_and_nobody_restarts(tree: Callable[..., Tree]) -> None:
    town = tree("caller", "journal!", "chunker!", "reader=1")
    town.recast("caller", "journal!", "chunker!", "reader=1")
    assert town.happened() == ["tell journal view of journal!", "tell chunker view of chunker!"]
    assert [done.told for done in town.done] == [frozenset({"journal", "chunker"})]
    assert len(town.roster) == 4


def test_another_mark_is_told_when_what_was_under_way_is_over(tree: Callable[..., Tree]) -> None:
    """The others know at once: nobody who was shut out waits for somebody else's send."""
    town = tree("journal!", "sender=1", "chunker!", "reader=1")
    town.slow.add("sender")
    town.recast("journal!", "sender=2", "chunker!", "reader=2")
    assert town.happened() == [
        "tell journal view of journal!",
        "tell chunker view of chunker!",
        "quiesce sender",
    ]
    town.quiet("sender")
    assert town.happened() == ["tell reader view of reader=2", "tell sender view of sender=2"]
    assert len(town.done) == 1


def test_it_is_over_when_those_who_hear_it_from_others_know_too(tree: Callable[..., Tree], stage: Stage) -> None:
    town = tree("journal!", "access", "normalizer!")
    town.mute.add("access")
    town.recast("journal!", "access", "normalizer!")
    assert town.happened() == ["tell journal view of journal!", "tell normalizer view of normalizer!"]
    assert town.done == []
    stage.tell(town.ref, IsReady("access", town.contexts["access"].generation))
    assert len(town.done) == 1


def test_nobody_is_waited_for_longer_than_the_patience(tree: Callable[..., Tree], stage: Stage) -> None:
    town = tree("sender=1")
    town.slow.add("sender")
    town.recast("sender=2")
    stage.advance(DRAIN_PATIENCE - 1)
    assert (town.happened(), town.done) == (["quiesce sender"], [])
    stage.advance(2)
    assert town.happened() == ["tell sender view of sender=2"]
    assert len(town.done) == 1
    town.quiet("sender")
    assert town.happened() == []


def test_who_is_new_starts_in_its_place_and_who_is_gone_stops_last_in_reverse(tree: Callable[..., Tree]) -> None:
    town = tree("caller:a", "journal!", "sender:a=1", "chunker!", "reader:a=1")
    town.recast("caller:b", "journal!", "sender:b=1", "chunker!", "reader:b=1")
    assert town.happened() == [
        "quiesce reader:a",
        "start caller:b",
        "tell journal view of journal!",
        "start sender:b",
        "tell chunker view of chunker!",
        "quiesce sender:a",
        "stop reader:a",
        "stop sender:a",
        "stop caller:a",
        "start reader:b",
    ]
    assert set(town.roster) == {"caller:b", "journal", "sender:b", "chunker", "reader:b"}
    assert town.done[0].gone == ("caller:a", "sender:a", "reader:a")


def test_who_is_gone_lives_until_all_know(tree: Callable[..., Tree], stage: Stage) -> None:
    """A reply on its way to the chunker may still be for the old sender."""
    town = tree("sender:a=1", "chunker!")
    town.mute.add("chunker")
    town.recast("chunker!")
    assert town.happened() == ["tell chunker view of chunker!"]
    assert "sender:a" in town.roster
    assert town.done == []
    stage.tell(town.ref, IsReady("chunker", town.contexts["chunker"].generation))
    assert town.happened() == ["quiesce sender:a", "stop sender:a"]
    assert len(town.done) == 1


def test_one_who_does_not_answer_holds_it_up_for_a_while_only(tree: Callable[..., Tree], stage: Stage) -> None:
    town = tree("sender:a=1", "chunker!")
    town.mute.add("chunker")
    town.recast("chunker!")
    stage.advance(TELL_PATIENCE + DRAIN_PATIENCE)
    assert len(town.done) == 1


def test_a_later_level_restart_is_of_the_new_list(tree: Callable[..., Tree], stage: Stage) -> None:
    town = tree("journal!", "sender:a=1", "reader:a=1")
    town.recast("journal!", "sender:b=1", "reader:b=1")
    town.happened()
    town.die("journal")
    assert town.happened() == ["stop reader:b", "stop sender:b", "stop journal"]
    stage.advance(SOON)
    assert town.happened() == ["start journal", "start sender:b", "start reader:b"]


@pytest.mark.parametrize("dead", ["journal", "sender:a", "chunker"])
def test_a_death_while_somebody_finishes_ends_the_waiting(tree: Callable[..., Tree], stage: Stage, dead: str) -> None:
    town = tree("journal!", "sender:a=1", "chunker!", "reader:a=1")
    town.slow.update({"sender:a", "reader:a"})
    town.recast("journal!", "sender:b=1", "chunker!", "reader:b=1")
    town.die(dead)
    stage.advance(10 * SOON)
    assert set(town.roster) == {"journal", "sender:b", "chunker", "reader:b"}
    assert all(ref.is_alive() for ref in town.roster.values())
    assert len(town.done) == 1
    log = town.happened()
    assert "stop sender:a" in log
    assert "stop reader:a" in log
    assert log.count("start chunker") == (dead != "sender:a")


def test_one_that_cannot_be_started_is_a_death_in_the_new_list(tree: Callable[..., Tree], stage: Stage) -> None:
    town = tree("journal!", "chunker!")
    town.broken.add("sender")
    town.recast("journal!", "sender=1", "chunker!")
    assert town.happened() == ["tell journal view of journal!", "stop chunker"]
    assert len(town.done) == 1
    town.broken.clear()
    stage.advance(SOON)
    assert town.happened() == ["start sender", "start chunker"]


def test_what_comes_while_another_is_under_way_waits(tree: Callable[..., Tree]) -> None:
    town = tree("sender=1")
    town.slow.add("sender")
    town.recast("sender=2")
    town.recast("sender=3")
    town.quiet("sender")
    assert town.happened() == ["quiesce sender", "tell sender view of sender=2", "quiesce sender"]
    town.quiet("sender")
    assert town.happened() == ["tell sender view of sender=3"]
    assert len(town.done) == 2


def test_what_comes_while_somebody_is_dead_waits_for_the_restart(tree: Callable[..., Tree], stage: Stage) -> None:
    town = tree("journal!", "chunker!")
    town.die("chunker")
    town.recast("journal!", "chunker!", "reader=1")
    assert town.happened() == ["stop chunker"]
    stage.advance(SOON)
    assert town.happened() == [
        "start chunker",
        "tell journal view of journal!",
        "tell chunker view of chunker!",
        "start reader",
    ]
    assert len(town.done) == 1


def test_a_shutdown_comes_first(tree: Callable[..., Tree], stage: Stage) -> None:
    town = tree("journal!", "sender:a=1")
    town.slow.add("sender:a")
    town.recast("journal!", "sender:b=1", "reader:b=1")
    town.happened()
    stage.tell(town.ref, Shutdown())
    assert town.happened()[0] == "stop sender:a"
    town.quiet("sender:a")
    stage.advance(DRAIN_PATIENCE + 1)
    assert town.codes == [0]
    assert town.roster == {}
    assert not [entry for entry in town.happened() if entry.startswith(("start", "tell"))]


def test_a_shutdown_while_not_all_know_leaves_nobody_behind(tree: Callable[..., Tree], stage: Stage) -> None:
    town = tree("journal!", "sender:a=1")
    town.mute.add("journal")
    town.recast("journal!")
    stage.tell(town.ref, Shutdown(hurry=True))
    assert town.codes == [0]
    assert town.roster == {}


def test_the_same_list_differs_in_nothing_but_who_is_told() -> None:
    def start(_: object) -> Ref:
        raise AssertionError

    third = Child("c", start, drains=True, view=str, mark=1, pauses=True)
    old = [Child("a", start), Child("b", start, view=str), third]
    new = [*old[:2], third._replace(mark=2)]
    assert differences(old, old) == (frozenset(), frozenset({"b"}), ())
    assert differences(old, new).told == {"b", "c"}
    assert differences(old, old[:2]).gone == ("c",)
    assert differences(old[:2], old).started == {"c"}
