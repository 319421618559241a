"""The local addresses of each Messages database, learned from its rows: who writes from one of them is ourselves. Pure.

imsg names the local address on most rows, not on all. What is not from me and comes from such an address is our own
words, or a note's, once more. Where a database never names one, as with imsg before 0.5, only the sender of rows from
me tells; in a friend's chat that may be the friend, so it proves nothing by itself.
"""

from collections import OrderedDict

from actors.access.handles import canonical
from actors.envelopes.inbound import Inbound

MOST_ADDRESSES = 256
"""Spellings remembered, all databases together."""
MOST_CHATS = 4096


class OwnAddresses:
    """What was learned so far; ``region`` is as in ``canonical``."""

    def __init__(self) -> None:
        self._spellings = set[tuple[int, str]]()
        self._known: dict[int, set[str]] = {}
        self._writers: OrderedDict[tuple[int, int], str] = OrderedDict()

    def saw(self, row: Inbound, region: str | None) -> None:
        """A row came: learn what it says of the local address."""
        source, own = row.source, row.own_handle
        if own:
            if (source, own) not in self._spellings and len(self._spellings) < MOST_ADDRESSES:
                self._spellings.add((source, own))
                if address := canonical(own, region):
                    self._known.setdefault(source, set()).add(address)
        elif row.is_from_me and source not in self._known and not row.chat.is_group:
            self._writers[source, row.chat.id] = canonical(row.sender, region)
            self._writers.move_to_end((source, row.chat.id))
            if len(self._writers) > MOST_CHATS:
                self._writers.popitem(last=False)

    def are_own(self, row: Inbound, region: str | None) -> bool:
        """Whether the row stands in a direct chat and its sender is a local address, whatever it says itself."""
        known = self._known.get(row.source)
        return known is not None and not row.chat.is_group and canonical(row.sender, region) in known

    def is_chat_with_oneself(self, row: Inbound, region: str | None) -> bool:
        """Whether the row stands in a chat that bears the name of a local address."""
        return canonical(row.chat.identifier, region) in self._known.get(row.source, ())

    def may_be_own(self, row: Inbound, region: str | None) -> bool:
        """Where no local address is known: whether the sender is that of the rows from me in this chat."""
        if row.source in self._known:
            return False
        writer = self._writers.get((row.source, row.chat.id), "")
        return writer != "" and canonical(row.sender, region) == writer
