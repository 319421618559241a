"""Who gets in under a config: what the gateway says, and what the files allow at most.

`admitted` asks the decision of the gateway about a fixed set of messages. `allowed_at_most` answers for the same set
from the bare documents, by the few rules of the mission pages and with generous readings, sharing no code with the
loader. A config is less strict than it says when the first is not a part of the second.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, NamedTuple

from actors.access.allowed import Allowed
from actors.access.policy import explain
from actors.access.view import AccessView
from config import Loaded
from tests.access.builders import ANN, BEN, row

EVE = "+15556667777"
"""Whom no list ever names."""

Doc = dict[str, Any]


class Probe(NamedTuple):
    """A message: who writes, in which chat, whether imsg calls that a group, and whether the agent is mentioned."""

    sender: str
    chat: int
    group: bool
    text: str


PROBES = tuple(
    Probe(sender, chat, group, text)
    for sender in (ANN, BEN, EVE)
    for chat, group in ((7, False), (42, False), (42, True), (43, True))
    for text in ("@clawd hello", "hello")
)

Pass = tuple[str, Probe, bool]
"""An account, a message that gets in there, and True for the further right to command as its owner."""


def admitted(loaded: Loaded) -> frozenset[Pass]:
    """The messages that get in; none under a config that does not load."""
    return frozenset(_admitted(loaded))


def _admitted(loaded: Loaded) -> Iterator[Pass]:
    for account in loaded.accounts:
        if loaded.config is None or not account.enabled:
            continue
        view = AccessView.build(account, loaded.config)
        for probe in PROBES:
            message = row(
                sender=probe.sender,
                identifier=probe.sender if not probe.group else f"chat{probe.chat}",
                chat_id=probe.chat,
                group=probe.group,
                text=probe.text,
            )
            found = explain(message, view, Allowed())
            if found.decision == "admit":
                yield account.id, probe, False
                if found.authority == "owner":
                    yield account.id, probe, True


def allowed_at_most(document: Doc) -> frozenset[Pass]:
    """What a whole document (includes, variables and overlay done) may let in, for any account of it."""
    channel = document.get("channels", {}).get("imessage")
    if not isinstance(channel, dict) or channel.get("enabled") is False:
        return frozenset()
    blocks = {_id(key): {**channel, **block} for key, block in channel.get("accounts", {}).items()}
    blocks["default"] = {**channel, **blocks.get("default", {})}
    lists = [channel.get("groups"), *(block.get("groups") for block in blocks.values())]
    return frozenset(
        (account, probe, is_owner)
        for account, block in blocks.items()
        for probe in PROBES
        if any(_lets_in(document, {**block, "groups": groups or {}}, probe) for groups in lists)
        for is_owner in (False, *([True] if _owns(document, probe) else []))
    )


def _id(key: str) -> str:
    return re.sub(r"[^a-z0-9_-]+", "-", key.strip().lower()).strip("-") or "default"


def _lets_in(document: Doc, block: Doc, probe: Probe) -> bool:
    keys = {re.sub(r"\D", "", key).lstrip("0") for key in block["groups"] if key != "*"}
    if not probe.group and str(probe.chat) not in keys:
        return block.get("dmPolicy") != "disabled" and _is_named(document, block.get("allowFrom"), probe)
    wider = document["channels"].get("defaults", {}).get("groupPolicy", "allowlist")
    policy = block.get("groupPolicy", wider)
    is_open = not block["groups"] or "*" in block["groups"] or str(probe.chat) in keys
    senders = block.get("groupAllowFrom", block.get("allowFrom"))
    return is_open and (policy == "open" or (policy == "allowlist" and _is_named(document, senders, probe)))


def _owns(document: Doc, probe: Probe) -> bool:
    entries = document.get("commands", {}).get("ownerAllowFrom", [])
    return _is_named(document, [entry for entry in entries if "*" not in str(entry)], probe)


def _is_named(document: Doc, entries: object, probe: Probe) -> bool:
    for entry in entries if isinstance(entries, list) else ():
        text, digits = str(entry), re.sub(r"\D", "", str(entry))
        if text.lower().startswith("accessgroup:"):
            members = document.get("accessGroups", {}).get(text[12:].strip(), {}).get("members")
            lists = members.values() if isinstance(members, dict) else ()
            if any(_is_named(document, people, probe) for people in lists):
                return True
        elif text.rpartition(":")[2].strip() == "*" or digits == str(probe.chat):
            return True
        if len(digits) >= 7 and probe.sender.endswith(digits[-10:]):
            return True
    return False
