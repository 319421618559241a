"""How control hears the answer to one question: once, in time, and without leaving anything behind."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from actors.control.inbox import Inbox, Question
from actors.control.levers import Levers
from actors.envelopes.control import Ref
from actors.envelopes.link import Answer, Call
from actors.runtime.actor import Actor
from tests.support.actors import Probe, Stage, stage

ASKED = Question("chats.list", {"limit": 5}, 10.0, 12.0)


@pytest.fixture
def place() -> Iterator[Stage]:
    """Actors on the test's own thread."""
    with stage() as one:
        yield one


def test_an_answer_is_handed_on_once_and_the_inbox_ends(place: Stage) -> None:
    heard: list[Answer | None] = []
    inbox = Inbox.start(place.context("inbox"), 12.0, heard.append)
    answer = Answer(None, {"chats": []}, None)
    place.tell(inbox, answer, Answer(None, {"chats": []}, None))
    assert heard == [answer]
    assert not inbox.is_alive()
    place.advance(60.0)
    Actor.tell(inbox, answer)
    assert len(heard) == 1


def test_without_an_answer_it_says_so_when_its_time_is_over(place: Stage) -> None:
    heard: list[Answer | None] = []
    inbox = Inbox.start(place.context("inbox"), 12.0, heard.append)
    place.advance(11.9)
    assert heard == []
    place.advance(0.2)
    assert heard == [None]
    assert not inbox.is_alive()


def test_what_is_no_answer_changes_nothing(place: Stage) -> None:
    heard: list[Answer | None] = []
    inbox = Inbox.start(place.context("inbox"), 12.0, heard.append)
    place.tell(inbox, "something")
    assert inbox.is_alive()
    assert heard == []


def test_the_lever_asks_the_caller_of_the_account(place: Stage) -> None:
    caller = Probe("caller")
    roster: dict[str, Ref] = {"caller:work": caller.ref}
    heard: list[Answer | None] = []
    levers = Levers(roster, place.context("control"))
    assert levers.call("work", ASKED, heard.append)
    [call] = caller.all(Call)
    assert (call.method, call.params, call.patience) == ("chats.list", {"limit": 5}, 10.0)
    answer = Answer(call.tag, {"chats": []}, None)
    place.tell(call.reply_to, answer)
    assert heard == [answer]
    assert place.pulses.all() == []


def test_without_a_caller_nobody_is_asked(place: Stage) -> None:
    caller = Probe("caller")
    caller.stop()
    levers = Levers({"caller:work": caller.ref}, place.context("control"))
    for name in ("work", "other"):
        assert not levers.call(name, ASKED, lambda _: None)
    assert place.pulses.all() == []


def test_a_caller_that_ends_without_a_word_is_found_out_in_time(place: Stage) -> None:
    heard: list[Answer | None] = []
    levers = Levers({"caller:work": Probe("caller").ref}, place.context("control"))
    assert levers.call("work", ASKED, heard.append)
    place.advance(13.0)
    assert heard == [None]
