"""Messages that come while the agent works: what each queue mode makes of them, as the chat sees it."""

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

from tests.journeys.house import House
from tests.support.scripts import python_script
from tests.support.waiting import wait_for

ANN = "+15550001111"

AGENT = """\
import json, os, sys, time
turn = json.load(sys.stdin)
texts = [one["text"] for one in turn["messages"]]
folder = os.environ["HOME"]
with open(os.path.join(folder, "begun.txt"), "a") as log:
    log.write(json.dumps(texts) + "\\n")
gate = os.path.join(folder, "open")
while not os.path.exists(gate):
    time.sleep(0.01)
print("did " + " + ".join(texts))
"""
"""Writes down each turn it begins, and answers none before the file ``open`` is there."""


class Desk:
    """A house whose agent waits for ``open``."""

    def __init__(self, house: House, **messages: Any) -> None:
        self.house = house
        runtime = {"type": "command", "command": [python_script(house.folder / "agent", AGENT)], "timeoutSeconds": 60}
        channel = {"dmPolicy": "open", "allowFrom": ["*"]}
        house.configure(channel, [{"id": "main", "runtime": runtime}])
        file = house.state / "openclaw.json"
        config = json.loads(file.read_text())
        config |= {"messages": messages, "commands": {"ownerAllowFrom": [ANN]}}
        file.write_text(json.dumps(config))
        self.chat = house.db.direct_chat(ANN)
        house.start()

    def say(self, *texts: str) -> None:
        """Ann writes, and each message has come in before the next."""
        for text in texts:
            self.house.db.incoming(self.chat, ANN, text)

    def came_in(self, count: int) -> None:
        """So many of Ann's messages are in the journal."""
        wait_for(f"{count} messages", lambda: sum(self.house.ends().values()) >= count)

    @property
    def begun(self) -> list[list[str]]:
        """The texts of each turn that began."""
        file = Path(self.house.folder) / "begun.txt"
        return [json.loads(line) for line in file.read_text().splitlines()] if file.exists() else []

    def open(self) -> None:
        """From now on the agent answers."""
        (self.house.folder / "open").touch()

    def sent(self, count: int) -> list[str]:
        """What the chat shows once there are ``count`` answers, or are more."""
        wait_for(f"{count} answers", lambda: len(self.house.sent(self.chat)) >= count)
        return self.house.sent(self.chat)


DeskMaker = Callable[..., Desk]


@pytest.fixture
def desk(house: House) -> DeskMaker:
    """Makes a desk with the keys of ``messages``."""
    return lambda **messages: Desk(house, **messages)


def settled(house: House, expected: dict[str, int]) -> None:
    """Every message has come to its end, as expected."""
    wait_for("all outcomes", lambda: house.ends() == expected)


def transcript(house: House) -> list[tuple[list[str], str]]:
    """The texts of each turn and what was said, from ``sessions export``."""
    exported = house.command("sessions", "export", "main", "--format", "jsonl")
    assert exported.returncode == 0, exported.stderr
    turns = [json.loads(line) for line in exported.stdout.splitlines()]
    return [([one["text"] for one in turn["messages"]], turn["text"]) for turn in turns if "messages" in turn]


def test_followup_is_one_turn_and_one_answer_each_in_order(desk: DeskMaker) -> None:
    table = desk()
    table.say("one")
    wait_for("the first turn", lambda: table.begun)
    table.say("two", "three")
    table.came_in(3)
    table.open()
    assert table.sent(3) == ["did one", "did two", "did three"]
    settled(table.house, {"replied": 3})
    assert table.begun == [["one"], ["two"], ["three"]]
    assert transcript(table.house) == [(["one"], "did one"), (["two"], "did two"), (["three"], "did three")]


def test_collect_takes_what_came_meanwhile_in_one_turn(desk: DeskMaker) -> None:
    table = desk(queue={"mode": "collect", "debounceMs": 200, "cap": 2})
    table.say("one")
    wait_for("the first turn", lambda: table.begun)
    table.say("two", "three", "four")
    table.came_in(4)
    table.open()
    assert table.sent(3) == ["did one", "did two + three", "did four"]
    settled(table.house, {"replied": 4})
    assert transcript(table.house)[1] == (["two", "three"], "did two + three")


def test_interrupt_drops_the_running_turn_for_the_newest(desk: DeskMaker) -> None:
    table = desk(queue={"mode": "interrupt"})
    table.say("one")
    wait_for("the first turn", lambda: table.begun == [["one"]])
    table.say("two")
    wait_for("the second turn", lambda: table.begun == [["one"], ["two"]])
    table.open()
    assert table.sent(1) == ["did two"]
    settled(table.house, {"absorbed": 1, "replied": 1})


def test_steer_waits_like_followup_where_the_agent_cannot_be_steered(desk: DeskMaker) -> None:
    table = desk(queue={"mode": "steer", "debounceMs": 0})
    table.say("one")
    wait_for("the first turn", lambda: table.begun)
    table.say("two")
    table.came_in(2)
    table.open()
    assert table.sent(2) == ["did one", "did two"]
    settled(table.house, {"replied": 2})


def test_quick_messages_of_one_person_are_one_turn(desk: DeskMaker) -> None:
    table = desk(inbound={"debounceMs": 700})
    table.open()
    table.say("I", "am", "here")
    assert table.sent(1) == ["did I + am + here"]
    settled(table.house, {"replied": 3})


@pytest.mark.parametrize("word", ["/stop", "Stop!"])
def test_stop_ends_the_turn_and_what_waits_within_a_second(desk: DeskMaker, word: str) -> None:
    table = desk()
    table.say("one")
    wait_for("the first turn", lambda: table.begun)
    table.say("two")
    table.came_in(2)
    table.say(word)
    wait_for("the word that it stopped", lambda: table.house.sent(table.chat), 5)
    table.open()
    table.say("three")
    assert table.sent(2)[1:] == ["did three"]
    settled(table.house, {"absorbed": 2, "replied": 2})
    assert table.begun == [["one"], ["three"]]


def test_commands_do_not_wait_for_the_agent(desk: DeskMaker) -> None:
    table = desk()
    table.say("one")
    wait_for("the first turn", lambda: table.begun)
    table.say("/status")
    assert "agent:main:main" in table.sent(1)[0]
    table.open()
    assert table.sent(2)[1] == "did one"


def test_a_new_session_forgets_what_was_said_and_answers_the_rest(house: House) -> None:
    script = """\
    import json, sys
    turn = json.load(sys.stdin)
    said = [one["text"] for one in turn["transcript"] if one["role"] == "user"]
    print(turn["messages"][0]["text"], "after", said)
    """
    runtime = {"type": "command", "command": [python_script(house.folder / "agent", script)]}
    house.configure(agents=[{"id": "main", "runtime": runtime}])
    chat = house.db.direct_chat(ANN)
    house.start()

    def answers(*texts: str) -> Sequence[str]:
        before = house.outcomes()["replied"]
        for text in texts:
            house.db.incoming(chat, ANN, text)
        wait_for("the answers", lambda: house.outcomes()["replied"] == before + len(texts))
        return house.sent(chat)[before:]

    assert answers("one") == ["one after []"]
    assert answers("two") == ["two after ['one']"]
    assert answers("/new three", "four") == ["three after []", "four after ['three']"]
    assert answers("/new") == ["New session."]
    assert answers("five") == ["five after []"]
