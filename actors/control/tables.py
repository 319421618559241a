"""The reports for people: the same JSON values as text and tables, in local time.

In: a report and a stream. What others wrote (names, message text, errors) is shown as data: no markup is read from
it, and control characters come out visible. Works without a terminal, then unwrapped and without colour.
"""

import shutil
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import IO, Any

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table
from rich.text import Text

from actors.runtime.logs import visible

WIDE = 400
"""Columns where nobody counts them."""
EXCERPT = 60
_COLOURS = {"ok": "green", "degraded": "yellow", "down": "red", "disabled": "dim"}


def console(stream: IO[str]) -> Console:
    """A console that takes text for text."""
    width = shutil.get_terminal_size().columns if stream.isatty() else WIDE
    return Console(file=stream, width=width, markup=False, highlight=False, emoji=False, soft_wrap=not stream.isatty())


def local(iso: str | None) -> str:
    """A report's time as local date and time, ``-`` for none; what is no time stays as it is."""
    if not iso:
        return "-"
    try:
        return datetime.fromisoformat(iso).astimezone().strftime("%Y-%m-%d %H:%M:%S")
    except (ValueError, OverflowError):
        return visible(iso)


def cell(value: Any, most: int | None = None) -> Text:
    """Any value as it may be shown: one line, at most ``most`` characters."""
    text = "-" if value is None or value == "" else visible(value)
    return Text(text if most is None or len(text) <= most else text[: most - 1] + "\u2026")


def table(heads: Sequence[str], rows: Iterable[Sequence[Text]]) -> Table:
    """A plain table."""
    made = Table(box=SIMPLE_HEAD, pad_edge=False, show_edge=False)
    for head in heads:
        made.add_column(head, overflow="fold")
    for row in rows:
        made.add_row(*row)
    return made


def status(out: Console, report: Mapping[str, Any]) -> None:
    """The report of ``gateway status``."""
    state = report["state"]
    running = f", pid {report['pid']}, since {local(report['startedAt'])}" if report["pid"] else ""
    line = Text(f"gateway {report['version']}{running}: ").append(state, style=_COLOURS.get(state, ""))
    out.print(line)
    for key in ("reason", "remedy"):
        if key in report:
            out.print(Text(f"  {key}: {visible(report[key])}"))
    if report["accounts"]:
        out.print(table(_ACCOUNT_HEADS, map(_account, report["accounts"])))
    out.print(Text(f"messages: {_counts(report['counts'])}"))
    out.print(Text(f"outbox:   {_counts(report['outbox'])}"))
    held = "unknown" if report["held"] is None else report["held"]
    out.print(Text(f"held:     {held}"))
    if report["oldestUnansweredAt"]:
        out.print(Text(f"oldest unanswered message: {local(report['oldestUnansweredAt'])}"))


_ACCOUNT_HEADS = ("account", "state", "imsg", "cursor", "last in", "last out", "last error")


def _account(account: Mapping[str, Any]) -> tuple[Text, ...]:
    name = f"{account['id']} ({account['name']})" if account["name"] else account["id"]
    state = cell(account["state"])
    state.stylize(_COLOURS.get(account["state"], ""))
    times = (Text(local(account["lastInboundAt"])), Text(local(account["lastSentAt"])))
    return (
        cell(name),
        state,
        cell(account["imsg"]["path"]),
        cell(account["cursor"]),
        *times,
        cell(account["lastError"]),
    )


def _counts(counts: Mapping[str, int]) -> str:
    return ", ".join(f"{visible(name)} {n}" for name, n in counts.items()) or "none yet"


_ACTOR_HEADS = ("actor", "state", "mailbox", "working on", "since", "handled", "faults", "restarts", "gen", "parent")


def actors(out: Console, report: Mapping[str, Any]) -> None:
    """The report of ``inspect -c actors``, or of one actor."""
    out.print(table(_ACTOR_HEADS, map(_actor, report.get("actors", [report]))))


def _actor(one: Mapping[str, Any]) -> tuple[Text, ...]:
    keys = ("handled", "faults", "restarts", "generation", "parent")
    since = Text(local(one["currentSince"]))
    return (
        *map(cell, (one["name"], one["state"], one["mailbox"], one["current"])),
        since,
        *(cell(one[k]) for k in keys),
    )


def outbox(out: Console, chunks: Iterable[Mapping[str, Any]]) -> None:
    """The rows of ``outbox list``."""
    heads = ("key", "state", "chat", "text", "attempted", "why")
    rows = (
        (
            cell(chunk["key"]),
            cell(chunk["state"]),
            cell(chunk["chatId"]),
            cell(chunk["text"], EXCERPT),
            Text(local(chunk["attemptedAt"])),
            cell(chunk["why"]),
        )
        for chunk in chunks
    )
    out.print(table(heads, rows))


def requests(out: Console, found: Iterable[Mapping[str, Any]]) -> None:
    """The rows of ``pairing list``."""
    rows = (
        (
            cell(one["code"]),
            cell(one["id"]),
            cell(one["meta"].get("accountId", "default")),
            cell(one["meta"].get("sender"), EXCERPT),
            Text(local(one["createdAt"])),
        )
        for one in found
    )
    out.print(table(("code", "imessageSenderId", "account", "sender", "requested"), rows))
