"""Sessions and transcripts as text for people: the same JSON values as the interface, in local time.

In: values of ``sessions``, a console, the moment they are shown (unix seconds). The rules of ``tables`` hold: what
others wrote is shown as data. A text of several lines stays so, and none of its lines can pass for one of ours: these
begin at the margin, those do not.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from rich.console import Console
from rich.text import Text

from actors.control.columns import Column, Cut, fitted
from actors.control.tables import EXCERPT, cell, local, say, short
from actors.runtime.logs import visible

FORGOTTEN = "(words forgotten)"
COLOURS = {"busy": "yellow", "quarantined": "red"}
_STEPS = ((86_400, "d"), (3_600, "h"), (60, "min"))
_SESSION = (
    Column("session"),
    Column("label", Cut.END, expendable=3),
    Column("account", usual="default", expendable=2),
    Column("chat"),
    Column("turns"),
    Column("state"),
    Column("set here", Cut.END, expendable=1),
    Column("updated"),
    Column("age"),
)

Value = Mapping[str, Any]


def table(out: Console, found: Iterable[Value], now: float) -> None:
    """The rows of ``sessions list``."""
    out.print(fitted(_SESSION, [_row(one, now) for one in found], out.width))


def _row(one: Value, now: float) -> tuple[Text, ...]:
    state = cell(one["state"])
    state.stylize(COLOURS.get(one["state"], ""))
    return (
        cell(one["key"]),
        cell(one["label"], EXCERPT),
        *(cell(one[key]) for key in ("account", "chatId", "turns")),
        state,
        cell(", ".join(adjusted(one))),
        Text(short(one["updatedAt"], now)),
        Text(age(one["updatedAt"], now)),
    )


def adjusted(one: Value) -> list[str]:
    """What was set in a session, by its name."""
    return [f"{name} {one[name]}" for name in ("activation", "send", "queue", "model") if name in one]


def age(iso: str, now: float) -> str:
    """How long ago a report's time was, in its largest whole unit."""
    seconds = max(0.0, now - datetime.fromisoformat(iso).timestamp())
    return next((f"{seconds // size:.0f} {unit}" for size, unit in _STEPS if seconds >= size), f"{seconds:.0f} s")


def page(out: Console, shown: Value) -> None:
    """The value of ``sessions show``: who it is, what was said, what waits."""
    one = shown["session"]
    label = f" ({visible(one['label'])})" if one["label"] else ""
    say(out, f"{one['key']}{label}: ", ", ".join(_bits(one)))
    if shown["earlier"]:
        say(out, "... ", f"{counted(shown['earlier'], 'earlier turn')}: --all shows all, --limit N the last ones")
    for entry in shown["transcript"]:
        _ENTRIES[entry["type"]](out, entry)
    if shown["waiting"]:
        say(out, "waiting:", "")
    for message in shown["waiting"]:
        why = f"held: {message['why']}" if message["outcome"] else "not answered yet"
        _heard(out, message, f" [{message['seq']}, {why}]")


def _bits(one: Value) -> list[str]:
    where = f"chat {one['chatId']}, " if one["chatId"] else ""
    begun = f"began {local(one['startedAt'])}"
    return [f"{where}account {one['account']}", one["state"], counted(one["turns"], "turn"), begun, *adjusted(one)]


def counted(number: int, noun: str) -> str:
    """``1 turn``, ``2 turns``."""
    return f"{number} {noun}{'' if number == 1 else 's'}"


def _turn(out: Console, turn: Value) -> None:
    for message in turn["messages"]:
        _heard(out, message)
    if not turn["messages"]:
        say(out, f"{local(turn['beganAt'])} ", FORGOTTEN)
    head = f"{local(turn['endedAt'])} agent {turn['agent']}{_spent(turn)}"
    if turn["outcome"] == "failed":
        say(out, f"{head} failed: ", turn["why"] or "the journal does not say why")
    elif turn["outcome"] == "absorbed":
        say(out, f"{head} said nothing: ", turn["why"] or "no reply")
    if turn["outcome"] == "replied" or turn["text"]:
        _words(out, head, FORGOTTEN if turn["forgotten"] else turn["text"])


def _spent(turn: Value) -> str:
    """Model and tokens, where they are known."""
    tokens = f"{turn['inputTokens'] or 0} tokens in, {turn['outputTokens'] or 0} out"
    known = [visible(turn["model"])] if turn["model"] else []
    known += [tokens] if turn["inputTokens"] or turn["outputTokens"] else []
    return f" ({', '.join(known)})" if known else ""


def _renewal(out: Console, renewal: Value) -> None:
    say(out, "--- ", f"began anew {local(renewal['at'])} ({renewal['why']}) ---")


def _ended(out: Console, message: Value) -> None:
    why = f": {message['why']}" if message["why"] else ""
    _heard(out, message, f" [{message['seq']}, {message['outcome']}{why}]")


def _heard(out: Console, message: Value, note: str = "") -> None:
    text = FORGOTTEN if message["forgotten"] else message["text"]
    files = " ".join(f"[{name}]" for name in message["files"])
    _words(out, f"{local(message['at'])} {who(message)}{visible(note)}", " ".join(filter(None, (text, files))))


def who(message: Value) -> str:
    """Who wrote a message, on one line."""
    handle, name = message["sender"], message["senderName"]
    return visible(f"{name} ({handle})" if name and handle else handle or name or "somebody")


def _words(out: Console, head: str, text: str) -> None:
    first, *rest = text.split("\n")
    say(out, f"{head}: ", first)
    for line in rest:
        say(out, "", line, "  ")


_ENTRIES = {"turn": _turn, "renewal": _renewal, "message": _ended}
