"""What a supervisor knows of its children, and what differs between two lists of them. Pure.

A list of children is made of one config. When another config is taken there is another list: ``differences`` says who
is new, who is gone, who has to finish what is under way first, and who is told what it goes by from now on.
"""

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from actors.envelopes.control import Ref


class Child(NamedTuple):
    """One supervised actor. ``start`` makes it in the context it is given, reading earlier refs from the roster.

    ``drains``: it is asked to finish what is under way before it ends. ``view`` gives what it goes by, for a
    ``Reconfigure`` while it lives. A child with a ``mark`` is told its view only when that differs, one without with
    every new list. ``pauses``: it is asked to finish before it is told, too, and told last, when those it works with
    know already.
    """

    name: str
    start: Callable[[Any], Ref]
    drains: bool = False
    view: Callable[[], Any] | None = None
    mark: Any = None
    pauses: bool = False


class Recast(NamedTuple):
    """From now on these are the children; ``reply_to`` is told ``Recasted`` when it is so."""

    children: tuple[Child, ...]
    reply_to: Ref


class Recasted(NamedTuple):
    """The children are those of the last ``Recast``. ``started``, ``told`` and ``gone`` name those concerned."""

    started: frozenset[str]
    told: frozenset[str]
    gone: tuple[str, ...]


class Differences(NamedTuple):
    """Names: ``told`` and ``started`` are of the new list, ``drained`` and ``gone`` of the old one, in its order."""

    drained: tuple[str, ...]
    told: frozenset[str]
    started: frozenset[str]
    gone: tuple[str, ...]


def differences(old: Sequence[Child], new: Sequence[Child]) -> Differences:
    """What to do with whom when the children of ``old`` become those of ``new``."""
    before, after = {child.name: child for child in old}, {child.name: child for child in new}
    told = frozenset(
        child.name
        for child in new
        if child.view is not None and child.name in before and _differs(before[child.name], child)
    )
    gone = tuple(child.name for child in old if child.name not in after)
    paused = {name for name in told if after[name].pauses}
    drained = tuple(child.name for child in old if (child.drains and child.name in gone) or child.name in paused)
    return Differences(drained, told, frozenset(after.keys() - before.keys()), gone)


def _differs(old: Child, new: Child) -> bool:
    return new.mark is None or new.mark != old.mark
