"""Changes to the text of one JSON5 file that leave everything else in it alone.

Text, path and value come in, a new text goes out; nothing is read or written. Every change is one `Patch`: a
span of the old text and what replaces it. Promises: the new text parses to the old value with exactly that
change; every character outside the span stays; comments, blank lines, quotes, indentation, line ends, a byte
order mark and trailing commas stay; a file that is plain JSON stays plain JSON; setting what is there already
changes nothing. The text is the decoded file with its line ends and its byte order mark as they are.

Refused with `CannotEditError`: a file that is not valid, a path that goes through a scalar or past the end of
a list, keys every reader of the file treats specially, values a config file cannot hold.
"""

from __future__ import annotations

from collections.abc import Iterable

from config import edit_insert, edit_remove, edit_replace
from config.edit_document import CannotEditError, Document, NotThereError, Patch, Reached, open_text, trusted
from config.edit_layout import style_of
from config.edit_steps import Set, Unset, between
from config.edit_values import nested, plain
from config.edit_write import LiteralError
from config.paths import Path

__all__ = ["CannotEditError", "NotThereError", "Patch", "Set", "Unset", "apply", "patch", "set_value", "unset"]


def set_value(text: str, path: Path, value: object) -> str:
    """The text with the value at the path. Raises CannotEditError."""
    return patch(text, path, value).apply(text)


def unset(text: str, path: Path, *, prune: bool = False) -> str:
    """The text without the entry at the path, its comma and the comment on its line.

    Raises NotThereError when there is nothing. With `prune` objects that would be left empty go too, from the
    inside out, up to the first list, object with comments of its own, or the root.
    """
    return patch_unset(text, path, prune=prune).apply(text)


def patch(text: str, path: Path, value: object) -> Patch:
    """What `set_value` would change; an empty patch when the value is there already. Raises CannotEditError."""
    return _patch(open_text(text), Set(path, value))


def patch_unset(text: str, path: Path, *, prune: bool = False) -> Patch:
    """What `unset` would change. Raises NotThereError, CannotEditError."""
    return _patch(open_text(text), Unset(path, prune))


def apply(text: str, edits: Iterable[Set | Unset]) -> str:
    """The text after several edits, each on the result of the one before; all of them or none."""
    return _run(open_text(text), edits).text


def _run(document: Document, edits: Iterable[Set | Unset]) -> Document:
    for edit in edits:
        document = trusted(_patch(document, edit).apply(document.text))
    return document


def _patch(document: Document, edit: Set | Unset) -> Patch:
    if isinstance(edit, Unset):
        return edit_remove.entry(document, edit.path, prune=edit.prune)
    try:
        value = plain(edit.path, edit.value)
        if not edit.path and not isinstance(value, dict):
            raise CannotEditError((), "the file must hold one object: { ... }")
        if document.root is None:
            whole = nested(edit.path, (*map(str, edit.path[:1]), *edit.path[1:]), value)
            return edit_insert.into_blank(document.text, whole, style_of(document, None))
        reached = document.reach(edit.path)
        if reached.rest:
            return _add(document, reached, edit.path, value)
        steps = between(edit_replace.old_value(document, reached), value, edit.path)
        if steps:
            return _difference(document.text, _run(document, steps).text)
        return edit_replace.value(document, reached, edit.path, value)
    except LiteralError as error:
        raise CannotEditError(edit.path, str(error)) from None


def _add(document: Document, reached: Reached, path: Path, value: object) -> Patch:
    """A new entry in the deepest container that exists, with the objects that are missing around the value."""
    key, *below = reached.rest
    value = nested(path, below, value)
    container = reached.marks[-1]
    style = style_of(document, container)
    name = None if document.is_list(container) else str(key)
    return edit_insert.into(document.text, container, name, value, style, root=container is document.root)


def _difference(old: str, new: str) -> Patch:
    """The one span in which two texts differ."""
    start = _shared(old, new)
    tail = _shared(old[start:][::-1], new[start:][::-1])
    return Patch(start, len(old) - tail, new[start : len(new) - tail])


def _shared(one: str, other: str) -> int:
    """How many characters two texts begin with in common."""
    pairs = enumerate(zip(one, other, strict=False))
    return next((index for index, (a, b) in pairs if a != b), min(len(one), len(other)))
