"""Chunks that belong to another Messages database than their account reads now.

A turn may end after its account was given another database: a chat's number means another chat in it, or none, and
its people may be another account's. Such chunks are queued on disk and in no lane, so they go out when the account
reads that database again; the operator hears once how many came.
"""

from collections.abc import Callable, Sequence

from actors.envelopes.control import Tick
from actors.envelopes.identity import ReplyAddress
from actors.envelopes.outbound import Chunk
from actors.outbound.lanes import Lanes

NAMED_AFTER = 1.0
"""Seconds in which several are counted together."""
ELSEWHERE = (
    "{} chunks of account {} belong to another Messages database than it reads now; they are kept, and go out when it "
    "reads that one again; see `gateway outbox list`"
)


Later = Callable[[float, Tick], None]
"""Seconds, and what the sender is told then."""


class Strays:
    """Of one account. ``source`` is the database it reads, None: there is only one. ``say`` takes how many came."""

    def __init__(self, source: int | None, lanes: Lanes, say: Callable[[int], None], later: Later) -> None:
        self._source = source
        self._lanes = lanes
        self._say = say
        self._later = later
        self._count = 0

    def is_one(self, to: ReplyAddress) -> bool:
        """Whether what goes there has to wait."""
        return self._source is not None and to.source != self._source

    def keeps(self, chunks: Sequence[Chunk]) -> bool:
        """Whether these chunks of an answer have to wait; it counts as taken in then."""
        if not chunks or not self.is_one(chunks[0].address):
            return False
        self._lanes.take(chunks[0])
        if not self._count:
            self._later(NAMED_AFTER, Tick("strays"))
        self._count += len(chunks)
        return True

    def name(self) -> None:
        """Tell the operator of those that came."""
        count, self._count = self._count, 0
        if count:
            self._say(count)
