"""Rows that are not from me and say again what a row from me has just said: twins in a chat with oneself (inbound 5.2).

Where every row names the local address, policy refuses a twin for its sender. Where imsg knows no local address on one
of the two, only this tells: the same text in the same chat, dated within a second where the chat is known to be the one
with oneself, else at the very same moment. In: the rows in the order they came. Pure; times are unix seconds.
"""

from collections import OrderedDict
from typing import NamedTuple

from actors.envelopes.inbound import Inbound
from actors.normalizer.echoes import Key, key_of

KEPT_SECONDS = 10.0
MOST = 512
APART_SECONDS = 1.0


class _Own(NamedTuple):
    sent_at: float
    received_at: float
    proven: bool


class Twins:
    """The latest rows from me that may have one."""

    def __init__(self) -> None:
        self._own: OrderedDict[Key, _Own] = OrderedDict()

    def own_row(self, row: Inbound, proven: bool, key: Key | None = None) -> None:
        """A row from me came; ``proven``: in the chat with oneself. A friend's chat that is known as such has none.

        ``key`` is ``key_of`` the row, where the caller has it.
        """
        if row.sent_at is None or row.chat.is_group or (row.own_handle and not proven):
            return
        key = key or key_of(row)
        self._own[key] = _Own(row.sent_at, row.received_at, proven)
        self._own.move_to_end(key)
        if len(self._own) > MOST:
            self._own.popitem(last=False)

    def is_twin(self, row: Inbound, key: Key | None = None) -> bool:
        """Whether a row that is not from me says what one from me did."""
        if not self._own or row.sent_at is None:
            return False
        own = self._own.get(key or key_of(row))
        if own is None or row.received_at - own.received_at > KEPT_SECONDS:
            return False
        apart = abs(row.sent_at - own.sent_at)
        return apart < APART_SECONDS if own.proven else apart == 0
