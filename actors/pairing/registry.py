"""The PairingRegistry: strangers in, one pairing code each out.

Told ``Challenged`` once the row is journaled; keeps the request in the files the CLI works on, notes in the guard
which row its answer belongs to, and tells the chunker that answer, which goes through the outbox like any other. A
repeat gets no second answer; a row whose answer a crash prevented gets it after the restart. Told ``Notify``, it asks
the journal which row was challenged, and lets the chunker tell that chat, once, that its person is in. Told
``Enroll`` by somebody who speaks for the owner, it says whom pairing lets in, lets somebody in or shuts them out.

Nothing about a stranger is kept in memory but which refusals were told in the log, of which there is an end, and one
who gets no code costs a look at four file names.
"""

from collections.abc import Mapping
from typing import Any, NamedTuple

from actors.access import reasons
from actors.access.flips import flip
from actors.access.reasons import PAIRING_REQUIRED, STORE_UNREADABLE
from actors.access.view import AccessView
from actors.envelopes.control import Enroll, Enrolled, Listen, Reconfigure, Record, Ref, Replay, Replayed, Tick
from actors.envelopes.facts import Rejudged, Settled
from actors.envelopes.inbound import Asked, Challenge, Challenged, Dropped, Held, Notify
from actors.envelopes.outbound import Reply
from actors.pairing import approval
from actors.pairing.challenge import NOTICE_POSITION, NOTICE_TEXT, challenge_text
from actors.pairing.codes import Request
from actors.pairing.decision import is_owed, why_no_code
from actors.pairing.guard_file import PairingGuard
from actors.pairing.owners import OwnerFile
from actors.pairing.store import PairingStore, StoreUnreadableError
from actors.runtime.actor import Actor, Context
from actors.runtime.logs import event

AGAIN_SECONDS = 60.0
MOST_POSTPONED = 100
"""Rows that are kept to be tried again. Those beyond are judged again once these went well."""
REMEMBERED_DROPS = 10_000

PENDING, FULL = reasons.PAIRING_PENDING, reasons.TOO_MANY_REQUESTS
"""Why a stranger's row was dropped; the guard has two more reasons."""


class RegistryView(NamedTuple):
    """What it goes by, by account: the config key of ``dmPolicy``, and the view, which says what lets somebody in."""

    keys: Mapping[str, str]
    views: Mapping[str, AccessView]


class PairingRegistry(Actor):
    """One for all accounts; ``keys`` names the config key of each account's dmPolicy.

    ``views``, by account, tell what would let in whoever is refused; without them that is not said. ``owners`` are
    those kept in our state, in a file beside the guard's unless it is given: whoever is shut out is an owner no more.
    """

    mortal = False

    def __init__(
        self,
        context: Context,
        store: PairingStore,
        journal: Ref,
        chunker: Ref,
        keys: Mapping[str, str],
        guard: PairingGuard,
        views: Mapping[str, AccessView] | None = None,
        owners: OwnerFile | None = None,
    ) -> None:
        super().__init__(context)
        self._store = store
        self._journal = journal
        self._chunker = chunker
        self._keys = keys
        self._guard = guard
        self._views = views or {}
        self._owners = owners or OwnerFile(guard.path.with_name("owners.json"))
        self._postponed: list[Challenged] = []
        self._has_more = False
        self._is_waiting = False
        self._judge: Ref | None = None
        self._told: set[tuple[str, int, str]] = set()

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
            case Enroll():
                self._enroll(message)
            case Reconfigure(RegistryView(keys, views)):
                self._keys, self._views = keys, views
            case Listen(reply_to):
                self._judge = reply_to
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
            self._log_refusal(message, answer)
            return
        text = challenge_text(message.handle, answer.code)
        settles = ((message.seq, Dropped(PAIRING_REQUIRED, self._key(message))),)
        self.tell(self._chunker, Reply(message.seq, "pairing", message.address, text, settles))
        self.log.info("pairing request of {} in chat {}", masked(message.handle), message.address.chat_id)

    def _answer(self, message: Challenged, account: str, now: float) -> Request | Dropped:
        """The request whose code answers this row, or why nothing does. Whoever gets no code takes no lock for it."""
        handle, row, key = message.handle, message.row, self._key(message)
        meta = {"sender": row.sender, "chatId": str(message.address.chat_id)}
        why = self._why_not(message, account, now)
        if why == PENDING:
            # The request remembers when its person wrote last. One that is being approved or denied is not made anew.
            self._store.challenge(account, handle, now, meta, lambda: False)
        if why:
            return Dropped(why, key)
        # Approvals and denials hold the guard too: they come before all of this, and count, or after all of it.
        with self._guard.exclusive():
            code, created = self._store.challenge(
                account, handle, now, meta, lambda: not self._why_not(message, account, now)
            )
            if not code:
                return Dropped(self._why_not(message, account, now) or FULL, key)
            request = self._store.request_of(account, handle, now)
            if request is None or not (created or is_owed(request, row, self._guard.seen())):
                return Dropped(PENDING, key)
            # Before anything is told: whatever happens from here on, only this row is answered with it.
            self._guard.challenged(account, handle, now, code, row.guid)
        return request

    def _why_not(self, message: Challenged, account: str, now: float) -> str:
        """Why this row is answered with no code as the files are now; costs a look."""
        if self._store.is_allowed(account, message.handle):
            # Approved meanwhile: what was said before that is not answered, and no second code is given.
            return PAIRING_REQUIRED
        requests = self._store.requests(account, now=now)
        return why_no_code(message.row, account, message.handle, requests, self._guard.seen(), now)

    def _log_refusal(self, message: Challenged, dropped: Dropped) -> None:
        """The first refusal per chat and reason with what would let them in; repeats at debug."""
        account, chat = message.address.account, message.row.chat.id
        place, mark = {"account": account, "chat": chat, "guid": message.row.guid}, (account, chat, dropped.reason)
        if mark in self._told:
            event("debug", "pairing", f"dropped: {dropped.reason}", **place)
            return
        if len(self._told) >= REMEMBERED_DROPS:
            self._told.clear()
        self._told.add(mark)
        view = self._views.get(account)
        # Whoever was approved meanwhile needs nothing more than to write again.
        hint = flip(dropped, message.row, view) if view is not None and dropped.reason != PAIRING_REQUIRED else ""
        event("info", "pairing", f"dropped: {dropped.reason}", **place, hint=hint)

    def _postpone(self, message: Challenged, error: StoreUnreadableError) -> None:
        """Held, where the operator sees it, and tried again: the files may only be busy."""
        self._settle(message, Held(STORE_UNREADABLE, self._key(message)))
        if not self._postponed:
            self.log.error("{}", error)
        if len(self._postponed) < MOST_POSTPONED:
            self._postponed.append(message)
        else:
            self._has_more = True
        self._wait()

    def _wait(self) -> None:
        if not self._is_waiting:
            self._is_waiting = True
            self.clock.after(AGAIN_SECONDS, self.actor_ref, Tick("again"))

    def _try_again(self) -> None:
        self._is_waiting = False
        postponed, self._postponed = self._postponed, []
        if self._has_more and postponed:
            # The rest comes after a round without an error: as long as the files stay broken few are tried in vain.
            self._wait()
        elif self._has_more and self._judge is not None:
            self._has_more = False
            self.tell(self._journal, Replay("held", self._judge, reason=STORE_UNREADABLE))
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

    def _enroll(self, order: Enroll) -> None:
        changed = False
        try:
            if order.what == "add":
                changed = self._let_in(order.account, order.handle)
            elif order.what == "remove":
                changed = self._shut_out(order.account, order.handle)
            handles = tuple(sorted(self._store.allowed(order.account)))
        except StoreUnreadableError as error:
            self.tell(order.reply_to, Enrolled(order.tag, (), changed, str(error)))
            return
        self.tell(order.reply_to, Enrolled(order.tag, handles, changed))

    def _let_in(self, account: str, handle: str) -> bool:
        now = self.clock.wall()
        with self._guard.exclusive():
            if handle in self._store.allowed(account):
                return False
            # Before they are in, as an approval does it: nobody is ever in of whom it is not known since when.
            self._guard.approved(account, handle, now)
            return bool(self._store.admit(account, (handle,), now))

    def _shut_out(self, account: str, handle: str) -> bool:
        done = approval.revoke(self._store, self._owners, account, handle, self._guard, self.clock.wall())
        if done.unmarked:
            self.log.warning("an import may let {} in again: {}", masked(handle), done.unmarked)
        return done.was_in or done.was_owner

    def _is_in(self, account: str, handle: str) -> bool:
        view = self._views.get(account)
        if view is not None and view.dm_policy != "pairing":
            self.log.warning(
                "{} is {}: {} is not answered, and not told that they are",
                self._keys[account],
                view.dm_policy,
                masked(handle),
            )
            return False
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
        """A request that cannot be handled is held, visibly; the stranger hears nothing. Who gave an order hears it."""
        if isinstance(message, Challenged):
            self._settle(message, Held(f"pairing failed: {error!r}"))
        elif isinstance(message, Enroll):
            self.tell(message.reply_to, Enrolled(message.tag, (), trouble=f"it broke ({type(error).__name__})"))


def masked(handle: str) -> str:
    """A handle for a log: its last four characters."""
    return f"...{handle[-4:]}"
