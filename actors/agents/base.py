"""What an agent is: a turn in, text or a failure out."""

from dataclasses import dataclass
from typing import Any, Protocol

from actors.envelopes.outbound import Turn


class AgentError(Exception):
    """The agent could not answer. The message is for the operator; it never reaches the chat."""


@dataclass(frozen=True, slots=True)
class Said:
    """An agent's answer; blank text or ``NO_REPLY`` says nothing."""

    text: str


class Cancelled(Protocol):
    """Says whether the turn is still wanted (a ``threading.Event`` does)."""

    def is_set(self) -> bool:
        """True: give up soon."""


class Agent(Protocol):
    """Answers turns. ``waits`` is False for one that answers at once and may run inside an actor."""

    waits: bool

    def answer(self, turn: Turn, cancelled: Cancelled, /) -> Said:
        """The answer to ``turn``; gives up soon after ``cancelled`` is set. Raises AgentError."""


def turn_json(turn: Turn, agent: str) -> dict[str, Any]:
    """A turn as programs outside see it: camelCase keys, times as unix seconds, text as the person wrote it."""
    message = turn.message
    row, chat = message.row, message.row.chat
    return {
        "session": turn.session,
        "turn": turn.number,
        "agent": agent,
        "account": row.account,
        "text": row.text,
        "sender": row.sender,
        "senderName": row.sender_name,
        "guid": row.guid,
        "sentAt": row.sent_at,
        "mentioned": message.mentioned,
        "replyToGuid": row.reply_to_guid,
        "chat": {
            "id": chat.id,
            "guid": chat.guid,
            "identifier": chat.identifier,
            "name": chat.name,
            "isGroup": ":group:" in turn.session,
            "participants": list(chat.participants),
        },
        "attachments": [
            {"path": one.path, "mimeType": one.mime_type, "name": one.name, "totalBytes": one.total_bytes}
            for one in row.attachments
            if not one.missing
        ],
    }
