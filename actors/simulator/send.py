"""`send` of imsg 0.9 over AppleScript: the row that results (imsg protocol 4, 7).

In: request parameters. Out: the result object, with an own row committed to chat.db so that the echo comes
back through every watch. What is accepted and where it goes is decided in `routing`.
"""

import sqlite3
import time
from pathlib import Path
from typing import Any

from actors.simulator.attachments import StagedFile, stage
from actors.simulator.behaviour import Behaviour
from actors.simulator.chats import ChatCache
from actors.simulator.frames import RpcError, internal_error, invalid_params
from actors.simulator.messages_db import MessagesDb, NewMessage, Stored
from actors.simulator.params import Params
from actors.simulator.routing import Buddy, Outgoing, Thread, check, is_handle_like, normalise, route

_OBJECT_REPLACEMENT = "\ufffc"
_NO_BRIDGE = (
    "System Integrity Protection (SIP) is enabled. Refusing to inject into Messages.app. "
    "imsg-sim has no bridge: use transport auto or applescript."
)


class Sender:
    """Plays Messages for one process: takes a request, writes own rows, answers as imsg does.

    `reading` is a second connection of the same thread, for looking chats up.
    """

    def __init__(
        self,
        db: MessagesDb,
        reading: sqlite3.Connection,
        path: Path,
        cache: ChatCache,
        behaviour: Behaviour,
    ) -> None:
        self._db = db
        self._reading = reading
        self._path = path
        self._cache = cache
        self._behaviour = behaviour

    def send(self, params: Params) -> dict[str, Any]:
        """Send text, then file, as one or two messages. Raises RpcError, sqlite3.Error."""
        asked = check(params)
        identifier, guid = self._lookup(asked)
        if asked.transport == "bridge":
            raise self._bridge_refusal(asked)
        file = self._stage(asked.file) if asked.file else None
        if self._behaviour.send_delay_ms:
            time.sleep(self._behaviour.send_delay_ms / 1000)
        with self._db.transaction():
            return self._deliver(asked, route(asked, identifier, guid), file)

    def _deliver(self, asked: Outgoing, way: Buddy | Thread, file: StagedFile | None) -> dict[str, Any]:
        chat_id, service, peer = self._destination(way)
        result: dict[str, Any] = {"ok": True, "transport": "applescript"}
        if asked.text:
            stored = self._write(chat_id, service, peer, asked.text)
            # imsg looks for its own row by text, so a file alone is never identified.
            if self._behaviour.send_ids:
                result |= {"id": stored.id, "guid": stored.guid}
        if file is not None:
            stored = self._write(chat_id, service, peer, _OBJECT_REPLACEMENT)
            self._db.attach(
                stored.id,
                str(file.path),
                transfer_name=file.name,
                uti=file.uti,
                mime_type=file.mime_type,
                total_bytes=file.size,
            )
        return result

    def _lookup(self, asked: Outgoing) -> tuple[str, str]:
        if asked.chat_id is None:
            return asked.identifier, asked.guid
        info = self._cache.info(self._reading, asked.chat_id)
        if info is None:
            raise invalid_params(f"unknown chat_id {asked.chat_id}")
        if not info.identifier and not info.guid:
            raise invalid_params("missing chat identifier or guid")
        return info.identifier, info.guid

    def _bridge_refusal(self, asked: Outgoing) -> RpcError:
        if asked.to and self._find(normalise(asked.to, asked.region)) is None:
            return invalid_params("bridge transport requires an existing chat target")
        if asked.text and asked.file:
            return invalid_params("bridge transport does not support text and file together")
        return internal_error(_NO_BRIDGE)

    def _stage(self, name: str) -> StagedFile:
        source = Path(name).expanduser()
        try:
            return stage(source, self._path)
        except FileNotFoundError as error:
            raise internal_error(f"AppleScript failed: Attachment not found at {source}") from error

    def _destination(self, way: Buddy | Thread) -> tuple[int, str, str]:
        """The chat's ROWID, the service of the row, and the peer of a direct chat (else empty)."""
        if isinstance(way, Buddy):
            if not is_handle_like(way.handle):
                raise _messages_error(f'Can\'t get buddy "{way.handle}".')
            return self._db.direct_chat(way.handle, way.service), way.service, way.handle
        found = self._find(way.target)
        if found is None:
            raise _messages_error(f'Can\'t get chat id "{way.target}".')
        return found

    def _find(self, target: str) -> tuple[int, str, str] | None:
        row = self._reading.execute(
            "SELECT ROWID, coalesce(service_name, 'iMessage'), coalesce(chat_identifier, ''), guid FROM chat"
            " WHERE guid = ? OR chat_identifier = ? ORDER BY guid = ? DESC, ROWID",
            (target, target, target),
        ).fetchone()
        if row is None:
            return None
        return int(row[0]), str(row[1]), str(row[2]) if is_handle_like(row[2]) else ""

    def _write(self, chat_id: int, service: str, peer: str, text: str) -> Stored:
        stored = self._db.own(chat_id, text, service=service, attributed=not self._behaviour.send_ids)
        if peer == self._behaviour.own_address:
            # A note to oneself arrives as well: a second row, from the same address (imsg protocol 5).
            self._db.insert(NewMessage(chat_id, text, peer, service=service))
        return stored


def _messages_error(text: str) -> RpcError:
    return internal_error(f"AppleScript failed: Messages got an error: {text}")
