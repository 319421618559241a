"""What the files of pairing say about one account, as decisions see it: a snapshot. Pure."""

from typing import NamedTuple


class Allowed(NamedTuple):
    """The approved canonical handles, and the owners kept in our state; or that the files cannot be read."""

    handles: frozenset[str] = frozenset()
    readable: bool = True
    owners: frozenset[str] = frozenset()
