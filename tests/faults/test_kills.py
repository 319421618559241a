"""kill -9 under load, again and again, of the gateway, its imsg, or both: nothing lost, nothing twice, order kept.

Where sends carry a GUID of ours (imsg 0.15 with its bridge) nothing stays uncertain either. Where they cannot, a
request that was on its way when a process died may be uncertain: it is listed, not sent again by itself, and goes out
in its old place once the operator has looked.
"""

import random
import time
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from typing import NamedTuple

import pytest

from tests.faults.cases import Build, Cases
from tests.faults.people import EVERYONE, PATIENT, Person, crowd, sent_once, town_of, verb
from tests.faults.town import ANN, Town, wait_for

CHATS = 20
KINDS = {"gateway": 30, "child": 7, "both": 3}
"""What is killed, of forty."""
SILENT = 0.4

EVIDENCE_SECONDS = 5.0
"""imsg is asked for the rows of a chat three seconds after a doubt began."""
_COUNT_SENT = "SELECT count(*) FROM outbox WHERE state = 'sent'"

case = Cases()


class Told(NamedTuple):
    """What a storm came to."""

    kills: Counter[str]
    messages: int
    uncertain: int
    seconds: float


@case("0.9", "0.15 bridge", works=True)
def is_hit_twenty_times(build: Build, mode: str) -> None:
    """0 lost, 0 twice; what is uncertain is listed, and with tracked sends nothing is."""
    print(mode, _storm(town_of(build, mode), kills=20, seed=8, tracked=mode == "0.15 bridge"))


@case("0.5", "0.9", "0.15", "0.15 bridge", soak=True, works=True)
def is_hit_two_hundred_times(build: Build, mode: str) -> None:
    """The same, for longer, with every imsg."""
    print(mode, _storm(town_of(build, mode), kills=200, seed=17, tracked=mode == "0.15 bridge"))


def _storm(town: Town, kills: int, seed: int, tracked: bool) -> Told:
    """So many kills while people write; then all of it is answered once, in order."""
    began, chance = time.monotonic(), random.Random(seed)
    town.configure(EVERYONE | PATIENT)
    people = crowd(town, CHATS)
    town.start()
    wait_for("a baseline", lambda: town.journal("SELECT cursor FROM source WHERE cursor IS NOT NULL"))
    written: dict[Person, list[str]] = {person: [] for person in people}
    done: Counter[str] = Counter()
    kind = "gateway"
    while done.total() < kills:
        # Now and then imsg sends and has not said so yet.
        town.weather(**({"send": {"do": "lost-answer", "times": 1}} if chance.random() < SILENT else {}))
        _write(town, chance, written)
        _let_pass(chance.random() * 0.25)
        # A lost child comes back after seconds: what is killed next is the gateway, which brings it back at once.
        kind = "gateway" if kind == "child" else chance.choices([*KINDS], [*KINDS.values()])[0]
        _kill(town, kind, chance)
        town.weather()
        done[kind] += 1
        if kind != "child":
            town.start(ready=chance.random() < 0.7)
    _write(town, chance, written)
    texts = [text for those in written.values() for text in those]
    wait_for("all to be answered or doubtful", lambda: _all_over(town, len(texts)), 120)
    doubtful = [] if tracked else _operator_looks(town)
    again = {f"echo: {text}" for text in doubtful}
    wait_for("all to be answered", lambda: town.journal(_COUNT_SENT) == [(len(texts),)], 60)
    sent_once(town)
    for person, those in written.items():
        sent, expected = town.sent(person.chat), [f"echo: {text}" for text in those]
        assert sorted(sent) == sorted(expected)
        # What the operator sends again a minute later stands behind what went on without it.
        assert [text for text in sent if text not in again] == [text for text in expected if text not in again]
    assert len(doubtful) <= done.total()
    assert town.stop() == 0
    return Told(done, len(texts), len(doubtful), round(time.monotonic() - began, 1))


def _write(town: Town, chance: random.Random, written: dict[Person, list[str]]) -> None:
    people = [*written]
    with town.db.transaction():
        for _ in range(chance.randrange(20, 120)):
            person = chance.choice(people)
            text = f"{person.chat} {len(written[person])}"
            town.db.incoming(person.chat, person.handle, text)
            written[person].append(text)


def _let_pass(seconds: float) -> None:
    moment = time.monotonic() + seconds
    wait_for("a random moment", lambda: time.monotonic() >= moment)


def _kill(town: Town, kind: str, chance: random.Random) -> None:
    victims: list[Callable[[], object]] = [lambda: _kill_child(town)] if kind != "gateway" else []
    victims += [town.kill] if kind != "child" else []
    for victim in chance.sample(victims, len(victims)):
        victim()


def _kill_child(town: Town) -> None:
    if town.children():
        with suppress(ProcessLookupError):
            town.kill_child()


def _all_over(town: Town, messages: int) -> bool:
    """All rows are answered, and all answers sent but for those in doubt and what waits behind them."""
    if town.outcomes()["replied"] != messages:
        return False
    open_ones = town.journal("SELECT chat_id, state FROM outbox WHERE state <> 'sent' ORDER BY key DESC")
    return set(dict(open_ones).values()) <= {"uncertain"}


def _operator_looks(town: Town) -> list[str]:
    """What is in doubt is listed: what stands in its chat was sent, the rest is sent again. The texts of the rest."""
    _let_pass(EVIDENCE_SECONDS)
    there, missing = set(town.sent()), []
    for chunk in verb(town, "outbox", "list", "--state", "uncertain")["chunks"]:
        key = str(chunk["key"])
        if chunk["text"] in there:
            verb(town, "outbox", "resolve", key, "sent")
        else:
            verb(town, "outbox", "retry", key, "--even-if-twice")
            missing.append(chunk["text"].removeprefix("echo: "))
    return missing


@case("0.9", "0.15 bridge")
def dies_while_the_agent_thinks(build: Build, mode: str) -> None:
    """The turn is run again after the restart and answered once."""
    town = town_of(build, mode)
    script = town.folder / "agent.sh"
    script.write_text("#!/bin/sh\nread turn\nsleep 1\necho done thinking\n")
    script.chmod(0o755)
    town.settle_in(agents=[{"id": "main", "runtime": {"type": "command", "command": [str(script)]}}], **PATIENT)
    town.writes("think")
    wait_for("the row to be admitted", lambda: town.outcomes()["open"] == 1)
    town.kill()
    town.start()
    wait_for("the answer", lambda: town.sent())
    wait_for("the journal to agree", lambda: town.outcomes()["replied"] == 1)
    assert town.sent() == ["done thinking"]
    assert town.stop() == 0


@case("0.5", "0.9", "0.15", "0.15 bridge")
def loses_its_imsg(build: Build, mode: str) -> None:
    """The gateway stays, starts another after its pause, and loses nothing."""
    town = town_of(build, mode).settle_in(**PATIENT)
    town.write_and_wait("one")
    town.kill_child()
    wait_for("the gateway to notice", lambda: (town.status() or {})["state"] == "down")
    town.writes("two")
    town.wait_answers("two")
    assert town.sent(town.chat(ANN)) == ["echo: one", "echo: two"]
    assert len(town.children()) == 2
    assert town.stop() == 0


@pytest.mark.timeout(600)
@pytest.mark.parametrize("name", case.names())
def test_a_gateway_that(outcome: Callable[[str], None], name: str) -> None:
    """Each of the cases above."""
    outcome(name)
