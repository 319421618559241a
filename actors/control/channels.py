"""The accounts as ``channels status`` shows them, made from a running gateway, a probe, or the config. Pure.

``{id, name, enabled, state, problem: {code, reason, remedy} | null, imsg: {path, version, generation, methods}, probe:
{ok, where, elapsedMs, at} | null, cursor, lastInboundAt, lastSentAt, lastError}``. Programs tell problems apart by
``code``; the set is closed (``actors.rpc.health.Problem``), with ``off`` for an account that does not run and
``not-running`` for one whose gateway does not.
"""

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from actors.control import reports
from actors.control.accounts import DISABLED as OFF
from actors.control.accounts import why_not
from actors.control.reading import Reading
from actors.control.view import AccountView, GatewayView
from actors.rpc.capabilities import UNKNOWN, Capabilities
from actors.rpc.health import Problem
from actors.runtime.logs import stamp
from config import Account, sources

GATEWAY, TERMINAL = "gateway", "this terminal"
NOT_RUNNING = Problem("not-running", "the gateway is not running", "start it with: gateway run")
LOOK_INSIDE = "see `gateway inspect -c actors` and `gateway logs`, then try again"
AT_A_SEND = "imsg is at a send and did not end it within {:g} s; until then it answers nothing else"
LOOK_AT_THE_MAC = "on the Mac, look for a prompt that asks whether Messages may be controlled, and answer it"
DISABLED = Problem("off", OFF, "set its `enabled` to true")
SET_RIGHT = "set that right in the config or the environment: gateway config validate"


class Probed(NamedTuple):
    """A probe: from where, ``elapsed`` seconds, begun ``at`` (unix seconds); ``failed`` says why it has no end, and
    ``remedy`` what helps against that."""

    where: str
    elapsed: float
    at: float
    failed: str = ""
    remedy: str = LOOK_INSIDE


def running(one: AccountView, view: GatewayView, reading: Reading, probed: Probed | None = None) -> dict[str, Any]:
    """An account of a running gateway, after a probe of it or without one."""
    health = one.health
    state, problem = reports.state_of(one), health.problem
    if probed is not None and probed.failed and health.reading is None:
        state, problem = "down", Problem("hanging", probed.failed, probed.remedy)
    told = reports.account(one, view, reading)
    return {
        "id": one.id,
        "name": one.name,
        "enabled": one.enabled,
        "state": state,
        "problem": problem_json(problem),
        "imsg": {**told["imsg"], "methods": _methods(health.capabilities)},
        "probe": None if probed is None else _probe(probed, not probed.failed and health.reading is None),
        **{key: told[key] for key in ("cursor", "lastInboundAt", "lastSentAt", "lastError")},
    }


def standing(
    one: Account,
    reading: Reading,
    source: int | None = None,
    problem: Problem | None = NOT_RUNNING,
    capabilities: Capabilities = UNKNOWN,
    probed: Probed | None = None,
    missed: bool = False,
) -> dict[str, Any]:
    """An account of the config while no gateway can be asked; after a probe from this terminal what that found.

    ``source`` is the journal's number of its Messages database; ``missed``: it should run and cannot.
    """
    times = {"lastInboundAt": reading.last_inbound.get(one.id), "lastSentAt": reading.last_sent.get(one.id)}
    if not one.enabled:
        reason, remedy = why_not(one)
        problem = Problem("off", reason, remedy or SET_RIGHT) if one.unavailable else DISABLED
    readable = problem is None or problem.code in DEGRADED
    state = "ok" if problem is None else "degraded" if readable else "down"
    return {
        "id": one.id,
        "name": one.name,
        "enabled": one.enabled,
        "state": state if one.enabled or missed else "disabled",
        "problem": problem_json(problem),
        "imsg": {"path": one.cli_path, **reports.imsg(capabilities), "methods": _methods(capabilities)},
        "probe": None if probed is None else _probe(probed, readable),
        "cursor": None if source is None else reading.cursors.get(source),
        **{key: None if moment is None else stamp(moment) for key, moment in times.items()},
        "lastError": None,
    }


DEGRADED = frozenset({"no-automation", "old-imsg"})
"""Problems a probe from the terminal may find in a link that can be read all the same."""


def number(one: Account, accounts: Iterable[Account], known: Mapping[str, int]) -> int | None:
    """The journal's number of the database an account reads, by the names it may have there; None when it has none."""
    return next((known[name] for name in sources.known_as(one, accounts) if name in known), None)


def silent(why: str) -> Problem:
    """The problem of accounts whose gateway runs and does not answer, or waits for its journal."""
    reason, remedy = reports.apart(why)
    return Problem("not-running", reason, remedy or "see `gateway logs`")


def now(moment: float) -> str:
    """The ``ts`` of a report made here."""
    return stamp(moment)


def problem_json(problem: Problem | None) -> dict[str, str | None] | None:
    """``{code, reason, remedy}``; the remedy is None where none is known."""
    if problem is None:
        return None
    return {"code": problem.code, "reason": problem.reason, "remedy": problem.remedy or None}


def configured(one: Account, wanted: bool) -> dict[str, Any]:
    """``{id, name, enabled, configured, cliPath, dbPath, remoteHost, unavailable}`` of ``channels list``.

    ``enabled`` is what the config says (``wanted``); ``unavailable`` why it does not run all the same.
    """
    return {
        "id": one.id,
        "name": one.name,
        "enabled": wanted,
        "configured": one.configured,
        "cliPath": one.cli_path,
        "dbPath": one.db_path,
        "remoteHost": one.remote_host,
        "unavailable": one.unavailable,
    }


def well(accounts: Iterable[Mapping[str, Any]]) -> bool:
    """Whether every account that is meant to run is ok."""
    return all(one["state"] in ("ok", "disabled") for one in accounts)


def _methods(capabilities: Capabilities) -> list[str] | None:
    return None if capabilities is UNKNOWN else sorted(capabilities.methods)


def _probe(probed: Probed, ok: bool) -> dict[str, Any]:
    elapsed = round(probed.elapsed * 1000)
    return {"ok": ok, "where": probed.where, "elapsedMs": elapsed, "at": stamp(probed.at)}
