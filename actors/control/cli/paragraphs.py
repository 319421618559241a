"""Help texts that fit the terminal: each line of the source is a paragraph, wrapped between words."""

import argparse
import re
import textwrap

_SECOND_COLUMN = re.compile(r" +\S.*?\s{2,}| *")


class Paragraphs(argparse.HelpFormatter):
    """Keeps the lines of descriptions and epilogs; what is too long goes on below its last column."""

    def _fill_text(self, text: str, width: int, indent: str) -> str:
        return "\n".join(_wrapped(indent + line, width) for line in text.splitlines())


def _wrapped(line: str, width: int) -> str:
    found = _SECOND_COLUMN.match(line)
    hang = min(found.end() if found else 0, width // 2)
    # Paths and options stay in one piece, to be copied.
    return textwrap.fill(line, width, subsequent_indent=" " * hang, break_long_words=False, break_on_hyphens=False)
