"""Messages itself, as far as imsg makes it do something: finding a chat, and own rows in it (imsg protocol 7, 12.8).

In: where a send goes and what it says. Out: own rows committed to chat.db, so that the echo comes back through every
watch; in the chat with the own address each comes back a second time, as somebody's (imsg protocol 5). It keeps its own
connection: it needs no permission of imsg's to read or write.
"""

import sqlite3
import time
from pathlib import Path
from typing import NamedTuple

from actors.simulator import afterwards
from actors.simulator.attachments import StagedFile, stage
from actors.simulator.behaviour import Behaviour
from actors.simulator.connections import Connections
from actors.simulator.dates import apple_ns
from actors.simulator.messages_db import MessagesDb, NewMessage, Stored
from actors.simulator.reactions import words
from actors.simulator.routing import Buddy, Target, Thread, is_handle_like

_OBJECT_REPLACEMENT = "\ufffc"
_FIND = """
SELECT ROWID, guid, coalesce(service_name, 'iMessage'), coalesce(chat_identifier, '') FROM chat
WHERE {which} ORDER BY guid = :name DESC, ROWID
"""
_BY_NAME = _FIND.format(which="guid = :name OR chat_identifier = :name")
_BY_ROWID = _FIND.format(which="ROWID = :name")
_TEXT_IN_CHAT = """
SELECT m.text FROM message m JOIN chat_message_join j ON j.message_id = m.ROWID WHERE m.guid = ? AND j.chat_id = ?
"""
_NEWEST_DIRECT = """
SELECT c.ROWID, c.guid, coalesce(c.service_name, 'iMessage'), c.chat_identifier
FROM chat c LEFT JOIN chat_message_join j ON j.chat_id = c.ROWID
WHERE c.chat_identifier = :name AND c.guid LIKE '%;-;%'
GROUP BY c.ROWID ORDER BY coalesce(max(j.message_date), -1) DESC, c.ROWID
"""


class UnknownTargetError(Exception):
    """Messages knows no such chat or buddy; the text is the end of its sentence."""


class Destination(NamedTuple):
    """A chat to write into; `peer` is the other one of a direct chat, else empty."""

    chat_id: int
    guid: str
    service: str
    peer: str


class MessagesApp:
    """Messages, for all threads of one process."""

    def __init__(self, connections: Connections, behaviour: Behaviour) -> None:
        self._connections = connections
        self._behaviour = behaviour

    def find(self, target: Target) -> Destination | None:
        """The chat that is named, by ROWID, GUID or identifier. Raises DatabaseUnavailableError."""
        if target.chat_id is not None:
            return self._one(_BY_ROWID, target.chat_id)
        return self._one(_BY_NAME, target.guid or target.identifier)

    def newest_direct(self, handle: str) -> Destination | None:
        """The direct chat with a person that was used last, on whatever service."""
        return self._one(_NEWEST_DIRECT, handle)

    def destination(self, way: Buddy | Thread) -> Destination:
        """Where a send goes; a direct chat that is missing is created. Raises UnknownTargetError."""
        if isinstance(way, Thread):
            found = self._one(_BY_NAME, way.target)
            if found is None:
                raise UnknownTargetError(f'Can\'t get chat id "{way.target}".')
            return found
        if not is_handle_like(way.handle):
            raise UnknownTargetError(f'Can\'t get buddy "{way.handle}".')
        found = self._one(_BY_ROWID, self._db().direct_chat(way.handle, way.service))
        assert found is not None
        return found._replace(service=way.service)

    def stage(self, name: str) -> StagedFile:
        """Copy a file to send into Messages' own folder. Raises FileNotFoundError with the path alone."""
        source = Path(name).expanduser()
        try:
            return stage(source, self._connections.path)
        except OSError as error:
            raise FileNotFoundError(source) from error

    def take_time(self) -> None:
        """Be as slow as this run is meant to be."""
        if self._behaviour.send_delay_ms:
            time.sleep(self._behaviour.send_delay_ms / 1000)

    def await_own_row(self) -> None:
        """Look for the row of what was sent, as long as it passes for somebody else's."""
        if self._behaviour.flip_ms:
            time.sleep(self._behaviour.flip_ms / 1000)

    def send(
        self, where: Destination, text: str, file: StagedFile | None, *, guid: str = "", reply_to: str = ""
    ) -> Stored:
        """Write text, then file, as one or two own rows in one transaction; the first of them.

        `guid` is for the text. Raises sqlite3.IntegrityError when there is a row with it.
        """
        db = self._db()
        with db.transaction():
            rows = []
            if text:
                rows.append(self._write(db, where, text, guid, reply_to))
            if file is not None:
                row = self._write(db, where, _OBJECT_REPLACEMENT, "", reply_to)
                rows.append(row)
                db.attach(
                    row.id,
                    str(file.path),
                    transfer_name=file.name,
                    uti=file.uti,
                    mime_type=file.mime_type,
                    total_bytes=file.size,
                )
        if self._behaviour.flip_ms:
            for row in rows:
                afterwards.flip(self._connections.path, row.id, self._behaviour.flip_ms)
        return rows[0]

    def react(self, where: Destination, guid: str, part: int, code: int, emoji: str) -> bool:
        """Write an own tapback to a message of this chat; False where it has no such message."""
        db = self._db()
        found = db.connection.execute(_TEXT_IN_CHAT, (guid, where.chat_id)).fetchone()
        if found is None:
            return False
        row = NewMessage(
            where.chat_id,
            words(code, emoji, found[0] or ""),
            is_from_me=True,
            service=where.service,
            associated_guid=f"p:{part}/{guid}",
            associated_type=code,
        )
        db.insert(row)
        return True

    def _write(self, db: MessagesDb, where: Destination, text: str, guid: str, reply_to: str) -> Stored:
        played = self._behaviour
        own = NewMessage(
            where.chat_id,
            text,
            sender=where.peer if played.flip_ms else None,
            is_from_me=not played.flip_ms,
            service=where.service,
            date=apple_ns(time.time_ns()),
            guid=guid or None,
            body="text" if played.send_ids else "attributed",
            thread_originator_guid=reply_to or None,
        )
        stored = db.insert(own)
        if where.peer == played.own_address:
            back = NewMessage(where.chat_id, text, where.peer, service=where.service, date=own.date, body=own.body)
            if played.twin_ms:
                afterwards.arrive(self._connections.path, played.own_address, back, played.twin_ms)
            else:
                db.insert(back)
        return stored

    def _one(self, sql: str, name: str | int) -> Destination | None:
        row = self._reading().execute(sql, {"name": name}).fetchone()
        if row is None:
            return None
        identifier = str(row[3])
        return Destination(int(row[0]), str(row[1]), str(row[2]), identifier if is_handle_like(identifier) else "")

    def _reading(self) -> sqlite3.Connection:
        return self._db().connection

    def _db(self) -> MessagesDb:
        return self._connections.writing()
