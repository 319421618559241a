"""The AccessController: every message gets its verdict here, and nothing happens because of it yet.

Told ``Inbound`` to judge and ``Judged`` to pass on, in the order rows came; tells the Journal each with its
verdict, and with ``then`` whoever acts after the commit: the sessions for admitted ones, the desk for control commands,
the pairing registry for challenges, the sender for our own rows (evidence of what went out), the repairer for rows
without a chat, nobody for refusals. Held rows come back as ``Recorded`` and are judged once more; the same hold again
changes nothing.
At its start, and whenever the files of pairing or a newer config say something new, the sessions are told by whom to
look again at what still waits, and the journal is asked for the answers that wait in the outbox (``Forfeited``): their
senders give up those of whoever was shut out. Only then it is asked for what is open of accounts that run again.
"""

from collections.abc import Mapping
from typing import Any, NamedTuple, Protocol

from actors.access.policy import STORE_UNREADABLE, Allowed, agent_of, decide, flip, refused
from actors.access.reasons import ACCOUNTS_KEY, BEFORE_APPROVAL, NO_ACCOUNT, REASONS, UNAUTHORISED_COMMAND
from actors.access.view import AccessView
from actors.envelopes.control import (
    AllowedChanged,
    Forfeited,
    Listen,
    Order,
    Reconfigure,
    Record,
    Recorded,
    Ref,
    Replay,
    Review,
    Tick,
)
from actors.envelopes.facts import Appended, Rejudged
from actors.envelopes.inbound import (
    Admit,
    Challenge,
    Control,
    Corrupt,
    Dropped,
    Held,
    Inbound,
    Judged,
    Recheck,
    Verdict,
)
from actors.normalizer.anchors import NO_ANCHOR
from actors.runtime.actor import Actor, Context
from actors.runtime.logs import event

STAMP_SECONDS = 1.0
REVIEWS = 2
"""How often the outbox is reviewed once more, ``STAMP_SECONDS`` apart: an answer may have been on its way into it."""
REMEMBERED_DROPS = 10_000
_BY_FILES = frozenset({UNAUTHORISED_COMMAND, BEFORE_APPROVAL})
_PASSED_ON = frozenset({Admit, Challenge, Control})
"""Verdicts that refuse nothing."""


class Book(Protocol):
    """Whom pairing has let in: a snapshot per account, renewed by ``refresh`` (True when it changed)."""

    @property
    def trouble(self) -> str:
        """Why it cannot be read."""

    def allowed(self, account: str) -> Allowed:
        """The snapshot."""

    def refresh(self, account: str) -> bool:
        """Look again."""


class AccessRules(NamedTuple):
    """What it goes by: the views and the senders by account id, and whom pairing has let in."""

    views: Mapping[str, AccessView]
    book: Book
    senders: Mapping[str, Ref]


class AccessController(Actor):
    """One for all accounts; ``views`` by account id. A row that breaks it is set aside, so none of them ends it.

    A row of an account that has no view, because it went away meanwhile, is held for that.
    """

    mortal = False

    def __init__(
        self,
        context: Context,
        views: Mapping[str, AccessView],
        book: Book,
        journal: Ref,
        sessions: Ref,
        pairing: Ref,
        senders: Mapping[str, Ref],
        desk: Ref | None = None,
    ) -> None:
        super().__init__(context)
        self._views = views
        self._book = book
        self._journal = journal
        self._sessions = sessions
        self._pairing = pairing
        self._senders = senders
        self._desk = desk
        self._repairer: Ref | None = None
        self._readable: dict[str, bool] = {}
        """By account that was looked at: whether the files of pairing could be read."""
        self._told: set[tuple[str, int, str]] = set()
        self._review: Review | None = None
        self._reviews = 0
        """How often that is still to be asked for."""

    def on_start(self) -> None:
        """Read who is allowed, and judge again what an unreadable store held up; also what pairing could not do."""
        self._look_again()
        self.tell(self._pairing, Listen(self.actor_ref))
        self.clock.after(STAMP_SECONDS, self.actor_ref, Tick("stamps"))

    def on_receive(self, message: Any) -> None:
        if type(message) is Inbound:
            self._judge(message)
            return
        match message:
            case Judged(row, verdict):
                self._record(row, verdict)
            case Recorded(seq, row):
                self._judge_again(seq, row)
            case Listen(reply_to):
                self._repairer = reply_to
            case AllowedChanged():
                self._refresh()
            case Reconfigure(rules):
                self._go_by(rules)
            case Forfeited(account, keys):
                self._forfeited(account, keys)
            case Tick("stamps"):
                self._refresh()
                self._review_again()
                self.clock.after(STAMP_SECONDS, self.actor_ref, Tick("stamps"))

    def _judge(self, row: Inbound) -> None:
        self._record(row, self._decide(row))

    def _judge_again(self, seq: int, row: Inbound) -> None:
        verdict = self._decide(row)
        fact, then = Rejudged(seq, row, verdict), self._then(row, verdict)
        self.tell(self._journal, Record(fact, then))
        if then is not None and then is self._repairer:
            # Nothing new for the journal, but whoever released the row wants its chat looked for once more.
            self.tell(then, Recorded(seq, fact))

    def _decide(self, row: Inbound) -> Verdict:
        view = self._views.get(row.account)
        if view is None:
            return Held(NO_ACCOUNT, ACCOUNTS_KEY)
        verdict = decide(row, view, self._book.allowed(row.account))
        # An approval counts for the very next message: nobody is challenged on an old reading of the files.
        if _by_files(verdict) and self._look(row.account):
            self._recheck()
            verdict = decide(row, view, self._book.allowed(row.account))
        return verdict

    def _record(self, row: Inbound, verdict: Verdict) -> None:
        self.tell(self._journal, Record(Appended(row, verdict), self._then(row, verdict)))
        if type(verdict) not in _PASSED_ON and _is_news(row, verdict):
            self._log_refusal(row, verdict)

    def _then(self, row: Inbound, verdict: Verdict) -> Ref | None:
        # An admitted row of ours is a note to oneself, and no evidence: what a sender is in doubt about the normalizer
        # knows, by GUID or by its words, and passes on as Judged. A note must not prove an old chunk of the same words.
        if type(verdict) is Admit:
            return self._sessions
        if type(verdict) is Control:
            return self._desk
        if type(verdict) is Challenge:
            return self._pairing
        if type(verdict) is Held and verdict.reason == NO_ANCHOR:
            return self._repairer
        return self._senders.get(row.account) if row.is_from_me else None

    def _log_refusal(self, row: Inbound, verdict: Verdict) -> None:
        """The first refusal per chat and reason with the setting that would admit it; repeats at debug."""
        reason = verdict.reason if isinstance(verdict, Dropped | Held) else "malformed payload"
        what = "held" if isinstance(verdict, Held) else "set aside" if isinstance(verdict, Corrupt) else "dropped"
        mark = (row.account, row.chat.id, reason)
        if mark in self._told:
            event("debug", "access", f"{what}: {reason}", account=row.account, chat=row.chat.id, guid=row.guid)
            return
        if len(self._told) >= REMEMBERED_DROPS:
            self._told.clear()
        self._told.add(mark)
        view = self._views.get(row.account)
        hint = REASONS[NO_ACCOUNT] if view is None else flip(verdict, row, view)
        event(
            "warning" if isinstance(verdict, Corrupt | Held) else "info",
            "access",
            f"{what}: {reason}",
            account=row.account,
            chat=row.chat.id,
            guid=row.guid,
            hint=verdict.error if isinstance(verdict, Corrupt) else hint,
        )

    def _go_by(self, rules: AccessRules) -> None:
        """A newer config. What is refused by it is said once more, with the setting that is in force now."""
        self._views, self._book, self._senders = rules
        self._readable = {account: was for account, was in self._readable.items() if account in self._views}
        self._told.clear()
        self._look_again()

    def _look_again(self) -> None:
        """Whatever waits was let in on what was known before; what still has to come is judged by what is known now."""
        for account in self._views:
            self._look(account)
        self._recheck()
        self.tell(self._journal, Replay("resumed", self._sessions))

    def _refresh(self) -> None:
        changed = [self._look(account) for account in self._views]
        if any(changed):
            self._recheck()

    def _recheck(self) -> None:
        """Whoever is not let in any more gets no answer to what still waits for one."""
        views, allowed = self._views, {account: self._book.allowed(account) for account in self._views}

        def lost(row: Inbound) -> Dropped | None:
            account = row.account
            return refused(row, views[account], allowed[account]) if account in allowed else None

        def agent(row: Inbound) -> str:
            account = row.account
            return agent_of(row, views[account], allowed[account]) if account in allowed else ""

        recheck = Recheck(self.clock.wall(), lost, agent)
        for each in (self._sessions, self._desk):
            self.tell(each, recheck)
        self._review, self._reviews = Review(lost, self.actor_ref), REVIEWS
        self.tell(self._journal, self._review)

    def _review_again(self) -> None:
        if self._reviews:
            self._reviews -= 1
            self.tell(self._journal, self._review)

    def _forfeited(self, account: str, keys: tuple[int, ...]) -> None:
        sender = self._senders.get(account)
        if sender is not None:
            self.log.info(
                "account {}: {} chunks wait for people who may not speak any more: revoked", account, len(keys)
            )
        for key in keys:
            self.tell(sender, Order(key, "revoke"))

    def _look(self, account: str) -> bool:
        """Look at the pairing files; True when they say something new."""
        was_readable = self._readable.get(account)
        changed = self._book.refresh(account)
        readable = self._readable[account] = self._book.allowed(account).readable
        if not readable and was_readable is not False:
            self.log.error("{}; nobody is admitted or challenged by pairing until it can be read", self._book.trouble)
        if readable and not was_readable:
            # Rows that could not be judged meanwhile are judged now.
            held = Replay("held", self.actor_ref, account=account, reason=STORE_UNREADABLE)
            self.tell(self._journal, held)
        return changed

    def set_aside(self, message: Any, error: BaseException) -> None:
        """A row that breaks the decision is kept as corrupt, in its place in the order; nothing is sent for it."""
        match message:
            case Inbound():
                self.tell(self._journal, Record(Appended(message, Corrupt(repr(error)))))
            case Judged(row, _):
                self.tell(self._journal, Record(Appended(row, Corrupt(repr(error)))))


def _by_files(verdict: Verdict) -> bool:
    """Whether the files of pairing may say something else by now."""
    return type(verdict) is Challenge or (type(verdict) is Dropped and verdict.reason in _BY_FILES)


def _is_news(row: Inbound, verdict: Verdict) -> bool:
    """Whether somebody may wonder about this refusal: not about our own rows, unless a setting decided it."""
    return not row.is_from_me or (isinstance(verdict, Dropped | Held) and verdict.config_key != "")
