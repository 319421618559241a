"""What imsg says of itself: `initialize`, `status`, and the `status` verb (imsg protocol 2, 12.4).

In: the behaviour of this run and its connections. Out: objects ready for JSON; each look tries the database anew.
"""

import sqlite3
from typing import Any

from actors.simulator.behaviour import Behaviour
from actors.simulator.connections import Connections
from actors.simulator.frames import invalid_params
from actors.simulator.outcomes import BRIDGE_DOWN
from actors.simulator.params import Params
from actors.simulator.schema import DatabaseUnavailableError

PROTOCOL_VERSION = 1
_WITHOUT_DATABASE = frozenset({"initialize", "status", "send", "watch.unsubscribe", "typing", "read"})
_NEED_BRIDGE = frozenset({"typing", "read", "tapback", "send.tracked", "message.send_status"})
_FEATURES = (
    "unread_state", "scheduled_messages", "reactions", "reply_context", "routing_metadata", "balloon_payloads",
)  # fmt: skip
_BRIDGE_READY = {"bridge_version": 2, "v2_ready": True, "registry_available": True, "selectors": {}}


class Standing:
    """What this process is and can do."""

    def __init__(self, connections: Connections, behaviour: Behaviour) -> None:
        self._connections = connections
        self._played = behaviour.generation
        self._bridge = behaviour.bridge

    def initialize(self, params: Params) -> dict[str, Any]:
        """The greeting; repeatable, and without any effect. Raises RpcError for another protocol."""
        asked = params.get("protocol_version", PROTOCOL_VERSION)
        if asked != PROTOCOL_VERSION:
            raise invalid_params(f"unsupported protocol_version {asked}; supported version is {PROTOCOL_VERSION}")
        return self.status({})

    def status(self, _params: Params) -> dict[str, Any]:
        """Version, database, bridge, and which methods are usable just now."""
        database = self._database()
        usable = [
            method
            for method in self._played.methods
            if (database["ready"] or method in _WITHOUT_DATABASE) and (self._bridge or method not in _NEED_BRIDGE)
        ]
        result = {
            "version": self._played.version,
            "protocol_version": PROTOCOL_VERSION,
            "database": database,
            "bridge": {"ready": True, **_BRIDGE_READY} if self._bridge else {"ready": False, "error": BRIDGE_DOWN},
            "contacts": {"available": False},
            "methods": usable,
            "supported_methods": list(self._played.methods),
        }
        if self._played.any_tapback:
            features = {"tapback.emoji": 2} if self._bridge else {}
            result["capabilities"] = {"engine": {"version": self._played.version}, "features": features}
        return result

    def _database(self) -> dict[str, Any]:
        path = str(self._connections.path)
        try:
            self._connections.reading().execute("SELECT 1 FROM message LIMIT 1").fetchone()
        except DatabaseUnavailableError as error:
            return {"path": path, "ready": False, "error": str(error)}
        except sqlite3.Error as error:
            return {"path": path, "ready": False, "error": str(error)}
        features = {name: name != "scheduled_messages" for name in _FEATURES}
        return {"path": path, "ready": True, "features": features}


def command_line_status(behaviour: Behaviour) -> dict[str, Any]:
    """What `imsg status --json` prints (imsg protocol 2)."""
    played, bridge = behaviour.generation, behaviour.bridge
    standing: dict[str, Any] = {
        "basic_features": True,
        "advanced_features": bridge,
        "typing_indicators": bridge,
        "read_receipts": bridge,
        "sip": "disabled" if bridge else "enabled",
        "message": "imsg bridge ready" if bridge else "basic features only",
        "bridge_version": _BRIDGE_READY["bridge_version"] if bridge else 0,
        "v2_ready": bridge,
        "selectors": {},
        "rpc_methods": list(played.methods),
    }
    if played.status_version:
        standing["version"] = played.version
    if played.strict:
        standing["capabilities"] = {"engine": {"version": played.version}, "features": {}}
    return standing
