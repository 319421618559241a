"""What comes in while the model answers is put to it before the turn ends."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from actors.agents.blocks import Coalesce
from actors.agents.model.agent import MOST_STEERED
from actors.envelopes.outbound import Usage
from actors.simulator.model_script import Half, Refusal, last_words, say
from actors.simulator.model_server import ModelServer
from tests.agents.models import Agents, Turned
from tests.agents.turns import heard, message, recalled, turn

SMALL = Coalesce(20, 60, 30.0)
FIRST = "This is the first paragraph."


@pytest.fixture
def server() -> Iterator[ModelServer]:
    with ModelServer() as server:
        yield server


@pytest.fixture
def agent() -> Iterator[Agents]:
    with Agents() as agents:
        yield agents


def test_it_is_asked_again_with_what_came_in(server: ModelServer, agent: Agents) -> None:
    server.add(say("Answer one."), say("Answer two."))
    subject = agent(server)
    turned = Turned(subject, turn(message(1, "first")), steered=[(message(2, "second"), message(3, "third"))])
    said = turned.answer()
    assert (said.text, said.taken, turned.parts) == ("Answer two.", (2, 3), [])
    assert said.usage == Usage("openai-compatible:m1", 22, 14)
    messages = server.requests[1].body["messages"]
    assert [one["role"] for one in messages] == ["system", "user", "assistant", "user"]
    assert messages[1]["content"].endswith("first")
    assert messages[2]["content"] == "Answer one."
    assert "second" in messages[3]["content"] and messages[3]["content"].endswith("third")


def test_at_most_three_times(server: ModelServer, agent: Agents) -> None:
    steered = [(message(number, f"m{number}"),) for number in range(2, 9)]
    said = Turned(agent(server), steered=steered).answer()
    assert said.taken == tuple(range(2, 2 + MOST_STEERED))
    assert len(server.requests) == 1 + MOST_STEERED
    assert said.text.endswith(f"m{1 + MOST_STEERED}")


def test_what_was_said_of_the_past_is_not_said_again(server: ModelServer, agent: Agents) -> None:
    about = turn(
        message(1, "first"), session="agent:main:imessage:group:7", memory=recalled(heard=(heard(0, "aside"),))
    )
    Turned(agent(server), about, steered=[(message(2, "second"),)]).answer()
    assert "aside" in last_words(server.requests[0].body)
    assert "aside" not in last_words(server.requests[1].body)


def test_an_answer_that_went_out_in_part_goes_out_whole(server: ModelServer, agent: Agents) -> None:
    server.add(say(f"{FIRST}\n\nThe end."), say("Answer two."))
    turned = Turned(agent(server, streams=SMALL), steered=[(message(2, "second"),)])
    said = turned.answer()
    assert (turned.parts, said.text, said.taken) == ([FIRST, "The end."], "Answer two.", (2,))


def test_when_that_fails_the_first_answer_stands(server: ModelServer, agent: Agents) -> None:
    server.add(say("Answer one."), Refusal(400, "no more"))
    turned = Turned(agent(server), steered=[(message(2, "second"),)])
    said = turned.answer()
    assert (said.text, said.taken, turned.parts) == ("Answer one.", (), [])


def test_when_that_fails_what_went_out_is_not_said_twice(server: ModelServer, agent: Agents) -> None:
    server.add(say(f"{FIRST}\n\nThe end."), Refusal(401))
    turned = Turned(agent(server, streams=SMALL), steered=[(message(2, "second"),)])
    said = turned.answer()
    assert (turned.parts, said.text, said.taken) == ([FIRST, "The end."], "", ())


def test_when_it_breaks_off_in_the_middle_the_turn_fails(server: ModelServer, agent: Agents) -> None:
    server.add(say("Answer one."), Half((f"{FIRST}\n\n", "And")))
    turned = Turned(agent(server, streams=SMALL), steered=[(message(2, "second"),)])
    assert server.url in turned.failure()
    assert turned.parts == [FIRST]


def test_the_second_question_is_asked_again_like_the_first(server: ModelServer, agent: Agents) -> None:
    server.add(say(f"{FIRST}\n\nThe end."), Refusal(503), say("Answer two."))
    turned = Turned(agent(server, streams=SMALL), steered=[(message(2, "second"),)])
    assert (turned.answer().text, turned.parts) == ("Answer two.", [FIRST, "The end."])
