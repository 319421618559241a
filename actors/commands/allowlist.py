"""``/allowlist``: who may write, in the config's lists and in the pairing store. For owners. Pure.

In: the command and the desk's view, then the config's document. Out: an ``Order``, and from it a ``Plan``: the edits of
the config file. People are compared in their canonical form, and what is written keeps everybody else as they were: a
list for groups that did not exist begins with those who were let in without it.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import NamedTuple

from actors.access import list_check
from actors.access.access_groups import members
from actors.access.channel_keys import ours
from actors.access.entries import AllowList, Entry, Kind, parse
from actors.commands import permission
from actors.commands.answers import Answer, Refusal, again, shortened
from actors.commands.view import Asked, DeskView
from config import Account, Config, steps
from config import paths as config_paths
from config.edit import Set, Unset
from config.overlay import CHANNEL, overlays
from config.paths import Path, dotted
from config.steps import Edit

USAGE = "/allowlist list, or add|remove [dm|group|all] [--config|--store] [--account NAME] +15550001111"
SWITCH = "config"
_SCOPES = {"dm": ("allowFrom",), "group": ("groupAllowFrom",), "all": ("allowFrom", "groupAllowFrom")}
_DASHES = re.compile("^[\u2013\u2014]-?|^--")
"""Two hyphens, and what a phone makes of them."""


class Order(NamedTuple):
    """``verb`` is list, add or remove; ``keys`` are the lists meant, ``config`` and ``store`` where.

    ``text`` is the entry as it is written down, ``entry`` what it names. ``account`` is whose lists they are.
    """

    verb: str
    keys: tuple[str, ...]
    config: bool
    store: bool
    account: Account
    text: str = ""
    entry: Entry = Entry(Kind.BLANK)

    @property
    def is_person(self) -> bool:
        """Whether the entry names one person."""
        return self.entry.kind is Kind.HANDLE


class Plan(NamedTuple):
    """The edits, and what is said of each list once they are made."""

    edits: tuple[Edit, ...]
    lines: tuple[str, ...]


def request(asked: Asked, view: DeskView) -> Answer | Refusal | Order:
    """What the command wants, as far as its sender may want it."""
    verb, *words = asked.arguments.split() or ["list"]
    verb, writes = verb.lower(), verb.lower() in {"add", "remove"}
    refused = permission.may(asked, view, SWITCH if writes else "", as_owner=True)
    if refused is not None:
        return refused if writes else Answer(refused.text)  # what would not write is nothing for the config's record
    if not writes and verb != "list":
        return Answer(USAGE)
    if asked.replayed:
        return Answer(again("/allowlist list" if writes else ""))
    order = _order(verb, words, asked, view)
    if isinstance(order, str):
        return Refusal(f"Not changed: {order}", "syntax") if writes else Answer(order)
    if not writes:
        return order
    paths = [place(order.account, key, view.config) for key in order.keys]
    return permission.config_writes(asked, view, paths) or order


def plan(order: Order, document: object, config: Config) -> Plan | str:
    """The edits of the config for an order; a text where a list cannot be edited."""
    edits: list[Edit] = []
    lines: list[str] = []
    for key in order.keys:
        if key == "groupAllowFrom" and order.account.group_allow_from is None and "allowFrom" in order.keys:
            continue  # that list is the one for groups, too
        path = source = place(order.account, key, config)
        there = written = _written(document, path)
        if there is None and key == "groupAllowFrom":
            source = place(order.account, "allowFrom", config)
            written = _written(document, source)
        if isinstance(written, str):
            return f"Not changed: {dotted(source)} is no list here: change it in the file."
        found = list(_places(order, written or (), _resolved(order.account, key)))
        if (order.verb == "add") == bool(found):
            lines.append(f"{'on' if found else 'not on'} {dotted(source)}{' already' if found else ''}")
            continue
        edits += _edits(order, path, list(written or ()), found, whole=there is None)
        lines.append(f"{'added to' if order.verb == 'add' else 'taken from'} {dotted(path)}")
        if source != path and written:
            lines.append(f"{dotted(path)} is a list of its own now, with the people of {dotted(source)}")
    return Plan(tuple(edits), tuple(lines))


def place(account: Account, key: str, config: Config) -> Path:
    """Where a list of ``account`` is set, else where it belongs: never where other accounts would take it over."""
    origin = account.origins.get(key)
    if origin is not None:
        return config_paths.parse(origin)
    known = overlays(config.channels.imessage) if config.channels.imessage is not None else []
    if len(known) < 2:
        return (*CHANNEL, key)
    name = next((one.key for one in known if one.id == account.id and one.key), account.id)
    return (*CHANNEL, "accounts", name, key)


def _order(verb: str, words: Sequence[str], asked: Asked, view: DeskView) -> Order | str:
    """The words as an order; a text for what is wrong with them."""
    flags: set[str] = set()
    named: dict[str, str] = {}
    rest: list[str] = []
    left = iter(words)
    for word in left:
        flag = _DASHES.sub("--", word).lower()
        if flag in {"--config", "--store"}:
            flags.add(flag)
        elif flag in {"--channel", "--account"}:
            named[flag] = next(left, "")
        elif flag.startswith("--"):
            return f"{shortened(word)} is unknown.\n{USAGE}"
        else:
            rest.append(word)
    if not ours([named.get("--channel", "imessage")]):
        return "there is only the channel imessage here."
    account = view.account(named.get("--account") or asked.account)
    if account is None:
        known = ", ".join(one.id for one in view.accounts)
        return f"there is no account {shortened(named.get('--account', asked.account))}; there are: {known}"
    scope = rest.pop(0).lower() if rest and rest[0].lower() in _SCOPES else "all" if verb == "list" else "dm"
    if verb == "list":
        return Order(verb, _SCOPES[scope], True, "allowFrom" in _SCOPES[scope], account) if not rest else USAGE
    in_store = "--store" in flags or (not flags and verb == "remove" and scope != "group")
    order = Order(verb, _SCOPES[scope], not flags or "--config" in flags, in_store, account, " ".join(rest))
    return _judged(order, scope, asked, view.config)


def _judged(order: Order, scope: str, asked: Asked, config: Config) -> Order | str:
    """The order with its entry, or why that cannot be one."""
    account, text = order.account, order.text
    entry = parse(text, account.region)
    if entry.kind is Kind.BLANK:
        return f"whom?\n{USAGE}"
    if entry.kind is Kind.ANYONE:
        return '"*" means anyone, and is not for a chat. At the computer: gateway config set'
    if order.verb == "add":
        wrong = _wrong(text, account, config)
        if wrong:
            return f"{shortened(text)}: {wrong}"
    elif entry == Entry(Kind.HANDLE, asked.handle) and "allowFrom" in order.keys:
        return (
            "that is you, and you could not take it back. At the computer: gateway pairing revoke, gateway config set"
        )
    if order.store and scope != "dm" and order.verb == "add":
        return "the pairing store is for direct chats only. Write: /allowlist add dm --store"
    if order.store and entry.kind is not Kind.HANDLE:
        if not order.config:
            return f"the pairing store holds people, and {shortened(text)} names none."
        order = order._replace(store=False)
    if order.store and order.verb == "add" and account.dm_policy != "pairing":
        key = account.key_path("dmPolicy")
        return f'the pairing store counts only while {key} is "pairing"; it is "{account.dm_policy}".'
    return order._replace(text=entry.value if entry.kind is Kind.HANDLE else text, entry=entry)


def _wrong(text: str, account: Account, config: Config) -> str:
    """What is wrong with an entry nobody would be let in by; ``""`` for a good one."""
    found = AllowList.of((text,), account.region, members(config))
    if found.problems:
        return found.problems[0][1]
    alone = replace(account, allow_from=(text,), group_allow_from=())
    return next(list_check.doubts(alone), "").partition(": ")[2]


def _written(document: object, path: Path) -> tuple[object, ...] | str | None:
    """The list at a path as it is written, None where there is none, a text where something else stands."""
    try:
        found = steps.value_at(document, path)
    except KeyError:
        return None
    return None if found is None else found if isinstance(found, tuple) else "no list"


def _resolved(account: Account, key: str) -> tuple[str, ...]:
    """The list with its variables filled in."""
    if key == "groupAllowFrom" and account.group_allow_from is not None:
        return account.group_allow_from
    return account.allow_from


def _places(order: Order, written: Sequence[object], resolved: Sequence[str]) -> Iterator[int]:
    """The indexes at which the entry stands, written out or by a variable."""
    filled: Sequence[object] = resolved if len(resolved) == len(written) else written
    for index, texts in enumerate(zip(written, filled, strict=True)):
        if any(_is(order, str(text)) for text in texts):
            yield index


def _is(order: Order, text: str) -> bool:
    entry = parse(text, order.account.region)
    return text.strip() == order.text or (entry.kind is not Kind.UNUSABLE and entry == order.entry)


def _edits(order: Order, path: Path, written: list[object], found: Sequence[int], *, whole: bool) -> list[Edit]:
    if whole:
        kept = [text for index, text in enumerate(written) if index not in found]
        return [Set(path, [*kept, order.text] if order.verb == "add" else kept)]
    if order.verb == "add":
        return [Set((*path, len(written)), order.text)]
    return [Unset((*path, index)) for index in reversed(found)]
