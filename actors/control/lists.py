"""Held messages, corrupt rows, accounts and single things as text for people: the same JSON values as the interface.

In: values of ``shelf`` and ``channels``, a console, the moment they are shown (unix seconds). The rules of ``tables``
hold: what others wrote is shown as data.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from rich.console import Console
from rich.text import Text

from actors.control.columns import Column, Cut, fitted
from actors.control.tables import COLOURS, EXCERPT, cell, local, say, short

UNTRIED = "whether it may send (Automation) is known after the first send"

_HELD = (
    Column("seq"),
    Column("reason", Cut.END),
    Column("account", usual="default"),
    Column("chat"),
    Column("sender", Cut.MIDDLE),
    Column("text", Cut.END),
    Column("received"),
)


def held(out: Console, found: Iterable[Mapping[str, Any]], now: float) -> None:
    """The rows of ``held list``."""
    rows = [
        (
            *(cell(one[key]) for key in ("seq", "reason", "account", "chatId", "sender")),
            cell(one["text"], EXCERPT),
            Text(short(one["receivedAt"], now)),
        )
        for one in found
    ]
    out.print(fitted(_HELD, rows, out.width))


_CORRUPT = (Column("seq"), Column("error", Cut.END), Column("received"), Column("begins with", Cut.END))


def corrupt(out: Console, found: Iterable[Mapping[str, Any]], now: float) -> None:
    """The corrupt rows of ``dead list``."""
    rows = [
        (cell(one["seq"]), cell(one["error"]), Text(short(one["receivedAt"], now)), cell(one["excerpt"], EXCERPT))
        for one in found
    ]
    out.print(fitted(_CORRUPT, rows, out.width))


_NAMES = {
    "chatId": "chat",
    "chatGuid": "chat guid",
    "chatName": "chat name",
    "configKey": "decided by",
    "senderName": "sender name",
    "rowId": "row in Messages",
    "answers": "answers message",
    "tries": "failed tries",
}


def details(out: Console, found: Mapping[str, Any], indent: str = "") -> None:
    """Everything known of one thing, a line for each value that is there; what it points to stands below, indented."""
    for key, value in found.items():
        if value is None or value == [] or (key == "tries" and not value):
            continue
        name = _NAMES.get(key, key)
        if isinstance(value, Mapping):
            say(out, f"{name}:", "", indent)
            details(out, value, indent + "  ")
        elif key.endswith("At"):
            say(out, f"{key.removesuffix('At')}: ", local(value), indent)
        elif isinstance(value, list):
            say(out, f"{name}: ", ", ".join(map(str, value)), indent)
        else:
            say(out, f"{name}: ", value, indent)


def channels(out: Console, accounts: Iterable[Mapping[str, Any]], now: float) -> None:
    """The accounts of ``channels status``: a line for each, and what helps below those that are not well."""
    for one in accounts:
        name = f" ({cell(one['name']).plain})" if one["name"] else ""
        problem = one["problem"]
        state = f"{one['state']} ({problem['code']})" if problem else one["state"]
        line = Text(f"imessage {cell(one['id']).plain}{name}: ")
        line.append(state, style=COLOURS.get(one["state"], "")).append(", " + ", ".join(_bits(one, now)))
        out.print(line)
        for key in ("reason", "remedy"):
            if problem and problem[key]:
                say(out, f"{key}: ", problem[key], "  ")
        if one["probe"] and one["probe"]["ok"] and not problem and not one["lastSentAt"]:
            say(out, "sending: ", UNTRIED, "  ")
        if one["lastError"] and not (problem and one["lastError"] == problem["reason"]):
            say(out, "last error: ", one["lastError"], "  ")


def _bits(one: Mapping[str, Any], now: float) -> list[str]:
    imsg, probe = one["imsg"], one["probe"]
    version = cell(imsg["version"] or imsg["generation"] or "of unknown version").plain
    bits = [f"imsg {version} at {cell(imsg['path']).plain}"]
    if one["cursor"] is not None:
        bits.append(f"cursor {one['cursor']}")
    for word, key in (("in", "lastInboundAt"), ("out", "lastSentAt")):
        bits.append(f"last {word} {short(one[key], now)}" if one[key] else f"nothing {word} yet")
    if probe:
        bits.append(f"{'works' if probe['ok'] else 'probe failed'} ({probe['elapsedMs']} ms, from {probe['where']})")
    return bits


_CONFIGURED = (
    Column("account"),
    Column("enabled"),
    Column("configured"),
    Column("cliPath", Cut.MIDDLE),
    Column("dbPath", Cut.MIDDLE),
    Column("remoteHost", Cut.MIDDLE),
)


def configured(out: Console, accounts: Iterable[Mapping[str, Any]]) -> None:
    """The rows of ``channels list``, and below them why accounts do not run that are to."""
    found = list(accounts)
    rows = [
        (
            cell(f"{one['id']} ({one['name']})" if one["name"] else one["id"]),
            *(Text("yes" if one[key] else "no") for key in ("enabled", "configured")),
            *(cell(one[key]) for key in ("cliPath", "dbPath", "remoteHost")),
        )
        for one in found
    ]
    out.print(fitted(_CONFIGURED, rows, out.width))
    for one in found:
        if one["unavailable"]:
            say(out, f"account {cell(one['id']).plain} does not run: ", one["unavailable"])
