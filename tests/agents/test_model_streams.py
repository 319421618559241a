"""Answers that go out in blocks while the model writes: when they go, and what happens when the stream breaks."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest

from actors.agents.base import Job
from actors.agents.blocks import Coalesce
from actors.agents.model.names import Choice, Models
from actors.envelopes.outbound import Usage
from actors.simulator.model_script import Answer, Half, Refusal, Stall, say
from actors.simulator.model_server import ModelServer
from tests.agents.models import HASTY, Agents, Turned
from tests.agents.turns import message, turn

SMALL = Coalesce(20, 60, 30.0)
EAGER = SMALL._replace(idle=0.01)
FIRST, SECOND = "This is the first paragraph.", "And this one is the second."
LAST = "The end."


@pytest.fixture
def server() -> Iterator[ModelServer]:
    with ModelServer() as server:
        yield server


@pytest.fixture
def agent() -> Iterator[Agents]:
    with Agents() as agents:
        yield agents


def test_blocks_go_out_before_the_answer_ends(server: ModelServer, agent: Agents) -> None:
    gate = threading.Event()
    server.add(Answer((f"{FIRST}\n\n{SECOND}\n\nThe", " end."), gate=gate))
    turned = Turned(agent(server, streams=SMALL))
    assert turned.wait_for_parts(1) == [f"{FIRST}\n\n{SECOND}"]
    gate.set()
    said = turned.answer()
    assert (said.text, turned.parts[1:]) == (LAST, [])
    assert said.usage == Usage("openai-compatible:m1", 11, 7)
    assert server.requests[0].body["stream_options"] == {"include_usage": True}


def test_an_answer_that_ends_with_a_block_leaves_nothing(server: ModelServer, agent: Agents) -> None:
    server.add(Answer((f"{FIRST}\n", "\n")))
    turned = Turned(agent(server, streams=SMALL))
    assert (turned.answer().text, turned.parts) == ("", [FIRST])


def test_a_short_answer_comes_whole(server: ModelServer, agent: Agents) -> None:
    server.add(say("Short."))
    turned = Turned(agent(server, streams=SMALL))
    assert (turned.answer().text, turned.parts) == ("Short.", [])


def test_another_account_does_not_stream(server: ModelServer, agent: Agents) -> None:
    subject = agent(server, streams=SMALL)
    Turned(subject, turn(message(1, account="other"))).answer()
    assert "stream" not in server.requests[0].body or not server.requests[0].body["stream"]


def test_what_is_there_goes_out_when_the_model_pauses(server: ModelServer, agent: Agents) -> None:
    gate = threading.Event()
    server.add(Answer((f"{FIRST} And", " the end."), gate=gate))
    turned = Turned(agent(server, streams=EAGER))
    assert turned.wait_for_parts(1) == [FIRST]
    gate.set()
    assert turned.answer().text == " And the end.".strip()


def test_a_stream_that_breaks_before_anything_was_said_is_asked_again(server: ModelServer, agent: Agents) -> None:
    server.add(Half(("Too short", " for a block")), Answer((f"{FIRST}\n\n", LAST)))
    turned = Turned(agent(server, streams=SMALL))
    assert (turned.answer().text, turned.parts) == (LAST, [FIRST])
    assert len(server.requests) == 2


@pytest.mark.parametrize("end", [Half, Stall])
def test_a_stream_that_breaks_afterwards_is_not(server: ModelServer, agent: Agents, end: type[Half | Stall]) -> None:
    server.add(end((f"{FIRST}\n\n", "And ")))
    with ModelServer() as other:
        turned = Turned(agent(server, other, streams=SMALL, patience=HASTY._replace(stall=0.25)))
        told = turned.failure()
    assert server.url in told
    assert (turned.parts, len(server.requests), other.requests) == ([FIRST], 1, [])


def test_a_stream_that_does_not_say_why_it_ended_was_cut_off(server: ModelServer, agent: Agents) -> None:
    server.add(say("half an answer", finish=None), say("Whole."))
    assert Turned(agent(server, streams=SMALL)).answer().text == "Whole."


def test_a_stalled_stream_is_given_up_and_asked_again(server: ModelServer, agent: Agents) -> None:
    server.add(Stall(("a",)), say("Whole."))
    turned = Turned(agent(server, streams=SMALL, patience=HASTY._replace(stall=0.25)))
    assert turned.answer().text == "Whole."
    server.wait_for_hang_ups(1)


def test_cancelling_a_slow_stream_says_no_more(server: ModelServer, agent: Agents) -> None:
    server.add(Answer((f"{FIRST}\n\n", *["more and more. "] * 50), gate=threading.Event()))
    turned = Turned(agent(server, streams=SMALL))
    turned.wait_for_parts(1)
    turned.cancelled.set()
    assert turned.failure() == "cancelled"
    server.wait_for_hang_ups(1, seconds=1.0)
    assert turned.parts == [FIRST]


def test_a_server_that_refuses_to_stream_is_asked_for_the_whole_from_then_on(
    server: ModelServer, agent: Agents
) -> None:
    server.add(Refusal(422, "extra_forbidden: stream_options"), say("Whole."), say("Again."))
    subject = agent(server, streams=SMALL)
    assert [Turned(subject).answer().text for _ in range(2)] == ["Whole.", "Again."]
    assert [bool(one.body.get("stream")) for one in server.requests] == [True, False, False]


def test_a_refusal_that_is_not_about_the_stream_is_told(server: ModelServer, agent: Agents) -> None:
    server.add(Refusal(400, "nonsense"), Refusal(400, "nonsense"), say("Whole."))
    subject = agent(server, streams=SMALL)
    assert "nonsense" in Turned(subject).failure()
    assert Turned(subject).answer().text == "Whole."
    assert [bool(one.body.get("stream")) for one in server.requests] == [True, False, True]


@pytest.mark.parametrize("streams", [None, SMALL])
def test_a_model_in_this_house_may_think_as_long_as_it_likes(
    server: ModelServer, agent: Agents, streams: Coalesce | None
) -> None:
    near = Choice("ollama", "m", "chat", server.url, "", near=True)
    subject = agent(chosen=Models(None, {}, {}, (near,)), streams=streams, patience=HASTY._replace(silence=0.0))
    server.add(say("At last."))
    assert subject.answer(Job(turn())).text == "At last."
