"""The model agent against a real server on this computer: what it asks, what it says, and how it lives and ends."""

from __future__ import annotations

import gc
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from msgspec.structs import replace

from actors.agents import loop
from actors.agents.base import AgentError, Job
from actors.agents.blocks import Coalesce
from actors.agents.extras import MODEL
from actors.agents.model.agent import ModelAgent
from actors.agents.model.names import Choice, Models
from actors.envelopes.outbound import Usage
from actors.simulator.model_script import Answer, Refusal, Stall, last_words, say
from actors.simulator.model_server import ModelServer
from config.accounts import effective
from config.schema.root import Config
from tests.agents.models import KEY, Agents, Turned
from tests.agents.turns import ANN, briefing, heard, message, past, recalled, turn
from tests.support.actors import wait_until


@pytest.fixture
def server() -> Iterator[ModelServer]:
    with ModelServer() as server:
        yield server


@pytest.fixture
def agent() -> Iterator[Agents]:
    with Agents() as agents:
        yield agents


def roles(server: ModelServer, number: int = -1) -> list[str]:
    """The roles of the messages of a request."""
    return [one["role"] for one in server.requests[number].body["messages"]]


def test_it_answers_with_what_the_model_says(server: ModelServer, agent: Agents) -> None:
    server.add(say("Hello, Ann."))
    said = Turned(agent(server)).answer()
    assert (said.text, said.media, said.taken) == ("Hello, Ann.", (), ())
    assert said.usage == Usage("openai-compatible:m1", 11, 7)
    (asked,) = server.requests
    assert asked.headers["authorization"] == f"Bearer {KEY}"
    assert (asked.body["model"], asked.body.get("stream", False), "tools" in asked.body) == ("m1", False, False)


def test_the_model_is_told_instructions_past_and_prompt(server: ModelServer, agent: Agents) -> None:
    told = briefing(agents={"list": [{"id": "main", "identity": {"name": "Clawd"}}]})
    memory = recalled(
        turns=(past(3, "of course", heard(3, "can you?")), past(4, "", heard(4, "hm")), past(5)), number=4
    )
    Turned(agent(server, told=told), turn(message(9, "and now?"), memory=memory)).answer()
    body = server.requests[0].body
    assert roles(server) == ["system", "user", "assistant", "user", "assistant", "user"]
    words = [one["content"] for one in body["messages"]]
    assert words[0].startswith("You are Clawd.")
    assert words[1:5] == [f"{ANN}: can you?", "of course", f"{ANN}: hm\n{ANN}: question 5", "answer"]
    assert words[5].endswith("\nand now?")


def test_a_message_nothing_was_said_to_keeps_the_roles_in_turn(server: ModelServer, agent: Agents) -> None:
    memory = recalled(turns=(past(3, "", heard(3, "so?")),), number=2)
    Turned(agent(server), turn(message(9), memory=memory)).answer()
    assert roles(server) == ["system", "user", "assistant", "user"]
    assert server.requests[0].body["messages"][2]["content"] == "NO_REPLY"


def test_the_past_fits_its_budget(server: ModelServer, agent: Agents) -> None:
    memory = recalled(turns=(past(3, "x" * 5000), past(4, "short")), number=3)
    Turned(agent(server, tokens=1000), turn(message(9), memory=memory)).answer()
    assert [one["content"] for one in server.requests[0].body["messages"]][1:3] == [f"{ANN}: question 4", "short"]


@pytest.mark.parametrize("stream", [False, True])
def test_thoughts_and_tool_calls_never_reach_the_chat(server: ModelServer, agent: Agents, stream: bool) -> None:
    server.add(say("The answer.", reasoning="secret thought", tool="rm"))
    turned = Turned(agent(server, streams=Coalesce() if stream else None))
    assert (turned.answer().text, turned.parts) == ("The answer.", [])


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize(
    "pieces",
    [
        ("<think>secret thought</think>The answer.",),
        ("<think>\nsecret, and it is long enough.\n\nsecret, too.\n", "</think>\n\n", "The answer."),
        ("<th", "ink>\nsecret, and it is long enough.\n\nsec", "ret, too.\n</thi", "nk>\n\nThe answer."),
        ("<think>", "\nsecret\n", "</think>\n\nThe answer."),
        ("secret\n", "</think>\nThe", " answer."),
        ("<thinking>secret</thinking>", "The answer."),
    ],
)
def test_thoughts_in_tags_are_thoughts(
    server: ModelServer, agent: Agents, pieces: tuple[str, ...], stream: bool
) -> None:
    server.add(Answer(pieces))
    turned = Turned(agent(server, streams=Coalesce(20, 60, 30.0) if stream else None))
    assert (turned.answer().text, turned.parts) == ("The answer.", [])
    assert len(server.requests) == 1


def test_who_thinks_without_a_sign_is_not_streamed_again(server: ModelServer, agent: Agents) -> None:
    server.add(Answer(("secret\n", "</think>\nOne.")), Answer(("secret, and it is long enough.\n\n</think>\nTwo.",)))
    subject = agent(server, streams=Coalesce(20, 60, 30.0))
    turned = [Turned(subject).end() for _ in range(2)]
    assert [(one.answer().text, one.parts) for one in turned] == [("One.", []), ("Two.", [])]
    assert [bool(one.body.get("stream")) for one in server.requests] == [True, False]


def test_headers_of_the_config_are_sent(server: ModelServer, agent: Agents) -> None:
    mine = Choice("mine", "m", "chat", server.url, "k", True, (("X-Auth", "secret"), ("authorization", "Token t")))
    assert Turned(agent(chosen=Models(None, {}, {}, (mine,)))).answer().text
    assert (server.requests[0].headers["x-auth"], server.requests[0].headers["authorization"]) == ("secret", "Token t")


def test_a_key_that_is_not_there_is_not_made_up(server: ModelServer, agent: Agents) -> None:
    blocks = {"runtime": {"type": "model", "model": "openai:m", "baseUrl": server.url, "apiKey": "${NOPE_KEY}"}}
    config = Config.model_validate({"agents": {"list": [{"id": "main", **blocks}]}}, strict=False)
    subject = agent.note(ModelAgent.of(config.agents.list[0], config, {}, briefing(), ()))
    assert "needs a key: set the environment variable NOPE_KEY" in Turned(subject).failure()
    assert server.requests == []


def test_a_session_may_choose_its_model(server: ModelServer, agent: Agents) -> None:
    subject = agent(server)
    said = Turned(subject, replace(turn(), model="other")).failure()
    assert said.startswith("/model: provider 'openai-compatible' is not known here")
    said = Turned(subject, replace(turn(), model="openai:gpt-5")).failure()
    assert "model openai:gpt-5 at https://api.openai.com/v1 needs a key: set the environment variable" in said
    assert server.requests == []


def test_what_runs_in_this_house_is_not_asked_through_a_proxy(
    server: ModelServer, agent: Agents, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("http_proxy", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    server.add(say("Hello."))
    assert Turned(agent(server)).answer().text == "Hello."


def test_turns_of_one_agent_run_side_by_side(server: ModelServer, agent: Agents) -> None:
    gate = threading.Event()
    server.add(*[Answer(("a", "b"), gate=gate)] * 8)
    subject = agent(server)
    running = [Turned(subject) for _ in range(8)]
    server.wait_for(8)
    gate.set()
    assert [one.answer().text for one in running] == ["ab"] * 8


def test_cancelling_ends_a_turn_and_its_request_within_a_second(server: ModelServer, agent: Agents) -> None:
    server.add(Stall())
    turned = Turned(agent(server))
    server.wait_for(1)
    turned.cancelled.set()
    assert turned.failure() == "cancelled"
    server.wait_for_hang_ups(1, seconds=1.0)


def test_a_turn_that_is_cancelled_before_it_begins_asks_nobody(server: ModelServer, agent: Agents) -> None:
    cancelled = threading.Event()
    cancelled.set()
    with pytest.raises(AgentError, match="cancelled"):
        agent(server).answer(Job(turn(), cancelled=cancelled))
    assert server.requests == []


def test_cancelling_ends_a_pause_between_two_tries(server: ModelServer, agent: Agents) -> None:
    server.add(Refusal(503, "busy", headers={"Retry-After": "20"}))
    turned = Turned(agent(server))
    server.wait_for(1)
    turned.cancelled.set()
    assert "cancelled" in turned.failure()
    assert len(server.requests) == 1


def test_closing_ends_its_connections_and_not_its_turns(server: ModelServer, agent: Agents) -> None:
    gate = threading.Event()
    server.add(Answer(("a", "b"), gate=gate), say("again"))
    subject = agent(server)
    turned = Turned(subject)
    server.wait_for(1)
    subject.close()
    gate.set()
    assert turned.answer().text == "ab"
    wait_until(lambda: not subject._clients.is_used, what="its connections are closed")
    # One more turn of it, begun late, works and leaves nothing behind either.
    assert Turned(subject).answer().text == "again"
    wait_until(lambda: not subject._clients.is_used, what="its connections are closed again")
    gc.collect()


def test_an_agent_that_was_never_asked_closes_without_a_loop(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(loop, "run", lambda _: pytest.fail("no loop is needed"))
    with ModelServer() as server:
        subject = Agents()(server)
        subject.forget("any")
        subject.close()


def test_it_is_made_from_the_config(server: ModelServer, agent: Agents) -> None:
    blocks = {
        "agents": {"list": [{"id": "main", "model": "home/m7"}]},
        "models": {"providers": {"home": {"baseUrl": server.url, "apiKey": {"id": "HOME_KEY"}}}},
        "channels": {"imessage": {"blockStreaming": True}},
    }
    config = Config.model_validate(blocks, strict=False)
    accounts, _ = effective(config, {}, Path("/home/somebody"))
    told = briefing()
    subject = agent.note(ModelAgent.of(config.agents.list[0], config, {"HOME_KEY": "k1"}, told, accounts))
    assert "You said" in Turned(subject).answer().text
    (asked,) = server.requests
    assert (asked.body["model"], asked.body["stream"], asked.headers["authorization"]) == ("m7", True, "Bearer k1")
    assert last_words(asked.body).endswith("hello")


def test_without_its_libraries_it_says_how_to_get_them(
    server: ModelServer, agent: Agents, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "pydantic_ai.models.openai", None)
    assert MODEL.remedy in Turned(agent(server)).failure()


def test_it_is_imported_without_its_libraries() -> None:
    code = (
        "import sys, actors.agents.model.agent\n"
        "late = {'pydantic_ai', 'openai', 'anthropic', 'google.genai', 'httpx2'} & set(sys.modules)\n"
        "sys.exit(f'imported: {late}' if late else 0)"
    )
    root = str(Path(__file__).resolve().parents[2])
    done = subprocess.run([sys.executable, "-c", code], cwd=root, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


def test_all_agents_share_one_thread(server: ModelServer, agent: Agents) -> None:
    Turned(agent(server)).answer()
    Turned(agent(server)).answer()
    assert [one.name for one in threading.enumerate()].count("agents-loop") == 1
