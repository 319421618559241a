"""What explain says of a message is what the running gateway decided about it: random rows, several configs."""

from __future__ import annotations

import json
import shlex
import sys
import time
from pathlib import Path
from random import Random
from typing import Any, NamedTuple

import pytest

from actors.control.config_file import load
from actors.control.explain.memory import Memory
from actors.control.explain.rows import row_of
from actors.control.explain.verdicts import hypothetical
from actors.control.judge import Judge
from actors.envelopes.inbound import Inbound
from actors.normalizer.normalize import normalize
from config import Places
from tests.control.chance import ANN, BEN, CHATS, keys, when, world
from tests.journeys.house import House, python
from tests.support.waiting import wait_for

ROWS, CONFIGS, MANY = 100, 4, 20
MARK = "row of chance"

# What stands in the text of a row is put over its keys: so imsg says what Messages itself could not hold.
RETOUCH = """
import json, subprocess, sys
child = subprocess.Popen(sys.argv[1:], stdout=subprocess.PIPE)
for line in child.stdout:
    if b'"method":"message"' in line.replace(b" ", b"") and b"row of chance" in line:
        notice = json.loads(line)
        message = notice["params"]["message"]
        if message["text"].startswith("{"):
            message.update(json.loads(message["text"]))
            kept = {key: value for key, value in message.items() if value != "left out"}
            notice["params"]["message"] = kept
            line = json.dumps(notice).encode() + b"\\n"
    sys.stdout.buffer.write(line)
    sys.stdout.buffer.flush()
sys.exit(child.wait())
"""


class Judged(NamedTuple):
    """A row as the journal has it."""

    body: bytes
    kind: str
    session: str | None
    agent: str | None
    mentioned: int | None
    authority: str | None
    outcome: str | None
    reason: str | None
    config_key: str | None

    @property
    def decision(self) -> dict[str, Any]:
        """What explain should say."""
        if self.kind == "admit":
            given = {"session": self.session, "agent": self.agent, "wasMentioned": bool(self.mentioned)}
            return {"decision": "admit", "reason": None, "authority": self.authority, **given}
        if self.kind == "command":
            told = {"session": self.session, "agent": self.agent, "authority": self.authority}
            return {"decision": "admit", "reason": None, **told}
        if self.kind == "challenge":
            # Whether a code went out is the registry's decision, and its files say the same to explain.
            decision = "challenge" if self.reason == "pairing required" else "drop"
            return {"decision": decision, "reason": self.reason, "sender": self.session}
        if self.outcome == "corrupt":
            return {"decision": "drop", "reason": "malformed payload", "error": self.reason}
        decision = "hold" if self.outcome == "held" else "drop"
        return {"decision": decision, "reason": self.reason, "configKey": self.config_key or None}


def moved_in(folder: Path, seed: int) -> House:
    """A house with a valid random config and a chat.db of eight chats."""
    folder.mkdir()
    (folder / "retouch.py").write_text(RETOUCH)
    simulator = shlex.join(python("actors.simulator.cli", "main"))
    retouch = shlex.join([sys.executable, "-IS", str(folder / "retouch.py")])
    cli = f'case "$1 $2" in "rpc --help") exec {simulator} "$@" ;; esac\nexec {retouch} {simulator} "$@"\n'
    house = House(folder, f"#!/bin/sh\n{cli}")
    for attempt in range(100):
        chance = Random(f"{seed} {attempt}")
        made = world(chance, cliPath=str(house.cli), dbPath=str(house.db_path), debounceMs=0)
        made.write(house.state)
        if not load(Places.from_env(house.environment), house.environment).problems:
            break
    for number in range(1, CHATS + 1):
        people = [f"+1555000{number:04d}", BEN]
        house.db.create_chat("group" if number % 2 else "direct", people if number % 2 else people[:1])
    return house


def received(house: House, seed: int) -> list[Judged]:
    """A hundred random messages come; what the running gateway decides about them."""
    chance, now = Random(seed), time.time()
    house.start()
    with house.db.transaction():
        for number in range(ROWS):
            dated = {"created_at": when(now, number), "x_test": f"{MARK} {number}"}
            house.db.incoming(1, ANN, json.dumps({**keys(chance), **dated}))
    # Answers may quote a row that was looked up again, for which imsg says the bare text.
    those, marks = "FROM inbound WHERE instr(body, ?) AND NOT instr(body, ?)", (MARK.encode(), b'"echo: ')
    wait_for("all rows", lambda: house.journal(f"SELECT count(*) {those}", *marks) == [(ROWS,)])
    asked = "SELECT count(*) FROM inbound WHERE kind = 'challenge' AND outcome IS NULL"
    wait_for("every stranger's end", lambda: house.journal(asked) == [(0,)])
    columns = ", ".join(Judged._fields)
    found = [Judged(*row) for row in house.journal(f"SELECT {columns} {those} ORDER BY seq", *marks)]
    assert house.stop() == 0
    return found


@pytest.mark.parametrize(
    "seed", [*range(CONFIGS), *(pytest.param(seed, marks=pytest.mark.soak) for seed in range(CONFIGS, MANY))]
)
def test_explain_agrees_with_the_running_gateway(tmp_path: Path, seed: int) -> None:
    house = moved_in(tmp_path / "house", seed)
    try:
        rows = received(house, seed)
        places = Places.from_env(house.environment)
        loaded = load(places, house.environment)
        assert loaded.config is not None
        [account] = loaded.accounts
        judge = Judge.of(account, loaded.config, places, time.time())
        memory = Memory(account, 1)
        for row in rows:
            # What our own addresses are the gateway learned row by row.
            if isinstance(seen := normalize(account.id, 1, row.body, 0.0), Inbound):
                memory.own.saw(seen, account.region)
            told = hypothetical(judge, row_of(row.body), 0.0, memory, received=False)
            assert {key: told[key] for key in row.decision} == row.decision, (row, told)
        for row in rows[:: ROWS // 2]:
            (tmp_path / "row.json").write_bytes(row.body)
            said = house.command("explain", "--row", str(tmp_path / "row.json"), "--json")
            assert said.returncode == 0, said.stderr
            told = json.loads(said.stdout)
            assert {key: told[key] for key in row.decision} == row.decision
    finally:
        house.close()
