"""The Repairer: finds the chat of rows that came without one, so that they need no person to set them free.

Told ``Recorded`` of a row held for ``no chat anchor``, by the journal once it is on disk; asks imsg through the
RpcCaller of the row's account, one question at a time, and tells the Normalizer, once that listens, each row it finds:
what is no word of ours goes on to the AccessController from there, to be judged again. A row that is not found stays
held and listed; it is looked for again soon, since its chat may be written moments after it, then every ten minutes for
a day, and after a restart. What waits of an account that another config (``Reconfigure``) does without is not looked
for.
"""

import math
from collections.abc import Collection, Iterable, Mapping
from typing import Any, NamedTuple

from actors.envelopes.control import Listen, Reconfigure, Recorded, Ref, Replay, Tick
from actors.envelopes.facts import Appended, Rejudged
from actors.envelopes.inbound import Inbound
from actors.envelopes.link import Answer, Call, Subscribed
from actors.normalizer.anchors import NO_ANCHOR, is_anchorless
from actors.normalizer.search import Question, Search, Wanted
from actors.runtime.actor import Actor, Context

PATIENCE = 5.0
GATHER_SECONDS = 1.0
"""Before the first question: the chat of a row is written moments after it, and such rows come in groups."""
AGAIN_SECONDS = (3.0, 10.0, 60.0, 600.0)
"""From one attempt in vain to the next, counted from the newest row that came; the last pause is repeated."""
GIVE_UP_SECONDS = 86_400.0


class RepairerView(NamedTuple):
    """What the repairer goes by: whom to ask, by account, and the accounts whose rows carry files."""

    callers: Mapping[str, Ref]
    attachments: Collection[str]


class Repairer(Actor):
    """One for all accounts; ``attachments`` are those whose rows carry files. It costs nobody else their life."""

    mortal = False

    def __init__(
        self,
        context: Context,
        callers: Mapping[str, Ref],
        access: Ref,
        journal: Ref,
        attachments: Collection[str] = (),
    ) -> None:
        super().__init__(context)
        self._callers = callers
        self._access = self._finds_to = access
        self._journal = journal
        self._attachments = attachments
        self._waiting: dict[str, dict[int, Wanted]] = {account: {} for account in callers}
        self._unreachable: set[str] = set()
        self._search: Search | None = None
        self._account = ""
        self._asked = 0
        """The number of the last question: answers to older ones count no more."""
        self._due = False
        self._vain = 0
        self._again_at = math.inf
        """When what was not found is looked for again (monotonic seconds)."""

    def on_start(self) -> None:
        """Hear of new rows and of links that come up, and look for what an earlier life did not find."""
        self.tell(self._access, Listen(self.actor_ref))
        for caller in self._callers.values():
            self.tell(caller, Listen(self.actor_ref))
        self._replay()

    def on_receive(self, message: Any) -> None:
        match message:
            case Recorded(seq, Appended(row, _) | Rejudged(_, row, _)):
                self._vain = 0
                self._want(seq, row)
            case Recorded(seq, Inbound() as row):
                self._want(seq, row)
            case Answer(asked) if asked == self._asked and self._search is not None:
                self._answered(self._search, message)
            case Subscribed():
                self._unreachable.clear()
                self._soon()
            case Reconfigure(RepairerView() as view):
                self._go_by(view)
            case Tick("search"):
                self._due = False
                self._begin()
            case Listen(reply_to):
                self._finds_to = reply_to
            case Tick("again", at) if at == self._again_at:
                self._again_at = math.inf
                self._replay()

    def _go_by(self, view: RepairerView) -> None:
        known, self._callers, self._attachments = self._callers, view.callers, view.attachments
        self._waiting = {account: self._waiting.get(account, {}) for account in view.callers}
        self._unreachable &= view.callers.keys()
        new = [account for account in view.callers if known.get(account) != view.callers[account]]
        for account in new:
            self.tell(view.callers[account], Listen(self.actor_ref))
        self._replay(new)
        if self._search is not None and self._account not in view.callers:
            # Nobody is left to answer: what it looked for stays held.
            self._asked += 1
            self._round_over()

    def _replay(self, accounts: Iterable[str] | None = None) -> None:
        for account in self._callers if accounts is None else accounts:
            self.tell(self._journal, Replay("held", self.actor_ref, account=account, reason=NO_ANCHOR))

    def _want(self, seq: int, row: Inbound) -> None:
        if row.account in self._waiting and row.guid and is_anchorless(row):
            self._waiting[row.account][seq] = Wanted.of(seq, row)
            self._soon()

    def _soon(self) -> None:
        if self._search is None and not self._due and any(self._waiting.values()):
            self._due = True
            self.clock.after(GATHER_SECONDS, self.actor_ref, Tick("search"))

    def _begin(self) -> None:
        """Look for all that waits of the first account that can be asked."""
        if self._search is not None:
            return
        for account, rows in self._waiting.items():
            if rows and account not in self._unreachable:
                self._account = account
                self._search = Search(rows.values(), account in self._attachments)
                rows.clear()
                self._ask(self._search.first())
                return

    def _ask(self, question: Question) -> None:
        self._asked += 1
        method, params = question
        self.tell(self._callers[self._account], Call(method, params, self.actor_ref, self._asked, PATIENCE))

    def _answered(self, search: Search, answer: Answer) -> None:
        if answer.lost:
            # The link says when it is back; until then there is nobody to ask.
            self._unreachable.add(self._account)
            self._waiting[self._account].update((row.seq, row) for row in search.missing)
            self._round_over()
            return
        found, question = search.answered(answer.result)
        for seq, row in found:
            self.log.info("row {} belongs to chat {}: judged again", seq, row.chat.id)
            self.tell(self._finds_to, Recorded(seq, row))
        if question is not None:
            self._ask(question)
            return
        if search.missing:
            self._missed(search.missing)
        self._round_over()

    def _missed(self, rows: tuple[Wanted, ...]) -> None:
        said = "{} rows of {} are in none of the newest chats: they stay held"
        youngest = max(row.received_at for row in rows)
        if self.clock.wall() - youngest >= GIVE_UP_SECONDS:
            self.log.info(said, len(rows), self._account)
            return
        now, pause = self.clock.monotonic(), AGAIN_SECONDS[min(self._vain, len(AGAIN_SECONDS) - 1)]
        if now + pause < self._again_at:
            # An attempt that is due later is no longer waited for: its tick comes to nothing.
            self._vain, self._again_at = self._vain + 1, now + pause
            self.clock.after(pause, self.actor_ref, Tick("again", self._again_at))
        left = self._again_at - now
        self.log.info(said + ", and are looked for again by themselves in {:.0f} s", len(rows), self._account, left)

    def _round_over(self) -> None:
        self._search = None
        self._soon()

    def on_restart(self) -> None:
        """Give up the round a message broke; what it looked for comes again from the journal."""
        if self._search is not None:
            self._missed(self._search.missing)
            self._round_over()
