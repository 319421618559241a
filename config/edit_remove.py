"""Entries taken out of an object or a list, with their comma and the comment on their line. Pure."""

from __future__ import annotations

from config.edit_document import CannotEditError, Document, NotThereError, Patch
from config.edit_layout import Token, begin, breaks, entries, gap, last_break
from config.paths import Path
from config.positions import Mark


def entry(document: Document, path: Path, *, prune: bool) -> Patch:
    """Removes what stands at a path; with `prune` the largest object around it that would be left empty."""
    if not path:
        raise CannotEditError(path, "the whole file cannot be removed: name a key")
    reached = document.reach(path)
    if reached.rest:
        raise NotThereError(path, "not set, so there is nothing to remove")
    marks = list(reached.marks)
    while prune and len(marks) > 2 and _would_be_void(document, marks[-2], marks[-3]):
        marks.pop()
    return _Removal(document.text, marks[-2], marks[-1]).patch()


def _would_be_void(document: Document, parent: Mark, above: Mark) -> bool:
    if document.is_list(parent) or document.is_list(above) or len(parent.children) > 1:
        return False
    child = entries(parent)[0]
    text = document.text
    around = gap(text, parent.start + 1, begin(child)) + gap(text, child.end, parent.end - 1)
    return not any(token.comment for token in around)


class _Removal:
    """One entry, the gaps before and after it, and what of them goes with it."""

    def __init__(self, text: str, container: Mark, mark: Mark) -> None:
        marks = entries(container)
        at = next(index for index, found in enumerate(marks) if found is mark)
        self.text = text
        self.inside = container.start + 1
        self.close = container.end - 1
        self.start, self.end = begin(mark), mark.end
        self.is_only, self.is_last = len(marks) == 1, at == len(marks) - 1
        self.before = gap(text, marks[at - 1].end if at else self.inside, self.start)
        self.after = gap(text, self.end, self.close if self.is_last else begin(marks[at + 1]))

    def patch(self) -> Patch:
        start, line_before = self._start()
        end, kept = self._end()
        ends_line = breaks(self.text[end : end + 1])
        if kept:
            pass
        elif ends_line and line_before is not None:
            start = line_before
        elif self.is_last or ends_line:
            start = self._over_blanks(start, line_before)
        else:
            end = self._past_blanks(end)
        start, lead = self._without_comma(start)
        return self._collapsed(Patch(start, end, lead + kept))

    def _start(self) -> tuple[int, int | None]:
        """Where the removal begins, and the line end before it when nothing else is on that line."""
        start = self.start
        for token in reversed(self.before):
            if token.kind == "comma" or (token.comment and token.breaks):
                return start, None
            if token.breaks:
                return start, last_break(self.text, token.start, token.end)
            if token.comment:
                start = token.start
        return start, None

    def _end(self) -> tuple[int, str]:
        """Where the removal ends, and what within it is kept: lines between the value and a comma below it."""
        comma = _comma(self.after)
        if comma is None:
            return _line_end(self.end, self.after, shared=False), ""
        at = self.after.index(comma)
        same_line = _line_end(self.end, self.after[:at], shared=False)
        if breaks(self.text[self.end : comma.start]):
            between = self.text[same_line : comma.start]
            return comma.end, between if breaks(between) else ""
        return _line_end(comma.end, self.after[at + 1 :], shared=not self.is_last), ""

    def _over_blanks(self, start: int, line_before: int | None) -> int:
        while line_before is None and self.text[start - 1] in " \t":
            start -= 1
        return start

    def _past_blanks(self, end: int) -> int:
        while self.text[end] in " \t":
            end += 1
        return end

    def _without_comma(self, start: int) -> tuple[int, str]:
        """Where the last entry had no comma, the one that becomes the last shall have none."""
        comma = _comma(self.before)
        if not self.is_last or comma is None or _comma(self.after) is not None:
            return start, ""
        return comma.start, self.text[comma.end : start]

    def _collapsed(self, patch: Patch) -> Patch:
        left = self.text[self.inside : patch.start] + patch.replacement + self.text[patch.end : self.close]
        return Patch(self.inside, self.close, "") if self.is_only and not left.strip(" \t\r\n") else patch


def _comma(tokens: list[Token]) -> Token | None:
    return next((token for token in tokens if token.kind == "comma"), None)


def _line_end(end: int, tokens: list[Token], *, shared: bool) -> int:
    """Behind the comments that follow on the line; where another entry shares the line, they are left to it."""
    at = end
    for token in tokens:
        if token.comment:
            at = token.end
        if token.breaks:
            return at
    return end if shared else at
