"""The judge: one account's rules as they are now, asked about any row, by the very functions the gateway asks.

In: a config, its pairing files, what the journal says of sessions, rows. Out: a ``Finding`` per row, with every rule
that was tried; behind those of access it is asked, as the pairing registry asks, whether a stranger would be told a
code. Reads the files once; has no effect.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from msgspec.structs import replace

from actors.access import policy
from actors.access.policy import Allowed
from actors.access.reasons import MALFORMED, STORE_UNREADABLE
from actors.access.view import AccessView
from actors.control.explain.standings import standings
from actors.envelopes.inbound import Challenge, Dropped, Held, Inbound, Verdict
from actors.normalizer.normalize import Malformed
from actors.pairing.codes import Request
from actors.pairing.decision import why_no_code
from actors.pairing.guard import Record
from actors.pairing.guard_file import PairingGuard
from actors.pairing.owners import OwnerFile
from actors.pairing.snapshot import Snapshots
from actors.pairing.store import PairingStore, StoreUnreadableError
from config import Account, Config, Places

CLEAR = "pass"
PAYLOAD = "payload"
REQUEST = "pairing request"

Rules = tuple[tuple[str, str], ...]


class Finding(NamedTuple):
    """What is decided about a row. ``decision`` is admit, challenge, drop or hold; empty texts stand for none.

    ``authority`` is that of a sender who is let in. ``error`` says what is wrong with a malformed row, of which nothing
    else is known. ``flip`` is the one-line change that would change the decision.
    """

    decision: str
    reason: str
    config_key: str
    flip: str
    rules: Rules
    session: str = ""
    agent: str = ""
    sender: str = ""
    is_group: bool = False
    mentioned: bool = False
    authority: str = ""
    error: str = ""


class Waiting(NamedTuple):
    """What the pairing files say about strangers: the requests of the account, and what the guard remembers."""

    requests: tuple[Request, ...] = ()
    record: Record = Record()


@dataclass(frozen=True, slots=True)
class Judge:
    """``trouble`` says why the pairing files cannot be read, empty when they can; ``waiting`` is None when those about
    strangers cannot. ``now`` is when messages are taken to come (unix seconds), whenever they came.
    """

    account: Account
    view: AccessView
    allowed: Allowed
    trouble: str
    waiting: Waiting | None
    now: float

    @classmethod
    def of(cls, account: Account, config: Config, places: Places, now: float) -> "Judge":
        """The judge of ``account``, as the gateway would judge at ``now`` if it started now."""
        # Where the config names the owners the file counts for nothing, be it damaged or not.
        owners = None if config.commands.owners else OwnerFile(places.owners)
        store = PairingStore(places.credentials, region_of=lambda _: account.region)
        guard = PairingGuard(places.pairing_guard)
        book = Snapshots(store, owners, guard, lambda: now)
        book.refresh(account.id)
        trouble = book.trouble
        waiting: Waiting | None = Waiting()
        if account.dm_policy == "pairing":
            try:
                waiting = Waiting(store.requests(account.id, now=now), guard.seen())
            except StoreUnreadableError as error:
                trouble, waiting = trouble or str(error), None
        view = AccessView.build(account, config, standings(places.journal))
        return cls(account, view, book.allowed(account.id), trouble, waiting, now)

    def judge(
        self,
        row: Inbound | Malformed,
        before: Sequence[tuple[str, Dropped | Held | None]] = (),
        asked: Verdict | None = None,
    ) -> Finding:
        """``before`` are rules that come before those of access: a name, and a verdict or None where they pass.

        ``asked`` is what came of the sender's pairing request, where that is known: then it is not decided again.
        """
        if isinstance(row, Malformed):
            return malformed(row.error)
        row = replace(row, received_at=self.now)
        told = policy.explain(row, self.view, self.allowed)
        finding = Finding(
            decision=told.decision,
            reason=told.reason,
            config_key=told.config_key,
            flip=told.flip,
            rules=((PAYLOAD, CLEAR), *((name, CLEAR) for name, _ in before), *told.rules),
            session=told.session,
            agent=told.agent,
            sender=told.sender,
            is_group=told.is_group,
            mentioned=told.mentioned,
            authority=told.authority,
        )
        for index, (name, verdict) in enumerate(before):
            if verdict is not None:
                return self._ended(finding, row, index + 1, name, verdict)
        if isinstance(told.verdict, Challenge):
            asked = asked or self._asked(told.verdict, row)
            return self._ended(finding, row, len(finding.rules), REQUEST, asked)
        return finding

    def _ended(self, finding: Finding, row: Inbound, at: int, rule: str, verdict: Verdict) -> Finding:
        """``finding`` with ``verdict`` given by ``rule``, the rules before place ``at`` being passed."""
        decision, reason, key = policy.in_words(verdict)
        return finding._replace(
            decision=decision,
            reason=reason,
            config_key=key,
            flip=policy.flip(verdict, row, self.view),
            rules=(*((name, CLEAR) for name, _ in finding.rules[:at]), (rule, policy.describe(verdict))),
            authority="",
        )

    def _asked(self, verdict: Challenge, row: Inbound) -> Verdict:
        """What the pairing registry would do about a challenge."""
        if self.waiting is None:
            return Held(STORE_UNREADABLE, verdict.config_key)
        why = why_no_code(row, self.account.id, verdict.handle, *self.waiting, self.now)
        return Dropped(why, verdict.config_key) if why else verdict


def malformed(error: str) -> Finding:
    """What becomes of a row that cannot be trusted (inbound 1.4): set aside, whatever the rules say."""
    return Finding("drop", MALFORMED, "", "", ((PAYLOAD, f"drop: {MALFORMED}"),), error=error)
