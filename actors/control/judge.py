"""The judge: one account's rules as they are now, asked about any row, by the very functions the gateway asks.

In: a config, its pairing files, rows. Out: a ``Finding`` per row, with every rule that was tried. Reads the pairing
files once; has no effect.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from actors.access import policy
from actors.access.policy import Allowed
from actors.access.view import AccessView
from actors.envelopes.inbound import Dropped, Held, Inbound
from actors.normalizer.normalize import Malformed
from actors.pairing.owners import OwnerFile
from actors.pairing.snapshot import Snapshots
from actors.pairing.store import PairingStore
from config import Account, Config, Places

MALFORMED = "malformed payload"
CLEAR = "pass"
PAYLOAD = "payload"

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


@dataclass(frozen=True, slots=True)
class Judge:
    """``trouble`` says why the pairing files cannot be read, empty when they can."""

    account: Account
    view: AccessView
    allowed: Allowed
    trouble: str

    @classmethod
    def of(cls, account: Account, config: Config, places: Places) -> "Judge":
        """The judge of ``account``, as the gateway would judge if it started now."""
        # Where the config names the owners the file counts for nothing, be it damaged or not.
        owners = None if config.commands.owners else OwnerFile(places.owners)
        book = Snapshots(PairingStore(places.credentials), owners)
        book.refresh(account.id)
        return cls(account, AccessView.build(account, config), book.allowed(account.id), book.trouble)

    def judge(self, row: Inbound | Malformed, before: Sequence[tuple[str, Dropped | Held | None]] = ()) -> Finding:
        """``before`` are rules that come before those of access: a name, and a verdict or None where they pass."""
        if isinstance(row, Malformed):
            return malformed(row.error)
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
                passed = tuple((each, CLEAR) for each, _ in before[:index])
                rules = ((PAYLOAD, CLEAR), *passed, (name, policy.describe(verdict)))
                return finding._replace(
                    decision="hold" if isinstance(verdict, Held) else "drop",
                    reason=verdict.reason,
                    config_key=verdict.config_key,
                    flip=policy.flip(verdict, row),
                    rules=rules,
                    authority="",
                )
        return finding


def malformed(error: str) -> Finding:
    """What becomes of a row that cannot be trusted (inbound 1.4): set aside, whatever the rules say."""
    return Finding("drop", MALFORMED, "", "", ((PAYLOAD, f"drop: {MALFORMED}"),), error=error)
