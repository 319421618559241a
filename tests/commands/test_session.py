"""``/stop``, ``/new`` and ``/reset``: who is told what, what is said, and what is done of it once more."""

from __future__ import annotations

from typing import Any

import pytest

from actors.commands import answers
from actors.commands.desk import NO_ANSWER, PATIENCE
from actors.envelopes.inbound import Absorbed, Admitted, Dropped, Held
from actors.envelopes.steering import Fresh, Interrupt, Interrupted, Renew
from tests.commands.conftest import Open
from tests.commands.counter import TEXT, Counter
from tests.support.rows import address

MAIN, GROUP = "agent:main:main", "agent:main:imessage:group:7"
HERE = (1, 7)
QUIET = Absorbed("nothing to stop")
RAN, WAITED, NEITHER = Interrupted(0, True, 0), Interrupted(0, False, 2), Interrupted(0, False, 0)
PHOTO: dict[str, Any] = {"attachments": [{"filename": "/a.jpg", "mime_type": "image/jpeg", "transfer_name": "a.jpg"}]}
TRIGGERS = TEXT.replace("commands: {", 'session: { resetTriggers: ["/reset", "start over"] },\n  commands: {')
NO_AGENT = TEXT.replace(', runtime: { type: "model", model: "xai:y", apiKey: "sk-canary-0123456789abcdef" }', "")


@pytest.mark.parametrize("text", ["/stop", "/stop!", "Stop.", "@claw esc"])
@pytest.mark.parametrize(
    ("authority", "is_group", "session", "chat"),
    [
        ("owner", False, MAIN, None),
        ("authorised", False, MAIN, HERE),
        ("authorised", True, GROUP, HERE),
        ("owner", True, GROUP, HERE),
    ],
)
def test_an_owner_stops_a_session_anybody_else_their_chat(
    counter: Counter, text: str, authority: str, is_group: bool, session: str, chat: Any
) -> None:
    said = counter.answer(text, RAN, authority=authority, is_group=is_group)
    assert said == "Stopped."
    (told,) = counter.sessions.told
    assert told == Interrupt(session, chat, "stopped", told.tag, counter.ref, before=told.tag)


@pytest.mark.parametrize(
    ("answer", "said"), [(RAN, "Stopped."), (WAITED, "Stopped."), (NEITHER, "Nothing was running.")]
)
@pytest.mark.parametrize("text", ["/stop", "stop"])
def test_whether_something_was_stopped_is_said(counter: Counter, text: str, answer: Interrupted, said: str) -> None:
    assert counter.answer(text, answer) == said


def test_in_a_group_a_bare_word_counts_only_when_there_is_something_to_stop(counter: Counter) -> None:
    for answer in (RAN, WAITED):
        assert counter.answer("wait", answer, is_group=True) == "Stopped."
    said = len(counter.replies)
    seq = counter.tell("wait", is_group=True)
    counter.stage.tell(counter.ref, Interrupted(seq, False, 0))
    assert counter.settled == [(seq, QUIET)]
    assert len(counter.replies) == said
    for text in ("/stop", "claw, wait"):
        assert counter.answer(text, NEITHER, is_group=True) == "Nothing was running."


def test_stopping_that_waited_stops_nothing(counter: Counter) -> None:
    assert counter.say("/stop", replayed=True) == answers.again()
    assert counter.say("stop", replayed=True) == answers.again()
    seq = counter.tell("stop", is_group=True, replayed=True)
    assert counter.settled == [(seq, QUIET)]
    assert counter.sessions.told == []


@pytest.mark.parametrize("text", ["/new", "/reset", "/NEW:", "claw /new"])
@pytest.mark.parametrize("authority", ["owner", "authorised"])
@pytest.mark.parametrize(("is_group", "session"), [(False, MAIN), (True, GROUP)])
def test_a_session_begins_anew(counter: Counter, text: str, authority: str, is_group: bool, session: str) -> None:
    assert counter.answer(text, Fresh(0), authority=authority, is_group=is_group) == "New session."
    (told,) = counter.sessions.told
    assert told == Renew(session, "asked", told.tag, counter.ref)


def test_no_answer_is_said_and_nothing_done_twice(counter: Counter) -> None:
    seq = counter.tell("/new")
    counter.stage.advance(PATIENCE)
    assert [reply.text for reply in counter.replies] == [f"{NO_ANSWER}/status"]
    counter.stage.tell(counter.ref, Fresh(seq))
    assert len(counter.replies) == len(counter.sessions.told) == 1


def passed_on(counter: Counter, seq: int, text: str) -> list[Any]:
    """What the sessions are told of the first message of a new session."""
    (*renewed, message) = counter.sessions.told
    assert isinstance(message, Admitted)
    assert (message.seq, message.session, message.agent, message.mentioned) == (seq, MAIN, "main", True)
    assert (message.address, message.authority, message.text, message.words) == (address(7), "owner", text, text)
    assert not (counter.replies or counter.settled), "the conversation settles it"
    return renewed


@pytest.mark.parametrize(
    ("text", "rest"),
    [
        ("/new hello", "hello"),
        ("/reset: a poem\nabout cats", "a poem\nabout cats"),
        ("/new\nhello", "hello"),
        ("claw /new /think hard", "/think hard"),
    ],
)
def test_what_stands_behind_it_is_the_first_message(counter: Counter, text: str, rest: str) -> None:
    seq = counter.tell(text)
    assert passed_on(counter, seq, rest) == [Renew(MAIN, "asked")]
    assert counter.sessions.told[-1].row.text == text.strip()


def test_so_is_what_is_attached_to_it(counter: Counter) -> None:
    seq = counter.tell("/new", **PHOTO)
    passed_on(counter, seq, "")
    assert [one.name for one in counter.sessions.told[-1].row.attachments] == ["a.jpg"]


def test_a_message_that_is_told_again_is_passed_on_again(counter: Counter) -> None:
    seq = counter.tell("/new hello", replayed=True)
    assert passed_on(counter, seq, "hello") == [Renew(MAIN, "asked")]


def test_one_that_is_half_answered_does_not_begin_anew_once_more(counter: Counter) -> None:
    seq = counter.tell("/new hello", replayed=True, begun=True)
    assert passed_on(counter, seq, "hello") == []
    assert counter.sessions.told[-1].begun


def test_but_not_twice_in_one_life(counter: Counter) -> None:
    counter.tell("/new hello", seq=9)
    counter.tell("/new hello", seq=9, replayed=True)
    assert len(counter.sessions.all(Admitted)) == 1


def test_one_that_was_held_and_released_is_passed_on(counter: Counter) -> None:
    counter.tell("/new hello", seq=9)
    counter.tell("/new hello", seq=9, replayed=True, released=True)
    assert len(counter.sessions.all(Admitted)) == 2


def test_somebody_shut_out_since_begins_nothing(counter: Counter) -> None:
    lost = Dropped("revoked", "channels.imessage.allowFrom")
    counter.recheck(lambda _: lost)
    seq = counter.tell("/new hello", replayed=True)
    assert counter.settled == [(seq, lost)]
    assert counter.sessions.told == []


def test_without_a_message_it_is_not_done_late(counter: Counter) -> None:
    assert counter.say("/new", replayed=True) == answers.again()
    assert counter.sessions.told == []


def test_a_message_nobody_can_answer_is_held(opened: Open) -> None:
    counter = opened(NO_AGENT)
    seq = counter.tell("/new hello")
    assert counter.settled == [(seq, Held("no agent", "agents.list[].runtime"))]
    assert counter.sessions.told == []
    assert counter.answer("/new", Fresh(0)) == "New session.", "that needs nobody"


def test_a_trigger_of_ones_own_does_the_same(opened: Open) -> None:
    counter = opened(TRIGGERS)
    assert counter.answer("Start over", Fresh(0)) == "New session."
    counter.tell("claw, start over with cats", replayed=True)
    assert counter.sessions.told[-1].text == "with cats"


def test_and_a_command_that_is_no_trigger_any_more_says_so(opened: Open) -> None:
    counter = opened(TRIGGERS)
    assert counter.say("/new hello").endswith(
        "session.resetTriggers says what begins a session anew: /reset, start over"
    )
    assert counter.sessions.told == []
    assert counter.answer("/reset", Fresh(0)) == "New session."


def test_a_trigger_that_is_none_any_more_is_no_command(counter: Counter) -> None:
    seq = counter.tell("start over", replayed=True)
    assert [one for one, _ in counter.settled] == [seq]
