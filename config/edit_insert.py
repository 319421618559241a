"""New entries at the end of an object or a list, in the manner of the entries before them. Pure."""

from __future__ import annotations

from config.edit_document import Patch
from config.edit_layout import begin, breaks, entries, gap, indent_at, stacked
from config.edit_write import Style, write, write_key
from config.positions import Mark

_WIDTH = 72


def into_blank(text: str, value: object, style: Style) -> Patch:
    """The object of a text that holds no value, behind whatever comments there are."""
    lead = "" if not text or text.endswith(("\n", "\r", "\ufeff")) else style.newline
    return Patch(len(text), len(text), lead + write(value, style, spread=True) + style.newline)


def into(text: str, container: Mark, key: str | None, value: object, style: Style, *, root: bool) -> Patch:
    """One more entry for a container; `key` is None in a list."""
    if container.children:
        return _after_last(text, container, key, value, style)
    return _into_empty(text, container, key, value, style, root=root)


def _after_last(text: str, container: Mark, key: str | None, value: object, style: Style) -> Patch:
    last = entries(container)[-1]
    tokens = gap(text, last.end, container.end - 1)
    comma = next((token for token in tokens if token.kind == "comma"), None)
    anchor = last.end if comma is None else comma.end
    commented = False
    for token in tokens:
        if token.start < anchor:
            continue
        if token.breaks and not token.comment:
            break
        if token.comment:
            anchor, commented = token.end, token.kind == "line"
            if token.breaks:
                break
    if not stacked(text, container) and not commented:
        entry = _entry(key, value, style, None)
        space = style.comma[1:]
        return Patch(anchor, anchor, f",{space}{entry}" if comma is None else f"{space}{entry},")
    indent = indent_at(text, begin(last))
    if not stacked(text, container):
        indent = indent_at(text, container.start) + style.unit
    lead = style.newline + indent
    entry = _entry(key, value, style, indent)
    if comma is None:
        # The comma belongs to the value, in front of a comment that explains it.
        return Patch(last.end, anchor, f",{text[last.end : anchor]}{lead}{entry}")
    return Patch(anchor, anchor, f"{lead}{entry},")


def _into_empty(text: str, container: Mark, key: str | None, value: object, style: Style, *, root: bool) -> Patch:
    inside, close = container.start + 1, container.end - 1
    comments = [token for token in gap(text, inside, close) if token.comment]
    anchor = comments[-1].end if comments else inside
    tail = text[anchor:close]
    line = _entry(key, value, style, None)
    if not root and not style.expand and not breaks(text[inside:close]) and len(line) <= _WIDTH:
        if comments:
            return Patch(anchor, anchor, f" {line}" if tail else f" {line} ")
        pad = " " if style.bare_keys and key is not None else ""
        return Patch(inside, close, pad + line + pad)
    outer = indent_at(text, container.start)
    indent = outer + style.unit
    body = style.newline + indent + _entry(key, value, style, indent) + ("," if style.trailing_comma else "")
    if comments and breaks(tail):
        return Patch(anchor, anchor, body)
    return Patch(anchor, close, body + style.newline + outer)


def _entry(key: str | None, value: object, style: Style, indent: str | None) -> str:
    written = write(value, style, indent)
    return written if key is None else write_key(key, style) + style.colon + written
