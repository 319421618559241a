"""What the pairing verbs share: the words of the command line, the files they work on, the running gateway told.

The files are the truth and need no running gateway; one that runs is told to look at once.
"""

import argparse
import os
import time
from collections.abc import Iterable, Mapping
from typing import NamedTuple

from actors.access.entries import Kind, parse
from actors.control.cli.common import add_json, remark
from actors.control.cli.exits import USAGE, VerbError
from actors.control.cli.pairing_patience import Patience
from actors.control.client import ControlError, NotRunningError, request
from actors.control.config_file import load
from actors.pairing.codes import DEFAULT_ACCOUNT
from actors.pairing.guard_file import PairingGuard
from actors.pairing.owners import OwnerFile
from actors.pairing.store import PairingStore
from config import Account, Config, Places
from config.ids import normalize_id

CHANNEL = "imessage"
NAMES = {"imessage", "imsg"}
OWNERS_KEY = "commands.ownerAllowFrom"

_FILE = f"{CHANNEL}-*-allowFrom.json"


class Rules(NamedTuple):
    """What the config says; ``config`` is None without a file, and where it is not valid: then ``trouble`` tells."""

    config: Config | None = None
    accounts: Mapping[str, Account] = {}
    trouble: str = ""

    @classmethod
    def read(cls, where: Places) -> "Rules":
        """The config as it stands now. Raises nothing."""
        if not where.config.exists() and not where.overlay.exists():
            return cls()
        loaded = load(where, os.environ)
        trouble = f"{loaded.path} is not valid, see: gateway config validate" if loaded.problems else ""
        return cls(loaded.config, {one.id: one for one in loaded.accounts}, trouble)

    def account(self, name: str) -> Account:
        """The account of this id; one of defaults where the config knows none."""
        return self.accounts.get(name) or Account(id=name)

    def region(self, name: str) -> str | None:
        """The region of numbers without ``+`` in this account; None while the config, which may say it, is broken."""
        return None if self.trouble else self.account(name).region

    def is_foreign(self, name: str) -> bool:
        """Whether the config can be read and has no such account."""
        return self.config is not None and name not in self.accounts


class Desk(NamedTuple):
    """Where a pairing verb works: ``rules`` are the config's. ``now`` is the moment of the command (unix seconds)."""

    where: Places
    store: PairingStore
    guard: PairingGuard
    owners: OwnerFile
    now: float
    rules: Rules

    @classmethod
    def at(cls, where: Places) -> "Desk":
        """The files of this state folder."""
        rules, waits = Rules.read(where), Patience()
        return cls(
            where,
            PairingStore(where.credentials, waits=waits, region_of=rules.region),
            PairingGuard(where.pairing_guard, waits=waits),
            OwnerFile(where.owners, waits=waits),
            time.time(),
            rules,
        )


def add_options(parser: argparse.ArgumentParser) -> None:
    """The options every pairing verb that takes a channel has."""
    parser.add_argument("--channel", metavar="C", help="the channel (imessage)")
    add_account(parser)
    add_json(parser)


def add_account(parser: argparse.ArgumentParser) -> None:
    """``--account``."""
    parser.add_argument("--account", metavar="A", help="only this account")


def chosen_account(args: argparse.Namespace) -> str | None:
    """The account ``--account`` names, None without it. Raises ``VerbError``."""
    if args.account is None:
        return None
    account = normalize_id(args.account, "")
    if not account:
        raise VerbError(f"--account {args.account[:40]!r} names no account", USAGE)
    return account


def check_channel(*names: str | None) -> None:
    """Raises ``VerbError`` for a channel that is not this one; None: not given."""
    for name in names:
        if name is not None and not _is_channel(name):
            raise VerbError(f"unknown channel {name[:40]!r}: pairing is for {CHANNEL}", USAGE)


def _is_channel(name: str) -> bool:
    return name.strip().lower() in NAMES


def subject(args: argparse.Namespace, what: str) -> str:
    """The one word that is not the channel: a code or a handle (``what``). Raises ``VerbError``."""
    words: list[str] = args.words
    *channel, word = words
    one_at_a_time = f"{args.action} takes one {what} at a time, in quotes where it has blanks"
    if len(channel) > 1:
        raise VerbError(f"too many arguments: {one_at_a_time}", USAGE)
    if channel and not _is_channel(channel[0]):
        raise VerbError(f"{channel[0][:40]!r} is no channel, there is only {CHANNEL}: {one_at_a_time}", USAGE)
    check_channel(args.channel)
    if not word.strip() or (not channel and _is_channel(word)):
        raise VerbError(f"which one? gateway pairing {args.action} {what}", USAGE)
    return word.strip()


def handles(word: str, region: str) -> tuple[str, ...]:
    """The canonical handles ``word`` may stand for: as a number of the region, and as the files have it; or none."""
    entries = (parse(word, region), parse(word, None))
    return tuple(dict.fromkeys(entry.value for entry in entries if entry.kind is Kind.HANDLE))


def accounts(desk: Desk, rules: Rules) -> list[str]:
    """Every account that may have approvals: those of the config, and those with a file."""
    head, tail = _FILE.split("*")
    filed = (path.name.removeprefix(head).removesuffix(tail).strip().lower() for path in desk.store.folder.glob(_FILE))
    return sorted({DEFAULT_ACCOUNT, *rules.accounts, *filter(None, filed)})


def tell_gateway(where: Places) -> None:
    """Have a running gateway look at the files at once."""
    try:
        request(where, {"do": "poke", "name": "pairing-changed"})
    except NotRunningError:
        return
    except ControlError as error:
        remark(f"the running gateway could not be told ({error}); it sees the change with the person's next message")


def remark_strangers(rules: Rules, names: Iterable[str]) -> None:
    """Remark upon each account among ``names`` that the config does not know."""
    for name in sorted(name for name in set(names) if rules.is_foreign(name)):
        remark(f"the config has no account {name}: nobody answers there until it does")
