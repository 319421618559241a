"""Mention patterns: whether a group message speaks to the agent.

In: patterns from the config file (or the agent's name and emoji), and message texts. Out: yes or no. iMessage has
no native mentions. Patterns run on a linear-time engine (RE2) over at most 8,192 characters and have a bounded size,
so no pattern and no message can stall the gateway; one RE2 cannot do, or cannot do quickly, is reported with its config
path and not used. Texts are folded before the match: compatibility forms (full-width letters) to plain ones, invisible
characters removed. Letters that only look alike are not: a Cyrillic look-alike of the name is no mention, so the
message waits for a real one. So does one whose mention comes after the cap.
"""

from collections.abc import Sequence
from typing import Any, NamedTuple
from unicodedata import normalize

import re2
import regex

from actors.access.word_ends import ENDS, STARTS, UnspeltError, spelt
from actors.normalizer.folding import composed

LONGEST_TEXT = 8192
"""Characters of a message that are looked at."""
LONGEST_PATTERN = 1024
"""Characters a pattern may have."""
LARGEST_PROGRAM = 5000
"""Instructions RE2 may need for a pattern: the worst of that size takes some 50 ms for the longest text."""
LARGEST_SPELT = 40_000
"""The same once the word boundaries at its ends are spelt out, each in some 1,400 instructions."""
LONGEST_PREFIX = 64
"""Characters a mention before a command may have."""
_UNLIKE = [text.encode() for text in ("a", "7", "?", "\u4e2d")]
"""Messages with nothing in common."""

_CUT = "_"
"""Stands where a long text goes on, so that nothing matches there as if a word or the text had ended."""
_AROUND = " \t\n,:;.!-\u2013\u2014"
# Zero-width and bidi characters, and what else has no ink: joiners, fillers, variation selectors, tags.
_INVISIBLE = regex.compile(r"[\p{Cf}\p{Default_Ignorable_Code_Point}]+")


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

    def are_all_of(self, text: str) -> bool:
        """Whether ``text`` is a mention and nothing else: what may stand before a command.

        It is one line of at most ``LONGEST_PREFIX`` characters, and some pattern matches it from start to end, but not
        with any word of it left out: ``.*claw.*`` matches "claw, look at the" as well, and means no more than "claw".
        White space and punctuation around the mention, and an ``@`` at its front, do not count.
        """
        if not self.matchers or len(text) > LONGEST_PREFIX or text.splitlines() != [text]:
            return False
        bare = fold(text).strip(_AROUND)
        spellings = (bare, bare[1:]) if bare.startswith("@") else (bare,)
        return any(_is_all(matcher, words) for one in spellings if (words := one.split()) for matcher in self.matchers)


def _is_all(matcher: Any, words: list[str]) -> bool:
    """Whether the pattern matches these words from start to end, and needs each of them."""

    def matches(some: list[str]) -> bool:
        return matcher.fullmatch(" ".join(some).encode("utf-8", "ignore")) is not None

    return matches(words) and not any(matches(words[:at] + words[at + 1 :]) for at in range(len(words)))


def fold(text: str) -> str:
    """``text`` as patterns see it: NFKC, without invisible characters, about ``LONGEST_TEXT`` characters at most."""
    if text.isascii():
        return _cut(text)
    # Once before, for what stands between a letter and its accent; once after, for what becomes invisible by folding.
    return _cut(_visible(composed(_visible(_cut(text)), "NFKC")))


def _cut(text: str) -> str:
    return text if len(text) <= LONGEST_TEXT else text[:LONGEST_TEXT] + _CUT


def compile_patterns(patterns: Sequence[str], path: str = "mentionPatterns") -> Mentions:
    """The mentions these regular expressions stand for; ``path`` is the config path of their list."""
    matchers: list[Any] = []
    problems: list[tuple[str, str]] = []
    for index, pattern in enumerate(patterns):
        try:
            matchers.append(_checked(pattern))
        except ValueError as error:
            problems.append((f"{path}.{index}", str(error)))
    return Mentions(tuple(matchers), tuple(problems))


def _checked(pattern: str) -> Any:
    """The matcher of one pattern. Raises ``ValueError``, which says why it is not used."""
    if not pattern.strip():
        raise ValueError("is blank and would match every message: remove it")
    if len(pattern) > LONGEST_PATTERN:
        raise ValueError(f"is longer than {LONGEST_PATTERN} characters: shorten it")
    folded = _fold_pattern(pattern)
    try:
        # Boundaries that are spelt out stand at its ends: they make it larger, and hardly slower.
        too_large = _compile(folded).programsize > LARGEST_PROGRAM
        matcher = _compile(spelt(folded))
    except re2.error as error:
        detail = f"{_reason(error)} (lookaround and back-references are not supported)"
        raise ValueError(f"is not used: {detail}") from error
    except UnspeltError as error:
        raise ValueError(f"is not used: {error}") from error
    if too_large or matcher.programsize > LARGEST_SPELT:
        raise ValueError("is too large to be looked for quickly: use smaller repetitions and fewer classes")
    if _matches_all(matcher):
        raise ValueError(
            "would match every message, so it is not used: have each of its alternatives name the agent, or set"
            " requireMention: false where no mention is wanted"
        )
    return matcher


def _matches_all(matcher: Any) -> bool:
    """Whether the pattern matches the empty text, or nothing at some place of one, or whatever the text."""
    if matcher.search(b"") or all(matcher.search(text) for text in _UNLIKE):
        return True
    found = matcher.search(_UNLIKE[0])
    return found is not None and found.start() == found.end()


def from_identity(name: str | None, emoji: str | None) -> Mentions:
    """Mentions by the agent's own name (a whole word, ``@`` before it if one likes) and by its emoji."""
    patterns = []
    if words := fold(name or "").split():
        spaced = r"\s+".join(map(re2.escape, words))
        patterns.append(f"{STARTS}@?{spaced}{ENDS}")
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
    repaired = normalize("NFC", _visible(pattern.replace("\b", r"\b")))
    return "".join(c if c.isascii() else re2.escape(_visible(normalize("NFKC", c))) for c in repaired)


def _visible(text: str) -> str:
    return str(_INVISIBLE.sub("", text))


def _reason(error: Exception) -> str:
    detail = error.args[0] if error.args else ""
    return detail.decode("utf-8", "replace") if isinstance(detail, bytes) else str(detail)
