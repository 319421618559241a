"""Time zones in the config: whether a name is one this computer knows. Pure but for the system's table of zones."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from config.schema.agents import AgentDefaults

WORDS: Final = frozenset({"", "local", "utc", "gmt", "user"})
"""What `envelopeTimezone` may be besides a name, in any case."""


def is_known(name: str) -> bool:
    """Whether a zone such as Europe/Berlin is known here."""
    from zoneinfo import ZoneInfo  # late: most files name none

    try:
        ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        return False
    return True


def warnings(defaults: AgentDefaults) -> Iterator[str]:
    """A line for each key that names no zone, with what counts in its place (inbound 2.3)."""
    people, envelope = (defaults.user_timezone or "").strip(), (defaults.envelope_timezone or "").strip()
    if people and not is_known(people):
        yield f"agents.defaults.userTimezone: {_unknown(people)} the one of this computer counts"
    if envelope.lower() not in WORDS and not is_known(envelope):
        yield f"agents.defaults.envelopeTimezone: {_unknown(envelope)} UTC counts"


def _unknown(name: str) -> str:
    return f'there is no time zone "{name}" here (write it as Europe/Berlin):'
