"""Agents that misbehave: one outcome each, the chat never sees an exception text, the next message works."""

import json
import sys
import time
from typing import Any

import pytest

from tests.journeys.house import House
from tests.support.acp_bench import PROGRAM, script
from tests.support.scripts import lives
from tests.support.waiting import wait_for

HANDLE = "+15550004242"

SCRIPT = """#!/usr/bin/env python3
import json, os, sys, time
turn = json.load(sys.stdin)
text = turn["text"]
if text == "crash":
    print("half an answer"); print("Traceback: boom", file=sys.stderr); sys.exit(3)
if text == "hang":
    time.sleep(600)
if text == "silence":
    sys.exit(0)
if text == "big":
    sys.stdout.write("word " * 209715)
elif text == "signal":
    os.kill(os.getpid(), 9)
elif text == "turn":
    print(json.dumps({"text": json.dumps(turn, sort_keys=True)}))
elif text == "env":
    print(" ".join(sorted(os.environ)))
else:
    print("you said", text)
"""


@pytest.fixture
def chat(house: House) -> int:
    """A running house whose agent is ``SCRIPT``, with a second per turn."""
    script = house.folder / "agent"
    script.write_text(SCRIPT)
    script.chmod(0o755)
    runtime = {"type": "command", "command": [str(script)], "timeoutSeconds": 1}
    house.configure(agents=[{"id": "main", "runtime": runtime}])
    house.environment["AGENT_SECRET_TOKEN"] = "do not show"
    number = house.db.direct_chat(HANDLE)
    house.start()
    return number


@pytest.mark.parametrize(
    ("text", "outcome", "reason"),
    [
        ("crash", "held", "agent failed: exited with code 3: Traceback: boom"),
        ("hang", "held", "agent failed: timed out after 1 s"),
        ("signal", "held", "agent failed: killed by signal 9"),
        ("silence", "absorbed", "no reply"),
    ],
)
def test_one_outcome_and_the_next_message_works(house: House, chat: int, text: str, outcome: str, reason: str) -> None:
    """What went wrong is in the journal, the chat hears nothing of it."""
    house.db.incoming(chat, HANDLE, text)
    wait_for("an outcome", lambda: house.outcomes()[outcome] == 1)
    house.db.incoming(chat, HANDLE, "still there?")
    wait_for("the next answer", lambda: house.sent(chat))
    assert house.sent(chat) == ["you said still there?"]
    assert house.journal("SELECT reason FROM inbound WHERE outcome = ?", outcome) == [(reason,)]
    assert house.stop() == 0


def test_a_megabyte_goes_out_in_chunks(house: House, chat: int) -> None:
    """Every chunk within the limit, joined again they are the answer; the next message works."""
    house.db.incoming(chat, HANDLE, "big")
    house.db.incoming(chat, HANDLE, "after")
    wait_for("the answer after it", lambda: "you said after" in house.sent(chat), 60)
    *chunks, last = house.sent(chat)
    assert last == "you said after"
    assert max(map(len, chunks)) <= 4000
    assert " ".join(chunks).split() == ["word"] * 209715
    assert house.outcomes()["replied"] == 2
    assert house.stop() == 0


def test_the_turn_as_the_program_sees_it(house: House, chat: int) -> None:
    """The documented keys, and an environment without the gateway's secrets."""
    house.db.incoming(chat, HANDLE, "turn")
    house.db.incoming(chat, HANDLE, "env")
    wait_for("two answers", lambda: len(house.sent(chat)) == 2)
    turn = json.loads(house.sent(chat)[0])
    assert turn["session"] == "agent:main:main"
    assert turn["text"] == "turn"
    assert turn["sender"] == HANDLE
    assert turn["chat"]["id"] == chat
    assert turn["chat"]["isGroup"] is False
    assert "SECRET" not in house.sent(chat)[1]
    assert house.stop() == 0


# The gateway's own end in the middle of a turn

STUBBORN = """#!/usr/bin/env python3
import os, signal, subprocess, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
child = subprocess.Popen(["sleep", "600"])
file = os.open("RECORD", os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
os.write(file, f"{os.getpid()} {child.pid}\\n".encode())
time.sleep(600)
"""
"""A program that only KILL ends, and what it started."""


class Stubborn:
    """A house whose agent never ends by itself."""

    def __init__(self, house: House, runtime: dict[str, Any]) -> None:
        self.house = house
        self._record = house.folder / "record"
        program = house.folder / "agent"
        program.write_text(STUBBORN.replace("RECORD", str(self._record)))
        program.chmod(0o755)
        acp = {"type": "acp", "acp": {"command": [sys.executable, "-P", PROGRAM, str(self._record)]}}
        runtime = acp if runtime["type"] == "acp" else runtime | {"command": [str(program)]}
        channel = {"dmPolicy": "allowlist", "allowFrom": [HANDLE]}
        house.configure(channel, [{"id": "main", "workspace": str(house.folder), "runtime": runtime}])
        path = house.state / "openclaw.json"
        path.write_text(json.dumps(json.loads(path.read_text()) | {"commands": {"ownerAllowFrom": [HANDLE]}}))
        self.chat = house.db.direct_chat(HANDLE)
        house.start()

    def lives_of(self) -> list[list[int]]:
        """The processes of each time it ran."""
        lines = self._record.read_text().splitlines() if self._record.exists() else []
        if not lines or not lines[0].startswith("{"):
            return [[int(pid) for pid in line.split()] for line in lines]
        events = [json.loads(line) for line in lines]
        left = {event["pid"]: event["child"] for event in events if event["what"] == "left"}
        return [[event["pid"], left[event["pid"]]] for event in events if event["what"] == "deaf"]

    def begun(self, times: int = 1) -> list[int]:
        """The processes of the turn that began so many times, once they run."""
        return list(wait_for("a turn", lambda: len(self.lives_of()) >= times and self.lives_of()[times - 1]))

    def ask(self) -> list[int]:
        """Begin a turn; its processes."""
        self.house.db.incoming(self.chat, HANDLE, script({"leave": True}, {"deaf": True}))
        return self.begun()


@pytest.fixture(params=["command", "acp"])
def stubborn(house: House, request: pytest.FixtureRequest) -> Stubborn:
    """One that runs, for each kind of agent that has programs."""
    return Stubborn(house, {"type": request.param})


def test_a_turn_in_progress_leaves_no_process_when_the_gateway_stops(stubborn: Stubborn) -> None:
    """Though it ignores all it is told; within the ten seconds a gateway has for its end."""
    pids = stubborn.ask()
    started = time.monotonic()
    assert stubborn.house.stop() == 0
    assert time.monotonic() - started < 10.0
    wait_for("the end of all it ran", lambda: not any(map(lives, pids)), 1.0)


def test_nor_when_it_is_killed(stubborn: Stubborn) -> None:
    pids = stubborn.ask()
    stubborn.house.kill()
    wait_for("the end of all it ran", lambda: not any(map(lives, pids)), 4.0)


@pytest.mark.soak
def test_nor_when_it_starts_over(stubborn: Stubborn) -> None:
    """The same turn comes again, and has the room for itself."""
    pids = stubborn.ask()
    stubborn.house.db.incoming(stubborn.chat, HANDLE, "/restart")
    again = stubborn.begun(2)
    wait_for("the end of all it ran", lambda: not any(map(lives, pids)), 1.0)
    stubborn.house.kill()
    wait_for("the end of all it ran", lambda: not any(map(lives, again)), 4.0)
