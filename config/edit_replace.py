"""Another value in the place of an old one. Pure."""

from __future__ import annotations

from config.edit_document import Document, Patch, Reached
from config.edit_layout import begin, breaks, indent_at, stacked, style_of
from config.edit_values import same
from config.edit_write import LiteralError, with_quote, write
from config.literals import parse
from config.paths import Path
from config.positions import Mark

UNLIKE = object()


def value(document: Document, reached: Reached, path: Path, new: object) -> Patch:
    """Replaces exactly the characters of the old value; nothing when it is the same value already."""
    text, mark = document.text, reached.marks[-1]
    if same(old_value(document, reached), new):
        return Patch(mark.start, mark.start, "")
    parent = reached.marks[-2] if path else mark
    style = style_of(document, mark if mark.children else parent)
    if isinstance(new, str):
        style = with_quote(style, text[mark.start])
    spread = bool(mark.children) and stacked(text, mark)
    own_line = not path or stacked(text, parent) or breaks(text[mark.start : mark.end])
    indent = indent_at(text, begin(mark)) if own_line else None
    return Patch(mark.start, mark.end, write(new, style, indent, spread=spread))


def old_value(document: Document, reached: Reached) -> object:
    """What stands there now; `UNLIKE`, which is like no value, where that cannot be told.

    A number with a plus sign is read as a phone number in some places, so it is not what it parses to.
    """
    mark = reached.marks[-1]
    if _signed(document.text, mark):
        return UNLIKE
    try:
        return parse(document.text[mark.start : mark.end])
    except LiteralError:
        return UNLIKE


def _signed(text: str, mark: Mark) -> bool:
    return text[mark.start] == "+" or any(_signed(text, child) for child in mark.children.values())
