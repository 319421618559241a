"""What the journal remembers that bears on a message: its database's number, known GUIDs, what we said, chats seen,
and the addresses that are our own.

In: a read-only connection, or None where there is no journal to read; then nothing is remembered. All methods may
raise ``sqlite3.Error``.
"""

import sqlite3
from collections.abc import Iterable
from dataclasses import dataclass, field

from actors.access.reasons import AGENT_ECHO, ECHO, FROM_ME, SELF_CHAT_ECHO
from actors.envelopes.control import Spoken
from actors.envelopes.inbound import Dropped, Held, Inbound
from actors.journal import stories
from actors.journal.replays import RECALLED
from actors.journal.store import Store
from actors.normalizer.anchors import is_from_own_address, is_self_chat
from actors.normalizer.echoes import MOST, EchoMemory
from actors.normalizer.guids import guid_key
from actors.normalizer.normalize import Malformed, normalize
from actors.normalizer.own_addresses import OwnAddresses
from config import Account, sources

DUPLICATE, OWN_ADDRESS = "duplicate", "own address"

Tried = tuple[str, Dropped | Held | None]
"""A rule before those of access: its name, and its verdict, None where it lets the row pass."""


@dataclass(frozen=True, slots=True)
class Memory:
    """Of the Messages database of one account; ``source`` is its number, 0 where the journal knows none.

    ``own`` are its local addresses, as far as its latest rows name them.
    """

    account: Account
    source: int
    connection: sqlite3.Connection | None = None
    own: OwnAddresses = field(default_factory=OwnAddresses)

    @classmethod
    def of(cls, connection: sqlite3.Connection | None, account: Account, everyone: Iterable[Account]) -> "Memory":
        """Find the account's database by the names the journal may have for it."""
        known = dict(connection.execute("SELECT identity, id FROM source")) if connection is not None else {}
        source = next((known[name] for name in sources.known_as(account, everyone) if name in known), 0)
        own = OwnAddresses()
        for row in stories.latest(connection, source) if connection is not None else ():
            own.saw(row, account.region)
        return cls(account, source, connection, own)

    def tried(self, row: Inbound) -> tuple[Tried, ...]:
        """Whether ``row``, received now, is one we know or have written ourselves."""
        return (DUPLICATE, Dropped(DUPLICATE) if self.knows(row.guid) else None), (ECHO, self._echo(row))

    def _echo(self, row: Inbound) -> Dropped | None:
        """Rows from us are evidence and no echoes, but for what we said in the chat with oneself."""
        echoes = self.echoes(row.received_at)
        if row.is_from_me:
            ours = is_self_chat(row, self.account.region) and echoes.own_row(row)
            return Dropped(AGENT_ECHO) if ours else None
        return Dropped(ECHO) if echoes.is_echo(row) else None

    def own_address(self, row: Inbound) -> Tried:
        """Whether ``row`` comes from an address that other rows say is ours, and does not say so itself."""
        region = self.account.region
        verdict = None
        if not row.is_from_me and not is_from_own_address(row, region) and self.own.are_own(row, region):
            here = self.own.is_chat_with_oneself(row, region)
            verdict = Dropped(SELF_CHAT_ECHO if here else FROM_ME)
        return OWN_ADDRESS, verdict

    def knows(self, guid: str) -> bool:
        """Whether a message of this GUID was appended before."""
        key = guid_key(guid)
        return self.connection is not None and key in Store(self.connection).known([key], self.source)

    def echoes(self, at: float) -> EchoMemory:
        """What a gateway that starts at ``at`` (unix seconds) would know of what was said."""
        memory = EchoMemory()
        if self.connection is not None:
            for said in reversed(Store(self.connection).sent_since(at - RECALLED, MOST)):
                memory.recalled(Spoken(*said))
        return memory

    def seen(self, chat_id: int | None, handle: str) -> Inbound | None:
        """The newest message of the chat with that number, or of the direct chat with that canonical handle."""
        if self.connection is None:
            return None
        body = stories.chats_seen(self.connection, self.source, handle if chat_id is None else chat_id)
        row = None if body is None else normalize(self.account.id, self.source, body, 0.0)
        return None if isinstance(row, Malformed) else row
