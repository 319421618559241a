"""`send` up to 0.13 (imsg protocol 4, 7): outcomes told in sentences, ids when they are known.

In: request parameters. Out: the result object, with an own row committed to chat.db. What is accepted and where it
goes is decided in `routing`; `messages_app` carries it out.
"""

from typing import Any

from actors.simulator.attachments import StagedFile
from actors.simulator.behaviour import Behaviour
from actors.simulator.chats import ChatCache
from actors.simulator.connections import Connections
from actors.simulator.frames import RpcError, internal_error, invalid_params
from actors.simulator.messages_app import MessagesApp, UnknownTargetError
from actors.simulator.params import Params
from actors.simulator.routing import Outgoing, Target, check, normalise, route

_NO_BRIDGE = (
    "System Integrity Protection (SIP) is enabled. Refusing to inject into Messages.app. "
    "imsg-sim has no bridge unless it is told to (--bridge true): use transport auto or applescript."
)


class Sender:
    """The sends of one process."""

    def __init__(self, app: MessagesApp, connections: Connections, cache: ChatCache, behaviour: Behaviour) -> None:
        self._app = app
        self._connections = connections
        self._cache = cache
        self._behaviour = behaviour
        self._played = behaviour.generation

    def send(self, params: Params) -> dict[str, Any]:
        """Send text, then file, as one or two messages. Raises RpcError, sqlite3.Error."""
        asked = check(params if self._played.names_transport else params | {"transport": "applescript"})
        identifier, guid = self._lookup(asked.target)
        over_bridge = self._goes_over_bridge(asked)
        file = self._stage(asked.file) if asked.file else None
        self._app.take_time()
        try:
            where = self._app.destination(route(asked, identifier, guid))
        except UnknownTargetError as error:
            raise internal_error(f"AppleScript failed: Messages got an error: {error}") from error
        stored = self._app.send(where, asked.text, file)
        result: dict[str, Any] = {"ok": True}
        if over_bridge:
            return result | {"transport": "bridge", "guid": stored.guid}
        if self._played.names_transport:
            result["transport"] = "applescript"
        # imsg looks for its own row by text, so a file alone is never identified.
        if self._played.names_sent_row and self._behaviour.send_ids and asked.text:
            self._app.await_own_row()
            result |= {"id": stored.id, "guid": stored.guid}
        return result

    def _lookup(self, target: Target) -> tuple[str, str]:
        if target.chat_id is None:
            return target.identifier, target.guid
        info = self._cache.info(self._connections.reading(), target.chat_id)
        if info is None:
            raise invalid_params(f"unknown chat_id {target.chat_id}")
        if not info.identifier and not info.guid:
            raise invalid_params("missing chat identifier or guid")
        return info.identifier, info.guid

    def _goes_over_bridge(self, asked: Outgoing) -> bool:
        """Whether the bridge takes it. Raises RpcError where it was asked for and cannot."""
        if asked.transport == "applescript" or (asked.transport == "auto" and not self._behaviour.bridge):
            return False
        refusal = self._bridge_refusal(asked)
        if refusal is not None and asked.transport == "bridge":
            raise refusal
        return refusal is None

    def _bridge_refusal(self, asked: Outgoing) -> RpcError | None:
        to = asked.target.to
        if to and self._app.find(Target(identifier=normalise(to, asked.region))) is None:
            return invalid_params("bridge transport requires an existing chat target")
        if asked.text and asked.file:
            return invalid_params("bridge transport does not support text and file together")
        return None if self._behaviour.bridge else internal_error(_NO_BRIDGE)

    def _stage(self, name: str) -> StagedFile:
        try:
            return self._app.stage(name)
        except FileNotFoundError as error:
            raise internal_error(f"AppleScript failed: Attachment not found at {error}") from error
