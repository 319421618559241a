"""``/activation``: what an owner said in a group beats the config, from the next message on."""

from __future__ import annotations

from typing import Any

import pytest

from actors.access.flips import SAY_ALWAYS
from actors.access.policy import Allowed, explain
from actors.access.view import AccessView
from actors.envelopes.inbound import Admit, Control, Dropped
from actors.envelopes.session import Standing
from config.account import Account
from config.schema.channel import GroupEntry
from tests.access.builders import ANN, CH, ECHO, config, judge, row

NAMED = {"list": [{**ECHO, "identity": {"name": "Claw"}}]}
GROUP = "agent:main:imessage:group:7"
ALWAYS, MENTION, NEITHER = Standing(activation="always"), Standing(activation="mention"), Standing(send="off")
REFUSED = Dropped("no mention", "/activation")
BY_CONFIG = Dropped("no mention", f"{CH}groups.*.requireMention")


def at(standings: dict[str, Standing], required: bool | None = None, agents: Any = NAMED, **keys: Any) -> AccessView:
    """The view of an account in whose groups a mention is ``required``."""
    entry = GroupEntry.model_validate({} if required is None else {"requireMention": required})
    account = Account(id="default", **{"group_policy": "open", "allow_from": (ANN,), "groups": {"*": entry}, **keys})
    return AccessView.build(account, config(agents=agents), standings)


@pytest.mark.parametrize("required", [None, True, False])
@pytest.mark.parametrize("text", ["hello", "hello claw"])
def test_it_beats_the_config(required: bool | None, text: str) -> None:
    message, mentioned = row(text=text, group=True), "claw" in text
    assert isinstance(judge(message, at({GROUP: ALWAYS}, required)), Admit)
    asked = judge(message, at({GROUP: MENTION}, required))
    assert isinstance(asked, Admit) if mentioned else asked == REFUSED
    verdict = judge(message, at({GROUP: NEITHER, "agent:main:main": ALWAYS}, required))
    assert isinstance(verdict, Admit) if mentioned or required is False else verdict == BY_CONFIG


def test_only_of_that_group_and_only_while_it_stands() -> None:
    standings: dict[str, Standing] = {}
    of = at(standings)
    message, other = row(group=True), row(group=True, chat_id=8)
    assert judge(message, of) == BY_CONFIG
    standings[GROUP] = ALWAYS
    assert isinstance(judge(message, of), Admit)
    assert judge(other, of) == BY_CONFIG
    standings[GROUP] = MENTION
    assert judge(message, of) == REFUSED
    del standings[GROUP]
    assert judge(message, of) == BY_CONFIG


def test_it_lets_in_nobody_and_asks_for_no_mention_that_cannot_be_made() -> None:
    stranger = at({GROUP: ALWAYS}, group_policy="allowlist", group_allow_from=())
    assert isinstance(judge(row(group=True), stranger), Dropped)
    elsewhere = at({GROUP: ALWAYS}, groups={"42": GroupEntry()})
    assert judge(row(group=True), elsewhere) == Dropped("group id not in allowlist", f"{CH}groups")
    nameless = at({GROUP: MENTION}, agents={"list": [ECHO]})
    assert isinstance(judge(row(group=True), nameless), Admit)


def test_a_direct_chat_has_no_such_thing() -> None:
    assert isinstance(judge(row(), at({"agent:main:main": MENTION})), Admit)


def test_a_command_is_heard_all_the_same() -> None:
    assert isinstance(judge(row(text="/activation always", group=True), at({GROUP: MENTION})), Control)


def test_it_is_explained_with_what_would_change_it() -> None:
    of = at({GROUP: MENTION})
    told = explain(row(group=True), of, Allowed())
    assert (told.reason, told.config_key, told.flip) == ("no mention", "/activation", SAY_ALWAYS)
    assert told.rules[-1] == ("mention", "drop: no mention")
    assert ("mention", "pass") in explain(row(group=True), at({GROUP: ALWAYS}), Allowed()).rules
