"""The client library's own test models, and the protocols of Anthropic and Google, without a network."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Callable, Iterator
from typing import Any

import pytest
from httpx2 import AsyncClient, MockTransport, Request, Response
from pydantic_ai import models as library
from pydantic_ai.exceptions import UserError
from pydantic_ai.messages import ModelMessage, ModelResponse, TextPart, ThinkingPart
from pydantic_ai.models import Model
from pydantic_ai.models.function import AgentInfo, FunctionModel
from pydantic_ai.models.test import TestModel

from actors.agents.base import Job
from actors.agents.blocks import Coalesce
from actors.agents.model.clients import NO_KEY, make
from actors.agents.model.names import Choice, Models
from actors.agents.model.providers import ANTHROPIC, CHAT, GOOGLE, PROVIDERS
from tests.agents.models import Agents, Turned
from tests.agents.turns import heard, message, past, recalled, turn

SMALL = Coalesce(20, 60, 30.0)
CLAUDE = {
    "id": "msg_1",
    "type": "message",
    "role": "assistant",
    "model": "claude",
    "content": [{"type": "text", "text": "Hello from Claude."}],
    "stop_reason": "end_turn",
    "usage": {"input_tokens": 3, "output_tokens": 2},
}
GEMINI = {
    "candidates": [{"content": {"role": "model", "parts": [{"text": "Hello from Gemini."}]}, "finishReason": "STOP"}],
    "usageMetadata": {"promptTokenCount": 3, "candidatesTokenCount": 2, "totalTokenCount": 5},
    "modelVersion": "gemini",
}


@pytest.fixture
def agent() -> Iterator[Agents]:
    with Agents() as agents:
        yield agents


@pytest.fixture
def no_requests(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(library, "ALLOW_MODEL_REQUESTS", False)


def one(api: str = CHAT, provider: str = "openai-compatible", url: str = "http://h/v1", key: str = "k") -> Models:
    """One model to choose."""
    return Models(None, {}, {}, (Choice(provider, "m", api, url, key, near=False),))


@pytest.mark.usefixtures("no_requests")
@pytest.mark.parametrize("streams", [None, SMALL])
def test_a_test_model_answers(agent: Agents, streams: Coalesce | None) -> None:
    subject = agent(chosen=one(), maker=lambda *_: TestModel(custom_output_text="From the test."), streams=streams)
    said = Turned(subject).answer()
    assert said.text == "From the test."
    assert said.usage is not None and said.usage.output_tokens > 0


@pytest.mark.usefixtures("no_requests")
def test_a_function_is_told_the_whole_conversation(agent: Agents) -> None:
    heard_by: list[tuple[list[ModelMessage], AgentInfo]] = []

    def answer(messages: list[ModelMessage], info: AgentInfo) -> ModelResponse:
        heard_by.append((messages, info))
        return ModelResponse([ThinkingPart("hm"), TextPart("One."), ThinkingPart("hm"), TextPart("Two.")])

    memory = recalled(turns=(past(3, "of course", heard(3, "can you?")),), number=2)
    subject = agent(chosen=one(), maker=lambda *_: FunctionModel(answer))
    assert Turned(subject, turn(message(9), memory=memory)).answer().text == "One.\n\nTwo."
    ((messages, info),) = heard_by
    assert [one.kind for one in messages] == ["request", "response", "request"]
    assert info.instructions is not None and "NO_REPLY" in info.instructions
    assert info.function_tools == []


@pytest.mark.usefixtures("no_requests")
def test_a_stream_of_a_function_comes_in_blocks(agent: Agents) -> None:
    async def answer(_messages: list[ModelMessage], _info: AgentInfo) -> AsyncIterator[str]:
        for piece in ("This is the first paragraph.", "\n\n", "The end."):
            yield piece

    turned = Turned(agent(chosen=one(), maker=lambda *_: FunctionModel(stream_function=answer), streams=SMALL))
    assert (turned.answer().text, turned.parts) == ("The end.", ["This is the first paragraph."])


@pytest.mark.usefixtures("no_requests")
def test_what_the_library_itself_refuses_is_told(agent: Agents) -> None:
    def answer(_messages: list[ModelMessage], _info: AgentInfo) -> ModelResponse:
        raise UserError("this cannot be sent")

    told = Turned(agent(chosen=one(), maker=lambda *_: FunctionModel(answer))).failure()
    assert told == "model openai-compatible:m at http://h/v1: the request is refused: this cannot be sent"


@pytest.mark.usefixtures("no_requests")
def test_real_models_would_be_stopped_here(agent: Agents) -> None:
    with pytest.raises(RuntimeError, match="ALLOW_MODEL_REQUESTS"):
        agent(chosen=one()).answer(Job(turn()))


def answering(status: int, body: Any, seen: list[Request]) -> Callable[[Choice, AsyncClient], Model]:
    """Makes real models whose HTTP client has this answer to everything."""

    def handle(request: Request) -> Response:
        seen.append(request)
        return Response(status, json=body)

    return lambda choice, http: make(choice, AsyncClient(transport=MockTransport(handle), timeout=http.timeout))


@pytest.mark.parametrize(
    ("api", "body", "path", "header", "text"),
    [
        (ANTHROPIC, CLAUDE, "/v1/messages", "authorization", "Hello from Claude."),
        (GOOGLE, GEMINI, "/v1beta/models/m:generateContent", "x-goog-api-key", "Hello from Gemini."),
    ],
)
def test_each_protocol_is_spoken_to_its_own_address(
    agent: Agents, api: str, body: Any, path: str, header: str, text: str
) -> None:
    seen: list[Request] = []
    url = PROVIDERS[api].url
    memory = recalled(turns=(past(3, "of course", heard(3, "can you?")),), number=2)
    subject = agent(chosen=one(api, api, url), maker=answering(200, body, seen))
    said = Turned(subject, turn(message(9), memory=memory)).answer()
    assert said.text == text
    assert said.usage is not None
    assert (said.usage.model, said.usage.input_tokens, said.usage.output_tokens) == (f"{api}:m", 3, 2)
    (request,) = seen
    assert str(request.url) == f"{url}{path}"
    assert request.headers[header].removeprefix("Bearer ") == "k"
    sent = json.loads(request.content)
    turns = sent["messages"] if api == ANTHROPIC else sent["contents"]
    assert [one["role"] for one in turns] == ["user", "assistant" if api == ANTHROPIC else "model", "user"]
    assert "NO_REPLY" in json.dumps(sent["system"] if api == ANTHROPIC else sent["systemInstruction"])


@pytest.mark.parametrize("api", [ANTHROPIC, GOOGLE, CHAT])
@pytest.mark.parametrize(("status", "tries"), [(500, 4), (429, 4), (401, 1), (400, 1), (404, 1)])
def test_only_our_own_tries_are_made(agent: Agents, api: str, status: int, tries: int) -> None:
    seen: list[Request] = []
    body = {"error": {"message": "no", "type": "t", "code": status, "status": "S"}}
    provider = "openai" if api == CHAT else api
    subject = agent(chosen=one(api, provider, f"{PROVIDERS[provider].url}/x"), maker=answering(status, body, seen))
    assert str(status) in Turned(subject).failure()
    assert len(seen) == tries


@pytest.mark.parametrize("api", [ANTHROPIC, GOOGLE, CHAT])
def test_a_server_that_wants_no_key_gets_none_of_ours(agent: Agents, api: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("OPENAI_API_KEY", "ANTHROPIC_API_KEY", "ANTHROPIC_AUTH_TOKEN", "GOOGLE_API_KEY", "GEMINI_API_KEY"):
        monkeypatch.setenv(name, "secret-of-the-environment")
    seen: list[Request] = []
    subject = agent(chosen=one(api, "mine", "http://mine", key=""), maker=answering(401, {}, seen))
    assert "it needs a key" in Turned(subject).failure()
    assert "secret-of" not in str(seen[0].headers) and NO_KEY in str(seen[0].headers.raw)
