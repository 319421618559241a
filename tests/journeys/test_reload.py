"""The config is changed under a running gateway: by an editor, by the command line, with messages flowing."""

from __future__ import annotations

import itertools
import json
import os
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from actors.simulator.messages_db import MessagesDb
from tests.journeys.house import House
from tests.support.waiting import wait_for

ANN, BEN = "+15550001111", "+15550002222"
ECHO = {"agents": {"list": [{"id": "main", "runtime": {"type": "echo"}}]}}
REFUSALS = {"dmPolicy blocked", "not in groupAllowFrom", "revoked"}
BOTH = {"dmPolicy": "allowlist", "allowFrom": [ANN, BEN]}


def config_of(house: House) -> dict[str, Any]:
    """What the running gateway says of its config."""
    return dict((house.status() or {}).get("config") or {})


def text_of(house: House) -> str:
    """The config file."""
    return (house.state / "openclaw.json").read_text()


def edit(house: House, text: str) -> None:
    """Save the file as an editor does: another file in its place."""
    draft = house.state / "draft"
    draft.write_text(text)
    draft.replace(house.state / "openclaw.json")


def edit_and_wait(house: House, text: str) -> None:
    """Save the file, and wait until the gateway runs with it."""
    before = config_of(house)["digest"]
    edit(house, text)
    wait_for("the config to be taken", lambda: config_of(house)["digest"] != before)


@contextmanager
def steadily(house: House, rounds: list[tuple[int, str]], per_second: int) -> Iterator[list[int]]:
    """Messages come at that rate, round after round over ``(chat, handle)``, until the end; counts them."""
    count, stop = [0], threading.Event()
    step = 0.02

    def write() -> None:
        begin, db = time.monotonic(), MessagesDb.open(house.db_path)
        while not stop.is_set():
            due = int((time.monotonic() - begin) * per_second) // len(rounds) * len(rounds)
            with db.transaction():
                while count[0] < due:
                    chat, handle = rounds[count[0] % len(rounds)]
                    db.incoming(chat, handle, f"m {count[0]}")
                    count[0] += 1
            stop.wait(step)
        db.close()

    thread = threading.Thread(target=write)
    thread.start()
    try:
        yield count
    finally:
        stop.set()
        thread.join()


def test_each_message_meets_one_config_and_none_is_lost_while_the_file_is_edited(house: House) -> None:
    """1,000 a second. One config lets Ben speak directly and not in the group, the other the other way round."""
    one = {
        "dmPolicy": "allowlist",
        "allowFrom": [ANN, BEN],
        "groupAllowFrom": [ANN],
        "groups": {"*": {"requireMention": False}},
    }
    other = one | {"allowFrom": [ANN], "groupAllowFrom": [ANN, BEN]}
    house.configure(other)
    second = text_of(house)
    house.configure(one)
    first = text_of(house)
    ann, ben = house.db.direct_chat(ANN), house.db.direct_chat(BEN)
    group = house.db.group_chat("Family", [ANN, BEN])
    process = house.start()
    edits = 0
    with steadily(house, [(ben, BEN), (group, BEN), (ann, ANN), (group, ANN)], 1000) as count:
        wait_for("messages to flow", lambda: count[0] > 400)
        for text in (second, first, second, first):
            edit_and_wait(house, text)
            edits += 1
            edit(house, text[:-30])
            wait_for("the bad file to be refused", lambda: config_of(house)["problems"])
            edit(house, text)
            wait_for("the file to be good again", lambda: not config_of(house)["problems"])
    written = count[0]
    wait_for("every row to have an outcome", lambda: _settled(house, written), 60)
    assert process.poll() is None
    rows = house.journal(
        "SELECT chat_id, outcome, reason FROM inbound WHERE reason IS NULL OR reason != 'from me' ORDER BY seq"
    )
    assert len(rows) == written
    # Which config each row met, as far as its verdict tells: Ann's are the same in both.
    met = []
    for number, (chat, outcome, reason) in enumerate(rows):
        if number % 4 >= 2:
            assert (outcome, reason) == ("replied", None)
        else:
            assert outcome == "replied" or reason in REFUSALS, reason
            if reason != "revoked":
                met.append((outcome == "replied") == (chat == ben))
    switches = sum(before != after for before, after in itertools.pairwise(met))
    assert switches == edits
    answered = [row for row in rows if row[1] == "replied"]
    # What was answered and not sent when its sender was shut out was given up.
    given_up = house.journal("SELECT why FROM outbox WHERE state = 'discarded'")
    assert set(given_up) <= {("revoked",)}
    assert len(house.sent()) == len(set(house.sent())) == len(answered) - len(given_up)
    assert house.stop() == 0


def _settled(house: House, written: int) -> bool:
    rows = house.journal("SELECT count(*), count(outcome) FROM inbound WHERE reason IS NULL OR reason != 'from me'")
    open_chunks = house.journal("SELECT count(*) FROM outbox WHERE state NOT IN ('sent', 'discarded')")
    return rows == [(written, written)] and open_chunks == [(0,)]


def test_only_the_account_concerned_starts_anew(house: House) -> None:
    """Accounts come, change their database and go; the other one's imsg is never touched."""
    work = {"dbPath": str(house.folder / "work.db"), "cliPath": str(_second_program(house))}
    home = {"dbPath": str(house.db_path), "cliPath": str(house.cli)}
    alone, both, changed = (
        json.dumps({"channels": {"imessage": BOTH | {"debounceMs": 0, "accounts": accounts}}, **ECHO})
        for accounts in (
            {"home": home},
            {"home": home, "work": work},
            {"home": home, "work": work | {"includeAttachments": True}},
        )
    )
    db = MessagesDb.open(house.folder / "work.db")
    house.db.direct_chat(ANN)
    db.direct_chat(BEN)
    edit(house, alone)
    process = house.start()
    first = _pids(house)
    assert set(first) == {"home"}
    edit_and_wait(house, both)
    wait_for("work to be well", lambda: _states(house) == {"home": "ok", "work": "ok"})
    before = _pids(house)
    db.incoming(1, BEN, "to work")
    wait_for("an answer of work", lambda: _sent(house.folder / "work.db") == ["echo: to work"])
    edit_and_wait(house, changed)
    wait_for("work to have another imsg", lambda: _pids(house).get("work") not in (None, before["work"]))
    wait_for("work to be well", lambda: _states(house) == {"home": "ok", "work": "ok"})
    db.incoming(1, BEN, "and again")
    wait_for("another answer of work", lambda: _sent(house.folder / "work.db")[1:] == ["echo: and again"])
    edit_and_wait(house, alone)
    assert _states(house) == {"home": "ok"}
    wait_for("the imsg of work to end", lambda: not _lives(before["work"]))
    db.incoming(1, BEN, "nobody there")
    edit_and_wait(house, both)
    wait_for("what came meanwhile", lambda: _sent(house.folder / "work.db")[2:] == ["echo: nobody there"])
    house.db.incoming(1, ANN, "still the same?")
    wait_for("an answer of home", lambda: house.sent() == ["echo: still the same?"])
    assert _pids(house)["home"] == first["home"]
    assert process.poll() is None
    db.close()
    assert house.stop() == 0


def _second_program(house: House) -> Any:
    program = house.folder / "imsg-work"
    program.write_text(house.cli.read_text())
    program.chmod(0o755)
    return program


def _pids(house: House) -> dict[str, int]:
    """The imsg of each account, as the journal has it."""
    found = dict(house.journal("SELECT identity, child_pid FROM source WHERE child_pid IS NOT NULL"))
    names = {"home": str(house.db_path), "work": str(house.folder / "work.db")}
    return {name: found[path] for name, path in names.items() if path in found}


def _states(house: House) -> dict[str, str]:
    return {one["id"]: one["state"] for one in (house.status() or {})["accounts"]}


def _lives(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def _sent(path: Any) -> list[str]:
    import sqlite3

    with sqlite3.connect(path) as connection:
        found = connection.execute("SELECT text FROM message WHERE is_from_me = 1 ORDER BY ROWID").fetchall()
    connection.close()
    return [row[0] for row in found]


def test_who_is_shut_out_in_mid_turn_gets_no_answer(house: House) -> None:
    """The agent thinks while the list changes; the other one's answer goes out."""
    gate = house.folder / "gate"
    script = f'while [ ! -e "{gate}" ]; do sleep 0.05; done; echo done'
    agents = [{"id": "main", "runtime": {"type": "command", "command": ["/bin/sh", "-c", script]}}]
    house.configure(BOTH | {"allowFrom": [ANN]}, agents)
    without = text_of(house)
    house.configure(BOTH, agents)
    ann, ben = house.db.direct_chat(ANN), house.db.direct_chat(BEN)
    house.start()
    house.db.incoming(ben, BEN, "one")
    house.db.incoming(ben, BEN, "two")
    house.db.incoming(ann, ANN, "three")
    wait_for("all rows to be admitted", lambda: house.outcomes()["open"] == 3)
    edit_and_wait(house, without)
    gate.touch()
    wait_for("all to be settled", lambda: house.outcomes()["open"] == 0)
    settled = house.journal(
        "SELECT outcome, reason FROM inbound WHERE reason IS NULL OR reason != 'from me' ORDER BY seq"
    )
    assert settled == [("dropped", "revoked"), ("dropped", "revoked"), ("replied", None)]
    wait_for("the answer", lambda: house.sent(ann) == ["done"])
    assert house.sent(ben) == []
    assert house.stop() == 0


def test_the_command_line_hears_what_the_running_gateway_made_of_a_change(house: House) -> None:
    house.configure(BOTH)
    house.db.direct_chat(ANN)
    house.start()
    done = house.command("config", "set", "channels.imessage.textChunkLimit", "100")
    assert done.returncode == 0, done.stderr
    assert "the running gateway has taken it" in done.stdout
    edit(house, text_of(house).replace('"dmPolicy"', '"dmPolice"'))
    wait_for("the bad file to be refused", lambda: config_of(house)["problems"])
    status = house.command("status")
    assert "cannot be used, the config from before stays" in status.stdout
    assert 'did you mean "dmPolicy"' in status.stdout
    back = house.command("config", "rollback")
    assert back.returncode == 0, back.stderr
    assert "the running gateway" in back.stdout
    wait_for("it to be well", lambda: (house.status() or {})["state"] == "ok")
    assert house.stop() == 0


def test_an_idle_gateway_begins_to_work_when_the_config_says_so(house: House) -> None:
    house.configure(BOTH)
    busy = text_of(house)
    house.db.direct_chat(ANN)
    edit(house, "{ channels: { imessage: { enabled: false } } }")
    house.start()
    edit_and_wait(house, busy)
    wait_for("the account to be well", lambda: _states(house) == {"default": "ok"})
    house.db.incoming(1, ANN, "anybody?")
    wait_for("the answer", lambda: house.sent() == ["echo: anybody?"])
    edit_and_wait(house, "{ channels: { imessage: { enabled: false } } }")
    assert house.stop() == 0


def test_the_last_good_config_runs_until_the_file_is_mended(house: House) -> None:
    house.configure(BOTH)
    good = text_of(house)
    house.db.direct_chat(ANN)
    assert house.command("run", "--last-good").returncode == 78
    house.start()
    wait_for("a copy to be kept", lambda: (house.state / "gateway" / "last-good" / "current").exists())
    assert house.stop() == 0
    edit(house, good.replace('"dmPolicy"', '"dmPolice"'))
    refused = house.command("run")
    assert refused.returncode == 78
    assert "gateway run --last-good" in refused.stderr
    house.start("--last-good", ready=False)
    report = wait_for("it to run", lambda: house.status())
    wait_for("the account to be well", lambda: _states(house) == {"default": "ok"})
    assert report["config"]["lastGood"] is True
    assert "RUNNING WITH THE LAST GOOD CONFIG" in house.words()
    house.db.incoming(1, ANN, "hi")
    wait_for("the answer", lambda: house.sent() == ["echo: hi"])
    edit_and_wait(house, good.replace(BEN, "+15550003333"))
    wait_for("the banner to be gone", lambda: (house.status() or {})["state"] == "ok")
    assert config_of(house)["lastGood"] is False
    assert house.stop() == 0
