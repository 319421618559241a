"""What the other side sees of us (imsg protocol 4): `typing`, `read` (0.7.3 on), `typing.start`, `typing.stop` (0.5).

In: parameters. Out: `{"ok":true}` when the bridge is ready, else the refusal of the version. Nothing is written:
there is no row for either. In 0.5 no bridge is needed.
"""

from typing import Any

from actors.simulator.behaviour import Behaviour
from actors.simulator.frames import internal_error, invalid_params, unlocalised
from actors.simulator.outcomes import BRIDGE_DOWN, not_started
from actors.simulator.params import Params
from actors.simulator.routing import Target, read_strict_target, read_target

_TYPING_FAILED = "Typing indicator failed: Messages' private framework is out of reach"


class Presence:
    """The signs of life of one process."""

    def __init__(self, behaviour: Behaviour) -> None:
        self._bridge = behaviour.bridge
        self._strict = behaviour.generation.strict

    def typing(self, params: Params) -> dict[str, Any]:
        """Begin or end typing."""
        self._check(params)
        if not self._bridge:
            raise self._refusal("typing") if self._strict else internal_error(_TYPING_FAILED)
        return {"ok": True}

    def typing_of_0_5(self, params: Params) -> dict[str, Any]:
        """`typing.start` and `typing.stop`."""
        self._check(params)
        return {"ok": True}

    def read(self, params: Params) -> dict[str, Any]:
        """Mark a chat as read on the other side."""
        self._check(params)
        if not self._bridge:
            raise self._refusal("read") if self._strict else internal_error(unlocalised("IMsgBridgeError", 1))
        return {"ok": True}

    def _check(self, params: Params) -> None:
        target = read_strict_target(params) if self._strict else read_target(params)
        if target == Target():
            raise invalid_params("to is required")
        if params.get("service", "imessage").lower() not in ("auto", "imessage", "sms"):
            raise invalid_params("invalid service")

    def _refusal(self, operation: str) -> Exception:
        return not_started(operation, "bridge_v2", BRIDGE_DOWN)
