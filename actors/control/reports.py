"""The reports of a running gateway as JSON values. Pure: the clock and the journal's numbers are passed in.

In: a ``GatewayView`` and what was read from the journal. Out: dicts that are the interface's, with times in UTC
ISO 8601. No report holds message text: an actor's current message is named by its type.
"""

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from actors.control.reading import Reading
from actors.control.view import AccountView, GatewayView
from actors.rpc.capabilities import UNKNOWN, Capabilities
from actors.runtime.logs import stamp
from actors.runtime.pulse import Pulse

NOT_RUNNING = "the gateway is not running"
_RANK = {"ok": 0, "degraded": 1, "down": 2}


class Now(NamedTuple):
    """One moment on both clocks: unix seconds, and monotonic seconds."""

    wall: float
    monotonic: float


class NoSuchActorError(LookupError):
    """No living actor has this name; the message names those there are."""


def status(view: GatewayView, reading: Reading) -> dict[str, Any]:
    """The whole gateway: ``{version, pid, startedAt, state, reason?, remedy?, accounts, counts, outbox, held,
    heldByReason, quarantined, oldestUnansweredAt, config}``. ``quarantined`` counts sessions.

    ``state`` is the worst of the journal, of the accounts that run or should, and of the config, whose files may say
    something that is not in use; ``reason`` and ``remedy`` are those of the worst. An account that is not ok has
    ``reason`` and ``remedy`` as well.
    """
    state, reason, remedy = _overall(view, reading)
    told = {"reason": reason, "remedy": remedy}
    return {
        "version": view.version,
        "pid": view.pid,
        "startedAt": stamp(view.started_at),
        "state": state,
        **{key: text for key, text in told.items() if text},
        "accounts": [account(one, view, reading) for one in view.accounts],
        "counts": _present(view.ledger.counts),
        "outbox": _present(view.ledger.outbox),
        "held": reading.held,
        "heldByReason": dict(reading.held_by),
        "quarantined": reading.quarantined,
        "oldestUnansweredAt": _time(reading.oldest),
        "config": view.config.as_json(stamp),
    }


def stopped(version: str, reading: Reading) -> dict[str, Any]:
    """The same shape for a gateway that does not run, from the journal alone."""
    return silent(version, reading, None, NOT_RUNNING, "start it with: gateway run")


def silent(version: str, reading: Reading, pid: int | None, reason: str, remedy: str) -> dict[str, Any]:
    """The same shape for a gateway that cannot be asked, from the journal alone.

    A journal that cannot be read comes first: a gateway waits for it, or would.
    """
    if reading.error:
        trouble, helps = apart(reading.error)
        state = f"a gateway runs ({f'pid {pid}' if pid else 'its pid is not known'}) and waits for it"
        reason = f"{trouble}; {NOT_RUNNING if reason == NOT_RUNNING else state}"
        remedy = helps or remedy
    return {
        "version": version,
        "pid": pid,
        "startedAt": None,
        "state": "down",
        "reason": reason,
        "remedy": remedy,
        "accounts": [],
        "counts": _present(reading.counts),
        "outbox": _present(reading.outbox),
        "held": reading.held,
        "heldByReason": dict(reading.held_by),
        "quarantined": reading.quarantined,
        "oldestUnansweredAt": _time(reading.oldest),
        "config": None,
    }


def apart(error: str) -> tuple[str, str]:
    """Reason and remedy of what ``actors.journal.schema.explain`` says: the remedy is its last sentence."""
    reason, _, remedy = error.rpartition(". ")
    return (reason, remedy) if reason and "/" not in remedy else (error, "")


def _overall(view: GatewayView, reading: Reading) -> tuple[str, str, str]:
    state, reason, remedy = _of_accounts(view, reading)
    trouble, helps = view.config.trouble
    return ("degraded", trouble, helps) if trouble and state == "ok" else (state, reason, remedy)


def _of_accounts(view: GatewayView, reading: Reading) -> tuple[str, str, str]:
    expected = [account for account in view.accounts if account.enabled or account.unavailable]
    if view.ledger.trouble:
        # Nothing is confirmed while the disk refuses, so nothing is answered either.
        return "down", *apart(view.ledger.trouble)
    if reading.error:
        return "down", *apart(reading.error)
    if not expected:
        return "ok", idle(view), ""
    worst = max(expected, key=lambda account: _RANK.get(account.health.state, 1))
    health = worst.health
    if health.state == "ok":
        return "ok", "", ""
    if not any(account.enabled for account in view.accounts):
        return health.state, idle(view), health.remedy
    reason = health.reason or health.last_error or "unknown"
    return health.state, f"account {worst.id}: {reason}" if len(view.accounts) > 1 else reason, health.remedy


def idle(view: GatewayView) -> str:
    """Why nothing is read or answered, for a gateway without an enabled account."""
    broken = [f"account {one.id} does not run: {one.health.reason}" for one in view.accounts if one.unavailable]
    why = "; ".join(broken) or f"channels.imessage is absent or disabled in {view.places.config}"
    return f"idle, nothing is read or answered: {why}"


def account(one: AccountView, view: GatewayView, reading: Reading) -> dict[str, Any]:
    """``{id, name, enabled, state, reason?, remedy?, imsg: {path, version, generation}, cursor, lastInboundAt,
    lastSentAt, lastError}`` of one account. ``version`` and ``generation`` are None until its imsg has answered."""
    health, ledger = one.health, view.ledger
    told = {"reason": health.reason, "remedy": health.remedy}
    cursor = ledger.cursors.get(one.source)
    return {
        "id": one.id,
        "name": one.name,
        "enabled": one.enabled,
        "state": state_of(one),
        **{key: text for key, text in told.items() if text},
        "imsg": {"path": one.cli, **imsg(health.capabilities)},
        "cursor": reading.cursors.get(one.source) if cursor is None else cursor,
        "lastInboundAt": _latest(one.id, ledger.last_inbound, reading.last_inbound),
        "lastSentAt": _latest(one.id, ledger.last_sent, reading.last_sent),
        "lastError": health.last_error or None,
    }


def state_of(one: AccountView) -> str:
    """``ok``, ``degraded`` or ``down``; ``disabled`` for one that is not meant to run."""
    return one.health.state if one.enabled or one.unavailable else "disabled"


def imsg(capabilities: Capabilities) -> dict[str, str | None]:
    """``{version, generation}`` of an imsg, both None while nothing is known."""
    known = capabilities is not UNKNOWN
    return {"version": capabilities.version or None, "generation": capabilities.generation if known else None}


def _latest(account: str, *books: Mapping[str, float]) -> str | None:
    """The later of what memory and disk know; memory starts empty with each gateway."""
    return _time(max(book.get(account, 0.0) for book in books) or None)


def _present(counts: Mapping[str, int]) -> dict[str, int]:
    # A copy first: the journal's actor goes on counting meanwhile.
    return {name: n for name, n in sorted(dict(counts).items()) if n > 0}


def _time(seconds: float | None) -> str | None:
    return None if seconds is None else stamp(seconds)


def actors(view: GatewayView, now: Now) -> dict[str, Any]:
    """``{actors: [{name, state, mailbox, current, currentSince, handled, faults, restarts, generation, parent}]}``."""
    return {"actors": [_actor(pulse, view, now) for pulse in view.pulses.all()]}


def actor(view: GatewayView, name: str, now: Now) -> dict[str, Any]:
    """One actor, with the keys of ``actors``. Raises ``NoSuchActorError``."""
    pulse = view.pulses.get(name)
    if pulse is None:
        raise NoSuchActorError(f"no actor {name[:80]!r}. There are: {_names(view.pulses.all())}")
    return _actor(pulse, view, now)


def _names(pulses: Iterable[Pulse]) -> str:
    names = [pulse.name for pulse in pulses]
    return ", ".join(names[:40]) + (f" and {len(names) - 40} more" if len(names) > 40 else "")


def _actor(pulse: Pulse, view: GatewayView, now: Now) -> dict[str, Any]:
    current, since = pulse.current, pulse.since
    return {
        "name": pulse.name,
        "state": pulse.state,
        "mailbox": len(pulse.mailbox),
        "current": None if current is None else type(current).__name__,
        "currentSince": None if current is None else stamp(now.wall - max(0.0, now.monotonic - since)),
        "handled": pulse.handled,
        "faults": pulse.faults,
        "restarts": view.restarts.get(pulse.name, 0),
        "generation": pulse.generation,
        "parent": pulse.parent,
    }
