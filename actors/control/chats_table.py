"""Conversations as text for people: the same JSON values as ``gateway chats --json``, in local time.

In: the chats, and for each account that was asked whether it answered; a console, the moment it is shown (unix
seconds). The rules of ``tables`` hold: what others wrote is shown as data.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from rich.console import Console
from rich.text import Text

from actors.control.columns import NOTHING, Column, Cut, fitted
from actors.control.tables import cell, say, short

MOST_NAMED = 8

_CHAT = (
    Column("id"),
    Column("chat", Cut.END),
    Column("kind"),
    Column("account", usual="default"),
    Column("policy"),
    Column("session", Cut.MIDDLE),
    Column("last", expendable=1),
)

Value = Mapping[str, Any]


def show(out: Console, chats: Sequence[Value], asked: Sequence[Value], now: float) -> None:
    """The table, who may speak where that differs, why others may not, and how an id is used."""
    if chats:
        out.print(fitted(_CHAT, [_row(chat, now) for chat in chats], out.width))
        several = len({chat["account"] for chat in chats}) > 1
        _speakers(out, chats, several)
        _refusals(out, chats, several)
    elif any("error" not in one for one in asked):
        out.print(Text("imsg lists no conversations"))
    for one in asked:
        if "error" in one:
            say(out, f"account {cell(one['id']).plain} could not be asked: ", one["error"]["reason"])
            if one["error"]["remedy"]:
                say(out, "remedy: ", one["error"]["remedy"], "  ")
    if chats:
        number = next((chat["id"] for chat in chats if chat["isGroup"]), chats[0]["id"])
        say(
            out,
            "in the config: ",
            f'groups: {{"{number}": {{}}}}, or "chat_id:{number}" in allowFrom or groupAllowFrom',
        )


def _row(chat: Value, now: float) -> tuple[Text, ...]:
    kind = {True: "group", False: "direct", None: NOTHING}[chat["isGroup"]]
    return (
        cell(chat["id"]),
        cell(_title(chat)),
        Text(kind),
        cell(chat["account"]),
        Text(_policy(chat["policy"])),
        cell(chat["session"]),
        Text(short(chat["lastMessageAt"], now)),
    )


def _title(chat: Value) -> str:
    """The name, for one person with the handle that lists need; else who is in it, else what imsg calls it."""
    people = chat["participants"] or []
    who = ", ".join(people) or chat["identifier"] or chat["guid"] or ""
    if not chat["name"]:
        return str(who)
    return f"{chat['name']} ({who})" if chat["isGroup"] is False and who else str(chat["name"])


def _policy(policy: Value | None) -> str:
    if policy is None:
        return NOTHING
    speakers = policy["speakers"]
    admitted = sum(one["decision"] == "admit" for one in speakers)
    some = f" {admitted} of {len(speakers)}" if 0 < admitted < len(speakers) else ""
    mention = ", @mention" if policy["decision"] == "admit" and policy["requireMention"] else ""
    return f"{policy['decision']}{some}{mention}"


def _speakers(out: Console, chats: Iterable[Value], several: bool) -> None:
    for chat in chats:
        speakers = chat["policy"]["speakers"] if chat["policy"] else []
        admitted = [one["handle"] for one in speakers if one["decision"] == "admit"]
        if 0 < len(admitted) < len(speakers):
            say(out, f"{_number(chat, several)}: ", f"only {_named(admitted)} may speak")


def _refusals(out: Console, chats: Iterable[Value], several: bool) -> None:
    """Each reason once, with the chats it is about, and the change that would help in the first of them."""
    reasons: dict[tuple[str, ...], list[Value]] = {}
    for chat in chats:
        policy = chat["policy"]
        if policy is not None and policy["decision"] != "admit":
            why = (policy["decision"], policy["reason"] or "", policy["configKey"] or "")
            reasons.setdefault(why, []).append(chat)
    for (decision, reason, key), about in reasons.items():
        numbers = _named([_number(chat, several) for chat in about])
        say(out, f"{decision} in {numbers}: ", f"{reason} ({key})" if key else reason)
        if flip := about[0]["policy"]["flip"]:
            label = "to let it in: " if len(about) == 1 else f"to let {_number(about[0], several)} in: "
            say(out, label, flip, "  ")


def _number(chat: Value, several: bool) -> str:
    return f"{cell(chat['account']).plain} {chat['id']}" if several else str(chat["id"])


def _named(texts: Sequence[str]) -> str:
    more = f" and {len(texts) - MOST_NAMED} more" if len(texts) > MOST_NAMED else ""
    return ", ".join(texts[:MOST_NAMED]) + more
