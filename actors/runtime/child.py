"""What a supervisor knows of its children, and what differs between two lists of them. Pure.

A list of children is made of one config. When another config is taken there is another list: ``differences`` says who
is new, who is gone, and who is told what it goes by from now on.
"""

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from actors.envelopes.control import Ref


class Child(NamedTuple):
    """One supervised actor. ``start`` makes it in the context it is given, reading earlier refs from the roster.

    ``drains``: it is asked to finish what is under way before it ends. ``view`` gives what it goes by, for a
    ``Reconfigure`` while it lives; a child with a ``mark`` is told only when that differs. ``follows``: it hears of a
    newer list from one that is told, and is asked after it. ``late``: it brings work in; it is told, or started, when
    whoever is gone is gone. ``pauses``: it is asked to finish before it is told, and told last.
    """

    name: str
    start: Callable[[Any], Ref]
    drains: bool = False
    view: Callable[[], Any] | None = None
    mark: Any = None
    follows: bool = False
    late: bool = False
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
    """Names: ``started`` and ``told`` are of the new list, ``gone`` of the old one, in its order."""

    started: frozenset[str]
    told: frozenset[str]
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
    return Differences(frozenset(after.keys() - before.keys()), told, gone)


def _differs(old: Child, new: Child) -> bool:
    return new.mark is None or new.mark != old.mark
