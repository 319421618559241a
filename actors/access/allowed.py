"""What the files of pairing say about one account, as decisions see it: a snapshot. Pure."""

from collections.abc import Mapping
from typing import NamedTuple


class Allowed(NamedTuple):
    """The approved canonical handles, and the owners kept in our state; or that the files cannot be read.

    ``since`` is when somebody was approved (unix seconds), where that is known and not long ago: what they wrote
    before that was written by a stranger.
    """

    handles: frozenset[str] = frozenset()
    readable: bool = True
    owners: frozenset[str] = frozenset()
    since: Mapping[str, float] = {}
