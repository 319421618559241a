"""The PairingRegistry: strangers in, one pairing code each out.

Told ``Challenged`` once the row is journaled; keeps the request in the files the CLI works on, and tells the
chunker the answer, which goes through the outbox like any other. A repeat gets no second answer; a row whose answer
a crash prevented gets it after the restart.
"""

from collections.abc import Mapping
from typing import Any

from actors.access.policy import STORE_UNREADABLE
from actors.envelopes.control import Record, Ref, Replay, Tick
from actors.envelopes.facts import Rejudged, Settled
from actors.envelopes.inbound import Challenge, Challenged, Dropped, Held
from actors.envelopes.outbound import Reply
from actors.pairing.challenge import challenge_text, is_own
from actors.pairing.store import PairingStore, StoreUnreadableError
from actors.runtime.actor import Actor, Context

AGAIN_SECONDS = 60.0
MOST_POSTPONED = 100
REMEMBERED = 10_000

REQUIRED, PENDING, FULL = "pairing required", "pairing pending", "too many pairing requests"


class PairingRegistry(Actor):
    """One for all accounts; ``keys`` names the config key of each account's dmPolicy."""

    mortal = False

    def __init__(
        self, context: Context, store: PairingStore, journal: Ref, chunker: Ref, keys: Mapping[str, str]
    ) -> None:
        super().__init__(context)
        self._store = store
        self._journal = journal
        self._chunker = chunker
        self._keys = keys
        self._answered: set[tuple[str, str]] = set()
        self._postponed: list[Challenged] = []

    def on_start(self) -> None:
        """Strangers whose answer a crash prevented come again."""
        self.tell(self._journal, Replay("challenged", self.actor_ref))

    def on_receive(self, message: Any) -> None:
        match message:
            case Challenged():
                self._challenge(message)
            case Tick("again"):
                self._try_again()

    def _challenge(self, message: Challenged) -> None:
        account, key = message.address.account, self._keys.get(message.address.account, "")
        meta = {"sender": message.row.sender, "chatId": str(message.address.chat_id)}
        now = self.clock.wall()
        try:
            if message.handle in self._store.allowed(account):
                # Approved meanwhile: what was said before that is not answered, and no second code is given.
                self._settle(message, Dropped(REQUIRED, key))
                return
            code, created = self._store.challenge(account, message.handle, now, meta)
            fresh = created or (message.replayed and self._made_for(message, account, now))
        except StoreUnreadableError as error:
            self._postpone(message, key, error)
            return
        if fresh and code and (account, code) not in self._answered:
            self._remember(account, code)
            text = challenge_text(message.handle, code)
            settles = ((message.seq, Dropped(REQUIRED, key)),)
            self.tell(self._chunker, Reply(message.seq, "pairing", message.address, text, settles))
            self.log.info("pairing request of {} in chat {}", masked(message.handle), message.address.chat_id)
        else:
            self._settle(message, Dropped(PENDING if code else FULL, key))

    def _remember(self, account: str, code: str) -> None:
        if len(self._answered) >= REMEMBERED:
            self._answered.clear()
        self._answered.add((account, code))

    def _postpone(self, message: Challenged, key: str, error: StoreUnreadableError) -> None:
        """Held, where the operator sees it, and tried again: the files may only be busy."""
        self._settle(message, Held(STORE_UNREADABLE, key))
        if not self._postponed:
            self.log.error("{}", error)
            self.clock.after(AGAIN_SECONDS, self.actor_ref, Tick("again"))
        if len(self._postponed) < MOST_POSTPONED:
            self._postponed.append(message)

    def _try_again(self) -> None:
        postponed, self._postponed = self._postponed, []
        for message in postponed:
            verdict = Challenge(message.handle, self._keys.get(message.address.account, ""))
            self.tell(self._journal, Record(Rejudged(message.seq, message.row, verdict), self.actor_ref))

    def _made_for(self, message: Challenged, account: str, now: float) -> bool:
        pending = self._store.requests(account, now=now)
        return any(one.id == message.handle and is_own(one.created_at, message.row.received_at) for one in pending)

    def _settle(self, message: Challenged, outcome: Dropped | Held) -> None:
        self.tell(self._journal, Record(Settled(message.seq, outcome)))

    def set_aside(self, message: Any, error: BaseException) -> None:
        """A request that cannot be handled is held, visibly; the stranger hears nothing."""
        if isinstance(message, Challenged):
            self._settle(message, Held(f"pairing failed: {error!r}"))


def masked(handle: str) -> str:
    """A handle for a log: its last four characters."""
    return f"...{handle[-4:]}"
