"""What explain says of a group whose owner said when it is answered: as the journal on disk has it."""

from __future__ import annotations

from typing import Any

import pytest

from actors.access.flips import SAY_ALWAYS
from actors.control.explain.standings import standings
from actors.envelopes.facts import Adjusted, Appended
from actors.envelopes.inbound import Dropped
from actors.envelopes.session import Standing
from config import Places
from tests.control.conftest import Gateway
from tests.control.explain.desk import ECHO, Desk
from tests.support.rows import ANN, inbound

GROUP = "agent:main:imessage:group:7"
NAMED: dict[str, Any] = {"agents": {"list": [{**ECHO, "identity": {"name": "Claw"}}]}}
REFUSED = Dropped("no mention", "channels.imessage.groups.*.requireMention")
ROW = ("explain", "--from", ANN, "--chat-id", "7", "--group", "--json")


@pytest.fixture
def desk(places: Places) -> Desk:
    """A desk whose agent has a name."""
    one = Desk(places)
    one.configure(blocks=NAMED)
    return one


def test_what_was_set_beats_the_config_and_says_so(desk: Desk, cli: Gateway) -> None:
    assert cli(*ROW).json["reason"] == "no mention"
    desk.live(Adjusted(GROUP, "activation", "always"))
    told = cli(*ROW).json
    assert (told["decision"], told["wasMentioned"]) == ("admit", False)
    desk.live(Adjusted(GROUP, "activation", "mention"))
    told = cli(*ROW).json
    assert (told["decision"], told["reason"], told["configKey"]) == ("drop", "no mention", "/activation")
    assert told["flip"] == SAY_ALWAYS
    desk.live(Adjusted(GROUP, "activation", None))
    assert cli(*ROW).json["configKey"] == REFUSED.config_key


def test_a_message_that_was_only_listened_to_ended_when_it_came(desk: Desk, cli: Gateway) -> None:
    desk.live(Appended(inbound(1, is_group=True), REFUSED))
    desk.live(Adjusted(GROUP, "activation", "always"))
    told = cli("explain", "last", "--json").json
    assert (told["decision"], told["reason"], told["outcome"]) == ("drop", "no mention", "dropped")
    assert [one["fact"] for one in told["history"]] == ["received", "judged"]
    assert told["history"][1]["outcome"] == "dropped"
    assert told["now"]["decision"] == "admit"


def test_a_command_that_set_it_is_let_in_as_an_owners(desk: Desk, cli: Gateway) -> None:
    desk.configure(blocks={**NAMED, "commands": {"ownerAllowFrom": [ANN]}})
    told = cli(*ROW, "--text", "/activation always").json
    assert (told["decision"], told["authority"], told["rules"][-1]["rule"]) == ("admit", "owner", "control")
    assert cli(*ROW, "--text", "/status").json["authority"] == "authorised"


def test_they_are_those_on_disk_and_none_where_nothing_can_be_read(desk: Desk, places: Places) -> None:
    assert standings(places.journal) == {}
    desk.live(Adjusted(GROUP, "send", "off"))
    assert dict(standings(places.journal)) == {GROUP: Standing(send="off")}
    places.journal.write_bytes(b"no journal")
    assert standings(places.journal) == {}
