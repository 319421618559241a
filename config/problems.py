"""What is wrong with a config file, told so that a person can mend it.

A `Problem` names the key (dotted path), says what is wrong and what to write instead, and where it stands in
the file. Lines and columns count from 1, columns in characters. Secrets never appear in a message: values are
not repeated.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Problem:
    """One reason why a config file is refused.

    `path` is dotted, `<root>` for the file as a whole. `line` and `column` are None where no position makes
    sense (a missing file). `file` is set only when the place is not in the main config file: an included file
    or the overlay.
    """

    path: str
    message: str
    line: int | None = None
    column: int | None = None
    file: str | None = None

    def __str__(self) -> str:
        where = [self.file] if self.file else []
        if self.line is not None:
            where.append(f"line {self.line}, column {self.column}")
        return f"- {self.path}: {self.message}" + (f" ({', '.join(where)})" if where else "")


def in_file_order(problems: list[Problem]) -> tuple[Problem, ...]:
    """Each problem once, the main file first, from top to bottom."""
    unique = dict.fromkeys(problems)
    return tuple(sorted(unique, key=lambda p: (p.file or "", p.line or 0, p.column or 0)))
