"""The config is changed while answers wait: who is shut out gets none, and none goes out over another database."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from actors.simulator.messages_db import MessagesDb
from tests.faults.town import ANN, BEN, Town, wait_for

SLOW = {"slow": {"send": 3000, "messages.send": 3000}}


@pytest.fixture
def town(tmp_path: Path) -> Iterator[Town]:
    """An empty town."""
    one = Town(tmp_path)
    try:
        yield one
    finally:
        one.close()


def take(town: Town, config: dict[str, Any]) -> None:
    """Save the config as an editor does, and wait until the gateway runs with it."""
    before = ((town.status() or {}).get("config") or {})["digest"]
    draft = town.state / "draft"
    draft.write_text(json.dumps(config))
    draft.replace(town.state / "openclaw.json")
    wait_for("the config to be taken", lambda: ((town.status() or {}).get("config") or {}).get("digest") != before)


def test_who_is_shut_out_gets_nothing_of_what_waits_for_a_slow_messages(town: Town) -> None:
    town.configure({"dmPolicy": "allowlist", "allowFrom": [ANN, BEN], "probeTimeoutMs": 1500})
    config = json.loads((town.state / "openclaw.json").read_text())
    ann, ben = town.chat(ANN), town.chat(BEN)
    town.start()
    town.weather(**SLOW)
    for number in range(5):
        town.writes(f"m {number}")
    town.writes("and I?", BEN)
    waits = "SELECT count(*) FROM outbox WHERE state = 'queued'"
    wait_for("answers to wait", lambda: town.journal(waits)[0][0] >= 4)
    config["channels"]["imessage"]["allowFrom"] = [BEN]
    take(town, config)
    wait_for("those of Ann to be given up", lambda: len(town.chunks("discarded")) >= 3)
    town.weather()
    wait_for("the answer to Ben", lambda: town.sent(ben) == ["echo: and I?"])
    states = "SELECT DISTINCT state FROM outbox ORDER BY state"
    wait_for("nothing to be open", lambda: town.journal(states) == [("discarded",), ("sent",)])
    revoked = town.chunks("discarded")
    assert {one["why"] for one in revoked} == {"revoked"}
    assert len(town.sent(ann)) == 5 - len(revoked)
    assert town.stop() == 0


def test_an_answer_waits_for_its_own_database_when_two_accounts_swap_theirs(town: Town) -> None:
    gate = town.folder / "gate"
    script = f'while [ ! -e "{gate}" ]; do sleep 0.05; done; echo done'
    runtime = {"type": "command", "command": ["/bin/sh", "-c", script]}
    here, there = town.db_path, town.folder / "work.db"

    def config(**paths: Path) -> dict[str, Any]:
        accounts = {name: {"cliPath": str(town.cli), "dbPath": str(path)} for name, path in paths.items()}
        channel = {"dmPolicy": "allowlist", "allowFrom": [ANN], "probeTimeoutMs": 1500, "accounts": accounts}
        return {"channels": {"imessage": channel}, "agents": {"list": [{"id": "main", "runtime": runtime}]}}

    town.chat(ANN)
    work = MessagesDb.open(there)
    work.direct_chat(ANN)  # the same chat in both, by number and GUID
    work.close()
    (town.state / "openclaw.json").write_text(json.dumps(config(home=here, work=there)))
    town.start(ready=False)
    _wait_both_well(town)
    town.writes("to home")
    wait_for("the turn", lambda: town.outcomes()["open"] == 1)
    take(town, config(home=there, work=here))
    _wait_both_well(town)
    gate.touch()
    wait_for("the answer to be queued", lambda: town.chunks("queued"))
    assert town.outcomes()["replied"] == 1
    wait_for("the operator to hear", lambda: "1 chunks of account home belong to another Messages" in town.words())
    assert (town.sent(), _sent(there)) == ([], [])
    take(town, config(home=here, work=there))
    wait_for("the answer", lambda: town.sent() == ["done"])
    assert _sent(there) == []
    assert town.stop() == 0


def _wait_both_well(town: Town) -> None:
    wait_for(
        "both to be well", lambda: [one["state"] for one in (town.status() or {}).get("accounts", [])] == ["ok", "ok"]
    )


def _sent(path: Path) -> list[str]:
    with sqlite3.connect(path) as connection:
        found = connection.execute("SELECT text FROM message WHERE is_from_me = 1").fetchall()
    connection.close()
    return [text for (text,) in found]
