"""Why a message is answered or not: the story of one that came, and the verdict about one that did not (yet). Pure.

In: a row of the journal or of a person, the judge of its account, what the journal remembers. Out: an ``Answer``; that
about a past message has ``{guid, row, receivedAt, outcome, history, chunks}`` besides and, where today another decision
would be taken, ``now``.
"""

from typing import NamedTuple

from msgspec.structs import replace

from actors.access.reasons import AGENT_ECHO, ECHO, ECHO_LOOP, FROM_ME, MALFORMED, PAIRING_REQUIRED, SELF_CHAT_ECHO
from actors.control.explain.answer import Answer, brief, verdict
from actors.control.explain.history import LET_IN, chunks, history
from actors.control.explain.memory import OWN_ADDRESS, Memory
from actors.control.judge import Finding, Judge, malformed
from actors.envelopes.inbound import Challenge, Dropped, Held, Inbound, Verdict
from actors.journal.batch import GIVEN_UP
from actors.journal.stories import Story
from actors.normalizer.anchors import is_self_chat
from actors.normalizer.fences import KEYS, MISSED, Fences
from actors.normalizer.normalize import Malformed, normalize
from actors.normalizer.previews import LINK_PREVIEW
from actors.rpc.frames import Junk, Row
from actors.runtime.logs import stamp
from config import Account

BEFORE_ACCESS = {
    ECHO: ECHO,
    ECHO_LOOP: ECHO,
    AGENT_ECHO: ECHO,
    SELF_CHAT_ECHO: OWN_ADDRESS,
    FROM_ME: OWN_ADDRESS,
    LINK_PREVIEW: LINK_PREVIEW,
    GIVEN_UP: "operator",
}
"""Reasons that no config decides about, and the rule each stands for: what was remembered, or wanted, at the time."""


class Decided(NamedTuple):
    """What was decided about a message then; empty texts stand for none."""

    decision: str
    reason: str = ""
    config_key: str = ""
    error: str = ""


def hypothetical(judge: Judge, read: Row | Junk, moment: float, memory: Memory, *, received: bool) -> Answer:
    """The verdict about a row that did not come. ``moment`` is now, or with ``received`` when it came (unix seconds).

    Only a row that is said to be received then is too old, known already, or an echo of ours.
    """
    account = judge.account
    if isinstance(read, Junk):
        return verdict(account.id, malformed(read.why), None)
    row = normalize(account.id, memory.source, read.raw, moment)
    if isinstance(row, Malformed):
        return verdict(account.id, malformed(row.error), None)
    own = memory.own_address(row)
    if not received:
        return verdict(account.id, judge.judge(row, (own,)), row)
    row = replace(row, stale=_stale(row, account))
    return verdict(account.id, judge.judge(row, (*memory.tried(row), own)), row)


def _stale(row: Inbound, account: Account) -> str:
    """Why the row came too late, had the gateway watched all the time. A note to oneself ages like any message."""
    own = row.is_from_me and not is_self_chat(row, account.region)
    fences = Fences({account.id: account.recovery})
    found = fences.stale(account.id, row.source, row.sent_at, row.received_at, own)
    return "" if found == MISSED else found


def past(story: Story, judge: Judge | None) -> Answer:
    """The story of a message. ``judge`` is None when its account is not in the config any more: then no rule is
    tried, and what became of it is told all the same.
    """
    row = _row_of(story)
    then = decided(story)
    today = None if judge is None or row is None else _today(story, row, judge)
    differs = today is not None and (today.decision, today.reason) != (then.decision, then.reason)
    in_group = isinstance(row, Inbound) and row.chat.is_group
    known = today or Finding(then.decision, then.reason, then.config_key, "", (), is_group=in_group)
    key = then.config_key or (known.config_key if not differs else "")
    finding = known._replace(
        decision=then.decision,
        reason=then.reason,
        config_key=key,
        flip="" if differs else _numbered(known.flip, story.seq),
        error=then.error,
    )
    if story.kind in LET_IN:
        finding = finding._replace(session=story.session, agent=story.agent, authority=story.authority)
    if story.kind == "admit":
        finding = finding._replace(mentioned=story.mentioned)
    answer = verdict(story.account, finding, row if isinstance(row, Inbound) else None, story.chat_id)
    answer |= {
        "guid": story.guid or None,
        "row": story.seq,
        "receivedAt": stamp(story.received_at),
        "outcome": story.outcome or "open",
        "history": history(story),
        "chunks": chunks(story),
    }
    if differs and today is not None:
        answer["now"] = brief(today._replace(flip=_numbered(today.flip, story.seq)))
    return answer


def decided(story: Story) -> Decided:
    """What was decided when the message was judged last: of a stranger's, whether a code went out."""
    if story.kind in LET_IN:
        return Decided("admit")
    if story.kind == "challenge" and story.outcome != "held" and story.reason in {"", PAIRING_REQUIRED}:
        return Decided("challenge", PAIRING_REQUIRED, story.config_key)
    if story.outcome == "corrupt":
        return Decided("drop", MALFORMED, error=story.reason)
    return Decided("hold" if story.outcome == "held" else "drop", story.reason, story.config_key)


def _asked(story: Story) -> Verdict | None:
    """What came of the pairing request of a stranger's message; None where that is not known, or not yet."""
    then = decided(story)
    if story.kind != "challenge" or then.decision == "hold":
        return None
    if then.decision == "challenge":
        return Challenge(story.session, story.config_key)
    return Dropped(then.reason, then.config_key)


def _row_of(story: Story) -> Inbound | Malformed | None:
    """The message as it came; None when its bytes were pruned."""
    if story.body is None:
        return None
    return normalize(story.account, story.source, story.body, story.received_at, story.era)


def _today(story: Story, row: Inbound | Malformed, judge: Judge) -> Finding:
    """What would be decided today about the message, had it come as it came then."""
    if isinstance(row, Malformed):
        return judge.judge(row)
    refused = story.kind not in {*LET_IN, "challenge"}
    if refused and story.reason in KEYS:
        # Which gap it came through is not known any more: today's fence may let it pass, else it stays what it was.
        row = replace(row, stale=story.reason if _stale(row, judge.account) else "")
    # Which request there was, and what the guard remembered, is a matter of that time.
    today = judge.judge(row, asked=_asked(story))
    if refused and _is_remembered(story.reason, row) and today.reason != story.reason:
        refusal = Held if story.outcome == "held" else Dropped
        return judge.judge(row, ((BEFORE_ACCESS[story.reason], refusal(story.reason, story.config_key)),))
    return today


def _is_remembered(reason: str, row: Inbound) -> bool:
    """Whether the reason is no matter of rules. A row from me is refused as such by rule, and may be a note today."""
    return reason in BEFORE_ACCESS and not (reason == FROM_ME and row.is_from_me)


def _numbered(flip: str, seq: int) -> str:
    """The hint with the number of this very message where it says SEQ."""
    return flip.replace("release SEQ", f"release {seq}")
