"""Random configs and random messages for tests of agreement, the same for the same seed.

A config is the JSON of a file, with what the pairing files hold beside it; a message is what imsg would write. Forged
handles, groups with and without a number, own rows, tapbacks, broken rows and commands come up often.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from random import Random
from typing import Any, NamedTuple
from uuid import UUID

ANN, BEN, EVE, MAIL, LONDON, OWN = (
    "+15552223333",
    "+15554445555",
    "+15556667777",
    "cleo@example.com",
    "+442071838750",
    "+15550009999",
)
PEOPLE = (ANN, BEN, EVE, MAIL, LONDON, OWN)
CHATS = 8
"""Chats 1 to 8 are there in the Messages database of a journey."""

_SPELLED = {
    ANN: (ANN, "+1 (555) 222-3333", "imessage:+15552223333", "tel:+15552223333", "SMS: +15552223333"),
    BEN: (BEN, "sms:+1-555-444-5555"),
    EVE: (EVE,),
    MAIL: (MAIL, "Cleo@Example.COM", "iMessage:cleo@example.com"),
    LONDON: (LONDON, "020 7183 8750"),
    OWN: (OWN,),
}
_FORGED = (
    "+1\uff15\uff15\uff152223333",
    "+1555\u200b2223333",
    "\u202e+15552223333",
    "+15552223333;ext=1",
    "+1555ABC3333",
    "cleo@ex\u0430mple.com",
    "+15552223333\x00",
    "chat_id:1",
    "chat_guid:iMessage;+;chat3",
    "accessGroup:family",
    "*",
    "22395",
    "Bank",
    "",
    "  ",
)
_ENTRIES = ("chat_id:2", "chat_guid:iMessage;+;chat3", "chat_identifier:chat4", "accessGroup:family")
_TEXTS = (
    "hello", "pat, hello", "@PAT?", "p\u200bat", "\uff30at", "compatible", "Robin here", "\U0001f99e", "/status",
    " /STATUS ", "/help", "/stop", "/new", "/status now", "/nonsense", "stop", "", "  ", "\ufffc", "line\npat",
)  # fmt: skip
_BROKEN: tuple[dict[str, Any], ...] = (
    {"is_group": 1},
    {"chat_id": "7"},
    {"participants": "+15552223333"},
    {"guid": None},
    {"guid": ""},
    {"sender": ["+15552223333"]},
    {"attachments": [{"missing": "no"}]},
    {"text": 7},
    {"id": "one"},
)
SENT = 1_800_000_000.0
LEFT_OUT = "left out"
"""The value of a key that is not there."""


class World(NamedTuple):
    """A config file and the pairing files: ``damaged`` when the latter cannot be read."""

    config: dict[str, Any]
    approved: tuple[str, ...]
    owners: tuple[str, ...]
    damaged: bool

    def write(self, state: Path) -> None:
        """Put the files where a gateway with this state folder finds them."""
        (state / "gateway").mkdir(mode=0o700, parents=True, exist_ok=True)
        credentials = state / "credentials"
        credentials.mkdir(mode=0o700, exist_ok=True)
        (state / "openclaw.json").write_text(json.dumps(self.config))
        allowed = json.dumps({"version": 1, "allowFrom": list(self.approved)})
        (credentials / "imessage-default-allowFrom.json").write_text("{" if self.damaged else allowed)
        owners = [{"id": handle, "account": "default", "since": "2026-01-01T00:00:00Z"} for handle in self.owners]
        (state / "gateway" / "owners.json").write_text(json.dumps({"version": 1, "owners": owners}))


def world(chance: Random, **channel: Any) -> World:
    """A config that may or may not be valid; ``channel`` are keys of ``channels.imessage`` it is to have."""
    policy = chance.choice(("pairing", "pairing", "allowlist", "open", "disabled"))
    imessage: dict[str, Any] = {"dmPolicy": policy, "groupPolicy": chance.choice(("open", "allowlist", "allowlist"))}
    if chance.random() < 0.15:
        imessage["groupPolicy"] = "disabled"
    imessage["allowFrom"] = _list(chance, 0.5 if policy != "open" else 1.0)
    if chance.random() < 0.6:
        imessage["groupAllowFrom"] = [] if chance.random() < 0.2 else _list(chance, 0.3)
    if chance.random() < 0.6:
        imessage["groups"] = _groups(chance)
    if chance.random() < 0.3:
        imessage["region"] = chance.choice(("GB", "US", "DE"))
    config: dict[str, Any] = {
        "channels": {"imessage": {**imessage, **channel}},
        "agents": {"list": _agents(chance)},
        "session": {"dmScope": chance.choice(("main", "per-peer", "per-channel-peer", "per-account-channel-peer"))},
        "accessGroups": {"family": {"type": "message.senders", "members": {"imessage": [EVE], "*": [MAIL]}}},
        "commands": _commands(chance),
    }
    if chance.random() < 0.4:
        config["messages"] = {"groupChat": {"mentionPatterns": chance.choice(([], ["@?pat\\b"], ["["]))}}
    if len(config["agents"]["list"]) > 1:
        config["bindings"] = [
            {"agentId": "second", "match": {"channel": "imessage", "peer": {"kind": "direct", "id": BEN}}},
            {"agentId": "second", "match": {"channel": "imessage", "peer": {"kind": "group", "id": "5"}}},
        ]
    return World(
        config,
        approved=tuple(chance.sample(PEOPLE, chance.randrange(3))),
        owners=tuple(chance.sample(PEOPLE, chance.randrange(2))),
        damaged=chance.random() < 0.1,
    )


def _list(chance: Random, wildcard: float) -> list[str]:
    listed = [chance.choice(_SPELLED[one]) for one in chance.sample(PEOPLE, chance.randrange(1, 4))]
    listed += chance.sample(_ENTRIES, chance.randrange(3))
    return [*listed, "*"] if chance.random() < wildcard else listed


def _groups(chance: Random) -> dict[str, Any]:
    entries: tuple[dict[str, Any], ...] = ({}, {"requireMention": False}, {"requireMention": True})
    keys = ["*"] if chance.random() < 0.6 else []
    keys += map(str, chance.sample(range(1, CHATS + 1), chance.randrange(4)))
    return {key: chance.choice(entries) for key in keys}


def _agents(chance: Random) -> list[dict[str, Any]]:
    first: dict[str, Any] = {"id": "main", "runtime": {"type": "echo"}}
    if chance.random() < 0.1:
        del first["runtime"]
    if chance.random() < 0.4:
        first["groupChat"] = {"mentionPatterns": chance.choice(([], ["\\bpat\\b"]))}
    if chance.random() < 0.4:
        first["identity"] = {"name": "Robin", "emoji": "\U0001f99e"}
    second = {"id": "second", "runtime": {"type": "echo"}, "groupChat": {"mentionPatterns": ["hello"]}}
    return [first, second] if chance.random() < 0.4 else [first]


def _commands(chance: Random) -> dict[str, Any]:
    commands: dict[str, Any] = {}
    if chance.random() < 0.4:
        key = chance.choice(("imessage", "*"))
        commands["allowFrom"] = {key: chance.choice(([], [ANN], ["*"], ["accessGroup:family"], [LONDON, OWN]))}
    if chance.random() < 0.4:
        commands["ownerAllowFrom"] = chance.choice(([ANN], [OWN], ["accessGroup:family"]))
    if chance.random() < 0.3:
        commands["useAccessGroups"] = chance.random() < 0.5
    return commands


def keys(chance: Random) -> dict[str, Any]:
    """The keys that make a message what it is, ``LEFT_OUT`` for those it is to be without; its names are not here."""
    number = chance.choice((1, 2, 3, 4, 5, 6, 7, 8, 99))
    sender = _sender(chance)
    row: dict[str, Any] = {
        "chat_id": number,
        **(_group(chance, number) if chance.random() < 0.5 else _direct(chance, sender)),
        "sender": sender,
        "is_from_me": False,
        "text": chance.choice(_TEXTS),
        "destination_caller_id": chance.choice((OWN, OWN, "", LEFT_OUT)),
    }
    odd = chance.random()
    if odd < 0.06:
        row["chat_id"] = chance.choice((0, None, -1, LEFT_OUT))
    elif odd < 0.1:
        row |= {"chat_id": 0, "chat_guid": "", "chat_identifier": "", "is_group": False}
    elif odd < 0.16:
        row |= {"is_from_me": True, "sender": OWN}
    elif odd < 0.22:
        row |= {"sender": OWN, "chat_identifier": OWN, "chat_guid": f"iMessage;-;{OWN}", "is_group": False}
        row |= {"participants": [OWN], "destination_caller_id": OWN, "is_from_me": chance.random() < 0.7}
    elif odd < 0.3:
        row[chance.choice(("is_reaction", "is_tapback"))] = True
    elif odd < 0.36:
        row["attachments"] = [{"original_path": "/a.jpg", "mime_type": "image/jpeg", "transfer_name": "a.jpg"}]
    elif odd < 0.4:
        row["is_from_me"] = LEFT_OUT
    elif odd < 0.46:
        row |= chance.choice(_BROKEN)
    return row


def _sender(chance: Random) -> str:
    if chance.random() < 0.25:
        return chance.choice(_FORGED)
    return chance.choice(_SPELLED[chance.choice(PEOPLE)])


def _direct(chance: Random, sender: str) -> dict[str, Any]:
    service = chance.choice(("iMessage", "iMessage", "SMS", "any"))
    names = {"chat_guid": f"{service};-;{sender}", "chat_identifier": sender, "chat_name": ""}
    return {**names, "participants": [sender], "is_group": chance.choice((False, False, LEFT_OUT))}


def _group(chance: Random, number: int) -> dict[str, Any]:
    mark = chance.choice((";+;", ";+;", ";-;"))
    return {
        "chat_guid": f"iMessage{mark}chat{number}",
        "chat_identifier": f"chat{number}",
        "chat_name": "Trip",
        "participants": chance.choice(([ANN, BEN], [], [ANN])),
        "is_group": chance.choice((True, True, False, LEFT_OUT)),
    }


def when(start: float, number: int) -> str:
    """The date of message ``number``: never that of another one, or two that say the same might be one note's rows."""
    return datetime.fromtimestamp(start + 10 * number, UTC).isoformat()


def message(chance: Random, number: int) -> bytes:
    """The JSON of message ``number`` as imsg would write it."""
    named = {"id": number, "guid": str(UUID(int=number)).upper()}
    whole = {**named, **keys(chance), "created_at": when(SENT, number)}
    return json.dumps({key: value for key, value in whole.items() if value != LEFT_OUT}).encode()
