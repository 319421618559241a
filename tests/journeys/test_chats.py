"""``gateway chats`` with real processes, over three kinds of imsg: with a running gateway, and without one."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.faults.town import ANN, BEN, VERSIONS, Town, wait_for

CAROL = "carol@example.org"
AT_ONCE = 1500
"""Patience with an imsg that does not answer, in milliseconds."""

Build = Callable[[str], Town]


@pytest.fixture
def build(tmp_path: Path) -> Iterator[Build]:
    """``build(version)`` is a town with a few conversations and a config that lets Ann in."""
    towns: list[Town] = []

    def make(version: str) -> Town:
        town = Town(tmp_path / "town", version)
        towns.append(town)
        family = town.db.group_chat("Family \x1b[31m", [ANN, BEN, CAROL])
        for chat, sender in ((town.chat(ANN), ANN), (family, BEN), (town.db.direct_chat(BEN, "SMS"), BEN)):
            town.db.incoming(chat, sender, "hello")
        town.configure({"allowFrom": [ANN], "probeTimeoutMs": AT_ONCE})
        return town

    yield make
    for town in towns:
        town.close()


def chats(town: Town, *flags: str) -> tuple[int, dict[str, Any]]:
    """``chats --json``: the exit code, and what is said."""
    told = town.command("chats", "--json", *flags)
    return told.returncode, json.loads(told.stdout)


def error(town: Town) -> dict[str, str]:
    """Why the only account could not be asked."""
    code, told = chats(town)
    assert (code, told["chats"]) == (1, [])
    [one] = told["accounts"]
    return dict(one["error"])


def verdicts(told: dict[str, Any]) -> list[tuple[str, bool, str, str]]:
    """Each chat's service, kind, session and what becomes of a message, the latest first."""
    return [(one["service"], one["isGroup"], one["session"], one["policy"]["decision"]) for one in told["chats"]]


@pytest.mark.parametrize("version", VERSIONS)
def test_a_running_gateway_and_the_terminal_tell_the_same(build: Build, version: str) -> None:
    """Only who asked differs; the id leads to the config, and there to an answer in that chat."""
    town = build(version)
    code, here = chats(town)
    assert (code, here["accounts"]) == (0, [{"id": "default", "where": "this terminal"}])
    assert "not from the service" in town.command("chats").stdout
    town.start()
    code, live = chats(town)
    assert (code, live["accounts"]) == (0, [{"id": "default", "where": "gateway"}])
    assert live["chats"] == here["chats"]
    family = live["chats"][1]["id"]
    assert verdicts(live) == [
        ("SMS", False, "agent:main:main", "challenge"),
        ("iMessage", True, f"agent:main:imessage:group:{family}", "admit"),
        ("iMessage", False, "agent:main:main", "admit"),
    ]
    assert live["chats"][1]["participants"] == [ANN, BEN, CAROL]
    assert chats(town, "--limit", "1")[1]["chats"] == live["chats"][:1]
    shown = town.command("chats").stdout
    assert "Family \\x1b[31m" in shown
    assert f"{family}: only {ANN} may speak" in shown
    assert len(town.children()) == 3, "a running gateway needs no imsg beside its own"
    assert town.stop() == 0


@pytest.mark.parametrize("version", VERSIONS)
def test_what_is_told_is_what_happens(build: Build, version: str) -> None:
    """Who is listed as a speaker is answered, who is not stays unanswered."""
    town = build(version)
    town.start()
    _, told = chats(town)
    family = told["chats"][1]
    assert {one["handle"]: one["decision"] for one in family["policy"]["speakers"]} == {
        ANN: "admit",
        BEN: "drop",
        CAROL: "drop",
    }
    town.db.incoming(family["id"], BEN, "from ben")
    town.db.incoming(family["id"], ANN, "from ann")
    town.wait_answers("from ann")
    assert town.sent(family["id"]) == ["echo: from ann"]
    found = town.journal(
        "SELECT reason FROM inbound WHERE outcome = 'dropped' AND reason != 'from me' AND chat_id = ?", family["id"]
    )
    assert found == [("not in groupAllowFrom",)]


@pytest.mark.parametrize("version", ["0.5", "0.15"])
def test_an_imsg_that_hangs_is_told_with_what_helps(build: Build, version: str) -> None:
    """From this terminal, and over the child of a gateway that answers everything else."""
    town = build(version)
    town.weather(start="hang")
    assert error(town)["code"] == "hanging"
    town.weather()
    town.start()
    town.weather(hang=["chats.list"])
    found = error(town)
    assert found["code"] == "hanging"
    assert "permission prompt" in found["remedy"]
    town.weather()
    wait_for("chats again", lambda: chats(town)[0] == 0)


@pytest.mark.parametrize("version", ["0.5", "0.15"])
def test_without_disk_access_the_permission_is_named(build: Build, version: str) -> None:
    """The reason is the health of the gateway's own child; from the terminal what imsg says there."""
    town = build(version)
    town.weather(start="no-access")
    assert error(town)["code"] == "no-disk-access"
    town.start(ready=False)
    town.wait_problem("no-disk-access")
    found = error(town)
    assert found["code"] == "no-disk-access"
    assert "Full Disk Access" in found["remedy"]


@pytest.mark.parametrize(("version", "is_blocked"), [("0.5", True), ("0.15", False)])
def test_a_send_that_does_not_end_blocks_only_an_imsg_with_one_lane(
    build: Build, version: str, is_blocked: bool
) -> None:
    """Then that is said; a later imsg lists its chats meanwhile."""
    town = build(version)
    town.start()
    town.weather(hang=["send"])
    town.writes("hello?")
    wait_for("a send", lambda: town.journal("SELECT state FROM outbox") == [("attempted",)])
    if is_blocked:
        assert "at a send" in error(town)["reason"]
    else:
        assert chats(town)[0] == 0
    town.weather()
    town.wait_answers("hello?")
    assert chats(town)[0] == 0
