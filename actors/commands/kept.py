"""What the journal keeps of a command: all but the value somebody typed. Pure.

What is set may be a secret, be it refused or not, and nothing reads it again: a command that writes is carried out at
most once. In Messages itself it stays, where it was typed. What stands behind ``/new`` is no value but a message to the
agent: it is kept whole, for it is passed on again after a restart.
"""

import json
import re

from actors.commands.parse import parse
from actors.envelopes.inbound import Inbound

_NAMES = frozenset({"config", "debug"})
_KNOWN = re.compile(
    r"(.*?/\w+:?(?:\s+(?:show|get|set|unset|undo|reset)(?:\s+[^\s=]+)?)?)(.*)", re.IGNORECASE | re.DOTALL
)
"""The command, its verb and the path; and the rest."""


def kept(row: Inbound) -> bytes:
    """The row's JSON as it is to be stored; very nearly always it is as it came."""
    text = row.text
    if "/" not in text or (command := parse(text[text.index("/") :])) is None or command.name not in _NAMES:
        return row.raw
    short = without_value(text)
    return row.raw if short == text else json.dumps({**json.loads(row.raw), "text": short}).encode()


def without_value(text: str) -> str:
    """The text of a command up to its path: whatever comes behind that, or in the place of a verb, is cut off."""
    found = _KNOWN.fullmatch(text)
    return f"{found[1].rstrip()} ..." if found is not None and found[2].strip() else text
