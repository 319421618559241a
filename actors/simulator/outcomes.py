"""The errors of 0.14+ that say what became of a request (imsg protocol 12.3).

Pure. `data` is an object: for sends with `retry_safe` and `disposition`, which are what a caller decides by.
"""

from pathlib import Path
from typing import Any, Literal

from actors.simulator.frames import RpcError

Transport = Literal["applescript", "bridge_v2", "bridge_legacy"]
BRIDGE_DOWN = "imsg bridge not ready: run imsg launch"


def server_busy(detail: str) -> RpcError:
    """-32000: not started, to be retried after a pause."""
    return RpcError(-32000, "Server busy", detail)


def database_unavailable(path: Path, detail: str) -> RpcError:
    """-32002: not started, to be retried later at the same process."""
    return RpcError(-32002, "Database unavailable", {"path": str(path), "detail": detail, "retryable": True})


def bridge_unavailable() -> RpcError:
    """-32003: a reading call that needs the bridge."""
    return RpcError(-32003, "Bridge unavailable", {"detail": BRIDGE_DOWN, "retryable": True})


def not_started(operation: str, transport: Transport, detail: str) -> RpcError:
    """-32603 `not_started`: proven not dispatched, safe to retry."""
    data = _typed("not_started", operation, transport, detail, retry_safe=True)
    return RpcError(-32603, "Delivery failed before dispatch", data)


def may_have_completed(operation: str, transport: Transport, detail: str) -> RpcError:
    """-32001 `may_have_completed`: nobody knows, and it must not be sent again."""
    data = _typed("may_have_completed", operation, transport, detail, retry_safe=False)
    return RpcError(-32001, "Delivery outcome unknown", data)


def _typed(disposition: str, operation: str, transport: Transport, detail: str, *, retry_safe: bool) -> dict[str, Any]:
    return {
        "retry_safe": retry_safe,
        "disposition": disposition,
        "transport": transport,
        "operation": operation,
        "detail": detail,
    }
