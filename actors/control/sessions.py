"""Sessions and transcripts as the interface's JSON values, and which session a word on the command line means.

In: rows of ``journal.session_list`` and ``journal.transcripts``. Out: plain values with times in UTC ISO 8601; absent
ones are None, but what was set in a session (``activation``, ``send``, ``queue``, ``model``) is left out where nothing
was.
"""

from collections.abc import Sequence
from typing import Any

from actors.journal.session_list import SessionRow
from actors.journal.transcripts import Entry, Message, Renewal, TurnRow
from actors.runtime.logs import stamp

NAMED = 10
"""Keys an error names."""
SET = ("activation", "send", "queue", "model")


class NoSuchSessionError(Exception):
    """The word means no session, or more than one; the message says which there are."""


def resolve(keys: Sequence[str], word: str) -> str:
    """The key that ``word`` is, or else the only one that ends with its segments, or else begins with it.

    As it is written first, then in any case: keys are in lower case, but for letters that are not ASCII. Raises
    ``NoSuchSessionError``.
    """
    word = word.strip()
    found: list[str] = []
    for fits in (_is, _ends, _begins):
        for folded in (str, str.casefold):
            found = found or [key for key in keys if word and fits(folded(key), folded(word))]
    if len(found) == 1:
        return found[0]
    if found:
        raise NoSuchSessionError(f"{word[:80]!r} may be {_named(found)}: give more of the key")
    if not keys:
        raise NoSuchSessionError(f"no session {word[:80]!r}: there are none yet")
    raise NoSuchSessionError(f"no session {word[:80]!r}. There are: {_named(keys)}")


def _is(key: str, word: str) -> bool:
    return key == word


def _ends(key: str, word: str) -> bool:
    return key.endswith(f":{word}")


def _begins(key: str, word: str) -> bool:
    return key.startswith(word)


def _named(keys: Sequence[str]) -> str:
    more = f" and {len(keys) - NAMED} more (gateway sessions list)" if len(keys) > NAMED else ""
    return ", ".join(keys[:NAMED]) + more


def session_json(row: SessionRow) -> dict[str, Any]:
    """A row of ``sessions list``."""
    return {
        "key": row.key,
        "agent": row.agent,
        "kind": row.kind,
        "chatId": row.chat_id or None,
        "updatedAt": stamp(row.updated_at),
        "turns": row.turns,
        "state": row.state,
        "account": row.account,
        "label": row.label or None,
        "startedAt": stamp(row.started_at),
        **{name: value for name in SET if (value := getattr(row, name)) is not None},
    }


def entry_json(key: str, entry: Entry) -> dict[str, Any]:
    """A turn, a renewal or a message without a turn, of the session ``key``; ``type`` says which."""
    match entry:
        case TurnRow():
            return {"type": "turn", "session": key, **_turn(entry)}
        case Renewal(at, why):
            return {"type": "renewal", "session": key, "at": stamp(at), "why": why}
        case Message():
            return {"type": "message", "session": key, **waiting_json(entry)}


def waiting_json(message: Message) -> dict[str, Any]:
    """A message by itself; ``outcome`` is None while it is open."""
    has_end = message.outcome not in ("", "held")
    return {
        **_message(message),
        "outcome": message.outcome or None,
        "why": message.why or None,
        "endedAt": stamp(message.ended_at) if has_end else None,
    }


def _turn(turn: TurnRow) -> dict[str, Any]:
    return {
        "seq": turn.seq,
        "agent": turn.agent,
        "outcome": turn.outcome,
        "why": turn.why or None,
        "beganAt": stamp(turn.began_at),
        "endedAt": stamp(turn.ended_at),
        "messages": [_message(message) for message in turn.messages],
        "text": None if turn.forgotten else turn.text,
        "forgotten": turn.forgotten,
        "model": turn.model or None,
        "inputTokens": turn.input_tokens or None,
        "outputTokens": turn.output_tokens or None,
    }


def _message(message: Message) -> dict[str, Any]:
    return {
        "seq": message.seq,
        "guid": message.guid or None,
        "sender": message.sender or None,
        "senderName": message.sender_name or None,
        "at": stamp(message.at),
        "text": None if message.forgotten else message.text,
        "files": list(message.files),
        "forgotten": message.forgotten,
    }
