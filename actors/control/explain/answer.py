"""What explain answers, as the JSON value of the interface. Pure.

In: a ``Finding`` and its row. Out: ``{decision, reason, configKey, flip, rules, session, agent, replyTarget,
wasMentioned, commandAuthorized, account, sender, isGroup, authority, message, error, notes}``; null for what is not
there. ``notes`` is left to whoever has something to add.
"""

from typing import Any

from actors.control.explain.rows import NEW_CHAT, NEW_GUID
from actors.control.judge import Finding
from actors.envelopes.inbound import Inbound
from actors.runtime.logs import stamp

Answer = dict[str, Any]

ANSWERED = frozenset({"admit", "challenge"})
"""Decisions that send something: the agent's answer, or a pairing code."""


def verdict(account: str, finding: Finding, row: Inbound | None, chat_id: int | None = None) -> Answer:
    """The whole answer about one message; ``row`` is None where it cannot be read.

    ``chat_id`` is where it came from, if somebody knows that better than the row.
    """
    chat = chat_id or (row.chat.id if row is not None else 0)
    return {
        **brief(finding),
        "session": finding.session or None,
        "agent": finding.agent or None,
        "replyTarget": _target(finding, chat),
        "wasMentioned": finding.mentioned,
        "commandAuthorized": finding.authority in {"authorised", "owner"},
        "account": account,
        "sender": finding.sender or None,
        "isGroup": finding.is_group,
        "authority": finding.authority or None,
        "message": None if row is None else _message(row),
        "error": finding.error or None,
        "notes": [],
    }


def brief(finding: Finding) -> Answer:
    """``{decision, reason, configKey, flip, rules}``."""
    return {
        "decision": finding.decision,
        "reason": finding.reason or None,
        "configKey": finding.config_key or None,
        "flip": finding.flip or None,
        "rules": [{"rule": rule, "result": result} for rule, result in finding.rules],
    }


def _target(finding: Finding, chat_id: int) -> str | None:
    """Where an answer would go: the chat it came from; the person, where that chat is not there yet."""
    if finding.decision not in ANSWERED or chat_id <= 0:
        return None
    return f"imessage:{finding.sender}" if chat_id == NEW_CHAT else f"chat_id:{chat_id}"


def _message(row: Inbound) -> Answer:
    chat = row.chat
    return {
        "guid": None if row.guid == NEW_GUID else row.guid,
        "chatId": None if chat.id in (0, NEW_CHAT) else chat.id,
        "chatGuid": chat.guid or None,
        "chatIdentifier": chat.identifier or None,
        "chatName": chat.name or None,
        "sender": row.sender or None,
        "senderName": row.sender_name or None,
        "isFromMe": row.is_from_me,
        "isReaction": row.is_reaction,
        "text": row.text,
        "attachments": [one.name or one.path for one in row.attachments],
        "sentAt": None if row.sent_at is None else stamp(row.sent_at),
    }
