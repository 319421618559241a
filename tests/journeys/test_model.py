"""A model behind a real HTTP server on loopback answers: as a person sees it in the chat, whatever the server does."""

import json
import threading
from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any

import pytest

from actors.simulator.model_script import Garbage, Half, Refusal, Stall, Step, say
from actors.simulator.model_server import ModelServer
from tests.journeys.house import House
from tests.support.waiting import wait_for

ANN = "+15550001111"
KEY = "sk-not-for-the-chat-123456"


class Town:
    """A house whose agent asks a model server."""

    def __init__(self, house: House, server: ModelServer) -> None:
        self.house, self.server = house, server

    def begin(self, channel: dict[str, Any] | None = None, timeout: int = 60, **more: Any) -> int:
        """Configure and start; the chat with Ann. ``more`` are keys of the config file."""
        runtime = {"type": "model", "model": "openai:little", "baseUrl": self.server.url, "apiKey": "${MODEL_KEY}"}
        self.house.environment["MODEL_KEY"] = KEY
        self.house.configure(
            {"dmPolicy": "open", "allowFrom": ["*"]} | (channel or {}), [{"id": "main", "runtime": runtime}]
        )
        file = self.house.state / "openclaw.json"
        config = json.loads(file.read_text()) | more
        config["agents"]["defaults"] = {"timeoutSeconds": timeout}
        file.write_text(json.dumps(config))
        self.chat = self.house.db.direct_chat(ANN)
        self.house.start()
        return self.chat

    def say(self, text: str) -> None:
        """Ann writes."""
        self.house.db.incoming(self.chat, ANN, text)

    def sent(self, count: int) -> list[str]:
        """What the chat shows once there are ``count`` bubbles."""
        wait_for(f"{count} bubbles", lambda: len(self.house.sent(self.chat)) >= count)
        return self.house.sent(self.chat)


@pytest.fixture
def town(house: House) -> Iterator[Town]:
    """A town whose server runs."""
    with ExitStack() as stack:
        yield Town(house, stack.enter_context(ModelServer()))


def test_a_conversation_with_a_model_remembers_what_was_said(town: Town) -> None:
    town.server.add(say("I am fine."), say("You asked how I am."))
    town.begin()
    town.say("how are you?")
    assert town.sent(1) == ["I am fine."]
    town.say("what did I ask?")
    assert town.sent(2)[1] == "You asked how I am."
    first, second = town.server.requests
    assert first.headers["authorization"] == f"Bearer {KEY}"
    words = json.dumps(second.body["messages"])
    assert "how are you?" in words
    assert "I am fine." in words
    listed = json.loads(town.house.command("sessions", "list", "--json").stdout)["sessions"]
    assert [(one["key"], one["turns"]) for one in listed] == [("agent:main:main", 2)]
    shown = json.loads(town.house.command("sessions", "show", "main", "--json").stdout)
    assert KEY not in json.dumps(shown)
    assert town.house.stop() == 0


FAULTS: dict[str, tuple[Step, ...]] = {
    "429": (Refusal(429, headers={"retry-after": "0"}),),
    "500 twice": (Refusal(500), Refusal(500)),
    "cut off": (Half(("half", "an answer")),),
    "garbage": (Garbage(b"<html>oops</html>", "text/html"),),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_server_in_trouble_is_asked_again_and_the_chat_sees_nothing_of_it(town: Town, fault: str) -> None:
    town.server.add(*FAULTS[fault], say("there you are"))
    town.begin()
    town.say("hello")
    assert town.sent(1) == ["there you are"]
    assert town.house.ends() == {"replied": 1}
    assert len(town.server.requests) == len(FAULTS[fault]) + 1


def test_a_server_that_stays_broken_is_one_outcome_and_the_next_message_works(town: Town) -> None:
    town.server.add(*[Refusal(500, "the database said: secret")] * 8)
    town.begin()
    town.say("hello")
    wait_for("an outcome", lambda: town.house.outcomes()["held"] == 1, 60)
    asked = len(town.server.requests)
    assert 2 <= asked <= 5
    town.server.add(*[Refusal(401)] * 0)
    with town.server._changed:
        town.server._script.clear()
    town.say("again")
    assert town.sent(1)[0].endswith("again")
    assert town.house.ends() == {"held": 1, "replied": 1}
    assert KEY not in town.house.words()


def test_a_server_that_says_nothing_costs_its_deadline_and_no_more(town: Town) -> None:
    town.server.add(*[Stall()] * 6)
    town.begin(timeout=2)
    town.say("hello")
    wait_for("an outcome", lambda: town.house.outcomes()["held"] == 1, 30)
    [(reason,)] = town.house.journal("SELECT reason FROM inbound WHERE outcome = 'held'")
    assert "timed out after 2 s" in reason
    with town.server._changed:
        town.server._script.clear()
    town.say("again")
    assert len(town.sent(1)) == 1


def test_finished_blocks_go_out_while_the_model_writes(town: Town) -> None:
    gate = threading.Event()
    coalesce = {"minChars": 5, "maxChars": 60, "idleMs": 50}
    town.server.add(say("First block here.\n\n Second block there.", gate=gate))
    town.server.add(say("next"))
    town.begin({"blockStreaming": True, "blockStreamingCoalesce": coalesce})
    town.say("tell me")
    town.server.wait_for(1)
    gate.set()
    assert " ".join(town.sent(2)).split() == ["First", "block", "here.", "Second", "block", "there."]
    wait_for("the end", lambda: town.house.ends() == {"replied": 1})
    [(text,)] = town.house.journal("SELECT text FROM turn")
    assert text.split() == ["First", "block", "here.", "Second", "block", "there."]


def test_a_model_is_steered_by_what_comes_while_it_thinks(town: Town) -> None:
    gate = threading.Event()
    town.server.add(say("about cats", gate=gate), say("about cats and dogs"))
    town.begin(messages={"queue": {"mode": "steer"}})
    town.say("write about cats")
    town.server.wait_for(1)
    town.say("and dogs")
    wait_for("both messages", lambda: sum(town.house.ends().values()) == 2)
    gate.set()
    assert town.sent(1) == ["about cats and dogs"]
    wait_for("both outcomes", lambda: town.house.ends() == {"replied": 2})
    assert "and dogs" in json.dumps(town.server.requests[1].body["messages"])


def test_what_comes_while_a_model_thinks_is_one_turn(town: Town) -> None:
    gate = threading.Event()
    town.server.add(say("one done", gate=gate), say("two and three done"))
    town.begin(messages={"queue": {"debounceMs": 100}})
    town.say("one")
    town.server.wait_for(1)
    town.say("two")
    town.say("three")
    wait_for("all messages", lambda: sum(town.house.ends().values()) == 3)
    gate.set()
    assert town.sent(2) == ["one done", "two and three done"]
    wait_for("all outcomes", lambda: town.house.ends() == {"replied": 3})


def test_an_openclaw_file_with_a_model_and_no_runtime_has_a_model_agent(house: House) -> None:
    with ModelServer([say("from the model")]) as server:
        house.configure(agents=[{"id": "main"}])
        file = house.state / "openclaw.json"
        config = json.loads(file.read_text())
        config["agents"]["defaults"] = {"model": {"primary": "home/little"}}
        config["models"] = {"providers": {"home": {"baseUrl": server.url, "apiKey": KEY, "api": "openai-completions"}}}
        file.write_text(json.dumps(config))
        chat = house.db.direct_chat(ANN)
        house.start()
        house.db.incoming(chat, ANN, "hello")
        wait_for("an answer", lambda: house.sent(chat) == ["from the model"])
        assert house.stop() == 0
