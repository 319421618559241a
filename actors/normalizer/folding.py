"""Texts in the one form they are compared in, in a time that grows with their length and no faster. Pure.

A stranger writes the texts, and before anybody decides about them. Putting accents into one order costs the square of
how many stand on one letter, so no more are looked at than Unicode's stream-safe text has (UAX 15, 13), and texts
longer than any bubble of ours keep their rest as it is. Only what is compared is cut, never what is passed on.
"""

from typing import Literal
from unicodedata import normalize

import regex

from actors.normalizer.normalize import OBJECT_REPLACEMENT

DAMAGE = "\x00\ufeff\ufffd\ufffe\uffff"
"""What a damaged attributedBody can put in front of a text (inbound 5.1)."""
SHORT = 128
"""Characters that may all be marks: some 50 us at the worst. In longer texts ``MOST_MARKS`` stand on one letter."""
MOST_MARKS = 30
LONGEST_COMPOSED = 16_384
"""Characters that are composed: four bubbles, or one whose letters are all taken apart."""

# The two halfwidth kana signs are no marks and become some; nothing else begins with one without being one.
_MARK = r"[\p{M}\uff9e\uff9f]"
_A_MARK = regex.compile(_MARK)
_TOO_MANY_MARKS = regex.compile(f"({_MARK}{{{MOST_MARKS}}}){_MARK}++")


def composed(text: str, form: Literal["NFC", "NFKC"] = "NFC") -> str:
    """The first ``LONGEST_COMPOSED`` characters of ``text`` in a normal form, and the rest as it is.

    Marks beyond the thirtieth on one letter are left out, but for texts of at most ``SHORT`` characters.
    """
    if text.isascii():
        return text
    if len(text) <= SHORT:
        return normalize(form, text)
    head = text[:LONGEST_COMPOSED]
    # A run that is too long shows in every thirtieth character, and few texts have one there.
    if _A_MARK.search(head[::MOST_MARKS]):
        head = _TOO_MANY_MARKS.sub(r"\1", head)
    return normalize(form, head) + text[LONGEST_COMPOSED:]


def fold(text: str) -> str:
    """Text as it is compared: line ends and accents in one form; placeholders, damage and white space removed."""
    if "\r" in text:
        text = text.replace("\r\n", "\n").replace("\r", "\n")
    if not text.isascii():
        text = composed(text.replace(OBJECT_REPLACEMENT, ""))
    return text.lstrip(DAMAGE).strip()
