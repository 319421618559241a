"""The PairingRegistry: strangers in, one pairing code each out.

Told ``Challenged`` once the row is journaled; keeps the request in the files the CLI works on, notes in the guard
which row its answer belongs to, and tells the chunker that answer, which goes through the outbox like any other. A
repeat gets no second answer; a row whose answer a crash prevented gets it after the restart. Told ``Notify``, it asks
the journal which row was challenged, and lets the chunker tell that chat, once, that its person is in.

Nothing about a stranger is kept in memory, and one who gets no code costs a look at four file names.
"""

from collections.abc import Mapping
from typing import Any

from actors.access.reasons import PAIRING_REQUIRED, STORE_UNREADABLE
from actors.envelopes.control import Record, Ref, Replay, Replayed, Tick
from actors.envelopes.facts import Rejudged, Settled
from actors.envelopes.inbound import Asked, Challenge, Challenged, Dropped, Held, Notify
from actors.envelopes.outbound import Reply
from actors.normalizer.fences import STALE_BACKLOG
from actors.pairing.challenge import NOTICE_POSITION, NOTICE_TEXT, OLDEST, challenge_text, is_own, refusal
from actors.pairing.codes import Request
from actors.pairing.guard_file import PairingGuard
from actors.pairing.store import PairingStore, StoreUnreadableError
from actors.runtime.actor import Actor, Context

AGAIN_SECONDS = 60.0
MOST_POSTPONED = 100

PENDING, FULL = "pairing pending", "too many pairing requests"
"""Why a stranger's row was dropped; the guard has two more reasons."""


class PairingRegistry(Actor):
    """One for all accounts; ``keys`` names the config key of each account's dmPolicy."""

    mortal = False

    def __init__(
        self,
        context: Context,
        store: PairingStore,
        journal: Ref,
        chunker: Ref,
        keys: Mapping[str, str],
        guard: PairingGuard,
    ) -> None:
        super().__init__(context)
        self._store = store
        self._journal = journal
        self._chunker = chunker
        self._keys = keys
        self._guard = guard
        self._postponed: list[Challenged] = []

    def on_start(self) -> None:
        """Strangers whose answer a crash prevented come again."""
        self.tell(self._journal, Replay("challenged", self.actor_ref))

    def on_receive(self, message: Any) -> None:
        match message:
            case Challenged():
                self._challenge(message)
            case Notify(account, handle):
                self._notify(account, handle)
            case Replayed("asked", items):
                self._tell_asked(items)
            case Tick("again"):
                self._try_again()

    def _challenge(self, message: Challenged) -> None:
        now = self.clock.wall()
        try:
            answer = self._answer(message, message.address.account, now)
        except StoreUnreadableError as error:
            self._postpone(message, error)
            return
        if isinstance(answer, Dropped):
            self._settle(message, answer)
            return
        text = challenge_text(message.handle, answer.code)
        settles = ((message.seq, Dropped(PAIRING_REQUIRED, self._key(message))),)
        self.tell(self._chunker, Reply(message.seq, "pairing", message.address, text, settles))
        self.log.info("pairing request of {} in chat {}", masked(message.handle), message.address.chat_id)

    def _answer(self, message: Challenged, account: str, now: float) -> Request | Dropped:
        """The request whose code answers this row, or why nothing does."""
        handle, row, key = message.handle, message.row, self._key(message)
        if self._store.is_allowed(account, handle):
            # Approved meanwhile: what was said before that is not answered, and no second code is given.
            return Dropped(PAIRING_REQUIRED, key)
        if why := refusal(row, handle):
            return Dropped(why, key)
        if self._store.request_of(account, handle, now) is None:
            if now - row.received_at > OLDEST:
                return Dropped(STALE_BACKLOG, key)
            if why := self._guard.may_challenge(account, handle, now):
                return Dropped(why, key)
        meta = {"sender": row.sender, "chatId": str(message.address.chat_id)}
        code, created = self._store.challenge(account, handle, now, meta)
        if not code:
            return Dropped(FULL, key)
        request = self._store.request_of(account, handle, now)
        if request is None or not (created or self._is_owed(request, row.guid, row.received_at)):
            return Dropped(PENDING, key)
        # Before anything is told: whatever happens from here on, this row is the only one that is answered with it.
        self._guard.challenged(account, handle, now, code, row.guid)
        return request

    def _is_owed(self, request: Request, guid: str, received_at: float) -> bool:
        """Whether the request was made for this row, whose answer a crash or unreadable files prevented."""
        answered = self._guard.row_of(request.code)
        return answered == guid if answered is not None else is_own(request.created_at, received_at)

    def _postpone(self, message: Challenged, error: StoreUnreadableError) -> None:
        """Held, where the operator sees it, and tried again: the files may only be busy."""
        self._settle(message, Held(STORE_UNREADABLE, self._key(message)))
        if not self._postponed:
            self.log.error("{}", error)
            self.clock.after(AGAIN_SECONDS, self.actor_ref, Tick("again"))
        if len(self._postponed) < MOST_POSTPONED:
            self._postponed.append(message)

    def _try_again(self) -> None:
        postponed, self._postponed = self._postponed, []
        for message in postponed:
            verdict = Challenge(message.handle, self._key(message))
            self.tell(self._journal, Record(Rejudged(message.seq, message.row, verdict), self.actor_ref))

    def _notify(self, account: str, handle: str) -> None:
        if self._is_in(account, handle):
            self.tell(self._journal, Replay("asked", self.actor_ref, account=account, reason=handle))

    def _tell_asked(self, items: tuple[Any, ...]) -> None:
        if not items:
            self.log.info("nobody was asked by a pairing code under that handle: there is no chat to say so in")
        for asked in items:
            if isinstance(asked, Asked) and self._is_in(asked.address.account, asked.handle):
                # Behind the challenge of that row and under one name: a second notice of it is the first again.
                notice = Reply(asked.seq, "pairing", asked.address, NOTICE_TEXT, (), NOTICE_POSITION)
                self.tell(self._chunker, notice)

    def _is_in(self, account: str, handle: str) -> bool:
        try:
            if self._store.is_allowed(account, handle):
                return True
            self.log.warning("{} is not let in by pairing, and is not told so", masked(handle))
        except StoreUnreadableError as error:
            self.log.error("{}; {} is not told that they are let in", error, masked(handle))
        return False

    def _key(self, message: Challenged) -> str:
        return self._keys.get(message.address.account, "")

    def _settle(self, message: Challenged, outcome: Dropped | Held) -> None:
        self.tell(self._journal, Record(Settled(message.seq, outcome)))

    def set_aside(self, message: Any, error: BaseException) -> None:
        """A request that cannot be handled is held, visibly; the stranger hears nothing."""
        if isinstance(message, Challenged):
            self._settle(message, Held(f"pairing failed: {error!r}"))


def masked(handle: str) -> str:
    """A handle for a log: its last four characters."""
    return f"...{handle[-4:]}"
