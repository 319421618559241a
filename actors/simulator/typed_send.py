"""`send` and `send.tracked` from 0.14 on (imsg protocol 12.8): typed outcomes, own rows proven, ids of the caller's.

In: request parameters. Out: the result object, once the own row is in chat.db. A tracked send commits a row whose
GUID is the caller's `attempt_id`, so whether it happened can be asked for after any crash.
"""

import re
import sqlite3
from typing import Any

from actors.simulator.attachments import StagedFile
from actors.simulator.behaviour import Behaviour
from actors.simulator.connections import Connections
from actors.simulator.frames import RpcError, invalid_params
from actors.simulator.messages_app import Destination, MessagesApp, UnknownTargetError
from actors.simulator.messages_db import Stored
from actors.simulator.outcomes import BRIDGE_DOWN, not_started
from actors.simulator.params import Params
from actors.simulator.routing import Buddy, Outgoing, Target, check_strictly, normalise, reply_needs_bridge
from actors.simulator.schema import DatabaseUnavailableError

_UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)
_SERVICES = {"imessage": "iMessage", "sms": "SMS"}
_NO_SUCH_CHAT, _NOT_RUNNING = -1728, -600


class TypedSender:
    """The sends of one process."""

    def __init__(self, app: MessagesApp, connections: Connections, behaviour: Behaviour) -> None:
        self._app = app
        self._connections = connections
        self._behaviour = behaviour
        self._verifies_files = behaviour.generation.verifies_files

    def send(self, params: Params) -> dict[str, Any]:
        """Send text, then file, as one or two messages. Raises RpcError, DatabaseUnavailableError."""
        asked = check_strictly(params)
        found = self._find(asked)
        over_bridge = asked.transport != "applescript" and self._bridge_takes(asked, found)
        if asked.reply_to and not over_bridge:
            raise reply_needs_bridge()
        where = found or self._new_chat(asked)
        file = self._stage(asked.file) if asked.file else None
        self._app.take_time()
        stored = self._app.send(where, asked.text, file, reply_to=asked.reply_to)
        if over_bridge:
            return {"ok": True, "transport": "bridge", **_names(where, stored)}
        # Without a readable database, and for a file alone before 0.15.10, nobody looks for the own row.
        if not self._sees_rows() or not (asked.text or self._verifies_files):
            return {"ok": True, "transport": "applescript"}
        self._app.await_own_row()
        return {"ok": True, "transport": "applescript", "id": stored.id, **_names(where, stored)}

    def tracked(self, params: Params) -> dict[str, Any]:
        """Send a text under the GUID `attempt_id`, at most once whatever happens. Raises RpcError."""
        attempt = params.get("attempt_id", "")
        if not _UUID.fullmatch(attempt):
            raise invalid_params("attempt_id must be a UUID")
        if params.get("transport", "").lower() == "applescript":
            raise invalid_params("send.tracked requires bridge transport")
        asked = check_strictly({**params, "transport": "bridge"})
        self._connections.reading()
        where = self._find(asked)
        if where is None:
            raise invalid_params("bridge transport requires an existing chat target")
        if not self._behaviour.bridge:
            raise not_started("send-message", "bridge_v2", BRIDGE_DOWN)
        self._app.take_time()
        try:
            stored = self._app.send(where, asked.text, None, guid=attempt.lower(), reply_to=asked.reply_to)
        except sqlite3.IntegrityError as error:
            raise not_started("send-message", "bridge_v2", "attempt_id was already used") from error
        return {"ok": True, "transport": "bridge", "attempt_id": stored.guid, **_names(where, stored)}

    def _find(self, asked: Outgoing) -> Destination | None:
        """The chat that exists for a send; None for a person nothing was written with yet."""
        target = asked.target
        if target.chat_id is not None:
            self._connections.reading()
        try:
            if target.to:
                return self._person(normalise(target.to, asked.region), asked.service)
            found = self._app.find(target)
        except DatabaseUnavailableError as error:
            # Messages lives in that file here: without it there is nothing that could take a message.
            raise _script_failed(_NOT_RUNNING) from error
        if found is None and target.chat_id is not None:
            raise invalid_params(f"unknown chat_id {target.chat_id}")
        if found is None:
            raise _script_failed(_NO_SUCH_CHAT)
        wanted = _SERVICES.get(asked.service, found.service)
        if not target.guid and found.peer and wanted != found.service:
            return self._person(found.peer, asked.service) or self._new_chat(asked, found.peer)
        return found

    def _person(self, handle: str, service: str) -> Destination | None:
        if service == "auto":
            return self._app.newest_direct(handle)
        for guid in (f"{_SERVICES[service]};-;{handle}", f"any;-;{handle}"):
            found = self._app.find(Target(guid=guid))
            if found is not None:
                return found
        return None

    def _new_chat(self, asked: Outgoing, peer: str = "") -> Destination:
        handle = peer or normalise(asked.target.to, asked.region)
        try:
            return self._app.destination(Buddy(handle, "SMS" if asked.service == "sms" else "iMessage"))
        except UnknownTargetError as error:
            raise _script_failed(_NO_SUCH_CHAT) from error

    def _bridge_takes(self, asked: Outgoing, found: Destination | None) -> bool:
        """Whether it goes over the bridge. Raises RpcError where that was asked for and cannot be."""
        refusal: RpcError | None = None
        if found is None:
            refusal = invalid_params("bridge transport requires an existing chat target")
        elif asked.text and asked.file:
            refusal = invalid_params("bridge transport does not support text and file together")
        elif not self._behaviour.bridge:
            refusal = not_started("send", "bridge_v2", BRIDGE_DOWN)
        if refusal is not None and asked.transport == "bridge":
            raise refusal
        return refusal is None

    def _stage(self, name: str) -> StagedFile:
        try:
            return self._app.stage(name)
        except FileNotFoundError as error:
            raise not_started("send", "applescript", f"Attachment not found at {error}") from error

    def _sees_rows(self) -> bool:
        try:
            self._connections.reading()
        except DatabaseUnavailableError:
            return False
        return True


def _names(where: Destination, stored: Stored) -> dict[str, Any]:
    return {
        "guid": stored.guid,
        "message_id": stored.guid,
        "chat_guid": where.guid,
        "service": where.service,
    }


def _script_failed(number: int) -> RpcError:
    return not_started("send", "applescript", f"Messages automation failed with AppleScript error {number}.")
