"""Agents that misbehave: one outcome each, the chat never sees an exception text, the next message works."""

import json

import pytest

from tests.journeys.house import House
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
