"""Control commands at the gate: what the gateway carries out itself reaches no agent, from whoever may command."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec.structs import replace

from actors.access.flips import flip
from actors.access.policy import Allowed, decide, describe, explain, in_words
from actors.commands.parse import BY_NAME, CARRIED_OUT, OF_A_SESSION, STEERING
from actors.envelopes.inbound import Admit, Challenge, Control, Dropped, Held, Inbound
from tests.access.builders import ANN, BEN, CH, ECHO, OWN, PICTURE, config, judge, note, row, view

NAMED = {"list": [{**ECHO, "identity": {"name": "Claw"}}]}
SWITCHED_ON = {"config": True, "debug": True, "restart": True}
SWITCHED_OFF = {"config": False, "debug": False, "restart": False}
LET_IN: dict[str, Any] = {"allow_from": ("chat_id:7",), "group_policy": "open"}
"""Ann's chat is let in, and no list names her."""
UNAUTHORISED = "control command (unauthorized)"


def verdict_of(message: Inbound, commands: dict[str, Any] | None = None, **keys: Any) -> Any:
    """The verdict where Ann is on the list, unless the keys say otherwise."""
    return judge(message, view(config(agents=NAMED, commands=commands or {}), **{"allow_from": (ANN,), **keys}))


@pytest.mark.parametrize("commands", [SWITCHED_ON, SWITCHED_OFF], ids=["on", "off"])
@pytest.mark.parametrize("name", sorted(CARRIED_OUT))
def test_whoever_may_read_by_commands_reaches_the_gateway_itself_switched_on_or_off(
    name: str, commands: dict[str, Any]
) -> None:
    onward = name in STEERING
    control = Control("agent:main:main", "main", "auto", "authorised", onward)
    assert verdict_of(row(text=f"/{name}"), commands) == control
    owned = {**commands, "ownerAllowFrom": [ANN]}
    assert verdict_of(row(text=f"/{name}"), owned) == Control("agent:main:main", "main", "auto", "owner", onward)


@pytest.mark.parametrize("group", [False, True], ids=["direct", "group"])
@pytest.mark.parametrize(
    ("text", "onward", "with_message"),
    [
        ("/new", True, False),
        ("/new hello", True, True),
        ("/reset: hello", True, True),
        ("/new\nhello", True, True),
        ("claw /reset hello", True, True),
        ("/stop", True, False),
        ("Stop!", True, False),
        ("claw, wait", True, False),
        ("/model a:b", True, False),
        ("/queue collect", True, False),
        ("/send off", True, False),
        ("/activation always", True, False),
        ("/status", False, False),
        ("/help", False, False),
        ("/config show", False, False),
        ("/allowlist", False, False),
    ],
)
def test_what_concerns_a_session_holds_up_what_comes_after_it_there(
    text: str, onward: bool, with_message: bool, group: bool
) -> None:
    verdict = verdict_of(row(text=text, group=group), SWITCHED_ON, group_policy="open")
    assert (verdict.onward, verdict.with_message) == (onward, with_message)


def test_a_file_behind_a_reset_is_a_message_and_none_behind_one_that_is_switched_off() -> None:
    assert verdict_of(row(text="/new", attachments=(PICTURE,))).with_message
    assert not verdict_of(row(text="/stop", attachments=(PICTURE,))).with_message
    off = view(config(agents=NAMED, session={"resetTriggers": ["/reset"]}), allow_from=(ANN,))
    for text, with_message in (("/new hello", False), ("/reset hello", True)):
        verdict = judge(row(text=text), off)
        assert isinstance(verdict, Control)
        assert (verdict.onward, verdict.with_message) == (True, with_message)


@pytest.mark.parametrize(
    "text",
    [
        "/config show",
        "/CONFIG set a.b=1",
        " /config: get x ",
        "\n/config",
        "claw /config show",
        "@Claw, /config show",
        "/config\nwhatever else",
        "/allowlist add +15554445555",
        "/restart",
    ],
)
def test_in_any_spelling_and_with_a_mention_before_it(text: str) -> None:
    assert isinstance(verdict_of(row(text=text), SWITCHED_ON), Control)


@pytest.mark.parametrize("text", ["/configure x", "/restart now", "look: /config show", "/think", "/bash ls", "/"])
def test_anything_else_reaches_the_agent(text: str) -> None:
    assert isinstance(verdict_of(row(text=text), SWITCHED_ON), Admit)


def test_somebody_who_is_only_known_is_refused_or_heard_as_ever() -> None:
    of = {"commands": SWITCHED_ON, **LET_IN}
    assert verdict_of(row(text="/config show"), **of) == Dropped(UNAUTHORISED, f"{CH}allowFrom")
    assert isinstance(verdict_of(row(text="/config show"), SWITCHED_OFF, **LET_IN), Admit)
    assert isinstance(verdict_of(row(text="claw /config show", group=True), SWITCHED_OFF, **LET_IN), Admit)


def test_a_stranger_is_a_stranger_first() -> None:
    assert isinstance(verdict_of(row(text="/config show", sender=BEN), SWITCHED_ON), Challenge)
    assert isinstance(verdict_of(row(text="/config show", sender=BEN), dm_policy="allowlist"), Dropped)


# Named people alone: what is shown names people, and "anyone" is whoever writes


ANYONE: list[tuple[str, dict[str, Any], dict[str, Any]]] = [
    ("allowFrom", {}, {"dm_policy": "open", "allow_from": ("*",), "group_policy": "open"}),
    ("groupAllowFrom", {}, {**LET_IN, "group_allow_from": ("*",)}),
    ("commands.allowFrom", {"allowFrom": {"imessage": ["*"]}}, LET_IN),
    ("useAccessGroups", {"useAccessGroups": False}, LET_IN),
]
NAMED_BY: list[tuple[str, dict[str, Any], dict[str, Any], Allowed]] = [
    ("allowFrom", {}, {"allow_from": ("*", ANN)}, Allowed()),
    ("groupAllowFrom", {}, {"group_allow_from": ("*", ANN)}, Allowed()),
    ("an access group", {}, {"allow_from": ("*", "accessGroup:family")}, Allowed()),
    ("commands.allowFrom", {"allowFrom": {"imessage": ["*", ANN]}}, {}, Allowed()),
    ("a list besides commands.allowFrom", {"allowFrom": {"imessage": ["*"]}}, {"allow_from": ("*", ANN)}, Allowed()),
    ("pairing", {}, {"dm_policy": "pairing"}, Allowed(frozenset({ANN}))),
    ("an owner", {"ownerAllowFrom": [ANN]}, {}, Allowed()),
    ("an owner of our state", {}, {}, Allowed(owners=frozenset({ANN}))),
]
FAMILY = {"family": {"type": "message.senders", "members": {"imessage": [ANN]}}}


@pytest.mark.parametrize("group", [False, True], ids=["direct", "group"])
@pytest.mark.parametrize(("commands", "keys"), [case[1:] for case in ANYONE], ids=[case[0] for case in ANYONE])
def test_whoever_only_a_wildcard_lets_in_is_refused_like_anybody(
    commands: dict[str, Any], keys: dict[str, Any], group: bool
) -> None:
    key = "commands.allowFrom.imessage" if "allowFrom" in commands else f"{CH}allowFrom"
    if group and "group_allow_from" in keys:
        key = f"{CH}groupAllowFrom"
    of = view(config(agents=NAMED, commands={**SWITCHED_ON, **commands}), **keys)
    for name in sorted(BY_NAME):
        message = row(text=f"/{name}", group=group)
        told = explain(message, of, Allowed())
        assert told.verdict == Dropped(UNAUTHORISED, key)
        assert (told.decision, told.reason, told.rules[-1]) == (
            "drop",
            UNAUTHORISED,
            ("command", f"drop: {UNAUTHORISED}"),
        )
        assert told.flip == f'add "{ANN}" to {key}'
    for name in sorted(CARRIED_OUT - BY_NAME):
        assert isinstance(judge(row(text=f"/{name}", group=group), of), Control), "these name nobody"
    assert isinstance(judge(row(text="/think", group=group), of), Admit), "the agent's commands are as they were"


@pytest.mark.parametrize("commands", [{}, {"useAccessGroups": False}])
def test_to_them_one_that_is_switched_off_is_text(commands: dict[str, Any]) -> None:
    of = view(config(agents=NAMED, commands={**SWITCHED_OFF, **commands}), allow_from=("*",), group_policy="open")
    assert isinstance(judge(row(text="/config show"), of), Admit)
    assert judge(row(text="/config show", group=True), of) == Dropped("no mention", f"{CH}groups.*.requireMention")
    assert isinstance(judge(row(text="claw /config show", group=True), of), Admit)


@pytest.mark.parametrize(
    ("commands", "keys", "allowed"), [case[1:] for case in NAMED_BY], ids=[case[0] for case in NAMED_BY]
)
def test_whoever_is_named_anywhere_reaches_the_gateway(
    commands: dict[str, Any], keys: dict[str, Any], allowed: Allowed
) -> None:
    conf = config(agents=NAMED, commands={**SWITCHED_ON, **commands}, accessGroups=FAMILY)
    of = view(conf, **{"dm_policy": "open", "allow_from": ("*",), **keys})
    assert isinstance(decide(row(text="/config show"), of, allowed), Control)
    assert isinstance(decide(row(text="/config show", sender=BEN), of, allowed), Dropped)


def test_i8_whom_unreadable_files_may_name_waits() -> None:
    unreadable = Allowed(readable=False)
    message, held = row(text="/config show"), Held("pairing store unreadable", f"{CH}dmPolicy")
    of = view(config(commands=SWITCHED_ON), dm_policy="open", allow_from=("*",))
    assert decide(message, of, unreadable) == held, "an owner, perhaps"
    owned = {**SWITCHED_ON, "ownerAllowFrom": [BEN], "allowFrom": {"imessage": ["*"]}}
    assert decide(message, view(config(commands=owned), **LET_IN), unreadable) == held, "paired, perhaps"
    of = view(config(commands=owned), dm_policy="open", allow_from=("*",))
    assert decide(message, of, unreadable) == Dropped(UNAUTHORISED, "commands.allowFrom.imessage")


# In groups


@pytest.mark.parametrize("name", sorted(CARRIED_OUT))
def test_an_owner_in_a_group_is_one_for_what_is_the_groups_own_and_for_nothing_else(name: str) -> None:
    """No group makes an owner; ``/activation`` and its like are about this very group, and Ann is one by handle."""
    commands = {**SWITCHED_ON, "ownerAllowFrom": [ANN]}
    message = row(text=f"/{name}", group=True)
    authority = "owner" if name in OF_A_SESSION else "authorised"
    control = Control("agent:main:imessage:group:7", "main", "auto", authority, name in STEERING)
    for keys in ({"group_policy": "open"}, {"group_allow_from": (ANN,)}, {"group_allow_from": ("chat_id:7",)}):
        assert verdict_of(message, commands, **keys) == control
        assert explain(message, view(config(agents=NAMED, commands=commands), **keys), Allowed()).authority == authority
    other = verdict_of(row(text=f"/{name}", group=True, sender=BEN), commands, group_allow_from=(ANN, BEN))
    assert other == replace(control, authority="authorised")


def test_in_a_group_a_command_that_is_switched_on_needs_no_mention_and_nobody_owns_anything() -> None:
    commands = {**SWITCHED_ON, "ownerAllowFrom": [ANN]}
    session = "agent:main:imessage:group:7"
    assert verdict_of(row(text="/config show", group=True), commands) == Control(session, "main", "auto", "authorised")


def test_one_that_is_switched_off_is_text_to_the_mention_gate() -> None:
    refused = Dropped("no mention", f"{CH}groups.*.requireMention")
    assert verdict_of(row(text="/config show", group=True), SWITCHED_OFF) == refused
    assert isinstance(verdict_of(row(text="claw /config show", group=True), SWITCHED_OFF), Control)


# What comes before


def test_everything_else_is_asked_first() -> None:
    command = row(text="/config show")
    assert verdict_of(row(text="/config show", stale="stale backlog")) == Held(
        "stale backlog", f"{CH}recovery.liveMinutes"
    )
    assert isinstance(verdict_of(row(text="/config show", is_reaction=True)), Dropped)
    assert isinstance(verdict_of(row(text="/config show", chat_id=0)), Held)
    before = Allowed(frozenset({ANN}), since={ANN: 5.0})
    assert decide(command, view(), before) == Dropped("before the approval", f"{CH}dmPolicy")
    assert isinstance(decide(command, view(), Allowed(readable=False)), Held)


def test_no_agent_is_needed() -> None:
    of = view(config(agents={"list": [{"id": "main"}]}), allow_from=(ANN,))
    assert judge(row(), of) == Held("no agent", "agents.list[].runtime")
    assert judge(row(text="/config show"), of) == Control("agent:main:main", "main", "auto", "authorised")


def test_the_owner_commands_from_the_chat_with_himself() -> None:
    of = view(config(commands={"ownerAllowFrom": [OWN]}), allow_from=(OWN,))
    assert judge(note(text="/config show"), of) == Control("agent:main:main", "main", "auto", "owner")


def test_it_is_answered_by_the_service_it_came_by() -> None:
    verdict = verdict_of(row(text="/config", guid_of_chat=f"SMS;-;{ANN}"))
    assert isinstance(verdict, Control)
    assert verdict.service == "sms"


# In words


def test_it_is_explained_as_let_in() -> None:
    of = view(config(commands={"ownerAllowFrom": [ANN]}), allow_from=(ANN,))
    message = row(text="/config show")
    told = explain(message, of, Allowed())
    assert told.verdict == decide(message, of, Allowed())
    assert (told.decision, told.reason, told.flip) == ("admit", "", "")
    assert (told.authority, told.config_key, told.mentioned) == ("owner", f"{CH}allowFrom", True)
    assert told.rules[-2:] == (("approval", "pass"), ("control", "control: agent:main:main"))
    assert ("control", "pass") in explain(row(), of, Allowed()).rules
    assert [name for name, _ in explain(row(), of, Allowed()).rules][-3:] == ["control", "agent", "admitted"]


def test_no_setting_would_have_to_change() -> None:
    verdict = Control("s", "main", "auto", "owner")
    assert in_words(verdict) == ("admit", "", "")
    assert describe(verdict) == "control: s"
    assert flip(verdict, row(), view()) == ""
