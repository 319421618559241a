"""kill -9 under load, again and again: nothing lost, nothing twice, order kept."""

import os
import random
import signal
import sqlite3
import time
from collections import Counter

import pytest

from tests.journeys.house import House, wait_for

KILLS = 50
CHATS = 20


@pytest.mark.timeout(240)
def test_fifty_kills_under_load(house: House) -> None:
    """Every message is answered once; only in the one unavoidable window a chunk is uncertain, listed, not resent."""
    chance = random.Random(7)
    house.configure()
    handles = [f"+1555200{number:04d}" for number in range(CHATS)]
    chats = [house.db.direct_chat(handle) for handle in handles]
    house.start()
    wait_for("a baseline", lambda: house.journal("SELECT cursor FROM source WHERE cursor IS NOT NULL"))
    written = 0
    for _ in range(KILLS):
        with house.db.transaction():
            for _ in range(chance.randrange(20, 120)):
                index = chance.randrange(CHATS)
                house.db.incoming(chats[index], handles[index], f"{index} {written}")
                written += 1
        _let_pass(chance.random() * 0.25)
        house.kill()
        house.start(ready=chance.random() < 0.7)
    house.db.incoming(chats[0], handles[0], f"0 {written}")
    written += 1
    wait_for("all rows to be settled", lambda: _done(house, written), 90)
    doubtful = {chunk["text"] for chunk in house.chunks("uncertain")}
    answers = Counter(house.sent())
    expected = {f"echo: {text}" for text in _written(house)}
    assert len(expected) == written
    assert {text for text, count in answers.items() if count > 1} == set()
    assert set(answers) <= expected
    assert expected - set(answers) <= doubtful
    assert len(doubtful) < written / 50
    for chat in chats:
        numbers = [int(text.rpartition(" ")[2]) for text in house.sent(chat)]
        assert numbers == sorted(numbers)
    assert house.stop() == 0


def _let_pass(seconds: float) -> None:
    moment = time.monotonic() + seconds
    wait_for("a random moment", lambda: time.monotonic() >= moment)


def _done(house: House, written: int) -> bool:
    busy = house.journal("SELECT count(*) FROM outbox WHERE state IN ('queued', 'attempted', 'deferred')")
    return house.outcomes()["replied"] == written and busy == [(0,)]


def _written(house: House) -> list[str]:
    connection = sqlite3.connect(house.db_path)
    try:
        return [row[0] for row in connection.execute("SELECT text FROM message WHERE is_from_me = 0")]
    finally:
        connection.close()


def test_a_kill_while_the_agent_thinks(house: House) -> None:
    """The turn is run again after the restart and answered once."""
    script = house.folder / "agent.sh"
    script.write_text("#!/bin/sh\nread turn\nsleep 1\necho done thinking\n")
    script.chmod(0o755)
    house.configure(agents=[{"id": "main", "runtime": {"type": "command", "command": [str(script)]}}])
    chat = house.db.direct_chat("+15550007777")
    house.start()
    house.db.incoming(chat, "+15550007777", "think")
    wait_for("the row to be admitted", lambda: house.outcomes()["open"] == 1)
    house.kill()
    house.start()
    wait_for("the answer", lambda: house.sent(chat))
    wait_for("the journal to agree", lambda: house.outcomes()["replied"] == 1)
    assert house.sent(chat) == ["done thinking"]
    assert house.stop() == 0


def test_imsg_is_killed_and_comes_back(house: House) -> None:
    """The child dies; the gateway stays, starts another after its pause, and loses nothing."""
    house.configure()
    chat = house.db.direct_chat("+15550008888")
    house.start()
    house.db.incoming(chat, "+15550008888", "one")
    wait_for("the answer", lambda: house.sent(chat))
    [(pid,)] = wait_for("the child's pid", lambda: house.journal("SELECT child_pid FROM source WHERE child_pid > 0"))
    os.killpg(pid, signal.SIGKILL)
    wait_for("the gateway to notice", lambda: (house.status() or {})["state"] == "down")
    house.db.incoming(chat, "+15550008888", "two")
    wait_for("the answer", lambda: len(house.sent(chat)) == 2, 20)
    assert house.sent(chat) == ["echo: one", "echo: two"]
    assert house.stop() == 0
