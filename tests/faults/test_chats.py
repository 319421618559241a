"""``gateway chats`` with real processes, over three kinds of imsg: with a running gateway, and without one."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from tests.faults.cases import Build, Cases
from tests.faults.town import ANN, BEN, VERSIONS, Town, wait_for

CAROL = "carol@example.org"
AT_ONCE = 1500
"""Patience with an imsg that does not answer, in milliseconds."""

case = Cases()


def _inhabited(build: Build, version: str) -> Town:
    """A town with a few conversations and a config that lets Ann in."""
    town = build(version)
    family = town.db.group_chat("Family \x1b[31m", [ANN, BEN, CAROL])
    for chat, sender in ((town.chat(ANN), ANN), (family, BEN), (town.db.direct_chat(BEN, "SMS"), BEN)):
        town.db.incoming(chat, sender, "hello")
    town.configure({"allowFrom": [ANN], "probeTimeoutMs": AT_ONCE})
    return town


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


@case(*VERSIONS)
def are_told_by_a_running_gateway_and_by_the_terminal(build: Build, version: str) -> None:
    """Only who asked differs; the id leads to the config, and there to an answer in that chat."""
    town = _inhabited(build, version)
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


@case("0.5", "0.15")
@case("0.9", soak=True)
def are_answered_as_they_are_told(build: Build, version: str) -> None:
    """Who is listed as a speaker is answered, who is not stays unanswered."""
    town = _inhabited(build, version)
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


@case("0.5", "0.15")
def hang_and_are_told_with_what_helps(build: Build, version: str) -> None:
    """From this terminal, and over the child of a gateway that answers everything else."""
    town = _inhabited(build, version)
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


@case("0.5", "0.15")
def may_not_be_read_for_want_of_disk_access(build: Build, version: str) -> None:
    """The reason is the health of the gateway's own child; from the terminal what imsg says there."""
    town = _inhabited(build, version)
    town.weather(start="no-access")
    assert error(town)["code"] == "no-disk-access"
    town.start(ready=False)
    town.wait_problem("no-disk-access")
    found = error(town)
    assert found["code"] == "no-disk-access"
    assert "Full Disk Access" in found["remedy"]


@case("0.5", "0.15")
def wait_behind_a_send_in_an_imsg_with_one_lane(build: Build, version: str) -> None:
    """Then that is said; a later imsg lists its chats meanwhile."""
    town = _inhabited(build, version)
    town.start()
    town.weather(hang=["send"])
    town.writes("hello?")
    wait_for("a send", lambda: town.journal("SELECT state FROM outbox") == [("attempted",)])
    if version == "0.5":
        assert "at a send" in error(town)["reason"]
    else:
        assert chats(town)[0] == 0
    town.weather()
    town.wait_answers("hello?")
    assert chats(town)[0] == 0


@pytest.mark.timeout(180)
@pytest.mark.parametrize("name", case.names())
def test_chats_that(outcome: Callable[[str], None], name: str) -> None:
    """Each of the cases above."""
    outcome(name)
