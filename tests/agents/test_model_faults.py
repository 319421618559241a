"""What a model server can do wrong: bounded tries, one outcome, and the next message works."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from actors.agents.blocks import Coalesce
from actors.agents.model.asking import MOST_CHARACTERS, Patience
from actors.agents.model.faults import LONGEST
from actors.agents.model.names import Choice, Models
from actors.agents.model.providers import PROVIDERS
from actors.envelopes.outbound import Usage
from actors.runtime.backoff import Backoff
from actors.simulator.model_script import Answer, Garbage, Half, Refusal, Stall, Step, say
from actors.simulator.model_server import ModelServer
from config.redaction import MARKER
from tests.agents.models import HASTY, KEY, Agents, Turned, models

GOOD = say("Good.")
STREAMS = Coalesce()


@pytest.fixture
def server() -> Iterator[ModelServer]:
    with ModelServer(reply=lambda _: GOOD) as server:
        yield server


@pytest.fixture
def agent() -> Iterator[Agents]:
    with Agents() as agents:
        yield agents


PASSING: list[Step] = [
    Refusal(429),
    Refusal(408),
    Refusal(500),
    Refusal(503),
    Refusal(529),
    Half(),
    Half(("half an ",)),
    Garbage(b""),
    Garbage(b"no json"),
    Garbage(b"[]"),
    Garbage(b"null"),
    Garbage(b"{}"),
    Garbage(b'{"choices": []}'),
    Garbage(b'{"choices": [{"message": 5}]}'),
    Garbage(b"\xff\xfe{"),
    Garbage(b"<html>sorry</html>", "text/html"),
    Garbage(b"[" * 100_000),
    Garbage(b"data: " + b"[" * 100_000 + b"\n\n", "text/event-stream"),
    Garbage(b"data: [1]\n\ndata: [DONE]\n\n"),
    Garbage(b'data: {"choices": [{"delta": 5}]}\n\n'),
    Garbage(b'data: {"error": {"message": "overloaded", "code": 503}}\n\n'),
    Answer(()),
    Answer((" ", "\n")),
]


@pytest.mark.parametrize("stream", [False, True], ids=["whole", "stream"])
@pytest.mark.parametrize("step", PASSING, ids=lambda step: str(step)[:80])
def test_what_may_pass_is_asked_again(server: ModelServer, agent: Agents, step: Step, stream: bool) -> None:
    server.add(step, step)
    subject = agent(server, streams=STREAMS if stream else None)
    turned = Turned(subject)
    assert (turned.answer().text, turned.parts) == ("Good.", [])
    assert len(server.requests) == 3


@pytest.mark.parametrize("stream", [False, True], ids=["whole", "stream"])
@pytest.mark.parametrize("step", PASSING, ids=lambda step: str(step)[:80])
def test_at_most_four_times_and_the_next_turn_works(
    server: ModelServer, agent: Agents, step: Step, stream: bool
) -> None:
    server.add(step, step, step, step)
    subject = agent(server, streams=STREAMS if stream else None)
    turned = Turned(subject)
    assert turned.failure().startswith(f"model openai-compatible:m1 at {server.url}: ")
    assert (len(server.requests), turned.parts) == (4, [])
    assert Turned(subject).answer().text == "Good."


@pytest.mark.parametrize(
    ("step", "said"),
    [
        (Refusal(401, f"bad key {KEY}"), "the key is refused (401): look at runtime.apiKey, models.providers."),
        (Refusal(403, f"bad key {KEY}"), "the key is not allowed to ask it (403)"),
        (Refusal(404, "no such model"), "not found (404: no such model): check the model's name and baseUrl"),
        (Refusal(400, "nonsense"), "the request is refused (400: nonsense)"),
        (Refusal(418, "teapot"), "the request is refused (418: teapot)"),
        (Refusal(402, "pay"), "its quota or credit is used up: pay"),
        (Refusal(429, "pay", code="insufficient_quota"), "its quota or credit is used up: pay"),
        (Refusal(400, "long", code="context_length_exceeded"), "too long for it: lower agents.defaults.contextTokens"),
        (Answer((), finish="length"), "it used up its tokens before it said anything"),
        (Answer((), finish="content_filter"), "its provider's filter holds the answer back"),
    ],
    ids=str,
)
def test_what_does_not_pass_is_asked_once(server: ModelServer, agent: Agents, step: Step, said: str) -> None:
    server.add(step)
    told = Turned(agent(server)).failure()
    assert said in told
    assert server.url in told or "tokens" in said or "filter" in said
    assert KEY not in told
    assert len(server.requests) == 1


@pytest.mark.parametrize(
    ("message", "shown"),
    [(f"{KEY} is odd", "..."), ("sk-abcdefgh12345678 is odd", MARKER), ("a\n b " + "x" * 999, "a b " + "x" * 200)],
)
def test_what_a_server_says_is_short_and_holds_no_key(
    server: ModelServer, agent: Agents, message: str, shown: str
) -> None:
    server.add(Refusal(400, message))
    told = Turned(agent(server)).failure()
    assert shown in told
    assert KEY not in told and "sk-abc" not in told
    assert len(told) < LONGEST + 200


def test_a_server_that_is_not_there(agent: Agents) -> None:
    with ModelServer() as gone:
        pass
    told = Turned(agent(gone)).failure()
    assert told == f"model openai-compatible:m1 at {gone.url}: it cannot be reached"


def test_retry_after_is_waited_for(server: ModelServer, agent: Agents) -> None:
    server.add(Refusal(429, headers={"retry-after-ms": "40"}))
    patience = HASTY._replace(backoff=Backoff(first=0.0, factor=1.0, cap=0.0))
    turned = Turned(agent(server, patience=patience))
    assert turned.answer().text == "Good."
    first, second = server.requests
    assert second.at - first.at >= 0.04


def test_retry_after_beyond_the_deadline_is_not_waited_for(server: ModelServer, agent: Agents) -> None:
    server.add(Refusal(429, "slowly", headers={"Retry-After": "3600"}))
    assert "status 429: slowly" in Turned(agent(server), seconds=60).failure()
    assert len(server.requests) == 1


@pytest.mark.parametrize("stream", [False, True], ids=["whole", "stream"])
def test_a_server_that_accepts_and_never_answers(server: ModelServer, agent: Agents, stream: bool) -> None:
    server.add(*[Stall()] * 3)
    subject = agent(server, patience=HASTY._replace(silence=0.25), streams=STREAMS if stream else None)
    assert Turned(subject).answer().text == "Good."
    assert len(server.requests) == 4
    server.wait_for_hang_ups(3)


def test_the_deadline_ends_everything(server: ModelServer, agent: Agents) -> None:
    server.add(Refusal(503, "busy"), Stall())
    told = Turned(agent(server), seconds=1.5).failure()
    assert told == f"model openai-compatible:m1 at {server.url}: no answer in time"
    server.wait_for_hang_ups(1)


def test_a_deadline_that_has_passed_asks_once_at_most(server: ModelServer, agent: Agents) -> None:
    server.add(Stall())
    assert "no answer in time" in Turned(agent(server), seconds=-1.0).failure()


def test_a_fallback_answers_when_the_first_model_cannot(server: ModelServer, agent: Agents) -> None:
    with ModelServer([Refusal(503)] * 4) as broken:
        said = Turned(agent(broken, server)).answer()
    assert (said.text, said.usage) == ("Good.", Usage("openai-compatible:m2", 11, 7))
    assert [len(one.requests) for one in (broken, server)] == [4, 1]


def test_all_models_that_failed_are_told(agent: Agents) -> None:
    with ModelServer([Refusal(503)] * 4) as first, ModelServer([Refusal(402, "pay")]) as second:
        told = Turned(agent(first, second)).failure()
    assert "m1" in told and "503" in told
    assert "m2" in told and "pay" in told


@pytest.mark.parametrize(
    "step",
    [
        Refusal(401),
        Refusal(403),
        Refusal(404, "no such model", code="model_not_found"),
        Refusal(400, "the model is decommissioned"),
        Refusal(400, "too long", code="context_length_exceeded"),
        Refusal(302),
        Answer((), finish="length"),
    ],
    ids=str,
)
def test_a_fallback_is_for_whatever_keeps_the_first_from_answering(
    server: ModelServer, agent: Agents, step: Step
) -> None:
    with ModelServer([step]) as broken:
        assert Turned(agent(broken, server)).answer().text == "Good."
    assert [len(one.requests) for one in (broken, server)] == [1, 1]


def test_a_fallback_answers_where_the_first_has_no_key(server: ModelServer, agent: Agents) -> None:
    (fallback,) = models(server.url).choices
    first = Choice("openai", "gpt-5", "chat", PROVIDERS["openai"].url, "", near=False)
    assert Turned(agent(chosen=Models(None, {}, {}, (first, fallback)))).answer().text == "Good."
    told = Turned(agent(chosen=Models(None, {}, {}, (first, first)))).failure()
    assert told.count("needs a key: set the environment variable OPENAI_API_KEY") == 1


def test_what_a_filter_holds_back_is_not_asked_for_elsewhere(server: ModelServer, agent: Agents) -> None:
    with ModelServer([Answer((), finish="content_filter")]) as strict:
        assert "filter" in Turned(agent(strict, server)).failure()
    assert server.requests == []


@pytest.mark.parametrize("status", [301, 302, 307, 308])
def test_an_address_that_has_moved_is_told_after_one_try(server: ModelServer, agent: Agents, status: int) -> None:
    server.add(Refusal(status, headers={"location": "http://127.0.0.1:1/x"}))
    told = Turned(agent(server)).failure()
    assert told == f"model openai-compatible:m1 at {server.url}: it says that it is elsewhere ({status}): check baseUrl"
    assert len(server.requests) == 1


def test_usage_below_nothing_is_nothing(server: ModelServer, agent: Agents) -> None:
    server.add(Answer(("Good.",), input_tokens=-5, output_tokens=-1))
    said = Turned(agent(server)).answer()
    assert (said.text, said.usage) == ("Good.", Usage("openai-compatible:m1", 0, 0))


def test_a_long_pause_is_for_the_fallback(server: ModelServer, agent: Agents) -> None:
    with ModelServer([Refusal(429, headers={"Retry-After": "100"})]) as busy:
        assert Turned(agent(busy, server), seconds=1000).answer().text == "Good."
    assert len(busy.requests) == 1


@pytest.mark.parametrize("stream", [False, True], ids=["whole", "stream"])
def test_an_answer_without_end_is_given_up(server: ModelServer, agent: Agents, stream: bool) -> None:
    server.add(Answer(("x" * 10_000,) * (MOST_CHARACTERS // 10_000 + 1)))
    subject = agent(server, streams=STREAMS if stream else None)
    assert "longer than" in Turned(subject).failure()
    assert Turned(subject).answer().text == "Good."
    assert len(server.requests) == 2


@pytest.mark.parametrize("stream", [False, True], ids=["whole", "stream"])
def test_half_a_character_is_no_failure(server: ModelServer, agent: Agents, stream: bool) -> None:
    server.add(*[Answer(("smile \ud83d", "\ude00 and half \ud83d"))] * 4)
    turned = Turned(agent(server, streams=Coalesce(1, 20, 30.0) if stream else None)).end()
    said = "".join([*turned.parts, turned.said.text if turned.said else str(turned.error)])
    assert said.encode()
    assert not stream or "\U0001f600" in said


def test_the_pauses_grow() -> None:
    usual = Patience().backoff
    assert [usual.delay(number, 0.5) for number in range(3)] == [1.0, 3.0, 9.0]


def test_usage_counts_every_request_of_the_turn(server: ModelServer, agent: Agents) -> None:
    server.add(Answer((), input_tokens=5, output_tokens=2), Refusal(500))
    assert Turned(agent(server)).answer().usage == Usage("openai-compatible:m1", 16, 9)
