"""What ``gateway explain`` is given: which words go together, the row in a file, the account, the time."""

import argparse
import sys
from datetime import datetime

from actors.control.cli.exits import USAGE, VerbError
from actors.rpc.frames import MAX_LINE
from config import Account, Loaded
from config.ids import normalize_id

SLACK = 4096
"""Bytes a file may have beyond the longest line: enough to see that it is too long."""


def check(args: argparse.Namespace) -> None:
    """Exactly one message, and only what goes with it. Raises ``VerbError``."""
    given = [name for name, value in (("--row", args.row), ("--from", args.sender)) if value is not None]
    if len(given) + (args.which is not None) != 1:
        raise VerbError(
            "which message? one of: GUID, last, #SEQ, --row F, --from H; see: gateway explain --help", USAGE
        )
    for name, value, needs in (
        ("--chat-id", args.chat_id is not None, ["--from"]),
        ("--group", args.group, ["--from"]),
        ("--text", args.text is not None, ["--from"]),
        ("--at", args.at is not None, ["--from", "--row"]),
        ("--account", args.account is not None, ["--from", "--row"]),
    ):
        if value and not set(given) & set(needs):
            raise VerbError(f"{name} goes with {' or '.join(needs)} only; see: gateway explain --help", USAGE)


def account(name: str | None, loaded: Loaded) -> Account:
    """The account of that name, the default one for None. Raises ``VerbError``."""
    if name is None:
        if loaded.default_account is None:
            raise VerbError(f"{loaded.path} has no channels.imessage, so no message is judged")
        return loaded.default_account
    wanted = normalize_id(name, "")
    for one in loaded.accounts:
        if one.id == wanted:
            return one
    known = ", ".join(one.id for one in loaded.accounts) or "none"
    raise VerbError(f"no account {name[:40]!r} in {loaded.path}. There are: {known}")


def moment(text: str) -> float:
    """Unix seconds of ``--at``: ISO 8601, in local time where it names no zone. Raises ``VerbError``."""
    try:
        return datetime.fromisoformat(text.strip()).astimezone().timestamp()
    except (ValueError, OverflowError) as error:
        raise VerbError(
            f"--at {text[:40]!r} is no time; write 2026-05-04T18:30 or 2026-05-04T18:30:00Z", USAGE
        ) from error


def read(name: str) -> bytes:
    """The content of a file, of standard input for ``-``; enough of it to see that it is too long.

    Raises ``VerbError``, also for an empty one.
    """
    try:
        if name == "-":
            data = sys.stdin.buffer.read(MAX_LINE + SLACK)
        else:
            with open(name, "rb") as file:
                data = file.read(MAX_LINE + SLACK)
    except OSError as error:
        raise VerbError(f"cannot read {name[:200]}: {error.strerror or error}") from error
    if not data.strip():
        raise VerbError(
            f"{'standard input' if name == '-' else name[:200]} is empty: expected a message as imsg writes it"
        )
    return data
