"""The journal's statements, and how rows, verdicts and outcomes become their columns. Pure: nothing is run here."""

from collections.abc import Callable
from hashlib import blake2b
from typing import Any, TypeGuard

from actors.access.reasons import NO_MENTION, REACTION
from actors.commands.kept import kept
from actors.envelopes.facts import Attempted, Deferred, Discarded, Failed, Requeued, Sent, Uncertain
from actors.envelopes.inbound import (
    Absorbed,
    Admit,
    Challenge,
    Control,
    Corrupt,
    Dropped,
    Held,
    Inbound,
    Outcome,
    Replied,
    Verdict,
)
from actors.normalizer import guids

Columns = tuple[str | None, str | None, str | None]
"""``outcome, reason, config_key``."""

INSERT_INBOUND = (
    "INSERT INTO inbound (seq, source, guid, row_id, account, chat_id, received_at, kind, session, agent, service, "
    "mentioned, waits, authority, outcome, reason, config_key, body, era) "
    "VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)"
)
INSERT_OUTBOX = (
    "INSERT OR IGNORE INTO outbox (key, account, source, chat_id, chat_guid, service, text, state, queued_at, "
    "attempted_at, tries, era, guid) VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?)"
)
SETTLE = "UPDATE inbound SET outcome = ?, reason = ?, config_key = ?, settled_at = ? WHERE seq = ? AND outcome IS NULL"
REJUDGE = (
    "UPDATE inbound SET kind = ?, session = ?, agent = ?, service = ?, mentioned = ?, waits = ?, authority = ?, "
    "outcome = ?, reason = ?, config_key = ?, chat_id = coalesce(?, chat_id), era = coalesce(?, era), "
    "body = coalesce(?, body), settled_at = ?, judged_at = coalesce(?, judged_at) "
    "WHERE seq = ? AND outcome = 'held'"
)
LOWER_FLOOR = "UPDATE mark SET value = min(value, ?) WHERE name = 'floor'"

BASELINE = "UPDATE source SET cursor = ? WHERE id = ? AND cursor IS NULL"
WATCHED = "UPDATE source SET watched = ? WHERE id = ?"
IDENTIFIED = "UPDATE source SET file = ? WHERE id = ?"
REPLACED = "UPDATE source SET era = era + 1, cursor = ?, file = ? WHERE id = ?"
CHILD = "UPDATE source SET child_pid = ?, child_started = ? WHERE id = ?"

ENDED = ("sent", "failed", "discarded")
"""States a chunk does not leave by itself; they are counted in the tally."""

STATES: dict[type, str] = {
    Attempted: "attempted",
    Sent: "sent",
    Deferred: "deferred",
    Uncertain: "uncertain",
    Failed: "failed",
    Requeued: "queued",
    Discarded: "discarded",
}
"""The state a chunk is in after a fact about it."""

CHUNK: dict[type, tuple[str, Callable[[Any], tuple[Any, ...]]]] = {
    Attempted: (
        "UPDATE outbox SET state = 'attempted', attempted_at = ?, guid = ? WHERE key = ?",
        lambda it: (it.at, it.guid, it.key),
    ),
    Sent: (
        # The GUID the attempt carried stands where imsg does not say it.
        (
            "UPDATE outbox SET state = 'sent', guid = coalesce(nullif(?, ''), guid), ended_at = ?, why = NULL "
            "WHERE key = ?"
        ),
        lambda it: (it.guid, it.at, it.key),
    ),
    Deferred: (
        "UPDATE outbox SET state = 'deferred', until = ?, tries = ?, why = ? WHERE key = ?",
        lambda it: (it.until, it.tries, it.why, it.key),
    ),
    Uncertain: (
        "UPDATE outbox SET state = 'uncertain', why = ? WHERE key = ?",
        lambda it: (it.why, it.key),
    ),
    Failed: (
        "UPDATE outbox SET state = 'failed', why = ?, ended_at = ? WHERE key = ?",
        lambda it: (it.why, it.at, it.key),
    ),
    Requeued: (
        "UPDATE outbox SET state = 'queued', tries = 0, until = NULL, why = NULL, ended_at = NULL WHERE key = ?",
        lambda it: (it.key,),
    ),
    Discarded: (
        "UPDATE outbox SET state = 'discarded', why = ?, ended_at = ? WHERE key = ?",
        lambda it: (it.why, it.at, it.key),
    ),
}
"""The statement a fact about one chunk runs, and its values."""


def guid_key(row: Inbound) -> bytes:
    """16 bytes that identify a row: its UUID; a digest of any other GUID; without one, of the row itself."""
    return guids.guid_key(row.guid) if row.guid else blake2b(row.raw, digest_size=16).digest()


_OUTCOMES: dict[type, Callable[[Any], Columns]] = {
    Admit: lambda _: (None, None, None),
    Control: lambda _: (None, None, None),
    Challenge: lambda _: (None, None, None),
    Replied: lambda _: ("replied", None, None),
    Absorbed: lambda it: ("absorbed", it.why, None),
    Dropped: lambda it: ("dropped", it.reason, it.config_key),
    Held: lambda it: ("held", it.reason, it.config_key),
    Corrupt: lambda it: ("corrupt", it.error, None),
}


def outcome_columns(outcome: Outcome | Verdict) -> Columns:
    """``(outcome, reason, config_key)`` of a verdict or outcome; all None while a row is open."""
    return _OUTCOMES[type(outcome)](outcome)


def verdict_columns(verdict: Verdict) -> tuple[Any, ...]:
    """``kind, session, agent, service, mentioned, waits, authority``; a challenge keeps its handle as session.

    The kind is ``admit``, ``command`` (a control command that is carried out; with ``mentioned`` where what stands
    behind it is a message to the agent), ``challenge``, ``context`` (refused, and an agent may be told of it with what
    is answered in that chat) or ``refused``.
    """
    if type(verdict) is Admit:
        mentioned, waits = int(verdict.mentioned), int(verdict.waits)
        return "admit", verdict.session, verdict.agent, verdict.service, mentioned, waits, verdict.authority
    if type(verdict) is Control:
        speaks = 1 if verdict.with_message else None
        return "command", verdict.session, verdict.agent, verdict.service, speaks, None, verdict.authority
    if type(verdict) is Challenge:
        return "challenge", verdict.handle, None, None, None, None, None
    return _CONTEXT if type(verdict) is Dropped and verdict.reason in CONTEXT else _REFUSED


def is_message(verdict: Verdict) -> TypeGuard[Admit | Control]:
    """Whether the row is a message of its session: let in, or standing behind a control command (``/new hello``)."""
    return type(verdict) is Admit or (type(verdict) is Control and verdict.with_message)


CONTEXT = frozenset({NO_MENTION, REACTION})
"""Reasons that refuse what is said, not who says it."""
_CONTEXT = ("context", None, None, None, None, None, None)
_REFUSED = ("refused", None, None, None, None, None, None)


def stored_again(row: Inbound, verdict: Verdict) -> tuple[int | None, int | None, bytes | None]:
    """``chat_id, era, body`` to keep of a row that was judged again; None leaves what is stored as it is.

    A row without bytes stands for one that was not read, and one that broke the judging is not trusted.
    """
    if not row.raw or type(verdict) is Corrupt:
        return None, None, None
    return row.chat.id, row.era, row.raw if type(verdict) is Admit else kept(row)
