"""Lines of imsg that cannot be read as they are: what is kept of them, and what is asked for again.

Whatever may have been a message is set aside in the journal at once, with how it began, so that nothing vanishes
behind the cursor of later rows. One that was too long is then fetched once more without its attachments.
"""

from typing import Any

from actors.envelopes.inbound import Overlong
from actors.rpc.capabilities import Capabilities
from actors.rpc.desk import Desk
from actors.rpc.frames import HEAD, MAX_LINE, Junk
from actors.rpc.refetch import failed_answer, refetch_params

MESSAGE = (b'"method"', b'"message"')
"""What a line holds that was meant to be a message."""


class Salvage:
    """For one reader."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def overlong(self, head: bytes, now: float, capabilities: Capabilities, quiet: bool) -> dict[str, Any] | None:
        """A line too long to keep; params of the ``messages.after`` that asks for its message again, if one can."""
        log, link = self._desk.actor.log, self._desk.link
        log.error("imsg wrote a line over {} MiB; it is passed over, the next one is read", MAX_LINE >> 20)
        if (failed := failed_answer(head)) is not None:
            self._desk.to_caller(failed)
        if failed is not None or quiet or head.lstrip().startswith(b'{"result"'):
            return None
        self._desk.to_normalizer(Overlong(link.account, link.source, now, head))
        return refetch_params(head, capabilities)

    def broken(self, line: bytes, junk: Junk, now: float, quiet: bool) -> None:
        """A line that is no JSON-RPC: kept when a message stood in it."""
        head = line[:HEAD]
        if not quiet and all(word in head for word in MESSAGE):
            link = self._desk.link
            self._desk.to_normalizer(Overlong(link.account, link.source, now, head, junk.why))
