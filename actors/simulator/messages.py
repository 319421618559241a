"""From rows to imsg's message objects (imsg protocol 5, 12.6), for the watch and for everything that reads.

In: a connection of the calling thread and `Row`s. Out: for each its message object, a dict ready for JSON with the
fields of the version that is played.
"""

import sqlite3
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from actors.simulator.attachments import list_attachments, transcription
from actors.simulator.chats import NO_CHAT, ChatCache
from actors.simulator.dates import iso
from actors.simulator.generations import DEFAULT, Generation
from actors.simulator.reactions import (
    ReactionRow,
    current_state,
    is_tapback,
    read_tapback,
    target_guid,
)
from actors.simulator.rows import Row, RowReader


class Detail(NamedTuple):
    """How much of a message is shown: its files, its reactions, and tapbacks as events of their own."""

    attachments: bool = False
    reactions: bool = False
    reaction_events: bool = False


class MessageReader:
    """Shows messages over one connection; belongs to the thread of that connection."""

    def __init__(self, connection: sqlite3.Connection, cache: ChatCache, played: Generation = DEFAULT) -> None:
        self.rows = RowReader(connection, played)
        self._connection = connection
        self._cache = cache
        self._played = played

    def show(self, rows: Sequence[Row], detail: Detail) -> Iterator[dict[str, Any]]:
        """The message objects of `rows`. Raises sqlite3.Error at the row that cannot be decorated."""
        tapbacks = self._tapbacks({row.guid for row in rows}) if detail.reactions and rows else {}
        for row in rows:
            message = self._message(row, tapback_event=detail.reaction_events and is_tapback(row.associated_type))
            if detail.attachments:
                message["attachments"] = list_attachments(self._connection, row.id)
            if row.guid in tapbacks:
                message["reactions"] = [_reaction(found) for found in current_state(tapbacks[row.guid])]
            yield message

    def _message(self, row: Row, *, tapback_event: bool) -> dict[str, Any]:
        chat = self._cache.info(self._connection, row.chat_id) or NO_CHAT
        message: dict[str, Any] = {
            "id": row.id,
            "chat_id": row.chat_id,
            "guid": row.guid,
            "sender": row.sender,
            "is_from_me": bool(row.is_from_me),
            "text": (transcription(self._connection, row.id) if row.is_audio else "") or row.text,
            "created_at": iso(row.date),
            "attachments": [],
            "reactions": [],
            "chat_identifier": chat.identifier,
            "chat_guid": chat.guid,
            "chat_name": chat.name,
            "participants": self._cache.members(self._connection, row.chat_id),
            "is_group": chat.is_group,
        }
        if row.destination:
            message["destination_caller_id"] = row.destination
        if tapback_event:
            message.update(_tapback_event(row))
        elif row.associated_guid or row.thread_originator:
            message.update(self._reply(row))
        if self._played.merges_previews and (row.balloon or row.preview):
            message.update(_balloon(row))
        if self._played.read_state and not row.is_from_me:
            message.update(_read_state(row))
        return message

    def _reply(self, row: Row) -> dict[str, Any]:
        reply: dict[str, Any] = {}
        replied = "" if is_tapback(row.associated_type) else target_guid(row.associated_guid)
        if replied:
            reply["reply_to_guid"] = replied
        if row.thread_originator:
            reply["thread_originator_guid"] = row.thread_originator
        parent = self.rows.by_guid(row.thread_originator or replied) if self._played.reply_context else None
        if parent:
            reply["reply_to_text"] = parent.text
            reply["reply_to_sender"] = parent.sender
        return reply

    def _tapbacks(self, guids: set[str]) -> dict[str, list[ReactionRow]]:
        found: dict[str, list[ReactionRow]] = {}
        for row in self.rows.tapbacks():
            code = row.associated_type
            target = target_guid(row.associated_guid)
            if code is None or not is_tapback(code) or target not in guids:
                continue
            tapback = read_tapback(code, row.text, row.associated_guid)
            found.setdefault(target, []).append(
                ReactionRow(row.id, row.sender, bool(row.is_from_me), row.date, tapback)
            )
        return found


def _tapback_event(row: Row) -> dict[str, Any]:
    assert row.associated_type is not None
    tapback = read_tapback(row.associated_type, row.text, row.associated_guid)
    event: dict[str, Any] = {
        "is_reaction": True,
        "is_reaction_add": tapback.is_add,
        "reacted_to_guid": tapback.target_guid,
    }
    if tapback.type is not None:
        event |= {"reaction_type": tapback.type, "reaction_emoji": tapback.emoji}
    return event


def _balloon(row: Row) -> dict[str, Any]:
    found: dict[str, Any] = {"balloon_bundle_id": row.balloon} if row.balloon else {}
    if row.preview:
        found["url_preview"] = {
            "id": row.preview.id,
            "guid": row.preview.guid,
            "balloon_bundle_id": row.preview.balloon,
            "created_at": iso(row.preview.date),
        }
    return found


def _read_state(row: Row) -> dict[str, Any]:
    found: dict[str, Any] = {"is_read": bool(row.is_read)}
    if row.date_read:
        found["date_read"] = iso(row.date_read)
    return found


def _reaction(row: ReactionRow) -> dict[str, Any]:
    return {
        "id": row.id,
        "type": row.tapback.type,
        "emoji": row.tapback.emoji,
        "sender": row.sender,
        "is_from_me": row.is_from_me,
        "created_at": iso(row.date),
    }
