"""What the journal goes by, of a config. Pure."""

from collections.abc import Mapping
from typing import NamedTuple

from actors.envelopes.control import Keep


class JournalView(NamedTuple):
    """What it goes by: ``sources`` says which database each account reads now (None: whatever the rows say), ``keep``
    what is forgotten when (None: nothing is).
    """

    sources: Mapping[str, int] | None
    keep: Keep | None
