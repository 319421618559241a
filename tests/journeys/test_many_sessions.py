"""Thousands of sessions over a few dozen live conversations: nothing is lost, and each transcript is whole."""

import json
import random
import threading
from typing import Any

import psutil
import pytest

from actors.simulator.model_script import Answer, say
from actors.simulator.model_server import ModelServer
from tests.journeys.house import House
from tests.support.waiting import wait_for

MANY = 5_000
AT_ONCE, MOST = 400, 100
LIVE = 64
MB = 1 << 20


def handle(number: int) -> str:
    """A person's number."""
    return f"+1555{number:07}"


class City:
    """A house with a person for each session, and the echo agent, or a model at that address."""

    def __init__(self, house: House, people: int, model: str = "", most: int = 4) -> None:
        self.house = house
        runtime = {"type": "model", "model": "local:slow", "baseUrl": model} if model else {"type": "echo"}
        house.configure({"dmPolicy": "open", "allowFrom": ["*"]}, [{"id": "main", "runtime": runtime}])
        file = house.state / "openclaw.json"
        config = json.loads(file.read_text()) | {"session": {"dmScope": "per-peer"}}
        config["agents"]["defaults"] = {"maxConcurrent": most}
        file.write_text(json.dumps(config))
        with house.db.transaction():
            self.chats = [house.db.direct_chat(handle(number)) for number in range(people)]
        house.start()
        assert house.process is not None
        self.gateway = psutil.Process(house.process.pid)
        self.live: list[int] = []

    def write(self, order: list[int], word: str) -> None:
        """Everybody writes once, in this order."""
        with self.house.db.transaction():
            for number in order:
                self.house.db.incoming(self.chats[number], handle(number), f"{word} {number}")

    def wait(self, replied: int) -> None:
        """Until so many are answered; meanwhile the live conversations are counted."""

        def done() -> bool:
            actors = self.command("inspect", "-c", "actors", "--json")["actors"]
            self.live.append(sum(one["name"].startswith("conversation:") for one in actors))
            return self.house.outcomes()["replied"] >= replied

        wait_for(f"{replied} answers", done, 90, every=0.05)

    def command(self, *words: str) -> Any:
        """What a verb says as JSON."""
        said = self.house.command(*words)
        assert said.returncode == 0, said.stderr
        return json.loads(said.stdout)

    @property
    def memory(self) -> int:
        """Resident bytes of the gateway."""
        return int(self.gateway.memory_info().rss)


@pytest.mark.slow
@pytest.mark.timeout(240)
def test_thousands_of_sessions_take_turns_in_a_few_dozen_conversations(house: House) -> None:
    city = City(house, MANY)
    city.write(list(range(MANY)), "first")
    city.wait(MANY)
    before = city.memory
    order = list(range(MANY))
    random.Random(6).shuffle(order)
    city.write(order, "second")
    city.wait(2 * MANY)
    assert house.ends() == {"replied": 2 * MANY}
    assert 0 < max(city.live) <= LIVE
    # SQLite's cache of pages fills up to 16 MB as the journal grows; nothing else does.
    assert city.memory - before < 20 * MB
    exported = house.command("sessions", "export", "--all", "--format", "jsonl")
    assert exported.returncode == 0, exported.stderr
    said: dict[str, list[tuple[str, str]]] = {}
    for line in exported.stdout.splitlines():
        turn = json.loads(line)
        [message] = turn["messages"]
        said.setdefault(turn["session"], []).append((message["text"], turn["text"]))
    assert said == {
        f"agent:main:direct:{handle(number)}": [
            (f"{word} {number}", f"echo: {word} {number}") for word in ("first", "second")
        ]
        for number in range(MANY)
    }
    assert len(city.command("sessions", "list", "--limit", str(2 * MANY), "--json")["sessions"]) == MANY
    assert house.stop() == 0


class SlowModel:
    """A server whose model thinks for a second, and how many requests it had at a time."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._now = 0
        self.peak = 0
        self.server = ModelServer(reply=self._reply)

    def _reply(self, _: Any) -> Answer:
        with self._lock:
            self._now += 1
            self.peak = max(self.peak, self._now)
        threading.Event().wait(1.0)
        with self._lock:
            self._now -= 1
        return say("well thought")


@pytest.mark.slow
@pytest.mark.timeout(240)
@pytest.mark.parametrize("people", [AT_ONCE, pytest.param(1_000, marks=pytest.mark.soak)])
def test_sessions_at_once_are_bounded_by_turns_and_not_by_actors(house: House, people: int) -> None:
    most = MOST
    model = SlowModel()
    with model.server:
        city = City(house, people, model.server.url, most)
        city.write(list(range(people)), "hello")
        city.wait(people)
        assert house.ends() == {"replied": people}
        # As many turns as may run did run, each in a conversation of its own, with one more behind it.
        assert model.peak == most
        assert max(city.live) <= 2 * most
        assert len(model.server.requests) == people
        assert house.stop() == 0
