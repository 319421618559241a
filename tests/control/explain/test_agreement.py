"""What explain says of a row is what the gateway's own actors decide about it, for many rows under many configs."""

from __future__ import annotations

import json
import os
from collections import Counter
from random import Random
from typing import Any

import pytest

from actors.access.controller import AccessController
from actors.control.config_file import load
from actors.control.explain.memory import Memory
from actors.control.explain.rows import row_of
from actors.control.explain.verdicts import hypothetical
from actors.control.judge import Judge
from actors.envelopes.control import Record
from actors.envelopes.inbound import Admit, Challenge, Control, Corrupt, Dropped, Held, Inbound, Received, Verdict
from actors.normalizer.actor import Normalizer
from actors.normalizer.normalize import normalize
from actors.pairing.guard_file import PairingGuard
from actors.pairing.owners import OwnerFile
from actors.pairing.snapshot import Snapshots
from actors.pairing.store import PairingStore
from config import Loaded, Places
from tests.control.chance import message, world
from tests.support.actors import Probe
from tests.support.probes import killable

CONFIGS, ROWS = 60, 1000
SPOKEN = ("Stop.", "pat, wait", "/stop!", "/new hello", "/status", "/activation always", "/think")
COMMANDS = ("/config show", "pat, /config get a", "/debug", "/allowlist list", "/restart", "hello /config", *SPOKEN)
RECEIVED = 1_800_001_000.0

Said = tuple[Any, ...]


def said_by_actors(loaded: Loaded, places: Places, rows: list[bytes]) -> list[Said]:
    """The verdicts of the real Normalizer and AccessController."""
    judge = judge_of(loaded, places)
    assert loaded.config is not None
    owners = None if loaded.config.commands.owners else OwnerFile(places.owners)
    store = PairingStore(places.credentials, region_of=lambda _: judge.view.region)
    book = Snapshots(store, owners, PairingGuard(places.pairing_guard))
    journal = Probe("journal")
    with killable() as stage:
        access = AccessController.start(
            stage.place("access"),
            {"default": judge.view},
            book,
            journal.ref,
            Probe("sessions").ref,
            Probe("pairing").ref,
            {"default": Probe("sender").ref},
        )
        normalizer = Normalizer.start(
            stage.place("normalizer"), access, journal.ref, (), None, {"default": judge.view.region}
        )
        stage.settle()
        stage.tell(normalizer, *(Received("default", 1, raw, RECEIVED) for raw in rows))
        stage.settle()
    return [as_said(record.fact.verdict) for record in journal.all(Record)]


def as_said(verdict: Verdict) -> Said:
    match verdict:
        case Admit(session, agent, mentioned, _, _, authority):
            return ("admit", session, agent, mentioned, authority)
        case Control(session, agent, _, authority):
            return ("control", session, agent, authority)
        case Challenge(handle, key):
            return ("challenge", key, handle)
        case Dropped(reason, key):
            return ("drop", key or None, reason)
        case Held(reason, key):
            return ("hold", key or None, reason)
        case Corrupt(error):
            return ("drop", None, "malformed payload", error)


def said_by_explain(judge: Judge, raw: bytes, memory: Memory) -> Said:
    """What is said of a row by whoever remembers those before it."""
    if isinstance(row := normalize("default", 1, raw, RECEIVED), Inbound):
        memory.own.saw(row, judge.account.region)
    told = hypothetical(judge, row_of(raw), RECEIVED, memory, received=False)
    decision, key = told["decision"], told["configKey"]
    if told["rules"][-1]["result"] == "pass" or any(one["result"] != "pass" for one in told["rules"][:-1]):
        return ("not the last rule decided", told["rules"])
    match decision:
        case "admit":
            assert told["commandAuthorized"] == (told["authority"] != "known")
            if told["rules"][-1]["rule"] == "control":
                return ("control", told["session"], told["agent"], told["authority"])
            return (decision, told["session"], told["agent"], told["wasMentioned"], told["authority"])
        case "challenge":
            assert told["reason"] == "pairing required"
            return (decision, key, told["sender"])
        case _:
            error = (told["error"],) if told["error"] else ()
            return (decision, key, told["reason"], *error)


def judge_of(loaded: Loaded, places: Places) -> Judge:
    assert loaded.config is not None
    [account] = loaded.accounts
    return Judge.of(account, loaded.config, places, RECEIVED)


def valid_world(seed: int, **commands: bool) -> tuple[Loaded, Places]:
    """The next valid config at or after a seed, with its files written; ``commands`` are switched on or off in it."""
    places = Places.from_env(os.environ)
    for attempt in range(100):
        made = world(Random(seed * 1000 + attempt))
        made.config["commands"].update(commands)
        made.write(places.state)
        if not (loaded := load(places, os.environ)).problems:
            return loaded, places
    raise AssertionError("no valid config among a hundred")


def agreed(loaded: Loaded, places: Places, rows: list[bytes]) -> list[Said]:
    """What both say of each row."""
    decided = said_by_actors(loaded, places, rows)
    judge = judge_of(loaded, places)
    memory = Memory(judge.account, 1)
    explained = [said_by_explain(judge, raw, memory) for raw in rows]
    assert len(decided) == len(rows)
    assert [(raw, was, told) for raw, was, told in zip(rows, decided, explained, strict=True) if was != told] == []
    return decided


@pytest.mark.parametrize("seed", range(CONFIGS))
def test_explain_says_what_the_actors_decide(seed: int) -> None:
    loaded, places = valid_world(seed)
    chance = Random(seed)
    agreed(loaded, places, [message(chance, number) for number in range(1, ROWS + 1)])


@pytest.mark.parametrize("switched", [True, False])
def test_and_so_it_does_of_control_commands_switched_on_or_off(switched: bool) -> None:
    found: Counter[Any] = Counter()
    for seed in range(12):
        loaded, places = valid_world(seed, config=switched, debug=switched, restart=switched)
        chance = Random(seed)
        said = agreed(loaded, places, [command(chance, number) for number in range(1, 201)])
        found.update(one[0] for one in said)
        found.update(one[-1] for one in said if one[0] == "control")
    assert {"control", "authorised", "owner", "drop", "hold", "challenge"} <= found.keys()


def command(chance: Random, number: int) -> bytes:
    """A message that is a control command."""
    text = chance.choice(COMMANDS)
    return json.dumps({**json.loads(message(chance, number)), "text": text}).encode()


def test_the_random_world_reaches_every_decision() -> None:
    """Else agreement would prove little."""
    found: Counter[Any] = Counter()
    for seed in range(CONFIGS):
        loaded, places = valid_world(seed)
        judge, chance = judge_of(loaded, places), Random(seed)
        memory = Memory(judge.account, 1)
        said = [said_by_explain(judge, message(chance, number), memory) for number in range(1, 101)]
        found.update(one[0] for one in said)
        found.update(one[2] for one in said if one[0] in {"drop", "hold"})
        found.update(one[4] for one in said if one[0] == "admit")
    expected = {
        "admit", "challenge", "drop", "hold", "known", "authorised", "owner", "malformed payload", "from me",
        "missing sender", "group without chat_id", "groupPolicy disabled", "not in groupAllowFrom",
        "group id not in allowlist", "dmPolicy disabled", "dmPolicy blocked", "reaction", "empty body", "no mention",
        "short code", "no chat anchor", "control command (unauthorized)", "no agent", "pairing store unreadable",
        "groupPolicy allowlist (empty groupAllowFrom)", "self-chat echo",
    }  # fmt: skip
    assert expected <= found.keys(), expected - found.keys()
