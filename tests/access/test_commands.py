"""Who may command: known, authorised, owner; and which messages count as commands at the gate."""

from __future__ import annotations

from typing import Any

import pytest

from actors.access.policy import Allowed, decide, explain
from actors.envelopes.inbound import Admit, Control, Dropped, Held
from tests.access.builders import ANN, BEN, CH, ECHO, OWN, config, judge, row, view

NAMED = {"list": [{**ECHO, "identity": {"name": "Claw"}}]}
UNAUTHORISED = "control command (unauthorized)"
LET_IN: dict[str, Any] = {"allow_from": ("chat_id:7",), "group_policy": "open"}
"""Ann's chat is let in, and no list names her."""


def authority(commands: dict[str, Any], keys: dict[str, Any], allowed: Allowed, **changes: Any) -> str:
    verdict = decide(row(**changes), view(config(commands=commands), **keys), allowed)
    assert isinstance(verdict, Admit)
    return verdict.authority


PAIRED = Allowed(frozenset({ANN}))
# commands block, account keys, pairing snapshot, authority in a direct chat and in a group
LEVELS: list[tuple[str, dict[str, Any], dict[str, Any], Allowed, str, str]] = [
    ("nobody is listed", {}, LET_IN, Allowed(), "known", "known"),
    ("listed", {}, {**LET_IN, "allow_from": (ANN,)}, Allowed(), "authorised", "authorised"),
    ("listed for groups", {}, {**LET_IN, "group_allow_from": (ANN,)}, Allowed(), "authorised", "authorised"),
    ("somebody else is listed", {}, {**LET_IN, "group_allow_from": (BEN,)}, Allowed(), "known", "known"),
    ("anyone", {}, {**LET_IN, "allow_from": ("*",)}, Allowed(), "authorised", "authorised"),
    ("the store counts in direct chats", {}, LET_IN, PAIRED, "authorised", "known"),
    ("and only under pairing", {}, {**LET_IN, "dm_policy": "allowlist"}, PAIRED, "known", "known"),
    ("everyone who is let in", {"useAccessGroups": False}, LET_IN, Allowed(), "authorised", "authorised"),
    ("owner", {"ownerAllowFrom": [ANN]}, LET_IN, Allowed(), "owner", "authorised"),
    ("another owner", {"ownerAllowFrom": [BEN]}, LET_IN, Allowed(), "known", "known"),
    ("no wildcard makes an owner", {"ownerAllowFrom": ["*"]}, LET_IN, Allowed(), "known", "known"),
    ("nor a prefixed one", {"ownerAllowFrom": ["imessage:*"]}, LET_IN, Allowed(), "known", "known"),
    ("nor a chat", {"ownerAllowFrom": ["chat_id:7"]}, LET_IN, Allowed(), "known", "known"),
    ("owner of our state", {}, LET_IN, Allowed(owners=frozenset({ANN})), "owner", "authorised"),
    (
        "the config's owners come first",
        {"ownerAllowFrom": [BEN]},
        LET_IN,
        Allowed(owners=frozenset({ANN})),
        "known",
        "known",
    ),
    (
        "even when they cannot be understood",
        {"ownerAllowFrom": ["+1555\u200b"]},
        LET_IN,
        Allowed(owners=frozenset({ANN})),
        "known",
        "known",
    ),
    ("our list", {"allowFrom": {"imessage": [ANN]}}, LET_IN, Allowed(), "authorised", "authorised"),
    ("our list, anyone", {"allowFrom": {"imessage": ["*"]}}, LET_IN, Allowed(), "authorised", "authorised"),
    ("our list, a chat", {"allowFrom": {"imessage": ["chat_id:7"]}}, LET_IN, Allowed(), "known", "known"),
    ("our list is the only one", {"allowFrom": {"imessage": []}}, {"allow_from": ("*",)}, PAIRED, "known", ""),
    (
        "it comes before useAccessGroups",
        {"allowFrom": {"imessage": []}, "useAccessGroups": False},
        LET_IN,
        Allowed(),
        "known",
        "known",
    ),
    ("the list of all channels", {"allowFrom": {"*": [ANN]}}, LET_IN, Allowed(), "authorised", "authorised"),
    ("ours before that", {"allowFrom": {"*": [ANN], "imessage": []}}, LET_IN, Allowed(), "known", "known"),
    ("in any spelling", {"allowFrom": {"*": [ANN], "iMessage": []}}, LET_IN, Allowed(), "known", "known"),
    ("another channel's list", {"allowFrom": {"telegram": []}}, {"allow_from": (ANN,)}, PAIRED, "authorised", ""),
    (
        "an owner needs no list",
        {"allowFrom": {"imessage": []}, "ownerAllowFrom": [ANN]},
        LET_IN,
        Allowed(),
        "owner",
        "authorised",
    ),
]


@pytest.mark.parametrize(
    ("commands", "keys", "allowed", "direct", "group"),
    [case[1:] for case in LEVELS],
    ids=[case[0] for case in LEVELS],
)
def test_what_a_sender_may_do(
    commands: dict[str, Any], keys: dict[str, Any], allowed: Allowed, direct: str, group: str
) -> None:
    assert authority(commands, keys, allowed) == direct
    if group:
        assert authority(commands, keys, allowed, group=True) == group


def test_access_groups_authorise_and_make_owners() -> None:
    people = {"family": {"type": "message.senders", "members": {"imessage": [ANN], "*": ["kim@x.com"]}}}
    for commands, expected in (
        ({"ownerAllowFrom": ["accessGroup:family"]}, "owner"),
        ({"allowFrom": {"imessage": ["accessGroup:family"]}}, "authorised"),
    ):
        of = view(config(accessGroups=people, commands=commands), **LET_IN)
        for sender in (ANN, "Kim@X.com"):
            verdict = judge(row(sender=sender), of)
            assert isinstance(verdict, Admit)
            assert verdict.authority == expected
    of = view(config(accessGroups=people), allow_from=("accessGroup:family",))
    verdict = judge(row(), of)
    assert isinstance(verdict, Admit)
    assert verdict.authority == "authorised"


def test_what_cannot_be_used_is_reported_with_its_path() -> None:
    commands = {
        "ownerAllowFrom": ["*", "+1555\u200b", "accessGroup:none"],
        "allowFrom": {"imessage": [ANN, "chat_id:x"]},
    }
    paths = [path for path, _ in view(config(commands=commands)).problems]
    assert paths == [
        "commands.ownerAllowFrom.1",
        "commands.ownerAllowFrom.2",
        "commands.allowFrom.imessage.1",
    ]


# The gate


@pytest.mark.parametrize(
    ("commands", "direct_key", "group_key"),
    [
        ({}, CH + "allowFrom", CH + "groupAllowFrom"),
        ({"allowFrom": {"imessage": []}}, *["commands.allowFrom.imessage"] * 2),
        ({"allowFrom": {"*": []}}, *["commands.allowFrom.*"] * 2),
    ],
)
def test_a_command_of_somebody_not_authorised_is_refused(commands: Any, direct_key: str, group_key: str) -> None:
    of = view(config(commands=commands), **LET_IN, group_allow_from=())
    assert judge(row(text="/status"), of) == Dropped(UNAUTHORISED, direct_key)
    assert judge(row(text="/status", group=True), of) == Dropped(UNAUTHORISED, group_key)


@pytest.mark.parametrize("text", ["/status please", "/etc/hosts", "tell me /status", "/configure x", "/config show"])
def test_other_slash_text_is_text(text: str) -> None:
    """``/config`` among it: it is switched off by default."""
    of = view(**LET_IN)
    assert isinstance(judge(row(text=text), of), Admit)
    assert isinstance(judge(row(text=text, group=True), of), Admit)


@pytest.mark.parametrize(
    "text",
    [
        "/status\nclaw, what is that?",
        "claw please look at the /model of the car",
        "@claw\n/status",
        "claw " + "\u2060" * 64 + "/status",
    ],
)
def test_what_only_has_a_command_in_it_is_text(text: str) -> None:
    """For whoever may not command it is no refusal, and for whoever may it is no way around the mention gate."""
    patterns = {"list": [{**ECHO, "groupChat": {"mentionPatterns": [".*claw.*"]}}]}
    verdict = judge(row(text=text, group=True, sender=BEN), view(config(agents=patterns), group_policy="open"))
    assert isinstance(verdict, Admit)
    verdict = judge(row(text=text.replace("claw", "crab"), group=True), view(config(agents=NAMED), allow_from=(ANN,)))
    assert verdict == Dropped("no mention", CH + "groups.*.requireMention")


def test_a_command_that_is_switched_on_counts() -> None:
    of = view(config(commands={"config": True, "restart": False}), **LET_IN)
    assert isinstance(judge(row(text="/config show"), of), Dropped)
    assert isinstance(judge(row(text="/restart"), of), Admit)


@pytest.mark.parametrize(
    "text",
    [
        "/status",
        "/new: hi",
        "claw /status",
        "@Claw, /status",
        "@\uff23law: /new x",
        "\n/id",
        "/think",
        "claw /think hard",
    ],
)
def test_an_authorised_command_needs_no_mention_and_counts_as_one(text: str) -> None:
    of = view(config(agents=NAMED), group_allow_from=(ANN,))
    verdict = judge(row(text=text, group=True), of)
    assert isinstance(verdict, Admit if "think" in text else Control)
    assert explain(row(text=text, group=True), of, Allowed()).mentioned
    assert verdict.authority == "authorised"


def test_other_slash_text_does_need_one() -> None:
    of = view(config(agents=NAMED), group_allow_from=(ANN,))
    for text in ("/status please", "/nothing", "/config show", "hey you /status"):
        verdict = judge(row(text=text, group=True), of)
        assert verdict == Dropped("no mention", CH + "groups.*.requireMention")


def test_an_unauthorised_command_is_refused_even_with_a_mention() -> None:
    of = view(config(agents=NAMED), group_policy="open")
    for text in ("@claw /status", "/status"):
        assert judge(row(text=text, group=True), of) == Dropped(UNAUTHORISED, CH + "allowFrom")


def test_a_stranger_who_commands_is_a_stranger_first() -> None:
    assert type(judge(row(text="/status"), view())).__name__ == "Challenge"
    assert judge(row(text="/status"), view(dm_policy="allowlist")) == Dropped("dmPolicy blocked", CH + "allowFrom")
    assert judge(row(text="/status", sender="262966"), view()) == Dropped("short code", CH + "dmPolicy")
    refused = judge(row(text="/status", group=True), view(group_allow_from=(BEN,)))
    assert refused == Dropped("not in groupAllowFrom", CH + "groupAllowFrom")


UNREADABLE = Allowed(readable=False)


def test_i8_whom_the_files_may_authorise_waits_until_they_can_be_read() -> None:
    """Let in by the chat; the store, or our state, may say more."""
    assert decide(row(text="/status"), view(**LET_IN), UNREADABLE) == Held("pairing store unreadable", CH + "dmPolicy")
    group = decide(row(text="/status", group=True), view(**LET_IN), UNREADABLE)
    assert group == Held("pairing store unreadable", "commands.ownerAllowFrom")


def test_i8_files_that_cannot_say_more_are_not_waited_for() -> None:
    of = view(config(commands={"ownerAllowFrom": [BEN]}), **LET_IN)
    assert decide(row(text="/status", group=True), of, UNREADABLE) == Dropped(UNAUTHORISED, CH + "allowFrom")
    of = view(config(commands={"ownerAllowFrom": [BEN], "allowFrom": {"imessage": []}}), **LET_IN)
    assert decide(row(text="/status"), of, UNREADABLE) == Dropped(UNAUTHORISED, "commands.allowFrom.imessage")
    assert isinstance(decide(row(text="/status"), view(allow_from=(ANN,)), UNREADABLE), Control)


def test_what_is_refused_says_nothing_of_authority() -> None:
    of = view(config(commands={"useAccessGroups": False}), allow_from=(ANN,))
    assert explain(row(sender=BEN), of, Allowed()).authority == ""
    assert explain(row(sender=BEN, group=True), of, Allowed()).authority == ""
    assert explain(row(text=""), of, Allowed()).authority == "authorised"
    assert explain(row(), of, Allowed()).authority == "authorised"


def test_the_own_address_commands_from_the_chat_with_oneself() -> None:
    of = view(config(commands={"ownerAllowFrom": [OWN]}), allow_from=(OWN,))
    verdict = judge(row(text="/status", is_from_me=True, sender=OWN, identifier=OWN), of)
    assert isinstance(verdict, Control)
    assert verdict.authority == "owner"
