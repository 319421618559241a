"""An imsg that runs and does not answer, or stops reading or writing: ended with its whole group, and replaced."""

import time
from collections.abc import Callable

import pytest

from tests.faults.cases import Build, Cases
from tests.faults.town import ANN, BEN, VERSIONS, Town, wait_for
from tests.support.scripts import lives

case = Cases()
WITH_A_HELPER = 'sleep 600 & echo $! >> {folder}/helpers\nexec {imsg} "$@" {options}'
"""A program that leaves a process in its group, which holds its pipes open."""


def _helper(town: Town) -> int:
    return int((town.folder / "helpers").read_text().split()[0])


def _wait_replaced(town: Town) -> None:
    assert "permission prompt" in town.wait_problem("hanging")["remedy"]
    first = town.children()[0]
    wait_for("the child to be ended", lambda: not lives(first))
    town.weather()


@case(*VERSIONS)
def after_subscribing(build: Build, version: str) -> None:
    """It takes requests and answers none: a probe finds out, its group is ended, its successor answers."""
    town = build(version, program=WITH_A_HELPER).settle_in()
    town.weather(hang=True)
    _wait_replaced(town)
    wait_for("its helper to be ended", lambda: not lives(_helper(town)))
    town.writes("while it hung")
    town.wait_answers("while it hung")
    assert len(town.children()) == 2
    town.wait_well()


@case("0.5", "0.15")
def from_the_start(build: Build, version: str) -> None:
    """It reads and never says a word."""
    town = build(version, program=WITH_A_HELPER)
    town.weather(start="hang")
    town.settle_in(ready=False)
    _wait_replaced(town)
    wait_for("its helper to be ended", lambda: not lives(_helper(town)))
    town.wait_well()
    town.write_and_wait("after all")


@case("0.5", "0.9")
def at_a_prompt_for_the_contacts(build: Build, version: str) -> None:
    """Up to 0.13 it blocks before its first line until the prompt is answered."""
    town = build(version)
    town.weather(start="contacts-prompt")
    town.settle_in(ready=False)
    assert "Contacts" in town.wait_problem("hanging")["remedy"]
    town.weather()
    town.wait_well()
    town.write_and_wait("after the prompt")


@case("0.15")
def with_a_send_under_way(build: Build, version: str) -> None:
    """Nobody knows what became of the answer: listed as uncertain, not sent again; other chats go on."""
    town = build(version).settle_in()
    town.weather(hang=True)
    town.writes("in flight")
    _wait_replaced(town)
    town.wait_reads()
    town.write_and_wait("of somebody else", BEN)
    [chunk] = town.chunks("uncertain")
    assert chunk["text"] == "echo: in flight"
    assert "in flight" not in town.answers()


@case("0.15")
def with_a_tracked_send_under_way(build: Build, version: str) -> None:
    """A GUID of ours settles it: sent, once."""
    town = build(version, bridge=True).settle_in()
    town.weather(hang=True)
    town.writes("in flight")
    _wait_replaced(town)
    town.wait_answers("in flight")
    wait_for("no doubt to be left", lambda: town.journal("SELECT state FROM outbox") == [("sent",)])


@case("0.9", soak=True)
def in_a_send(build: Build, version: str) -> None:
    """Before 0.14 nothing else is answered meanwhile: after 180 s it is ended, and the answer is in doubt."""
    town = build(version).settle_in()
    town.weather(hang=["send"])
    town.writes("in flight")
    town.wait_problem("hanging", seconds=200)
    town.weather()
    town.wait_reads()
    town.write_and_wait("of somebody else", BEN)
    assert [chunk["text"] for chunk in town.chunks("uncertain")] == ["echo: in flight"]
    assert "in flight" not in town.answers()


@case("0.9", "0.15")
def with_its_output_stalled(build: Build, version: str) -> None:
    """It works and nothing comes out: replaced; the message it knew and did not deliver is answered once."""
    town = build(version).settle_in()
    town.weather(stall="stdout")
    town.writes("not delivered")
    _wait_replaced(town)
    town.wait_answers("not delivered")
    town.wait_well()


@case("0.9", "0.15")
def with_its_input_stalled(build: Build, version: str) -> None:
    """It reads no requests: replaced."""
    town = build(version).settle_in()
    town.weather(stall="stdin")
    _wait_replaced(town)
    town.write_and_wait("after all")


@case("0.9")
def only_for_a_while(build: Build, version: str) -> None:
    """An answer longer than its pipe takes while it reads nothing: nobody waits for that, and all goes out in order."""
    town = build(version).settle_in(textChunkLimit=400_000)
    town.write_and_wait("before")
    wait_for("the send to be answered", town.all_answered)
    town.weather(stall="stdin")
    texts = ["x" * 300_000, *(f"after {number}" for number in range(30))]
    for text in texts:
        town.writes(text)
    wait_for("all to be journaled", lambda: town.outcomes().total() > len(texts))
    at = time.monotonic()
    assert town.account()["state"] == "ok"
    assert time.monotonic() - at < 1.0
    assert town.sent() == ["echo: before"]
    town.weather()
    town.wait_answers("before", *texts)
    assert town.sent() == [f"echo: {text}" for text in ("before", *texts)]
    assert len(town.children()) == 1


@case("0.9")
def behind_a_flood_of_diagnostics(build: Build, version: str) -> None:
    """Its stderr is read for ever, so it never waits for that; of a flood the log keeps the beginning."""
    town = build(version).settle_in()
    town.weather(stderr_lines=200_000)
    town.write_and_wait("amid the flood", ANN)
    log = town.state / "gateway" / "logs" / "gateway.jsonl"
    assert log.stat().st_size < 1 << 20
    assert len(town.children()) == 1


@pytest.mark.parametrize("name", case.names())
def test_a_child_that_hangs(outcome: Callable[[str], None], name: str) -> None:
    """Each of the cases above."""
    outcome(name)
