"""Sender lists nobody is admitted by, although people stand in them, and entries that hardly mean what they say.

In: a config and its accounts. Out: for the loading of the config file, each list whose policy relies on it and of
which no entry can be used (an error: such a list looks as if it let somebody in); and in words for people, entries
that are taken exactly as written but name neither a phone number nor an e-mail address.
"""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from actors.access.access_groups import members
from actors.access.entries import GROUP_NAME, AllowList, Kind, parse
from actors.access.handles import SHORTEST_NUMBER
from config import Account, Config, Finding

SHOWN = 3
"""Entries of one list that are named in one message."""


class SenderList(NamedTuple):
    """A list as the file has it: key, path, entries, and the policies that stand on it alone (``""`` for none)."""

    key: str
    path: str
    texts: tuple[str, ...]
    policies: str


def unusable_lists(config: Config, accounts: Sequence[Account]) -> Iterator[Finding]:
    """The check for ``config.load``: lists with entries none of which can be used, where an allowlist needs them."""
    groups = members(config)
    for account in accounts:
        if account.unavailable is not None:
            continue
        for one in sender_lists(account):
            if one.policies and is_unusable(one.texts, found := AllowList.of(one.texts, account.region, groups)):
                why = f'no entry of this list can be used, so {one.policies} "allowlist" would admit nobody; '
                yield one.path, why + reasons(one.key, found), None


def sender_lists(account: Account) -> tuple[SenderList, ...]:
    """The lists that are set for ``account``. Without one for groups, theirs is that for direct chats."""
    direct = ["dmPolicy"] if account.dm_policy == "allowlist" else []
    groups = ["groupPolicy"] if account.group_policy == "allowlist" else []
    if account.group_allow_from is None:
        # A file of OpenClaw may list an access group of another channel's people here, and is right all the same.
        theirs = all(GROUP_NAME.match(text) for text in account.allow_from if text.strip())
        direct, groups = [*direct, *(() if theirs and not direct else groups)], []
    return (
        SenderList("allowFrom", account.key_path("allowFrom"), account.allow_from, " and ".join(direct)),
        SenderList(
            "groupAllowFrom",
            account.key_path("groupAllowFrom"),
            account.group_allow_from or (),
            " and ".join(groups),
        ),
    )


def is_unusable(texts: Sequence[str], found: AllowList) -> bool:
    """Whether there are entries and none of them admits anybody."""
    return found.is_empty and any(map(str.strip, texts))


def reasons(key: str, found: AllowList) -> str:
    """What is wrong with the first entries: ``allowFrom.0 is no chat id: ...``."""
    told = [f"{key}.{index} {why}" for index, why in found.problems[:SHOWN]]
    more = len(found.problems) - len(told)
    return "; ".join(told) + (f"; and {more} more" if more else "")


def doubts(account: Account) -> Iterator[str]:
    """Entries that can be used and probably name nobody, each with its path."""
    for one in sender_lists(account):
        for index, text in enumerate(one.texts):
            entry = parse(text, account.region)
            if entry.kind is Kind.HANDLE and (why := _doubt(entry.value, account)):
                yield f"{one.path}.{index}: {why}"


def _doubt(handle: str, account: Account) -> str:
    if "@" in handle or handle.startswith("urn:"):
        return ""
    digits = handle.removeprefix("+")
    if not (digits.isascii() and digits.isdecimal()):
        return (
            "is no phone number and no e-mail address; contact names are not looked up,"
            " so only a sender of exactly this name is meant: write +..., or an address"
        )
    if not handle.startswith("+") and len(digits) >= SHORTEST_NUMBER:
        return f"is no phone number of {account.key_path('region')} ({account.region}): write + and the country code"
    return ""
