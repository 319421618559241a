"""The decision table: each row of it in direct and group form, and the order of its rules."""

from __future__ import annotations

from typing import Any

import pytest

from actors.access.policy import Allowed, decide, describe, explain, flip
from actors.access.rules import DIRECT as DIRECT_RULES
from actors.access.rules import GROUP as GROUP_RULES
from actors.envelopes.inbound import Admit, Challenge, Dropped, Held, Verdict
from tests.access.builders import ANN, BEN, CH, OWN, PICTURE, config, judge, row, view

NAMED = config(agents={"list": [{"id": "main", "identity": {"name": "Claw"}, "runtime": {"type": "echo"}}]})
DIRECT = "agent:main:main"
GROUP = "agent:main:imessage:group:7"
EMPTY = "groupPolicy allowlist (empty groupAllowFrom)"


def admitted(session: str, mentioned: bool = True, authority: str = "authorised") -> Admit:
    return Admit(session, "main", mentioned, "auto", False, authority)


KNOWN_IN_GROUP = admitted(GROUP, False, "known")


# name, account keys, row changes, verdict
TABLE: list[tuple[str, dict[str, Any], dict[str, Any], Verdict]] = [
    # what is wrong with the row itself
    ("from me", {"allow_from": ("*",)}, {"is_from_me": True}, Dropped("from me")),
    ("from me, group", {"group_policy": "open"}, {"is_from_me": True, "group": True}, Dropped("from me")),
    ("from me, no sender", {}, {"is_from_me": True, "sender": ""}, Dropped("from me")),
    ("from me, no anchor", {}, {"is_from_me": True, "chat_id": 0}, Dropped("from me")),
    ("own address", {"allow_from": (OWN,)}, {"sender": OWN}, Dropped("from me")),
    ("own address written otherwise", {}, {"sender": "(555) 999-0000"}, Dropped("from me")),
    ("own address, group", {"group_policy": "open"}, {"sender": OWN, "group": True}, Dropped("from me")),
    ("no anchor", {"allow_from": ("*",)}, {"chat_id": 0}, Held("no chat anchor")),
    ("negative anchor", {"allow_from": (ANN,)}, {"chat_id": -7}, Held("no chat anchor")),
    ("no anchor, stranger", {}, {"chat_id": 0}, Held("no chat anchor")),
    ("no sender", {"allow_from": ("*",)}, {"sender": "  "}, Dropped("missing sender")),
    ("no sender, group", {"group_policy": "open"}, {"sender": "\t", "group": True}, Dropped("missing sender")),
    ("group, no chat", {"group_policy": "open"}, {"chat_id": 0, "group": True}, Dropped("group without chat_id")),
    # groups
    (
        "group disabled",
        {"group_policy": "disabled", "group_allow_from": ("*",)},
        {"group": True},
        Dropped("groupPolicy disabled", CH + "groupPolicy"),
    ),
    ("group list empty", {}, {"group": True}, Dropped(EMPTY, CH + "allowFrom")),
    (
        "group list empty on purpose",
        {"allow_from": (ANN,), "group_allow_from": ()},
        {"group": True},
        Dropped(EMPTY, CH + "groupAllowFrom"),
    ),
    (
        "group list all unusable",
        {"group_allow_from": (" ", "chat_id:x")},
        {"group": True},
        Dropped(EMPTY, CH + "groupAllowFrom"),
    ),
    (
        "group sender not listed",
        {"group_allow_from": (BEN,), "allow_from": (ANN,)},
        {"group": True},
        Dropped("not in groupAllowFrom", CH + "groupAllowFrom"),
    ),
    (
        "group sender not in the fallback",
        {"allow_from": (BEN,)},
        {"group": True},
        Dropped("not in groupAllowFrom", CH + "allowFrom"),
    ),
    ("group sender listed", {"group_allow_from": (ANN,)}, {"group": True}, admitted(GROUP, False)),
    ("group sender in the fallback", {"allow_from": (ANN,)}, {"group": True}, admitted(GROUP, False)),
    ("group chat listed", {"group_allow_from": ("chat_id:7",)}, {"group": True}, KNOWN_IN_GROUP),
    ("group anyone", {"group_allow_from": ("*",)}, {"group": True}, admitted(GROUP, False)),
    ("group open", {"group_policy": "open"}, {"group": True}, KNOWN_IN_GROUP),
    (
        "group not registered",
        {"group_policy": "open", "groups": {"42": False}},
        {"group": True},
        Dropped("group id not in allowlist", CH + "groups"),
    ),
    ("group registered", {"group_policy": "open", "groups": {"7": False}}, {"group": True}, KNOWN_IN_GROUP),
    ("all groups registered", {"group_policy": "open", "groups": {"*": None}}, {"group": True}, KNOWN_IN_GROUP),
    (
        "sender before registry",
        {"group_allow_from": (BEN,), "groups": {"42": False}},
        {"group": True},
        Dropped("not in groupAllowFrom", CH + "groupAllowFrom"),
    ),
    ("registry names a direct thread", {"groups": {"7": False}}, {}, Dropped(EMPTY, CH + "allowFrom")),
    (
        "a direct thread as group",
        {"group_allow_from": (ANN,), "groups": {"7": False}},
        {},
        admitted(GROUP, False),
    ),
    ("star makes no group", {"allow_from": (ANN,), "groups": {"*": False}}, {}, admitted(DIRECT)),
    # direct messages
    (
        "disabled",
        {"dm_policy": "disabled", "allow_from": ("*",)},
        {},
        Dropped("dmPolicy disabled", CH + "dmPolicy"),
    ),
    ("open", {"dm_policy": "open", "allow_from": ("*",)}, {}, admitted(DIRECT)),
    ("open, listed", {"dm_policy": "open", "allow_from": (ANN,)}, {}, admitted(DIRECT)),
    ("open without star", {"dm_policy": "open"}, {}, Dropped("dmPolicy blocked", CH + "allowFrom")),
    ("allowlist", {"dm_policy": "allowlist", "allow_from": (ANN,)}, {}, admitted(DIRECT)),
    ("allowlist, star", {"dm_policy": "allowlist", "allow_from": ("*",)}, {}, admitted(DIRECT)),
    (
        "allowlist, not listed",
        {"dm_policy": "allowlist", "allow_from": (BEN,)},
        {},
        Dropped("dmPolicy blocked", CH + "allowFrom"),
    ),
    ("allowlist, empty", {"dm_policy": "allowlist"}, {}, Dropped("dmPolicy blocked", CH + "allowFrom")),
    ("pairing, listed", {"allow_from": (ANN,)}, {}, admitted(DIRECT)),
    ("pairing, chat listed", {"allow_from": ("chat_id:7",)}, {}, admitted(DIRECT, authority="known")),
    ("pairing, star", {"allow_from": ("*",)}, {}, admitted(DIRECT)),
    ("national number listed", {"allow_from": ("(555) 222-3333",)}, {}, admitted(DIRECT)),
    ("pairing, stranger", {}, {}, Challenge(ANN, CH + "dmPolicy")),
    ("pairing, stranger by mail", {}, {"sender": "Kim@X.com"}, Challenge("kim@x.com", CH + "dmPolicy")),
    ("short code", {}, {"sender": "262966"}, Dropped("short code", CH + "dmPolicy")),
    ("sender name", {}, {"sender": "MyBank"}, Dropped("short code", CH + "dmPolicy")),
    ("chat as sender", {"allow_from": ("chat_id:9",)}, {"sender": "chat_id:9"}, Dropped("short code", CH + "dmPolicy")),
    ("short code listed", {"allow_from": ("262966",)}, {"sender": "262966"}, admitted(DIRECT)),
    # bodies
    ("empty", {"allow_from": (ANN,)}, {"text": " \n"}, Dropped("empty body")),
    ("empty, group", {"group_policy": "open"}, {"text": "", "group": True}, Dropped("empty body")),
    ("empty, stranger", {}, {"text": ""}, Dropped("empty body")),
    ("picture only", {"allow_from": (ANN,)}, {"text": "", "attachments": (PICTURE,)}, admitted(DIRECT)),
    ("reaction", {"allow_from": (ANN,)}, {"is_reaction": True}, Dropped("reaction")),
    ("reaction without text", {"allow_from": (ANN,)}, {"is_reaction": True, "text": ""}, Dropped("reaction")),
    ("reaction, stranger", {}, {"is_reaction": True}, Dropped("reaction")),
    ("reaction, group", {"group_policy": "open"}, {"is_reaction": True, "group": True}, Dropped("reaction")),
    (
        "refused before its body is looked at",
        {"dm_policy": "allowlist"},
        {"text": ""},
        Dropped("dmPolicy blocked", CH + "allowFrom"),
    ),
]


@pytest.mark.parametrize(("keys", "changes", "expected"), [case[1:] for case in TABLE], ids=[case[0] for case in TABLE])
def test_the_table(keys: dict[str, Any], changes: dict[str, Any], expected: Verdict) -> None:
    verdict = judge(row(**changes), view(**keys))
    assert type(verdict) is type(expected)
    assert verdict == expected


OPEN: dict[str, Any] = {"group_policy": "open"}
MENTIONS = [
    ("by default", OPEN, "hello", "groups.*.requireMention"),
    ("by star", {**OPEN, "groups": {"*": True}}, "hello", "groups.*.requireMention"),
    ("by its own entry", {**OPEN, "groups": {"7": True, "*": False}}, "hello", "groups.7.requireMention"),
    ("own entry is silent", {**OPEN, "groups": {"7": None, "*": True}}, "hello", "groups.*.requireMention"),
    ("nobody says", {**OPEN, "groups": {"7": None}}, "hello", "groups.7.requireMention"),
    ("mentioned", OPEN, "Claw, hello", None),
    ("own entry needs none", {**OPEN, "groups": {"7": False, "*": True}}, "hello", None),
    ("star needs none", {**OPEN, "groups": {"*": False}}, "hello", None),
    ("star needs none, own entry is silent", {**OPEN, "groups": {"7": None, "*": False}}, "hello", None),
]


@pytest.mark.parametrize(("keys", "text", "key"), [case[1:] for case in MENTIONS], ids=[case[0] for case in MENTIONS])
def test_the_mention_gate(keys: dict[str, Any], text: str, key: str | None) -> None:
    verdict = judge(row(group=True, text=text), view(NAMED, **keys))
    if key is None:
        assert verdict == admitted(GROUP, text.startswith("Claw"), "known")
        assert type(verdict) is Admit
    else:
        assert type(verdict) is Dropped
        assert verdict == Dropped("no mention", CH + key)


def test_direct_messages_need_no_mention() -> None:
    assert judge(row(), view(NAMED, allow_from=(ANN,))) == admitted(DIRECT, True)


def test_the_mention_gate_comes_after_access() -> None:
    verdict = judge(row(group=True), view(NAMED, group_allow_from=(BEN,)))
    assert verdict == Dropped("not in groupAllowFrom", CH + "groupAllowFrom")


def test_an_approved_sender_is_admitted_under_pairing_only() -> None:
    assert judge(row(), view(), ANN) == admitted(DIRECT)
    for policy in ("allowlist", "open"):
        assert judge(row(), view(dm_policy=policy), ANN) == Dropped("dmPolicy blocked", CH + "allowFrom")
    assert judge(row(), view(dm_policy="disabled"), ANN) == Dropped("dmPolicy disabled", CH + "dmPolicy")


def test_the_pairing_store_never_opens_a_group() -> None:
    assert judge(row(group=True), view(), ANN) == Dropped(EMPTY, CH + "allowFrom")
    assert judge(row(group=True), view(group_allow_from=(BEN,)), ANN) == Dropped(
        "not in groupAllowFrom",
        CH + "groupAllowFrom",
    )


UNREADABLE = Allowed(readable=False)


def test_an_unreadable_store_holds_what_it_would_have_decided() -> None:
    verdict = decide(row(), view(), UNREADABLE)
    assert type(verdict) is Held
    assert verdict == Held("pairing store unreadable", CH + "dmPolicy")


@pytest.mark.parametrize(
    ("keys", "changes", "expected"),
    [
        ({"allow_from": (ANN,)}, {}, admitted(DIRECT)),
        ({"dm_policy": "allowlist"}, {}, Dropped("dmPolicy blocked", CH + "allowFrom")),
        (OPEN, {"group": True}, KNOWN_IN_GROUP),
        ({}, {"text": ""}, Dropped("empty body")),
        ({}, {"is_from_me": True}, Dropped("from me")),
    ],
)
def test_an_unreadable_store_decides_nothing_else(keys: Any, changes: Any, expected: Verdict) -> None:
    assert decide(row(**changes), view(**keys), UNREADABLE) == expected


@pytest.mark.parametrize("runtime", [None, {"type": "embedded"}, {"type": "model", "model": "a"}, {"type": "acp"}])
def test_without_an_agent_that_can_answer_messages_wait(runtime: dict[str, Any] | None) -> None:
    agent = {"id": "main"} if runtime is None else {"id": "main", "runtime": runtime}
    of = view(config(agents={"list": [agent]}), allow_from=(ANN,))
    verdict = judge(row(), of)
    assert type(verdict) is Held
    assert verdict == Held("no agent", "agents.list[].runtime")
    assert flip(verdict, row(), of) == of.agents["main"].problem
    assert of.agents["main"].problem.startswith("agent 'main': ")


def test_a_command_agent_takes_time_and_an_echo_does_not() -> None:
    command = config(agents={"list": [{"id": "main", "runtime": {"type": "command", "command": ["/bin/cat"]}}]})
    verdict = judge(row(), view(command, allow_from=(ANN,)))
    assert isinstance(verdict, Admit)
    assert verdict.waits
    assert view().agents["main"].problem == ""


@pytest.mark.parametrize(
    ("guid", "service", "expected"),
    [("SMS;-;+1", "auto", "sms"), ("iMessage;-;+1", "sms", "sms"), ("iMessage;-;+1", "imessage", "imessage")],
)
def test_a_text_message_is_answered_as_one(guid: str, service: str, expected: str) -> None:
    verdict = judge(row(guid_of_chat=guid), view(allow_from=(ANN,), service=service))
    assert isinstance(verdict, Admit)
    assert verdict.service == expected


@pytest.mark.parametrize(("keys", "changes"), [case[1:3] for case in TABLE], ids=[case[0] for case in TABLE])
def test_the_explanation_ends_with_the_verdict(keys: dict[str, Any], changes: dict[str, Any]) -> None:
    of, message = view(**keys), row(**changes)
    told, verdict = explain(message, of, Allowed()), decide(message, of, Allowed())
    table = GROUP_RULES if told.is_group else DIRECT_RULES
    assert [name for name, _ in told.rules] == [rule.name for rule in table[: len(told.rules)]]
    assert [result for _, result in told.rules[:-1]] == ["pass"] * (len(told.rules) - 1)
    assert told.rules[-1][1] == describe(verdict)
    assert told.verdict == verdict
    assert type(told.verdict) is type(verdict)


@pytest.mark.parametrize(
    ("keys", "changes", "told"),
    [
        ({"allow_from": (ANN,)}, {}, ("admit", "", CH + "allowFrom", DIRECT)),
        ({"group_policy": "open"}, {"group": True}, ("admit", "", CH + "groupPolicy", GROUP)),
        ({"group_allow_from": (ANN,)}, {"group": True}, ("admit", "", CH + "groupAllowFrom", GROUP)),
        ({}, {}, ("challenge", "pairing required", CH + "dmPolicy", DIRECT)),
        ({"dm_policy": "allowlist"}, {}, ("drop", "dmPolicy blocked", CH + "allowFrom", DIRECT)),
        ({}, {"group": True, "chat_id": 0}, ("drop", "group without chat_id", "", "")),
        ({}, {"chat_id": 0}, ("hold", "no chat anchor", "", DIRECT)),
    ],
)
def test_an_explanation_says_what_was_decided_and_where_the_message_belongs(keys: Any, changes: Any, told: Any) -> None:
    said = explain(row(**changes), view(**keys), Allowed())
    assert (said.decision, said.reason, said.config_key, said.session) == told
    assert (said.sender, said.agent, said.service) == (ANN, "main", "auto")


def test_who_was_paired_is_let_in_by_the_policy() -> None:
    assert explain(row(), view(), Allowed(frozenset({ANN}))).config_key == CH + "dmPolicy"
