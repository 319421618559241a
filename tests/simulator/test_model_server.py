"""The simulated model server, as seen by a plain HTTP client: the protocol, streams, and each way it goes wrong."""

from __future__ import annotations

import http.client
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlsplit

import pytest

from actors.simulator.model_script import Answer, Garbage, Half, Refusal, Stall, echo, files_of, say
from actors.simulator.model_server import ModelServer
from tests.support.actors import wait_until

HELLO = {"model": "m", "messages": [{"role": "system", "content": "s"}, {"role": "user", "content": "hi there"}]}


@pytest.fixture
def server() -> Iterator[ModelServer]:
    with ModelServer() as server:
        yield server


@contextmanager
def connection(server: ModelServer) -> Iterator[http.client.HTTPConnection]:
    client = http.client.HTTPConnection(urlsplit(server.url).netloc, timeout=10)
    try:
        yield client
    finally:
        client.close()


def post(client: http.client.HTTPConnection, **more: Any) -> http.client.HTTPResponse:
    client.request("POST", "/v1/chat/completions", json.dumps(HELLO | more), {"Authorization": "Bearer k"})
    return client.getresponse()


def events(data: bytes) -> list[Any]:
    """The events of a whole stream; its end is left out."""
    lines = [line.removeprefix("data: ") for line in data.decode().split("\n\n") if line]
    assert lines.pop() == "[DONE]"
    return [json.loads(line) for line in lines]


def test_an_answer_is_one_object_and_requests_are_kept(server: ModelServer) -> None:
    with connection(server) as client:
        response = post(client)
        found = json.loads(response.read())
    choice = found["choices"][0]
    assert (response.status, found["object"], found["model"]) == (200, "chat.completion", "m")
    assert choice == {
        "index": 0,
        "message": {"role": "assistant", "content": "You said: hi there"},
        "finish_reason": "stop",
    }
    assert found["usage"] == {"prompt_tokens": 11, "completion_tokens": 7, "total_tokens": 18}
    assert server.requests[0].body == HELLO
    assert server.requests[0].headers["authorization"] == "Bearer k"


def test_one_connection_carries_many_requests(server: ModelServer) -> None:
    with connection(server) as client:
        bodies = {post(client).read() for _ in range(3)}
    assert len(bodies) == 1
    assert len(server.requests) == 3


@pytest.mark.parametrize("with_usage", [False, True])
def test_a_stream_says_the_same_word_by_word(server: ModelServer, with_usage: bool) -> None:
    with connection(server) as client:
        response = post(client, stream=True, **({"stream_options": {"include_usage": True}} if with_usage else {}))
        found = events(response.read())
    assert response.headers["content-type"] == "text/event-stream"
    assert {one["object"] for one in found} == {"chat.completion.chunk"}
    usages = [one["usage"] for one in found if not one["choices"]]
    assert len(usages) == with_usage
    deltas = [one["choices"][0] for one in found if one["choices"]]
    assert "".join(one["delta"].get("content", "") for one in deltas) == "You said: hi there"
    assert [one["finish_reason"] for one in deltas] == [None] * (len(deltas) - 1) + ["stop"]


@pytest.mark.parametrize("stream", [False, True])
def test_thoughts_and_tool_calls_stand_beside_the_text(server: ModelServer, stream: bool) -> None:
    server.add(say("hi", reasoning="hm", tool="look"))
    with connection(server) as client:
        data = post(client, stream=stream).read()
    parts = (
        [one["choices"][0]["delta"] for one in events(data)] if stream else [json.loads(data)["choices"][0]["message"]]
    )
    assert [part["reasoning_content"] for part in parts if "reasoning_content" in part] == ["hm"]
    calls = [part["tool_calls"][0]["function"]["name"] for part in parts if "tool_calls" in part]
    assert calls == ["look"]


def test_a_script_is_followed_then_the_echo_answers(server: ModelServer) -> None:
    server.add(Refusal(429, "slowly", headers={"Retry-After": "7"}), Garbage(b"not json"))
    with connection(server) as client:
        refused = post(client)
        assert (refused.status, refused.headers["retry-after"]) == (429, "7")
        assert json.loads(refused.read())["error"]["message"] == "slowly"
        assert post(client).read() == b"not json"
        assert b"You said" in post(client).read()


@pytest.mark.parametrize(("pieces", "stream"), [((), False), ((), True), (("a",), False), (("a", "b"), True)])
def test_half_an_answer_ends_in_a_cut_connection(server: ModelServer, pieces: tuple[str, ...], stream: bool) -> None:
    server.add(Half(pieces))
    with connection(server) as client, pytest.raises((http.client.HTTPException, ConnectionError)):
        post(client, stream=stream).read()


def test_a_stalled_server_sees_that_its_client_goes_away(server: ModelServer) -> None:
    server.add(Stall(("a",)))
    with connection(server) as client:
        response = post(client, stream=True)
        assert b'"a"' in response.fp.readline() + response.fp.readline() + response.fp.readline()
        response.close()
    server.wait_for_hang_ups(1)


def test_a_held_answer_waits_for_its_gate_or_for_its_reader_to_leave(server: ModelServer) -> None:
    gate = threading.Event()
    server.add(Answer(("a", "b"), gate=gate), Answer(("c", "d"), gate=threading.Event()))
    with connection(server) as client:
        response = post(client, stream=True)
        gate.set()
        assert len(events(response.read())) == 3
    with connection(server) as client:
        post(client, stream=True).close()
    server.wait_for_hang_ups(1)


def test_closing_ends_what_hangs() -> None:
    before = threading.active_count()
    with ModelServer([Stall(), Stall()]) as server:
        clients = [threading.Thread(target=swallow, args=(server,)) for _ in range(2)]
        for one in clients:
            one.start()
        server.wait_for(2)
    for one in clients:
        one.join()
    wait_until(lambda: threading.active_count() == before, what="all threads ended")


def swallow(server: ModelServer) -> None:
    with connection(server) as client, pytest.raises((http.client.HTTPException, ConnectionError)):
        post(client)


def test_it_lists_its_model_and_knows_nothing_else(server: ModelServer) -> None:
    with connection(server) as client:
        client.request("GET", "/v1/models")
        assert json.loads(client.getresponse().read())["data"][0]["id"] == "simulated"
        client.request("GET", "/v1/else")
        response = client.getresponse()
        assert (response.status, bool(response.read())) == (404, True)
        client.request("POST", "/v1/chat/completions", "no json")
        response = client.getresponse()
        assert (response.status, bool(response.read())) == (400, True)
    assert server.requests == []


def test_it_listens_on_this_computer_only(server: ModelServer) -> None:
    assert urlsplit(server.url).hostname == "127.0.0.1"


def test_waiting_for_requests_that_do_not_come_fails(server: ModelServer) -> None:
    with pytest.raises(TimeoutError, match="0 of 1 requests"):
        server.wait_for(1, seconds=0.01)
    with pytest.raises(TimeoutError, match="0 of 1 clients"):
        server.wait_for_hang_ups(1, seconds=0.01)


def test_words_and_files_of_a_request() -> None:
    image = {"type": "image_url", "image_url": {"url": "data:"}}
    body = {"messages": [{"role": "user", "content": [{"type": "text", "text": "look"}, image]}]}
    assert echo(body).text == "You said: look"
    assert files_of(body) == [image]
    assert echo({}).text == "You said: "
