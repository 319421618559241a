"""What ``/debug`` lays over the config in memory: a document of its own, made by edits. Pure.

A key is set where it stands; an entry of a list takes the whole list with it, as the files have it now, because lists
are replaced whole, and gives it back whole.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from config.edit import CannotEditError, Set, Unset
from config.paths import Path, dotted
from config.steps import applied, value_at

Overrides = Mapping[str, object]


def overridden(overrides: Overrides, edits: Iterable[Set | Unset], document: object) -> dict[str, object]:
    """The overrides with these edits; ``document`` is what the files say. Raises ``CannotEditError``."""
    found: Any = dict(overrides)
    for edit in edits:
        above = _list_above(laid(document, found), edit.path)
        if above is not None and isinstance(edit, Unset):
            # Which entry the files have there nobody can tell any more: the whole list is theirs again.
            edit = Unset(above)
        elif above is not None:
            whole = applied(laid(document, found), [edit])
            edit = Set(above, value_at(whole, above))
        if isinstance(edit, Unset) and not _is_at(found, edit.path):
            raise CannotEditError(edit.path, "is not overridden")
        found = applied(found, [edit])
    return _without_empty(found)


def laid(document: object, overrides: object) -> object:
    """The overrides on top of a document."""
    if isinstance(document, dict) and isinstance(overrides, dict):
        over = {key: laid(document[key], value) if key in document else value for key, value in overrides.items()}
        return {**document, **over}
    return overrides


def leaves(overrides: object, path: Path = ()) -> Iterator[str]:
    """The dotted paths of what is overridden; a list is one value."""
    if isinstance(overrides, Mapping) and (overrides or not path):
        for key, value in overrides.items():
            yield from leaves(value, (*path, key))
    elif path:
        yield dotted(path)


def _list_above(document: object, path: Path) -> Path | None:
    """The path of the first list that ``path`` goes into."""
    at = document
    for number, key in enumerate(path):
        if isinstance(at, tuple | list):
            return path[:number]
        at = at.get(str(key)) if isinstance(at, dict) else None
    return None


def _is_at(document: object, path: Path) -> bool:
    try:
        value_at(document, path)
    except KeyError:
        return False
    return True


def _without_empty(document: dict[str, object]) -> dict[str, object]:
    """Without objects that an edit left empty: they would say something where nothing is meant."""
    kept: dict[str, object] = {}
    for key, value in document.items():
        inner = _without_empty(value) if isinstance(value, dict) else value
        if inner != {}:
            kept[key] = inner
    return kept
