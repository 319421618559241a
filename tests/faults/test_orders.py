"""What the operator orders on the command line is done by a running gateway, or, without one, by the next.

Nothing that may have gone out is sent again unless somebody says so, and what was given up stays given up.
"""

from collections.abc import Callable
from typing import Any

import pytest

from actors.simulator import database_faults
from tests.faults.cases import Build, Cases
from tests.faults.people import PATIENT, Person, chunk_of, crowd, sent_once, town_of, verb, wait_chunk
from tests.faults.town import Town, wait_for

UNKNOWN = 999_999

case = Cases()


def _settled(build: Build, mode: str) -> Town:
    return town_of(build, mode).settle_in(**PATIENT)


def _key(town: Town, text: str) -> str:
    return str(chunk_of(town, text)["key"])


def _state(town: Town, text: str) -> str:
    return str(chunk_of(town, text)["state"])


def _outcome(town: Town, *words: str, code: int = 0) -> tuple[bool, str]:
    """Whether the only one it was about is done, and what is said of it."""
    [result] = verb(town, *words, code=code)["results"]
    return result["done"], result["outcome"]


def _in_doubt(town: Town, people: list[Person], times: int = 1) -> list[str]:
    """An answer to each of them that is uncertain, and another that waits behind it."""
    town.weather(send={"do": "ok-false", "times": times})
    texts = [f"doubt {person.chat}" for person in people]
    for text, person in zip(texts, people, strict=True):
        town.writes(text, person.handle)
        wait_chunk(town, text, "uncertain")
        town.writes(f"behind {text}", person.handle)
        wait_chunk(town, f"behind {text}", "queued")
    return texts


def _dead(town: Town, people: list[Person]) -> list[str]:
    """An answer to each of them that is a dead letter."""
    town.weather(send="no-chat")
    texts = [f"dead {person.chat}" for person in people]
    for text, person in zip(texts, people, strict=True):
        town.writes(text, person.handle)
        wait_chunk(town, text, "failed")
    town.weather()
    return texts


@case("0.9")
def settle_doubts(build: Build, mode: str) -> None:
    """Sent, not sent, sent again all the same, given up: each chat goes on, and only what was ordered goes out."""
    town = _settled(build, mode)
    people = crowd(town, 4)
    sent, failed, again, dropped = _in_doubt(town, people, times=4)
    assert _outcome(town, "outbox", "resolve", _key(town, sent), "sent") == (True, "settled as sent")
    assert _outcome(town, "outbox", "resolve", _key(town, failed), "not-sent") == (True, "settled as not sent")
    assert _outcome(town, "outbox", "retry", _key(town, again), code=1) == (False, "refused")
    assert _outcome(town, "outbox", "retry", _key(town, again), "--even-if-twice") == (True, "sent")
    assert _outcome(town, "outbox", "discard", _key(town, dropped)) == (True, "discarded")
    town.wait_answers(*(f"behind {text}" for text in (sent, failed, again, dropped)))
    assert town.sent(people[2].chat) == [f"echo: {again}", f"echo: behind {again}"]
    assert [_state(town, text) for text in (sent, failed, dropped)] == ["sent", "failed", "discarded"]
    assert _outcome(town, "outbox", "retry", _key(town, failed)) == (True, "sent")
    assert town.sent(people[0].chat) == [f"echo: behind {sent}"]
    assert town.sent(people[3].chat) == [f"echo: behind {dropped}"]
    for action in (("resolve", _key(town, sent), "sent"), ("retry", _key(town, sent)), ("retry", str(UNKNOWN))):
        assert _outcome(town, "outbox", *action, code=1) == (False, "refused")
    sent_once(town)
    assert town.stop() == 0


@case("0.9")
def settle_doubts_without_a_gateway(build: Build, mode: str) -> None:
    """The same, written into the journal: the next gateway acts on it."""
    town = _settled(build, mode)
    people = crowd(town, 4)
    sent, failed, again, dropped = _in_doubt(town, people, times=4)
    town.weather()
    town.kill()
    assert _outcome(town, "outbox", "resolve", _key(town, sent), "sent") == (True, "settled as sent")
    assert _outcome(town, "outbox", "resolve", _key(town, failed), "not-sent") == (True, "settled as not sent")
    assert _outcome(town, "outbox", "retry", _key(town, again), code=1) == (False, "refused")
    assert _outcome(town, "outbox", "retry", _key(town, again), "--even-if-twice") == (True, "queued again")
    assert _outcome(town, "outbox", "discard", _key(town, dropped)) == (True, "discarded")
    town.start()
    town.wait_answers(again, *(f"behind {text}" for text in (sent, failed, again, dropped)))
    assert [_state(town, text) for text in (sent, failed, dropped)] == ["sent", "failed", "discarded"]
    assert town.sent(people[2].chat) == [f"echo: {again}", f"echo: behind {again}"]
    assert len(town.sent()) == 5
    assert town.stop() == 0


@case("0.9", "0.15 bridge")
def give_up_what_waits(build: Build, mode: str) -> None:
    """A deferred answer is discarded: its chat goes on, and it never goes out."""
    town = _settled(build, mode)
    [ann, ben] = crowd(town, 2)
    town.weather(send="busy")
    for person in (ann, ben):
        town.writes(f"deferred {person.chat}", person.handle)
        wait_chunk(town, f"deferred {person.chat}", "deferred")
    given_up, kept = f"deferred {ann.chat}", f"deferred {ben.chat}"
    assert _outcome(town, "outbox", "discard", _key(town, given_up)) == (True, "discarded")
    town.weather()
    town.write_and_wait("next", ann.handle)
    town.wait_answers(kept)
    assert town.sent(ann.chat) == ["echo: next"]
    assert _outcome(town, "outbox", "discard", _key(town, kept), code=1) == (False, "refused")
    assert town.stop() == 0


@case("0.9")
def raise_the_dead(build: Build, mode: str) -> None:
    """Dead letters are sent again, one or all of them, fail again while the cause is there, or are given up."""
    town = _settled(build, mode)
    people = crowd(town, 4)
    one, two, three, four = _dead(town, people)
    assert len(verb(town, "dead", "list")["dead"]) == 4
    town.weather(send="no-chat")
    assert _outcome(town, "dead", "retry", _key(town, one), code=1) == (False, "failed again")
    town.weather()
    assert _outcome(town, "dead", "retry", _key(town, one)) == (True, "sent")
    assert _outcome(town, "dead", "discard", _key(town, two)) == (True, "discarded")
    assert len(verb(town, "dead", "retry", "--all")["results"]) == 2
    assert verb(town, "dead", "list")["dead"] == []
    assert town.answers() == {one: 1, three: 1, four: 1}
    assert _outcome(town, "dead", "retry", _key(town, two), code=1) == (False, "refused")
    assert town.stop() == 0


@case("0.9")
def raise_the_dead_without_a_gateway(build: Build, mode: str) -> None:
    """They go out, once, when the next one runs."""
    town = _settled(build, mode)
    people = crowd(town, 3)
    one, two, three = _dead(town, people)
    assert town.stop() == 0
    assert _outcome(town, "dead", "retry", _key(town, one)) == (True, "queued again")
    assert _outcome(town, "dead", "discard", _key(town, two)) == (True, "discarded")
    assert town.sent() == []
    town.start()
    town.wait_answers(one)
    town.write_and_wait("and on", people[1].handle)
    assert town.answers() == {one: 1, "and on": 1}
    assert [_state(town, text) for text in (two, three)] == ["discarded", "failed"]
    assert town.stop() == 0


def _held(town: Town, people: list[Person]) -> list[dict[str, Any]]:
    for person in people:
        database_faults.backlog(town.db, person.chat, person.handle, 3, 24.0)
    wait_for("all to be held", lambda: town.outcomes()["held"] == 3 * len(people))
    return list(verb(town, "held", "list")["held"])


@case("0.9", "0.15 bridge")
def release_and_discard_what_is_held(build: Build, mode: str) -> None:
    """By number, by chat: what is released is answered in order, what is given up is not."""
    town = _settled(build, mode)
    ann, ben = crowd(town, 2)
    rows = _held(town, [ann, ben])
    assert _outcome(town, "held", "release", str(rows[1]["seq"])) == (True, "released")
    assert _outcome(town, "held", "discard", str(rows[0]["seq"])) == (True, "discarded")
    town.wait_answers("backlog 2")
    assert len(verb(town, "held", "release", "--chat", str(ben.chat))["results"]) == 3
    wait_for("the answers", lambda: len(town.sent(ben.chat)) == 3)
    assert town.sent(ben.chat) == ["echo: backlog 1", "echo: backlog 2", "echo: backlog 3"]
    assert town.sent(ann.chat) == ["echo: backlog 2"]
    assert [one["seq"] for one in verb(town, "held", "list")["held"]] == [rows[2]["seq"]]
    for seq in (rows[0]["seq"], UNKNOWN):
        assert _outcome(town, "held", "release", str(seq), code=1) == (False, "refused")
    assert town.stop() == 0


@case("0.9")
def discard_what_is_held_without_a_gateway(build: Build, mode: str) -> None:
    """Giving up needs none; releasing does, and says so."""
    town = _settled(build, mode)
    [ann] = crowd(town, 1)
    rows = _held(town, [ann])
    assert town.stop() == 0
    refused = town.command("held", "release", "--all", "--json")
    assert (refused.returncode, refused.stdout) == (3, "")
    assert "gateway run" in refused.stderr
    assert _outcome(town, "held", "discard", str(rows[0]["seq"])) == (True, "discarded")
    town.start()
    assert len(verb(town, "held", "release", "--all")["results"]) == 2
    wait_for("the answers", lambda: len(town.sent()) == 2)
    assert town.sent(ann.chat) == ["echo: backlog 2", "echo: backlog 3"]
    assert verb(town, "held", "list") == {"held": []}
    assert town.stop() == 0


@pytest.mark.timeout(180)
@pytest.mark.parametrize("name", case.names())
def test_orders_that(outcome: Callable[[str], None], name: str) -> None:
    """Each of the cases above."""
    outcome(name)
