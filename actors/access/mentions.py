"""Mention patterns: whether a group message speaks to the agent.

In: patterns from the config file (or the agent's name and emoji), and message texts. Out: yes or no. iMessage has
no native mentions. Patterns run on a linear-time engine (RE2) over at most 8,192 characters, so no pattern and no
message can stall the gateway; a pattern RE2 cannot do is reported with its config path and not used. Texts are
folded before the match: compatibility forms (full-width letters) to plain ones, invisible characters removed.
"""

import unicodedata
from collections.abc import Sequence
from typing import Any, NamedTuple

import re2

LONGEST_TEXT = 8192
"""Characters of a message that are looked at."""
LONGEST_PATTERN = 1024
"""Characters a pattern may have."""

_NO_WORD = r"[^\pL\pN_]"
# Invisible without being of category Cf: variation selectors (text or picture form of an emoji), joiners, fillers.
_INVISIBLE = frozenset("\u034f\u115f\u1160\ufe0e\ufe0f")


class Mentions(NamedTuple):
    """Compiled patterns; ``problems`` are (config path, what is wrong) of those that are not used."""

    matchers: tuple[Any, ...] = ()
    problems: tuple[tuple[str, str], ...] = ()

    @property
    def usable(self) -> bool:
        """Whether a mention can be recognised at all; without that the gate cannot be applied."""
        return bool(self.matchers)

    def found_in(self, text: str) -> bool:
        """Whether any pattern matches somewhere in ``text``, whatever the case."""
        if not self.matchers:
            return False
        folded = fold(text).encode("utf-8", "ignore")
        return any(matcher.search(folded) for matcher in self.matchers)


def fold(text: str) -> str:
    """``text`` as patterns see it: NFKC, without invisible characters, at most ``LONGEST_TEXT`` characters."""
    text = text[:LONGEST_TEXT]
    if text.isascii():
        return text
    return _visible(unicodedata.normalize("NFKC", text)[:LONGEST_TEXT])


def compile_patterns(patterns: Sequence[str], path: str = "mentionPatterns") -> Mentions:
    """The mentions these regular expressions stand for; ``path`` is the config path of their list."""
    matchers: list[Any] = []
    problems: list[tuple[str, str]] = []
    for index, pattern in enumerate(patterns):
        why = ""
        if not pattern.strip():
            why = "is blank and would match every message: remove it"
        elif len(pattern) > LONGEST_PATTERN:
            why = f"is longer than {LONGEST_PATTERN} characters: shorten it"
        else:
            try:
                matchers.append(_compile(_fold_pattern(pattern)))
            except re2.error as error:
                why = f"is not used: {_reason(error)} (lookaround and back-references are not supported)"
        if why:
            problems.append((f"{path}.{index}", why))
    return Mentions(tuple(matchers), tuple(problems))


def from_identity(name: str | None, emoji: str | None) -> Mentions:
    """Mentions by the agent's own name (a whole word, ``@`` before it if one likes) and by its emoji."""
    patterns = []
    if words := fold(name or "").split():
        spaced = r"\s+".join(map(re2.escape, words))
        patterns.append(rf"(?:^|{_NO_WORD})@?{spaced}(?:{_NO_WORD}|$)")
    if sign := fold(emoji or "").strip():
        patterns.append(re2.escape(sign))
    return Mentions(tuple(map(_compile, patterns)))


def _compile(pattern: str) -> Any:
    options = re2.Options()
    options.case_sensitive = False
    options.never_capture = True
    options.log_errors = False
    return re2.compile(pattern, options=options)


def _fold_pattern(pattern: str) -> str:
    """The pattern in the alphabet of folded texts. A character that folds to punctuation stays a literal.

    JSON turns ``"\\b"`` with one backslash into a backspace; nobody means that, so it becomes the word boundary.
    """
    repaired = unicodedata.normalize("NFC", pattern.replace("\b", r"\b"))
    return "".join(c if c.isascii() else re2.escape(_visible(unicodedata.normalize("NFKC", c))) for c in repaired)


def _visible(text: str) -> str:
    return "".join(c for c in text if unicodedata.category(c) != "Cf" and c not in _INVISIBLE)


def _reason(error: Exception) -> str:
    detail = error.args[0] if error.args else ""
    return detail.decode("utf-8", "replace") if isinstance(detail, bytes) else str(detail)
