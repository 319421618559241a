"""Answers that go out in blocks while the model writes: when they go, and what happens when the stream breaks."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from actors.agents.base import Job
from actors.agents.blocks import Coalesce
from actors.agents.model.names import Choice, Models
from actors.envelopes.outbound import Usage
from actors.simulator.model_script import Answer, Half, Refusal, Stall, say
from actors.simulator.model_server import ModelServer
from tests.agents.models import HASTY, Agents, Turned, models
from tests.agents.turns import message, turn

SMALL = Coalesce(20, 60, 30.0)
EAGER = SMALL._replace(idle=0.01)
FIRST, SECOND = "This is the first paragraph.", "And this one is the second."
LAST = "The end."
WHOLE = {
    "id": "x",
    "object": "chat.completion",
    "created": 1,
    "model": "m",
    "choices": [{"index": 0, "message": {"role": "assistant", "content": "Whole."}, "finish_reason": "stop"}],
}


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


@contextmanager
def unstreaming() -> Iterator[tuple[str, list[dict[str, Any]]]]:
    """A server that answers with the whole even where it is asked to stream: its address, and what it is asked."""
    asked: list[dict[str, Any]] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            asked.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            data = json.dumps(WHOLE).encode()
            self.send_response(200)
            self.send_header("Content-Type", "application/json; charset=utf-8")
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        def log_message(self, *_: object) -> None:
            """Nothing on stderr."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield f"http://127.0.0.1:{server.server_address[1]}/v1", asked
        server.shutdown()
        thread.join()


def test_a_server_that_answers_with_the_whole_is_not_asked_to_stream_again(agent: Agents) -> None:
    with unstreaming() as (url, asked):
        subject = agent(chosen=models(url), streams=SMALL)
        assert [Turned(subject).answer().text for _ in range(2)] == ["Whole."] * 2
    assert [bool(one.get("stream")) for one in asked] == [True, False, False]


@pytest.mark.parametrize("streams", [None, SMALL, Coalesce(5, 60, 30.0), EAGER])
@pytest.mark.parametrize("pieces", [("NO_REPLY\n", "\n", "because this is", " internal narration.\n\nIt goes on.")])
def test_what_stands_behind_the_silent_word_is_not_said(
    server: ModelServer, agent: Agents, streams: Coalesce | None, pieces: tuple[str, ...]
) -> None:
    server.add(Answer(pieces))
    turned = Turned(agent(server, streams=streams))
    assert (turned.answer().text, turned.parts) == ("NO_REPLY", [])


def test_a_silent_answer_does_not_silence_the_next(server: ModelServer, agent: Agents) -> None:
    server.add(Answer(("NO_REPLY\n\n", "internal")), Answer((f"{FIRST}\n\n", LAST)))
    turned = Turned(agent(server, streams=Coalesce(5, 60, 30.0)), steered=[(message(2, "second"),)])
    said = turned.answer()
    assert (turned.parts, said.text) == ([FIRST], LAST)


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
