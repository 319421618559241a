"""What is made of imsg's chat objects, whatever its version leaves out, and what the rules say of each."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from actors.control.chat_objects import Chat, read
from actors.control.chats import Preview, unjudged
from actors.control.explain.memory import Memory
from actors.control.judge import Judge
from config import Loaded, Places, load
from tests.support.rows import ANN, BEN, OWN, START, inbound

CAROL = "carol@example.org"
GROUP = "iMessage;+;chat123"
KEYS = {
    "id",
    "guid",
    "identifier",
    "name",
    "service",
    "isGroup",
    "participants",
    "lastMessageAt",
    "account",
    "session",
    "agent",
    "policy",
}
Look = Callable[..., dict[str, Any]]


def direct(handle: str = ANN, number: int = 7, **keys: Any) -> dict[str, Any]:
    """A direct chat on the wire; a key given as ``...`` is left out."""
    chat = {
        "id": number,
        "guid": f"iMessage;-;{handle}",
        "identifier": handle,
        "name": "",
        "service": "iMessage",
        "last_message_at": "2027-01-15T08:00:00.000Z",
        "participants": [handle],
        "is_group": False,
        **keys,
    }
    return {key: what for key, what in chat.items() if what is not ...}


def group(*people: str, number: int = 42, **keys: Any) -> dict[str, Any]:
    """A group on the wire."""
    names = {"guid": GROUP, "identifier": "chat123", "participants": [*people], "is_group": True}
    return direct(number=number, **{**names, **keys})


def chat_of(wire: dict[str, Any]) -> Chat:
    """The chat, which has a number."""
    chat = read(wire)
    assert chat is not None
    return chat


def loaded(places: Places, channel: str, more: str = "") -> Loaded:
    """A config with this channel block and the echo agent, if it says nothing else."""
    places.state.mkdir(parents=True, exist_ok=True)
    agents = more or 'agents: {list: [{id: "main", runtime: {type: "echo"}}]}'
    places.config.write_text(f"{{channels: {{imessage: {{{channel}}}}}, {agents}}}")
    found = load(places, {})
    assert not found.problems, found.problems
    return found


@pytest.fixture
def look(places: Places) -> Look:
    """``look(channel, wire)`` is the value of a chat under a channel block."""

    def report(channel: str, wire: dict[str, Any], more: str = "") -> dict[str, Any]:
        found = loaded(places, channel, more)
        assert found.config is not None
        return Preview(Judge.of(found.accounts[0], found.config, places, START)).report(chat_of(wire))

    return report


def test_everything_imsg_says_is_told() -> None:
    assert chat_of(group(ANN, BEN, name="Family", last_addressed_handle=OWN)) == Chat(
        id=42,
        guid=GROUP,
        identifier="chat123",
        name="Family",
        service="iMessage",
        is_group=True,
        participants=(ANN, BEN),
        last_message_at="2027-01-15T08:00:00.000Z",
        own=OWN,
    )


@pytest.mark.parametrize("number", [..., None, 0, -1, True, "7", 7.0, 2**63])
def test_what_has_no_number_is_no_chat(number: Any) -> None:
    assert read(direct(id=number)) is None


@pytest.mark.parametrize(
    ("wire", "expected"),
    [
        (direct(participants=...), {"participants": (ANN,), "is_group": False}),
        (direct(participants=[]), {"participants": (ANN,)}),
        (direct(is_group=...), {"is_group": False}),
        (direct(identifier=...), {"identifier": ANN}),
        (direct(service=...), {"service": "iMessage"}),
        (direct(service=..., guid=f"any;-;{ANN}"), {"service": None}),
        (direct(guid=..., is_group=..., participants=...), {"guid": None, "is_group": False, "participants": (ANN,)}),
        (direct(guid=..., identifier=..., is_group=..., participants=...), {"is_group": None, "participants": None}),
        (group(is_group=..., guid=..., participants=...), {"is_group": True, "participants": None, "guid": None}),
        (group(is_group=False), {"is_group": True}),
        (group(ANN, BEN, is_group=False, guid="iMessage;-;chat123"), {"is_group": True, "participants": (ANN, BEN)}),
        (group(ANN, BEN, is_group=..., guid=..., identifier=...), {"is_group": True, "identifier": None}),
        (group(ANN, ANN, participants=[ANN, 5, ANN]), {"participants": (ANN,)}),
        (group(participants="nobody", guid=5, name=[], service=1), {"participants": None, "guid": None, "name": None}),
        (direct(last_message_at="yesterday"), {"last_message_at": None}),
        (direct(last_message_at="2027-01-15T09:00:00+01:00"), {"last_message_at": "2027-01-15T08:00:00.000Z"}),
    ],
)
def test_what_is_left_out_is_derived_where_that_is_certain(wire: dict[str, Any], expected: dict[str, Any]) -> None:
    found = chat_of(wire)
    assert {key: getattr(found, key) for key in expected} == expected


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        ({"name": "Ann"}, "Ann"),
        ({"name": ANN}, None),
        ({"name": " "}, None),
        ({"name": ANN, "contact_name": "Ann"}, "Ann"),
        ({"name": "", "display_name": "Ann A.", "contact_name": "Ann"}, "Ann A."),
    ],
)
def test_an_identifier_is_no_name(names: dict[str, Any], expected: str | None) -> None:
    assert chat_of(direct(**names)).name == expected


@pytest.mark.parametrize(
    ("channel", "decision", "reason", "key"),
    [
        (f'allowFrom: ["{ANN}"]', "admit", None, "channels.imessage.allowFrom"),
        ("", "challenge", "pairing required", "channels.imessage.dmPolicy"),
        (f'dmPolicy: "allowlist", allowFrom: ["{BEN}"]', "drop", "dmPolicy blocked", "channels.imessage.allowFrom"),
        ('dmPolicy: "disabled"', "drop", "dmPolicy disabled", "channels.imessage.dmPolicy"),
        ('dmPolicy: "allowlist", allowFrom: ["chat_id:7"]', "admit", None, "channels.imessage.allowFrom"),
    ],
)
def test_a_direct_chat_is_judged_by_the_other_party(
    look: Look, channel: str, decision: str, reason: str | None, key: str
) -> None:
    told = look(channel, direct())
    policy = told["policy"]
    assert told.keys() == KEYS
    assert (policy["decision"], policy["reason"], policy["configKey"]) == (decision, reason, key)
    assert (told["session"], told["agent"], policy["requireMention"]) == ("agent:main:main", "main", False)
    assert policy["speakers"] == [{"handle": ANN, "decision": decision, "reason": reason}]
    assert bool(policy["flip"]) == (decision != "admit")


def test_who_was_paired_is_let_in(look: Look, places: Places) -> None:
    places.credentials.mkdir(parents=True)
    file = places.credentials / "imessage-allowFrom.json"
    file.write_text(f'{{"version": 1, "allowFrom": ["{ANN}"]}}')
    assert look("", direct())["policy"]["decision"] == "admit"
    file.write_text("{")
    policy = look("", direct())["policy"]
    assert (policy["decision"], policy["reason"]) == ("hold", "pairing store unreadable")


def test_a_group_is_open_when_somebody_in_it_may_speak(look: Look) -> None:
    told = look(f'allowFrom: ["{BEN}"]', group(ANN, BEN, CAROL))
    policy = told["policy"]
    assert (told["isGroup"], told["session"]) == (True, "agent:main:imessage:group:42")
    assert (policy["decision"], policy["reason"], policy["flip"]) == ("admit", None, None)
    assert [one["handle"] for one in policy["speakers"] if one["decision"] == "admit"] == [BEN]
    assert {one["reason"] for one in policy["speakers"]} == {None, "not in groupAllowFrom"}


@pytest.mark.parametrize(
    ("channel", "reason"),
    [
        ('groupPolicy: "disabled"', "groupPolicy disabled"),
        (f'allowFrom: ["{OWN}"]', "not in groupAllowFrom"),
        (f'allowFrom: ["{ANN}"], groupAllowFrom: []', "groupPolicy allowlist (empty groupAllowFrom)"),
        (f'allowFrom: ["{ANN}"], groups: {{"1": {{}}}}', "group id not in allowlist"),
    ],
)
def test_a_group_nobody_may_speak_in_says_why(look: Look, channel: str, reason: str) -> None:
    policy = look(channel, group(ANN, BEN))["policy"]
    assert (policy["decision"], policy["reason"]) == ("drop", reason)
    assert policy["configKey"].startswith("channels.imessage.")
    assert policy["flip"]


MENTIONED = 'agents: {list: [{id: "main", runtime: {type: "echo"}, groupChat: {mentionPatterns: ["@bot"]}}]}'


@pytest.mark.parametrize(
    ("groups", "more", "required"),
    [
        ("", MENTIONED, True),
        ('groups: {"*": {requireMention: false}}', MENTIONED, False),
        ('groups: {"42": {requireMention: false}, "*": {}}', MENTIONED, False),
        ('groups: {"42": {}}', MENTIONED, True),
        ("", "", False),
    ],
)
def test_a_mention_is_asked_for_where_the_gate_is_shut_and_usable(
    look: Look, groups: str, more: str, required: bool
) -> None:
    policy = look(f'allowFrom: ["{ANN}"], {groups}', group(ANN, BEN), more)["policy"]
    assert (policy["decision"], policy["requireMention"]) == ("admit", required)


def test_an_agent_that_cannot_answer_holds_the_messages_also_in_groups(look: Look) -> None:
    agents = 'agents: {list: [{id: "main", groupChat: {mentionPatterns: ["@bot"]}}]}'
    for wire in (direct(), group(ANN)):
        policy = look(f'allowFrom: ["{ANN}"]', wire, agents)["policy"]
        assert (policy["decision"], policy["reason"]) == ("hold", "no agent")


def test_an_entry_in_the_config_makes_a_thread_a_group(look: Look) -> None:
    told = look(f'allowFrom: ["{ANN}"], groups: {{"7": {{}}}}', direct())
    assert (told["isGroup"], told["session"]) == (True, "agent:main:imessage:group:7")


def test_a_group_whose_members_are_unknown_tells_what_a_stranger_meets(look: Look) -> None:
    for wire in (group(), group(participants=...)):
        policy = look(f'allowFrom: ["{ANN}"]', wire)["policy"]
        assert (policy["decision"], policy["reason"], policy["speakers"]) == ("drop", "not in groupAllowFrom", [])
        assert policy["flip"] == 'add "HANDLE" to channels.imessage.allowFrom'
        assert look('allowFrom: ["chat_id:42"]', wire)["policy"]["decision"] == "admit"


def test_of_a_chat_with_nobody_knows_whom_nothing_is_said(look: Look) -> None:
    told = look('dmPolicy: "open", allowFrom: ["*"]', direct(identifier=..., guid=..., participants=...))
    assert (told["session"], told["agent"], told["policy"]) == (None, None, None)


def test_a_chat_with_oneself_is_judged_as_such(look: Look) -> None:
    wire = direct(OWN, last_addressed_handle=OWN)
    assert look(f'allowFrom: ["{OWN}"]', wire)["policy"]["decision"] == "admit"
    policy = look("", wire)["policy"]
    assert (policy["decision"], policy["reason"]) == ("drop", "from me")


@pytest.mark.parametrize("own", [OWN, "Me@Example.org"])
def test_an_imsg_that_tells_no_own_address_is_helped_by_the_journal(places: Places, own: str) -> None:
    def policy(channel: str, wire: dict[str, Any]) -> dict[str, Any]:
        found = loaded(places, channel)
        assert found.config is not None
        memory = Memory(found.accounts[0], 1)
        memory.own.saw(inbound(destination_caller_id=own), None)
        judge = Judge.of(found.accounts[0], found.config, places, START)
        told: dict[str, Any] = Preview(judge, memory).report(chat_of(wire))["policy"]
        return told

    found = policy("", direct(own))
    assert (found["decision"], found["reason"], own in found["flip"]) == ("drop", "from me", True)
    assert policy(f'allowFrom: ["{own}"]', direct(own))["decision"] == "admit"
    # Written from another own address it is no chat with oneself.
    elsewhere = direct(own, last_addressed_handle="other@example.org")
    assert policy(f'allowFrom: ["{own}"]', elsewhere)["reason"] == "self-chat echo"
    assert policy("", direct(ANN))["decision"] == "challenge"
    assert policy(f'allowFrom: ["{ANN}"]', group(own, ANN))["decision"] == "admit"


def test_the_own_address_is_no_participant_that_speaks(look: Look) -> None:
    policy = look(f'allowFrom: ["{ANN}"]', group(OWN, ANN, last_addressed_handle=OWN))["policy"]
    assert [one["handle"] for one in policy["speakers"]] == [ANN]


def test_the_session_is_that_of_the_scope_and_the_binding(look: Look) -> None:
    more = (
        'session: {dmScope: "per-channel-peer"}, agents: {list: [{id: "main", runtime: {type: "echo"}}, '
        '{id: "work", runtime: {type: "echo"}}]}, bindings: [{agentId: "work", match: {channel: "imessage", '
        f'peer: {{kind: "direct", id: "{ANN}"}}}}}}]'
    )
    told = look(f'allowFrom: ["{ANN}"]', direct(), more)
    assert (told["session"], told["agent"]) == (f"agent:work:imessage:direct:{ANN}", "work")


@pytest.mark.parametrize("text", ["\x00", "\ud800", "a" * 100_000, "\u202e", ";" * 50])
def test_what_others_wrote_breaks_nothing(look: Look, text: str) -> None:
    wire = group(text, name=text, identifier=text, guid=text, service=text, last_addressed_handle=text)
    assert look('allowFrom: ["chat_id:42"]', wire)["id"] == 42


def test_a_chat_of_an_account_the_config_does_not_know_is_listed_unjudged() -> None:
    told = unjudged(chat_of(direct()), "gone")
    assert told.keys() == KEYS
    assert (told["account"], told["policy"]) == ("gone", None)
