"""Conversations as ``gateway chats`` shows them: what imsg says of each, and what the rules make of it. Pure.

In: a chat object of ``chats.list`` (imsg protocol 4, 12.5), the ``Judge`` of its account, the own addresses that the
journal knows. Out: ``{id, guid, identifier, name, service, isGroup, participants, lastMessageAt, account, session,
agent, policy: {decision, reason, configKey, flip, requireMention, speakers: [{handle, decision, reason}]}}``; null
stands for unknown and for none.
"""

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, NamedTuple

from actors.access.handles import canonical
from actors.access.view import NOBODY, AccessView, GroupGate
from actors.control.chat_objects import Chat
from actors.control.explain.memory import Memory
from actors.control.explain.rows import NEW_GUID
from actors.control.judge import Finding, Judge
from actors.envelopes.inbound import Inbound
from actors.normalizer.anchors import is_same
from actors.normalizer.normalize import Malformed, normalize

SOMEBODY = "HANDLE"
"""Stands for a participant of a group whose members are not known; nobody has such a handle."""
ORDINARY = "."
"""A message that speaks to nobody in particular: in a group it mentions no agent."""


class Policy(NamedTuple):
    """What an ordinary message meets. ``finding`` is that of a participant who may speak, where there is one, else of
    the first; ``speakers`` are all of them, none where nobody knows who is in the group.
    """

    finding: Finding
    speakers: tuple[tuple[str, Finding], ...]
    require_mention: bool


class Preview:
    """What the rules of one account would do in its chats."""

    def __init__(self, judge: Judge, memory: Memory | None = None) -> None:
        self._view = judge.view
        self._memory = memory or Memory(judge.account, 0)
        # A mention cannot be made up for any pattern: so it is asked what the gate behind it says.
        self._judge = replace(judge, view=_without_mention_gate(judge.view))

    def report(self, chat: Chat) -> dict[str, Any]:
        """The value of one chat."""
        policy = self.policy(chat)
        finding = policy.finding if policy else None
        return {
            **_names(chat, self._view.account),
            # An entry in the config makes any thread a group.
            "isGroup": True if chat.id in self._view.groups else chat.is_group,
            "session": (finding.session or None) if finding else None,
            "agent": (finding.agent or None) if finding else None,
            "policy": _json(policy) if policy else None,
        }

    def policy(self, chat: Chat) -> Policy | None:
        """What an ordinary message meets there; None where nobody knows who could write one."""
        group = chat.id in self._view.groups or chat.is_group is True
        own = chat.own or ""
        people = chat.participants or ()
        speakers = tuple(one for one in people if not own or not is_same(one, own)) or people[:1]
        if not speakers and not group:
            return None
        findings = [self._finding(chat, one, group) for one in speakers or (SOMEBODY,)]
        found = next((one for one in findings if one.decision == "admit"), findings[0])
        return Policy(found, tuple(zip(speakers, findings, strict=False)), self._asks_for_mention(chat, found))

    def _finding(self, chat: Chat, speaker: str, group: bool) -> Finding:
        region, own = self._view.region, chat.own or ""
        told: dict[str, Any] = {
            "id": 1,
            "guid": NEW_GUID,
            "chat_id": chat.id,
            "chat_guid": chat.guid,
            "chat_identifier": chat.identifier,
            "participants": chat.participants,
            "is_group": chat.is_group,
            "sender": speaker,
            "destination_caller_id": chat.own,
            # Whoever writes to themselves writes from their own address.
            "is_from_me": not group and own != "" and canonical(speaker, region) == canonical(own, region),
            "text": ORDINARY,
        }
        row = self._row(told)
        before = () if isinstance(row, Malformed) else (self._memory.own_address(row),)
        if before and before[0][1] is not None and not own:
            # The journal knows better than an imsg that does not say whose address this is.
            row, before = self._row(told | {"destination_caller_id": speaker, "is_from_me": True}), ()
        return self._judge.judge(row, before)

    def _row(self, told: Mapping[str, Any]) -> Inbound | Malformed:
        return normalize(self._view.account, self._memory.source, json.dumps(told).encode(), 0.0)

    def _asks_for_mention(self, chat: Chat, finding: Finding) -> bool:
        gate = self._view.gate(chat.id, finding.session)
        agent = self._view.agents.get(finding.agent)
        usable = agent is not None and agent.mentions.usable
        return finding.is_group and usable and gate is not None and gate.require_mention


def _without_mention_gate(view: AccessView) -> AccessView:
    def opened(gate: GroupGate) -> GroupGate:
        return gate._replace(require_mention=False)

    others = view.other_groups
    groups = {number: opened(gate) for number, gate in view.groups.items()}
    return replace(view, groups=groups, other_groups=opened(others) if others else None, standings=NOBODY)


def unjudged(chat: Chat, account: str) -> dict[str, Any]:
    """The value of a chat whose account the config does not know."""
    return {**_names(chat, account), "session": None, "agent": None, "policy": None}


def _names(chat: Chat, account: str) -> dict[str, Any]:
    return {
        "id": chat.id,
        "guid": chat.guid,
        "identifier": chat.identifier,
        "name": chat.name,
        "service": chat.service,
        "isGroup": chat.is_group,
        "participants": None if chat.participants is None else list(chat.participants),
        "lastMessageAt": chat.last_message_at,
        "account": account,
    }


def _json(policy: Policy) -> dict[str, Any]:
    found = policy.finding
    return {
        "decision": found.decision,
        "reason": found.reason or None,
        "configKey": found.config_key or None,
        "flip": found.flip or None,
        "requireMention": policy.require_mention,
        "speakers": [
            {"handle": handle, "decision": one.decision, "reason": one.reason or None}
            for handle, one in policy.speakers
        ],
    }
