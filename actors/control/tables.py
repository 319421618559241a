"""The reports for people: the same JSON values as text and tables, in local time.

In: a report, a stream, and the moment it is shown (unix seconds). What others wrote (names, message text, errors) is
shown as data: no markup is read from it, and control characters come out visible. Works without a terminal, then
unwrapped and without colour.
"""

import shutil
import textwrap
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from typing import IO, Any

from rich.console import Console
from rich.text import Text

from actors.control.columns import ELLIPSIS, NOTHING, Column, Cut, fitted
from actors.runtime.logs import visible

WIDE = 400
"""Columns where nobody counts them."""
EXCERPT = 60
COLOURS = {"ok": "green", "degraded": "yellow", "down": "red", "disabled": "dim"}


def console(stream: IO[str]) -> Console:
    """A console that takes text for text."""
    width = shutil.get_terminal_size().columns if stream.isatty() else WIDE
    return Console(file=stream, width=width, markup=False, highlight=False, emoji=False, soft_wrap=not stream.isatty())


def local(iso: str | None) -> str:
    """A report's time as local date and time, ``-`` for none; what is no time stays as it is."""
    return _time(iso, lambda _: "%Y-%m-%d %H:%M:%S")


def short(iso: str | None, now: float) -> str:
    """A report's time as ``local`` gives it, in at most 11 characters: of today the time, else the day."""

    def form(moment: datetime) -> str:
        today = datetime.fromtimestamp(now).astimezone()
        if moment.date() == today.date():
            return "%H:%M:%S"
        return "%m-%d %H:%M" if moment.year == today.year else "%Y-%m-%d"

    return _time(iso, form)


def _time(iso: str | None, form: Callable[[datetime], str]) -> str:
    if not iso:
        return NOTHING
    try:
        moment = datetime.fromisoformat(iso).astimezone()
        return moment.strftime(form(moment))
    except (ValueError, OverflowError):
        return visible(iso)


def cell(value: Any, most: int | None = None) -> Text:
    """Any value as it may be shown: one line, at most ``most`` characters."""
    text = NOTHING if value is None or value == "" else visible(value)
    return Text(text if most is None or len(text) <= most else text[: most - 1] + ELLIPSIS)


def say(out: Console, label: str, text: Any, indent: str = "") -> None:
    """One line, wrapped between words where somebody looks at it."""
    line = f"{indent}{label}{visible(text)}"
    if not out.soft_wrap:
        line = textwrap.fill(
            line, out.width, subsequent_indent=indent + "  ", break_long_words=False, break_on_hyphens=False
        )
    out.print(Text(line))


def status(out: Console, report: Mapping[str, Any], now: float) -> None:
    """The report of ``gateway status``."""
    state, accounts = report["state"], report["accounts"]
    pid = f", pid {report['pid']}" if report["pid"] else ""
    since = f", since {local(report['startedAt'])}" if report["startedAt"] else ""
    out.print(Text(f"gateway {report['version']}{pid}{since}: ").append(state, style=COLOURS.get(state, "")))
    # What an account says for itself stands below the table.
    if not any(account.get("reason", "\n") in report.get("reason", "") for account in accounts):
        _explain(out, report)
    if accounts:
        out.print(fitted(_ACCOUNT, [_account(account, now) for account in accounts], out.width))
    for account in accounts:
        _trouble(out, account)
    _warn(out, [account for account in accounts if account["state"] == "degraded"], len(accounts))
    for account in accounts:
        if account["state"] == "disabled" and "remedy" in account:
            say(out, "warning: ", f"account {account['id']} is off, another one reads its Messages database: see above")
    # Without its journal nothing is known of what was counted before.
    nothing = "unknown" if report["held"] is None else "none yet"
    say(out, "messages: ", _counts(report["counts"]) or nothing)
    say(out, "outbox:   ", (_counts(report["outbox"]) or nothing) + _left(report["outbox"]))
    say(out, "held:     ", _held(report["held"], report["heldByReason"]))
    if report.get("quarantined"):
        say(out, "sessions: ", f"{report['quarantined']} quarantined, their turns failed: gateway sessions list")
    if report["oldestUnansweredAt"]:
        say(out, "oldest unanswered message: ", local(report["oldestUnansweredAt"]))
    if report["config"]:
        _of_config(out, report["config"], report.get("reason", ""))


def _of_config(out: Console, config: Mapping[str, Any], reason: str) -> None:
    """What lies over the files, and what is wrong with them where something worse is the reason of the state."""
    for problem in config["problems"][:3]:
        if problem not in reason:
            say(out, "config:   ", f"not in use as it is: {problem.removeprefix('- ')}")
    if config["overrides"]:
        say(out, "config:   ", f"laid over it by /debug: {', '.join(config['overrides'])}")


def _explain(out: Console, told: Mapping[str, Any]) -> None:
    for key in ("reason", "remedy"):
        if key in told:
            say(out, f"{key}: ", told[key], "  ")


def _trouble(out: Console, account: Mapping[str, Any]) -> None:
    error = account["lastError"] if account["lastError"] != account.get("reason") else None
    if error or "reason" in account:
        say(out, "account ", account["id"])
    _explain(out, account)
    if error:
        say(out, "last error: ", error, "  ")


def _warn(out: Console, degraded: Sequence[Mapping[str, Any]], of: int) -> None:
    if degraded:
        names = ", ".join(visible(account["id"]) for account in degraded)
        say(out, "warning: ", f"{len(degraded)} of {of} accounts degraded ({names}): gateway channels status --probe")


_ACCOUNT = (
    Column("account"),
    Column("state"),
    Column("imsg", Cut.MIDDLE),
    Column("cursor"),
    Column("last in"),
    Column("last out"),
)


def _account(account: Mapping[str, Any], now: float) -> tuple[Text, ...]:
    name = f"{account['id']} ({account['name']})" if account["name"] else account["id"]
    state = cell(account["state"])
    state.stylize(COLOURS.get(account["state"], ""))
    times = (Text(short(account[key], now)) for key in ("lastInboundAt", "lastSentAt"))
    imsg = " ".join(filter(None, (account["imsg"]["path"], account["imsg"]["version"])))
    return (cell(name), state, cell(imsg), cell(account["cursor"]), *times)


def _counts(counts: Mapping[str, int]) -> str:
    return ", ".join(f"{name} {n}" for name, n in counts.items())


def _left(outbox: Mapping[str, int]) -> str:
    """Where to look for chunks that wait for the operator."""
    found = [command for state, command in _COMMANDS.items() if outbox.get(state)]
    return f": {'; '.join(found)}" if found else ""


_COMMANDS = {"uncertain": "gateway outbox list --state uncertain", "failed": "gateway dead list"}


def _held(total: int | None, by: Mapping[str, int]) -> str:
    """``12 (stale backlog 10, no chat anchor 2): gateway held list``."""
    if not total:
        return "unknown" if total is None else "0"
    return f"{total} ({', '.join(f'{reason} {n}' for reason, n in by.items())}): gateway held list"


_ACTOR = (
    Column("actor"),
    Column("state"),
    Column("mailbox"),
    Column("working on", Cut.END),
    Column("since", expendable=2),
    Column("handled"),
    Column("faults", usual="0"),
    Column("restarts", usual="0"),
    Column("gen", usual="1"),
    Column("parent", expendable=1),
)


def actors(out: Console, report: Mapping[str, Any], now: float) -> None:
    """The report of ``inspect -c actors``, or of one actor."""
    out.print(fitted(_ACTOR, [_actor(one, now) for one in report.get("actors", [report])], out.width))


def _actor(one: Mapping[str, Any], now: float) -> tuple[Text, ...]:
    return (
        *(cell(one[key]) for key in ("name", "state", "mailbox", "current")),
        Text(short(one["currentSince"], now)),
        *(cell(one[key]) for key in ("handled", "faults", "restarts", "generation", "parent")),
    )


_CHUNK = (
    Column("key"),
    Column("state"),
    Column("chat"),
    Column("text", Cut.END),
    Column("attempted"),
    Column("why", Cut.END),
)


def outbox(out: Console, chunks: Iterable[Mapping[str, Any]], now: float) -> None:
    """The rows of ``outbox list``."""
    rows = [
        (
            cell(chunk["key"]),
            cell(chunk["state"]),
            cell(chunk["chatId"]),
            cell(chunk["text"], EXCERPT),
            Text(short(chunk["attemptedAt"], now)),
            cell(chunk["why"]),
        )
        for chunk in chunks
    ]
    out.print(fitted(_CHUNK, rows, out.width))


_REQUEST = (
    Column("code"),
    Column("imessageSenderId"),
    Column("account"),
    Column("sender", Cut.END),
    Column("requested"),
)


def requests(out: Console, found: Iterable[Mapping[str, Any]], now: float) -> None:
    """The rows of ``pairing list``."""
    rows = [
        (
            cell(one["code"]),
            cell(one["id"]),
            cell(one["meta"].get("accountId", "default")),
            cell(one["meta"].get("sender"), EXCERPT),
            Text(short(one["createdAt"], now)),
        )
        for one in found
    ]
    out.print(fitted(_REQUEST, rows, out.width))
