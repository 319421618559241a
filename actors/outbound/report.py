"""What the operator hears of sends: a log line for everything but the ordinary, and the health of the link.

A send that fails makes an otherwise well link ``degraded``, with the reason and the remedy, until one goes out again.
"""

from typing import Any

from actors.envelopes.outbound import Chunk
from actors.rpc.health import LinkHealth
from actors.runtime.logs import event

AUTOMATION = (
    "System Settings > Privacy & Security > Automation: allow the program that starts the gateway to control Messages"
)
OUTBOX = "see `gateway outbox list`"
PARKED = "chat {}: whether chunk {} went out stays unknown, it is not sent again; see `outbox list --state uncertain`"


class SendReport:
    """Speaks for one account's sender."""

    def __init__(self, log: Any, name: str, account: str, health: LinkHealth) -> None:
        self._log = log
        self._name = name
        self._account = account
        self._health = health

    def sent(self, chunk: Chunk) -> None:
        """imsg took it: the one line an answered message writes."""
        self._health.sends(True)
        event("info", self._name, "sent", account=self._account, chat=chunk.address.chat_id, chunk=chunk.key)

    def deferred(self, chunk: Chunk, why: str, delay: float) -> None:
        """It did not start and is tried again in ``delay`` seconds."""
        self._trouble(why)
        self._log.warning("chat {}: not sent ({}); again in {:.0f} s", chunk.address.chat_id, why, delay)

    def failed(self, chunk: Chunk, why: str) -> None:
        """A dead letter."""
        self._trouble(why)
        self._log.error("chat {}: not sent, and not tried again: {}", chunk.address.chat_id, why)

    def unknown(self, chunk: Chunk, why: str) -> None:
        """It may have gone out."""
        self._trouble(why)
        self._log.warning("chat {}: {}; looking for evidence first", chunk.address.chat_id, why)

    def proved(self, chunk: Chunk, how: str) -> None:
        """It did go out."""
        self._log.info("chat {}: chunk {} did go out, shown by {}", chunk.address.chat_id, chunk.key, how)

    def parked(self, chunk: Chunk) -> None:
        """Nothing shows whether it went out."""
        self._log.error(PARKED, chunk.address.chat_id, chunk.key)

    def left(self, count: int) -> None:
        """So many chunks of the last run have not ended."""
        if count:
            self._log.info("{} chunks of the last run are open", count)

    def _trouble(self, why: str) -> None:
        self._health.sends(False, f"sends fail: {why}", remedy(why))


def remedy(why: str) -> str:
    """What helps against a failed send."""
    text = why.lower()
    return AUTOMATION if "not authorized" in text or "-1743" in text else OUTBOX
