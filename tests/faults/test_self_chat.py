"""Notes to the own number, with every imsg: each answered once, none of our answers ever, whatever breaks meanwhile.

Messages makes two rows of each note and two of each answer, all of them with the own address for a sender. Here twins
stand first or come late, own rows are corrected late, texts are read wrongly, and gateways die in between.
"""

import random
from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest

from actors.simulator.behaviour import DEFAULT_OWN_ADDRESS
from actors.simulator.messages_db import NewMessage
from tests.faults.cases import Build, Cases
from tests.faults.people import MODES, PATIENT, gate, open_gate, prove_alive, town_of, verb
from tests.faults.town import ANN, BEN, Town, wait_for

OWN = DEFAULT_OWN_ADDRESS
LISTED: dict[str, Any] = {"dmPolicy": "allowlist", "allowFrom": [OWN], **PATIENT}
"""The own number may speak, and nobody else."""
ROUNDS, MANY_ROUNDS = 4, 12
EVIDENCE_SECONDS = 5.0
"""imsg is asked for the rows of a chat three seconds after a doubt began."""
CUT = "it is \u7184 now"
"""In its UTF-8 stand the bytes at which imsg before 0.15.1 cuts a body (imsg protocol 9)."""
WORDS = "through the gate"

ENDS = (MODES[0], MODES[-1])
"""The oldest and the newest: enough where nothing but the wire differs."""

case = Cases()


def _settled(build: Build, mode: str, flags: str = "") -> Town:
    return town_of(build, mode, flags).settle_in(**LISTED)


def _note(town: Town, *texts: str, twin: str = "second") -> None:
    """The owner writes these from a phone, in one commit."""
    with town.db.transaction():
        for text in texts:
            town.db.note(text, twin=twin)


def _said(town: Town) -> list[str]:
    """What the gateway says it sent to the chat with oneself, in its order."""
    query = "SELECT text FROM outbox WHERE chat_id = ? AND state = 'sent' ORDER BY key"
    return [str(text) for (text,) in town.journal(query, town.chat(OWN))]


def _mine(town: Town) -> int:
    """How many rows from me stand in the chat with oneself: notes, and bubbles of ours."""
    return len(town.sent(town.chat(OWN)))


def _rows(town: Town) -> Counter[str]:
    """The journal's rows by what became of them: the outcome, or the reason of a refusal."""
    kind = "CASE outcome WHEN 'dropped' THEN reason ELSE coalesce(outcome, 'open') END"
    return Counter(dict(town.journal(f"SELECT {kind}, count(*) FROM inbound GROUP BY 1")))


def _wait_over(town: Town, notes: int, rows: int) -> None:
    """So many notes are answered, of so many rows in all, and nothing is open."""

    def over() -> bool:
        found = _rows(town)
        return found["replied"] == notes and found.total() == rows and town.all_answered()

    try:
        wait_for("all to be over", over)
    except AssertionError as error:
        raise AssertionError(f"{error}; {_rows(town)}; {_said(town)}; {town.words()[-2000:]}") from error


def _assert_said(town: Town, *answers: str) -> None:
    """Each once, in this order; there is one bubble for each, and one row from me for each of as many notes."""
    assert _said(town) == list(answers)
    assert _mine(town) == 2 * len(answers)
    assert town.stop() == 0


@case(*MODES)
def are_equal(build: Build, mode: str) -> None:
    """Each is answered; twins and our own answers are refused for what they are."""
    town = _settled(build, mode)
    _note(town, "milk")
    _wait_over(town, 1, 4)
    _note(town, "milk", "milk", "eggs")
    _wait_over(town, 4, 16)
    refused = _rows(town)
    assert refused["agent echo in self-chat"] == 4
    assert refused["self-chat echo"] + refused["echo"] == 8
    _assert_said(town, "echo: milk", "echo: milk", "echo: milk", "echo: eggs")


@case(*ENDS)
def have_their_twin_first_or_none(build: Build, mode: str) -> None:
    """The row that came back stands before the one that was sent, or never comes."""
    town = _settled(build, mode)
    _note(town, "milk", "eggs", twin="first")
    _note(town, "bread", twin="none")
    _wait_over(town, 3, 11)
    _assert_said(town, "echo: milk", "echo: eggs", "echo: bread")


@case(*ENDS)
def are_answered_with_late_twins(build: Build, mode: str) -> None:
    """Each answer comes back when its GUID has long been known; more of them than make a loop."""
    town = _settled(build, mode, "--twin-ms 1000")
    texts = [f"note {number}" for number in range(10)]
    _note(town, *texts)
    _wait_over(town, 10, 40)
    assert _rows(town)["agent echo in self-chat"] == 10
    _assert_said(town, *(f"echo: {text}" for text in texts))


@case(*ENDS)
def are_answered_by_rows_that_become_ours_later(build: Build, mode: str) -> None:
    """Both rows of an answer pass for somebody else's; ``is_from_me`` is corrected 300 ms later."""
    town = _settled(build, mode, "--flip-ms 300")
    for number in range(1, 4):
        _note(town, f"note {number}")
        _wait_over(town, number, 4 * number)
    wait_for("the last to be corrected", lambda: _mine(town) == 6)
    _assert_said(town, "echo: note 1", "echo: note 2", "echo: note 3")


@case("0.5", "0.9")
def are_answered_with_words_that_are_read_wrongly(build: Build, mode: str) -> None:
    """imsg names no GUID, and the text of our row is cut off, or longer by a character."""
    town = _settled(build, mode, "--send-ids false")
    texts = [CUT, "\u4f60" * 3000, f"{CUT} again"]
    for number, text in enumerate(texts, start=1):
        _note(town, text)
        _wait_over(town, number, 4 * number)
    _assert_said(town, *(f"echo: {text}" for text in texts))


@case(*ENDS)
def say_what_we_said(build: Build, mode: str) -> None:
    """A person may: the row of ours that has these words was seen."""
    town = _settled(build, mode)
    _note(town, "milk")
    _wait_over(town, 1, 4)
    _note(town, "echo: milk")
    _wait_over(town, 2, 8)
    _assert_said(town, "echo: milk", "echo: echo: milk")


# Over kill -9


def _answered_unseen(build: Build, mode: str, **faults: Any) -> Town:
    """A note was answered, and no gateway saw the rows of the answer: the one that answered is dead."""
    town = town_of(build, mode)
    town.settle_in(agents=gate(town, WORDS), **LISTED)
    _note(town, "milk")
    wait_for("the note to be admitted", lambda: _rows(town) == {"open": 1, "self-chat echo": 1})
    town.weather(watch="silent", **faults)
    open_gate(town)
    wait_for("the answer", lambda: _mine(town) == 2)
    if not faults:
        wait_for("imsg to say so", lambda: _said(town))
    town.kill()
    town.weather()
    return town


@case(*MODES)
def were_answered_before_a_restart(build: Build, mode: str) -> None:
    """The next gateway knows the answer by its GUID, or by its words where imsg told none; it says the same again."""
    town = _answered_unseen(build, mode)
    town.start()
    _note(town, "eggs")
    _wait_over(town, 2, 8)
    _assert_said(town, WORDS, WORDS)


@case(*MODES)
def may_have_been_answered_before_a_restart(build: Build, mode: str) -> None:
    """imsg took the answer and did not say so: its row is no note, but proof that it went out."""
    town = _answered_unseen(build, mode, send={"do": "lost-answer"})
    assert _said(town) == []
    town.start()
    wait_for("the proof", lambda: _said(town))
    _note(town, "eggs")
    _wait_over(town, 2, 8)
    _assert_said(town, WORDS, WORDS)


@case(*MODES, works=True)
def are_written_while_everything_dies(build: Build, mode: str) -> None:
    """The gateway, its imsg, or both, again and again: no note is lost or answered twice, and no answer answered."""
    _everything_dies(_settled(build, mode), random.Random(mode), ROUNDS)


@case(*MODES, soak=True, works=True)
def are_written_while_everything_dies_more_often(build: Build, mode: str) -> None:
    """The same, for longer."""
    _everything_dies(_settled(build, mode), random.Random(f"{mode}, for longer"), MANY_ROUNDS)


def _everything_dies(town: Town, chance: random.Random, rounds: int) -> None:
    texts: list[str] = []
    for number in range(rounds):
        fresh = [f"note {number}.{part}" for part in range(chance.randrange(1, 8))]
        _note(town, *fresh)
        texts += fresh
        town.wait_out(chance.random() * 0.5)
        for victim in chance.choice([(town.kill,), (town.kill_child, town.kill), (town.kill, town.kill_child)]):
            victim()
        town.start()
    _operator_looks(town, 2 * rounds)
    _wait_over(town, len(texts), 4 * len(texts))
    assert Counter(_said(town)) == Counter(f"echo: {text}" for text in texts)
    assert Counter(town.sent(town.chat(OWN))) == Counter([*texts, *_said(town)])
    assert town.stop() == 0


def _doubts(town: Town) -> dict[int, str]:
    """The texts in doubt, by key."""
    return dict(town.journal("SELECT key, text FROM outbox WHERE state = 'uncertain'"))


def _operator_looks(town: Town, times: int) -> None:
    """What does not stand in its chat is sent again, so that the chat goes on; of the rest its row is proof enough."""
    for _ in range(times):
        wait_for("answers or doubts", lambda: _doubts(town) or town.all_answered())
        before = _doubts(town)
        if not before:
            return
        town.wait_out(EVIDENCE_SECONDS)
        there = set(town.sent(town.chat(OWN)))
        for key, text in _doubts(town).items():
            if key in before and text not in there:
                verb(town, "outbox", "retry", str(key), "--even-if-twice")
    raise AssertionError(f"still in doubt: {_doubts(town)}")


# What is nobody's message


@case(*ENDS)
def are_not_for_us(build: Build, mode: str) -> None:
    """The own number is on no list: nothing is answered, and nobody is offered a code."""
    town = town_of(build, mode).settle_in(**PATIENT, dmPolicy="pairing", allowFrom=[ANN])
    _note(town, "milk", "eggs")
    prove_alive(town, handle=ANN)
    wait_for("all rows", lambda: _rows(town).total() == 6)
    assert _rows(town) == {"replied": 1, "from me": 3, "self-chat echo": 2}
    assert town.sent(town.chat(OWN)) == ["milk", "eggs"]
    assert verb(town, "pairing", "list")["requests"] == []
    assert town.stop() == 0


@case(*ENDS)
def are_written_to_a_friend(build: Build, mode: str) -> None:
    """Rows from me name the own address or the peer as their sender: neither is anybody's message."""
    town = town_of(build, mode).settle_in(**PATIENT)
    chat = town.chat(BEN)
    with town.db.transaction():
        for number, sender in enumerate((None, OWN, BEN)):
            town.db.insert(NewMessage(chat, f"from the phone {number}", sender, is_from_me=True))
    town.write_and_wait("to the gateway", BEN)
    wait_for("all rows", lambda: _rows(town) == {"replied": 1, "from me": 4})
    assert [text for text in town.sent(chat) if text.startswith("echo: ")] == ["echo: to the gateway"]
    assert town.stop() == 0


@pytest.mark.timeout(300)
@pytest.mark.parametrize("name", case.names())
def test_notes_to_oneself_that(outcome: Callable[[str], None], name: str) -> None:
    """Each of the cases above."""
    outcome(name)
