"""The AccessController: every message gets its verdict here, and nothing happens because of it yet.

Told ``Inbound`` to judge and ``Judged`` to pass on, in the order rows came; tells the Journal each with its
verdict, and with ``then`` whoever acts after the commit: the sessions for admitted ones, the pairing registry for
challenges, the sender for our own rows (evidence of what went out), the repairer for rows without a chat, nobody
for refusals. Held rows come back as ``Recorded`` and are judged once more; the same hold again changes nothing.
At its start, and whenever the files of pairing say something new, the sessions are told by whom to look again at what
still waits.
"""

from collections.abc import Mapping
from typing import Any, Protocol

from actors.access.policy import STORE_UNREADABLE, Allowed, decide, flip, refused
from actors.access.reasons import BEFORE_APPROVAL, UNAUTHORISED_COMMAND
from actors.access.view import AccessView
from actors.envelopes.control import AllowedChanged, Listen, Record, Recorded, Ref, Replay, Tick
from actors.envelopes.facts import Appended, Rejudged
from actors.envelopes.inbound import Admit, Challenge, Corrupt, Dropped, Held, Inbound, Judged, Recheck, Verdict
from actors.normalizer.anchors import NO_ANCHOR
from actors.runtime.actor import Actor, Context
from actors.runtime.logs import event

STAMP_SECONDS = 1.0
REMEMBERED_DROPS = 10_000
_BY_FILES = frozenset({UNAUTHORISED_COMMAND, BEFORE_APPROVAL})


class Book(Protocol):
    """Whom pairing has let in: a snapshot per account, renewed by ``refresh`` (True when it changed)."""

    @property
    def trouble(self) -> str:
        """Why it cannot be read."""

    def allowed(self, account: str) -> Allowed:
        """The snapshot."""

    def refresh(self, account: str) -> bool:
        """Look again."""


class AccessController(Actor):
    """One for all accounts; ``views`` by account id. A row that breaks it is set aside, so none of them ends it."""

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
    ) -> None:
        super().__init__(context)
        self._views = views
        self._book = book
        self._journal = journal
        self._sessions = sessions
        self._pairing = pairing
        self._senders = senders
        self._repairer: Ref | None = None
        self._seen: set[str] = set()
        self._told: set[tuple[str, int, str]] = set()

    def on_start(self) -> None:
        """Read who is allowed, and judge again what an unreadable store held up; also what pairing could not do."""
        self._refresh()
        self._recheck()
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
            case Tick("stamps"):
                self._refresh()
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
        view = self._views[row.account]
        verdict = decide(row, view, self._book.allowed(row.account))
        # An approval counts for the very next message: nobody is challenged on an old reading of the files.
        if _by_files(verdict) and self._refresh_account(row.account):
            verdict = decide(row, view, self._book.allowed(row.account))
        return verdict

    def _record(self, row: Inbound, verdict: Verdict) -> None:
        self.tell(self._journal, Record(Appended(row, verdict), self._then(row, verdict)))
        if type(verdict) is not Admit and type(verdict) is not Challenge and _is_news(row, verdict):
            self._log_refusal(row, verdict)

    def _then(self, row: Inbound, verdict: Verdict) -> Ref | None:
        # An admitted row of ours is a note to oneself, and no evidence: what a sender is in doubt about the normalizer
        # knows, by GUID or by its words, and passes on as Judged. A note must not prove an old chunk of the same words.
        if type(verdict) is Admit:
            return self._sessions
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
        detail = verdict.error if isinstance(verdict, Corrupt) else flip(verdict, row, self._views[row.account])
        event(
            "warning" if isinstance(verdict, Corrupt | Held) else "info",
            "access",
            f"{what}: {reason}",
            account=row.account,
            chat=row.chat.id,
            guid=row.guid,
            hint=detail,
        )

    def _refresh(self) -> None:
        for account in self._views:
            self._refresh_account(account)

    def _recheck(self) -> None:
        """Whoever is not let in any more gets no answer to what still waits for one."""
        views, allowed = self._views, {account: self._book.allowed(account) for account in self._views}

        def lost(row: Inbound) -> Dropped | None:
            account = row.account
            return refused(row, views[account], allowed[account]) if account in allowed else None

        self.tell(self._sessions, Recheck(self.clock.wall(), lost))

    def _refresh_account(self, account: str) -> bool:
        """Look at the pairing files; True when they say something new."""
        is_known = account in self._seen
        was_readable = is_known and self._book.allowed(account).readable
        changed = self._book.refresh(account)
        readable = self._book.allowed(account).readable
        if not readable and (was_readable or account not in self._seen):
            self.log.error("{}; nobody is admitted or challenged by pairing until it can be read", self._book.trouble)
        if readable and not was_readable:
            # Rows that could not be judged meanwhile are judged now.
            held = Replay("held", self.actor_ref, account=account, reason=STORE_UNREADABLE)
            self.tell(self._journal, held)
        self._seen.add(account)
        if changed and is_known:
            self._recheck()
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
