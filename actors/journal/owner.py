"""Where an owner is reached: the newest direct message of one, or of whoever has a handle, that can be read back."""

from collections.abc import Callable

from actors.access.handles import canonical
from actors.envelopes.identity import ReplyAddress
from actors.envelopes.inbound import Inbound
from actors.envelopes.outbound import POSITION_BITS, chunk_key
from actors.journal.retold import readable
from actors.journal.store import Store
from actors.outbound.answers import NOTICES

LOOK_BACK = 5000
"""Rows looked at, the newest ones."""

OwnerChat = tuple[int, ReplyAddress, int]
"""The number of the row, where its answer went, and how many notices it carries."""


def newest_of_owner(
    store: Store,
    account: str,
    handle: str,
    source: int | None,
    is_owner: Callable[[Inbound], bool] = lambda _: True,
) -> tuple[OwnerChat, ...]:
    """At most one, of an account and of one source, or (None) of any; ``handle`` is canonical, empty for any owner.

    Whoever wrote as an owner may be none any more: ``is_owner`` says who is one now. Raises sqlite3.Error.
    """
    wanted = {"back": LOOK_BACK, "account": account, "source": source, "handle": handle}
    for (seq,) in store.connection.execute(_SEQS, wanted):
        (stored,) = store.rows((seq,))
        row = readable(stored)
        if row is None or row.chat.is_group:
            continue
        if canonical(row.sender, None) != handle if handle else not is_owner(row):
            continue
        to = ReplyAddress(row.account, row.source, row.chat.id, row.chat.guid, stored.service or "auto", row.era)
        return ((seq, to, _notices(store, seq)),)
    return ()


def _notices(store: Store, seq: int) -> int:
    """How many positions notices have taken behind a row."""
    first = chunk_key(seq, NOTICES)
    last = store.connection.execute(_LAST, (first, (seq + 1) << POSITION_BITS)).fetchone()[0]
    return 0 if last is None else int(last) - first + 1


_SEQS = """
SELECT seq FROM inbound WHERE seq > (SELECT coalesce(max(seq), 0) FROM inbound) - :back AND account = :account
  AND kind IN ('admit', 'command') AND source = coalesce(:source, source) AND (:handle <> '' OR authority = 'owner')
  AND body IS NOT NULL AND instr(session, ':imessage:group:') = 0
ORDER BY seq DESC
"""
_LAST = "SELECT max(key) FROM outbox WHERE key >= ? AND key < ?"
