"""Sessions over real processes: who speaks with whom stays apart and in order, also across kill -9, a quarantine, and a
new beginning.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.journeys.house import House
from tests.support.waiting import wait_for

ANN, BEN = "+15550001111", "+15550002222"
CHANNEL = {
    "dmPolicy": "open",
    "allowFrom": ["*"],
    "groupPolicy": "open",
    "groups": {"*": {"requireMention": False}},
}
ROUNDS = 6

AGENT = """#!/usr/bin/env python3
import json, os, sys, time
turn = json.load(sys.stdin)
here = os.path.dirname(os.path.abspath(__file__))
with open(os.path.join(here, "runs"), "a") as runs:
    runs.write(turn["text"] + "\\n")
if turn["text"].startswith("slow"):
    time.sleep(0.1)
while turn["text"].startswith("wait") and not os.path.exists(os.path.join(here, "go")):
    time.sleep(0.02)
if turn["text"].startswith("boom") and not os.path.exists(os.path.join(here, "mended")):
    sys.exit(3)
print(f"{turn['sender']} in {turn['session']}: {turn['text']}")
"""


class Talk:
    """A house whose agent is ``AGENT``, with a session per person."""

    def __init__(self, house: House) -> None:
        self.house = house
        script = house.folder / "agent"
        script.write_text(AGENT)
        script.chmod(0o755)
        runtime = {"type": "command", "command": [str(script)], "timeoutSeconds": 60}
        house.configure(CHANNEL, agents=[{"id": "main", "runtime": runtime}])
        path = house.state / "openclaw.json"
        config = json.loads(path.read_text()) | {"session": {"dmScope": "per-peer"}}
        path.write_text(json.dumps(config))
        house.start()

    def verb(self, *words: str) -> Any:
        """``sessions ... --json``."""
        said = self.house.command("sessions", *words, "--json")
        assert said.returncode == 0, said.stderr
        return json.loads(said.stdout)

    def sessions(self) -> dict[str, dict[str, Any]]:
        """``sessions list`` by key."""
        return {one["key"]: one for one in self.verb("list")["sessions"]}

    def transcript(self, key: str) -> list[dict[str, Any]]:
        """``sessions export``: the objects."""
        said = self.house.command("sessions", "export", key, "--format", "jsonl")
        assert said.returncode == 0, said.stderr
        return [json.loads(line) for line in said.stdout.splitlines()]

    def runs(self) -> list[str]:
        """What the agent was started for."""
        file = self.house.folder / "runs"
        return file.read_text().splitlines() if file.exists() else []

    def flag(self, name: str) -> None:
        """Let the agent go on."""
        Path(self.house.folder, name).touch()


@pytest.fixture
def talk(house: House) -> Talk:
    """A running house."""
    return Talk(house)


def direct(person: str) -> str:
    """The session of a person."""
    return f"agent:main:direct:{person}"


def test_two_people_and_three_groups_have_five_transcripts(house: House, talk: Talk) -> None:
    """Interleaved, with a slow agent: no cross-talk, order kept, one answer a turn."""
    chats = {direct(person): house.db.direct_chat(person) for person in (ANN, BEN)}
    for name in ("Family", "Work", "Chess"):
        number = house.db.group_chat(name, [ANN, BEN])
        chats[f"agent:main:imessage:group:{number}"] = number
    written: dict[str, list[tuple[str, str]]] = {key: [] for key in chats}
    for turn in range(ROUNDS):
        for place, (key, chat) in enumerate(chats.items()):
            person = key.rpartition(":")[2] if ":direct:" in key else (ANN, BEN)[(turn + place) % 2]
            text = f"slow {turn} to {chat}"
            house.db.incoming(chat, person, text)
            written[key].append((person, text))
    wait_for("all answers", lambda: all(len(house.sent(chat)) == ROUNDS for chat in chats.values()), 90)
    found = talk.sessions()
    assert found.keys() == chats.keys()
    for key, chat in chats.items():
        answers = [f"{person} in {key}: {text}" for person, text in written[key]]
        assert house.sent(chat) == answers
        turns = talk.transcript(key)
        assert [[(one["sender"], one["text"]) for one in turn["messages"]] for turn in turns] == [
            [message] for message in written[key]
        ]
        assert [(turn["type"], turn["outcome"], turn["text"]) for turn in turns] == [
            ("turn", "replied", answer) for answer in answers
        ]
        assert (found[key]["turns"], found[key]["state"]) == (ROUNDS, "idle")
        assert found[key]["kind"] == ("direct" if ":direct:" in key else "group")
        assert found[key]["chatId"] == chat
    assert len(talk.runs()) == ROUNDS * len(chats)
    assert house.stop() == 0


def test_a_turn_that_was_killed_runs_again_once(house: House, talk: Talk) -> None:
    """kill -9 in mid-turn: its answer goes out once, and the transcript has it once."""
    chat = house.db.direct_chat(ANN)
    house.db.incoming(chat, ANN, "wait for me")
    wait_for("the agent to run", lambda: talk.runs() == ["wait for me"])
    assert talk.sessions()[direct(ANN)]["state"] == "busy"
    house.kill()
    [waiting] = talk.verb("show", ANN)["waiting"]
    assert (waiting["text"], waiting["outcome"]) == ("wait for me", None)
    house.start()
    wait_for("the agent to run again", lambda: len(talk.runs()) == 2)
    talk.flag("go")
    answer = f"{ANN} in {direct(ANN)}: wait for me"
    wait_for("the answer", lambda: house.sent(chat) == [answer])
    house.db.incoming(chat, ANN, "and now?")
    wait_for("the next answer", lambda: len(house.sent(chat)) == 2)
    assert house.sent(chat)[0] == answer
    assert talk.runs() == ["wait for me", "wait for me", "and now?"]
    turns = talk.transcript(direct(ANN))
    assert [turn["text"] for turn in turns] == house.sent(chat)
    assert house.ends() == {"replied": 2}
    assert house.stop() == 0


def test_a_session_that_fails_is_left_alone_until_it_is_released(house: House, talk: Talk) -> None:
    """Three failures quarantine it and no other; mended and released it answers everything in order."""
    chat, other = house.db.direct_chat(ANN), house.db.direct_chat(BEN)
    for number in range(3):
        house.db.incoming(chat, ANN, f"boom {number}")
    wait_for("the quarantine", lambda: talk.sessions().get(direct(ANN), {}).get("state") == "quarantined")
    house.db.incoming(chat, ANN, "hello?")
    wait_for("it to be held", lambda: house.outcomes()["held"] == 4)
    house.db.incoming(other, BEN, "hello")
    wait_for("an answer to somebody else", lambda: house.sent(other))
    assert house.sent(chat) == []
    assert len(talk.runs()) == 4
    assert (house.status() or {})["quarantined"] == 1
    assert "1 quarantined" in house.command("status").stdout
    shown = talk.verb("show", ANN)
    assert [turn["outcome"] for turn in shown["transcript"]] == ["failed"] * 3
    assert [one["outcome"] for one in shown["waiting"]] == ["held"] * 4
    talk.flag("mended")
    released = talk.verb("release", ANN)
    assert (released["lifted"], [one["outcome"] for one in released["results"]]) == (True, ["released"] * 4)
    wait_for("the answers", lambda: len(house.sent(chat)) == 4)
    assert [text.rpartition(": ")[2] for text in house.sent(chat)] == ["boom 0", "boom 1", "boom 2", "hello?"]
    assert talk.sessions()[direct(ANN)]["state"] == "idle"
    assert [turn["outcome"] for turn in talk.transcript(direct(ANN))] == ["replied"] * 4
    assert house.stop() == 0


@pytest.mark.parametrize("runs", [True, False], ids=["running", "stopped"])
def test_a_session_begins_anew(house: House, talk: Talk, runs: bool) -> None:
    """Over the control socket or into the journal: the transcript stays, with a mark; the next turn comes after it."""
    chat = house.db.direct_chat(ANN)
    house.db.incoming(chat, ANN, "one")
    wait_for("an answer", lambda: house.sent(chat))
    if not runs:
        assert house.stop() == 0
    assert talk.verb("reset", ANN, "--yes")["done"]
    if not runs:
        house.start()
    house.db.incoming(chat, ANN, "two")
    wait_for("another answer", lambda: len(house.sent(chat)) == 2)
    kinds = [(one["type"], one.get("why")) for one in talk.transcript(direct(ANN))]
    assert kinds == [("turn", None), ("renewal", "operator"), ("turn", None)]
    assert house.stop() == 0
