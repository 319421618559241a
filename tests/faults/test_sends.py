"""Sends that go wrong, with every imsg: an answer stands in its chat once, or is listed for the operator. Never twice.

``FATES`` says how each fault ends. Without a GUID of ours only what imsg says and what chat.db shows can tell: where
neither does, the answer is uncertain. Over the bridge of 0.15 it can be asked for, so nothing stays uncertain.
"""

from collections.abc import Callable

import pytest

from tests.faults.cases import Build, Cases
from tests.faults.people import (
    MODES,
    PATIENT,
    Person,
    chunk_of,
    crowd,
    numbered,
    sent_once,
    town_of,
    verb,
    wait_chunk,
    write,
)
from tests.faults.town import ANN, BEN, Town, wait_for

SENT, DEAD, UNCERTAIN, UNSEEN = "sent", "failed", "uncertain", "sent, as far as imsg can tell"

FATES_OF_0_9 = {
    "duplicate-answer": SENT,
    "string-id": SENT,
    "no-ids": SENT,
    "null-result": SENT,
    "late-row": SENT,
    "fail-after": SENT,
    "still-in-flight": SENT,
    "fail-before": SENT,
    "no-automation": SENT,
    "busy": SENT,
    "no-chat": DEAD,
    "ghost": UNCERTAIN,
    "ok-false": UNCERTAIN,
}
FATES_OF_0_15 = {word: fate for word, fate in FATES_OF_0_9.items() if word != "still-in-flight"} | {"no-chat": SENT}
FATES = {
    "0.5": FATES_OF_0_9 | {"ghost": UNSEEN},
    "0.9": FATES_OF_0_9,
    "0.15": FATES_OF_0_15,
    "0.15 bridge": dict.fromkeys(FATES_OF_0_15, SENT),
}
"""From 0.14 on imsg says even of a chat it did not find that the send may be tried again, and time-outs block it."""
NOT_STARTED = ("fail-before", "no-automation", "busy")

case = Cases()


@case(*MODES)
def goes_wrong_once(build: Build, mode: str) -> None:
    """One send after the other meets its fault, each in a chat of its own; then all is as ``FATES`` says."""
    town, fates = town_of(build, mode).settle_in(**PATIENT), FATES[mode]
    people = dict(zip(fates, crowd(town, len(fates)), strict=True))
    for word, person in people.items():
        town.weather(send={"do": word, "times": 1, "ms": 300})
        town.writes(word, person.handle)
        wait_chunk(town, word, "deferred", "uncertain", "sent", "failed")
        if word in NOT_STARTED:
            assert chunk_of(town, word)["state"] == "deferred"
    town.weather()
    for word, person in people.items():
        _ends_as(town, word, person, fates[word])
    _what_is_open_is_listed(town, fates)
    for word, person in people.items():
        # Where an answer is in doubt the next one waits for evidence, a minute at most.
        if fates[word] != UNCERTAIN:
            town.write_and_wait(f"after {word}", person.handle)
    sent_once(town)
    assert town.stop() == 0


def _ends_as(town: Town, word: str, person: Person, fate: str) -> None:
    state = SENT if fate == UNSEEN else fate
    wait_chunk(town, word, state)
    texts = [text for text in town.sent(person.chat) if text]
    assert texts == ([f"echo: {word}"] if fate == SENT else []), (word, fate)


def _what_is_open_is_listed(town: Town, fates: dict[str, str]) -> None:
    for state, words in {
        UNCERTAIN: ("outbox", "list", "--state", "uncertain"),
        DEAD: ("dead", "list"),
    }.items():
        told = verb(town, *words)
        listed = told["chunks"] if state == UNCERTAIN else told["dead"]
        assert sorted(chunk["text"] for chunk in listed) == sorted(f"echo: {w}" for w, f in fates.items() if f == state)
        assert all(chunk["why"] for chunk in listed)


@case(*MODES)
def imsg_dies_before_the_row(build: Build, mode: str) -> None:
    """Nothing went out. Nobody knows that without asking for it: else it is uncertain and stays so."""
    town = town_of(build, mode).settle_in(**PATIENT)
    town.weather(send={"do": "exit-before", "times": 1})
    town.writes("one")
    wait_chunk(town, "one", "uncertain")
    town.weather()
    town.writes("two", BEN)
    town.wait_answers("two")
    if "bridge" in mode:
        town.wait_answers("one")
        assert wait_chunk(town, "one", "sent")
    else:
        assert chunk_of(town, "one")["state"] == "uncertain"
        assert [chunk["text"] for chunk in verb(town, "outbox", "list", "--state", "uncertain")["chunks"]] == [
            "echo: one"
        ]
        assert town.sent(town.chat(ANN)) == []
    assert town.stop() == 0


@case(*MODES)
def imsg_dies_after_the_row(build: Build, mode: str) -> None:
    """The row is there, its answer is lost: found in chat.db, or asked for. Sent once, and the chat goes on."""
    town = town_of(build, mode).settle_in(**PATIENT)
    town.weather(send={"do": "exit-after", "times": 1, "how": "signal:9"})
    town.writes("one")
    wait_chunk(town, "one", "uncertain")
    town.weather()
    wait_chunk(town, "one", "sent")
    town.write_and_wait("two")
    assert town.sent(town.chat(ANN)) == ["echo: one", "echo: two"]
    assert town.stop() == 0


@case("0.15", "0.15 bridge")
def imsg_takes_no_sends_any_more(build: Build, mode: str) -> None:
    """A send stays in flight and blocks the lane: its row settles it, a new imsg takes what the old one refused."""
    town = town_of(build, mode).settle_in(**PATIENT)
    people = _warmed_up(town)
    texts = [f"to {person.chat}" for person in people]
    slow = {"send": 200, "send.tracked": 200}
    town.weather(send={"do": "still-in-flight", "times": 1, "ms": 2000}, slow=slow)
    write(town, people, texts)
    wait_for("sends to be blocked", lambda: town.problem() == "sends-blocked")
    town.weather()
    wait_for("one to be refused", lambda: town.journal("SELECT 1 FROM outbox WHERE why LIKE '%-32004%'"))
    town.wait_answers(*texts)
    assert len(town.children()) == 2
    wait_for("the journal to agree", town.all_answered)
    town.wait_well()
    sent_once(town)
    assert town.stop() == 0


def _warmed_up(town: Town) -> list[Person]:
    """A gateway that has seen how quick its imsg is, so that it has more than one send under way; some people."""
    people = crowd(town, 12)
    texts = numbered(60, "quick")
    write(town, people, texts)
    town.wait_answers(*texts)
    wait_for("the journal to agree", town.all_answered)
    return people


@case(*MODES)
def an_answer_gets_lost(build: Build, mode: str) -> None:
    """imsg sends and says nothing. A gateway that starts anew finds the row, and sends no second one."""
    town = town_of(build, mode).settle_in(**PATIENT)
    _warmed_up(town)
    town.weather(send={"do": "lost-answer", "times": 1})
    town.writes("one")
    wait_for("the row", lambda: town.sent(town.chat(ANN)))
    town.write_and_wait("two", BEN)
    assert chunk_of(town, "one")["state"] == "attempted"
    town.kill()
    town.start()
    wait_chunk(town, "one", "sent")
    town.write_and_wait("three")
    assert town.sent(town.chat(ANN)) == ["echo: one", "echo: three"]
    assert town.stop() == 0


@case(*MODES, soak=True)
def an_answer_never_comes(build: Build, mode: str) -> None:
    """After three minutes imsg is ended; the row proves the send, and the chat goes on."""
    town = town_of(build, mode).settle_in(**PATIENT)
    town.weather(send={"do": "lost-answer", "times": 1})
    town.writes("one")
    wait_for("the row", lambda: town.sent())
    town.weather()
    town.writes("two")
    wait_chunk(town, "one", "sent", seconds=240)
    town.wait_answers("one", "two")
    assert town.sent(town.chat(ANN)) == ["echo: one", "echo: two"]
    assert town.stop() == 0


@case("0.5", "0.9", "0.15", soak=True)
def nothing_ever_tells(build: Build, mode: str) -> None:
    """After a minute without evidence the chat goes on; the answer stays uncertain and listed, and is not sent."""
    town = town_of(build, mode).settle_in(**PATIENT)
    town.weather(send={"do": "ok-false", "times": 1})
    town.writes("one")
    wait_chunk(town, "one", "uncertain")
    town.weather()
    town.write_and_wait("two", seconds=90)
    assert town.sent(town.chat(ANN)) == ["echo: two"]
    assert [chunk["text"] for chunk in verb(town, "outbox", "list", "--state", "uncertain")["chunks"]] == ["echo: one"]
    assert town.stop() == 0


@pytest.mark.timeout(600)
@pytest.mark.parametrize("name", case.names())
def test_a_send_where(outcome: Callable[[str], None], name: str) -> None:
    """Each of the cases above."""
    outcome(name)
