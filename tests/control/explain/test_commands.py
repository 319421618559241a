"""What explain says of control commands: let in, by whose authority, and that no agent is asked."""

from __future__ import annotations

from typing import Any

import pytest

from actors.envelopes.facts import Appended, Queued, Rejudged, Settled
from actors.envelopes.inbound import Control, Corrupt, Held, Replied
from actors.runtime.logs import stamp
from config import Places
from tests.control.conftest import Gateway
from tests.control.explain.desk import Desk, chunk
from tests.support.rows import ANN, BEN, START, inbound

ALLOW = "channels.imessage.allowFrom"
VERDICT = Control("agent:main:main", "main", "auto", "owner")
OWNED: dict[str, Any] = {"commands": {"ownerAllowFrom": [ANN], "config": True}}


@pytest.fixture
def desk(places: Places) -> Desk:
    """A desk with a config whose owner is Ann."""
    one = Desk(places)
    one.configure(blocks=OWNED)
    return one


def test_a_command_that_was_carried_out_has_its_whole_story(desk: Desk, cli: Gateway) -> None:
    [seq] = desk.live(Appended(inbound(1, text="/config show"), VERDICT))
    part = chunk(seq, text="channels.imessage ..")
    desk.live(Queued((part,), ((seq, Replied()),), part.key, START + 1), at=START + 1)
    told = cli("explain", "last", "--json").json
    assert (told["decision"], told["reason"], told["configKey"], told["flip"]) == ("admit", None, ALLOW, None)
    assert (told["session"], told["agent"], told["replyTarget"]) == ("agent:main:main", "main", "chat_id:7")
    assert (told["authority"], told["commandAuthorized"], told["wasMentioned"]) == ("owner", True, True)
    assert told["rules"][-1] == {"rule": "control", "result": "control: agent:main:main"}
    assert told["history"][:3] == [
        {"time": stamp(START), "fact": "received"},
        {
            "time": stamp(START),
            "fact": "judged",
            "outcome": "admitted",
            "session": "agent:main:main",
            "agent": "main",
            "authority": "owner",
        },
        {"time": stamp(START + 1), "fact": "settled", "outcome": "replied"},
    ]
    assert (told["outcome"], "now" in told) == ("replied", False)


def test_what_it_was_given_with_is_told_whoever_may_command_now(desk: Desk, cli: Gateway) -> None:
    desk.live(Appended(inbound(1, text="/config show"), VERDICT))
    desk.configure(blocks={"commands": {"config": True}})
    told = cli("explain", "#1", "--json").json
    assert (told["outcome"], told["authority"], "now" in told) == ("open", "owner", False)
    desk.configure(blocks={"commands": {"config": True, "allowFrom": {"imessage": []}}})
    told = cli("explain", "#1", "--json").json
    assert (told["decision"], told["authority"]) == ("admit", "owner")
    assert (told["now"]["decision"], told["now"]["reason"]) == ("drop", "control command (unauthorized)")
    desk.configure(allowFrom=[BEN])
    assert cli("explain", "#1", "--json").json["now"]["reason"] == "dmPolicy blocked"


def test_one_that_was_held_first_or_broke_the_desk(desk: Desk, cli: Gateway) -> None:
    rows = [inbound(number, text="/restart") for number in (1, 2)]
    desk.live(Appended(rows[0], Held("stale backlog")), Appended(rows[1], VERDICT))
    desk.live(Rejudged(1, rows[0], VERDICT), Settled(2, Corrupt("a bug")), at=START + 5)
    released, broken = (cli("explain", f"#{seq}", "--json").json for seq in (1, 2))
    assert [(one["fact"], one.get("outcome")) for one in released["history"]] == [
        ("received", None),
        ("judged", "admitted"),
    ]
    assert released["history"][1]["time"] == stamp(START + 5)
    assert (broken["decision"], broken["outcome"]) == ("admit", "corrupt")


def test_a_pruned_one_has_a_story_without_rules(desk: Desk, cli: Gateway) -> None:
    desk.live(Appended(inbound(1, text="/config show"), VERDICT))
    desk.run("UPDATE inbound SET body = NULL")
    told = cli("explain", "#1", "--json").json
    assert (told["decision"], told["rules"], told["authority"]) == ("admit", [], "owner")
    assert (told["session"], told["agent"]) == ("agent:main:main", "main")


@pytest.mark.parametrize("switched", [True, False])
def test_one_that_did_not_come_is_explained_as_the_gateway_would_judge_it(
    desk: Desk, cli: Gateway, switched: bool
) -> None:
    desk.configure(blocks={"commands": {"ownerAllowFrom": [ANN], "config": switched}})
    told = cli("explain", "--from", ANN, "--text", "/config show", "--json").json
    assert (told["decision"], told["authority"], told["commandAuthorized"]) == ("admit", "owner", True)
    assert told["rules"][-1] == {"rule": "control", "result": "control: agent:main:main"}
    shown = cli("explain", "--from", ANN, "--text", "/config show").out
    assert "control: agent:main:main" in shown
    assert "owner: may command" in shown
