r"""Words in patterns with letters that are not ASCII: RE2's ``\b`` and ``\w`` know ASCII letters only. Pure.

In: a pattern. Out: one that means the same with every letter a letter, for a search anywhere in a text. RE2 has no
lookaround, so a boundary can only be spelt as the character beyond it, which is possible where the pattern has nothing
else to match there: at its two ends, those of its alternatives included. Inside, a boundary beside a space or a
punctuation mark says nothing new and is left out; one that cannot be spelt is an error that says what to write.
"""

from unicodedata import category

import regex

NO_WORD = r"[^\pL\pN_]"
STARTS, ENDS = rf"(?:^|{NO_WORD})", rf"(?:{NO_WORD}|$)"

_BOUNDARY = r"\b"
_WORD = r"\pL\pN_"
# The flags (?i) alone, what opens a group, quoted text, escapes, classes, counts; any other character is for itself.
_TOKEN = regex.compile(
    r"""(?P<flags>\(\?[A-Za-z-]+\))
    | (?P<open>\((?:\?(?:P?<[^>]*>|[A-Za-z-]*:))?)
    | (?P<quoted>\\Q.*?(?:\\E|$))
    | (?P<escape>\\(?:[pPx]\{[^}]*\}|[pP].|x..|.))
    | (?P<class>\[\^?\]?(?:\[:\^?[a-z]+:\]|\\[pPx]\{[^}]*\}|\\.|[^\]\\])*\])
    | (?P<count>[*+?]\??|\{[0-9]+(?:,[0-9]*)?\}\??)
    | (?P<one>.)""",
    regex.VERBOSE | regex.DOTALL,
)
_ESCAPE = regex.compile(r"\\.", regex.DOTALL)
_FAR = frozenset({r"\p", r"\P", r"\x"})
_BESIDE = frozenset({"^", "$", r"\A", r"\z", r"\s"})
"""Where one of these stands, no letter does."""

ASCII, FAR, NONE, UNKNOWN = "an ASCII letter", "another letter", "no letter", "unknown"


class UnspeltError(ValueError):
    """A boundary that cannot be spelt; the text says which, and what to write."""


def spelt(pattern: str) -> str:
    r"""``pattern`` with each ``\b`` that RE2 would overlook spelt out, and each ``\w``. Raises ``UnspeltError``.

    Patterns of ASCII alone are as they are: in them the words of RE2 are those that are meant.
    """
    tokens = [(found.lastgroup or "", found[0]) for found in _TOKEN.finditer(pattern)]
    if not any(_is_far(kind, text) for kind, text in tokens):
        return pattern
    places = _Places(tokens)
    return "".join(
        places.spelt(at) if text == _BOUNDARY else _wide(kind, text) for at, (kind, text) in enumerate(tokens)
    )


def _wide(kind: str, text: str) -> str:
    if kind == "class":
        return str(_ESCAPE.sub(lambda found: _WORD if found[0] == r"\w" else found[0], text))
    return {r"\w": f"[{_WORD}]", r"\W": NO_WORD}.get(text, text)


def _is_far(kind: str, text: str) -> bool:
    """Whether it can match letters that are not ASCII, or holds some."""
    return any(not letter.isascii() and not _is_mark(letter) for letter in text) or (
        kind in {"escape", "class"} and any(escape in text for escape in _FAR)
    )


class _Places:
    """The tokens of a pattern, asked about what stands beside them."""

    def __init__(self, tokens: list[tuple[str, str]]) -> None:
        self._tokens = tokens
        self._ends: dict[int, int] = {}
        self._around: dict[int, int] = {}
        opened: list[int] = []
        for at, (kind, text) in enumerate(tokens):
            if opened:
                self._around[at] = opened[-1]
            if kind == "open":
                opened.append(at)
            elif (kind, text) == ("one", ")") and opened:
                self._ends[opened.pop()] = at

    def spelt(self, at: int) -> str:
        """The boundary at this place."""
        before, after = self._left(at), self._right(at)
        if self._is_edge(at, -1):
            # An ASCII letter there is what RE2 looks for; before a mark like @ it asks for a letter, as ever.
            return _BOUNDARY if after in {ASCII, NONE} else STARTS
        if self._is_edge(at, 1):
            return _BOUNDARY if before in {ASCII, NONE} else ENDS
        if ASCII in {before, after} or before == after == NONE:
            return _BOUNDARY
        anchored = self._text(at - 1) in {"^", r"\A"} or self._text(at + 1) in {"$", r"\z"}
        if {before, after} == {FAR, NONE} or (anchored and UNKNOWN in {before, after}):
            return ""
        raise UnspeltError(self._error(at))

    def _error(self, at: int) -> str:
        near = "".join(text for _, text in self._tokens[max(0, at - 8) : at + 4])
        return (
            rf'the \b in "{near}" knows ASCII letters only: write {NO_WORD} or \s in its place, or have the pattern '
            "begin or end there"
        )

    def _is_edge(self, at: int, step: int) -> bool:
        """Whether the pattern has nothing to match beyond this place, in this direction (-1: before it)."""
        if step > 0 and self._kind(at + 1) == "count":
            return False
        while True:
            at += step
            kind, text = self._kind(at), self._text(at)
            around = self._around.get(at)
            if kind == "":
                return True
            if kind == "flags":
                continue
            if (kind, text) == ("one", "|"):
                if around is None:
                    return True
                at = around if step < 0 else self._ends.get(around, len(self._tokens))
                kind = "open" if step < 0 else "one"
                text = self._text(at)
            if step < 0 and kind == "open":
                if self._kind(self._ends.get(at, at) + 1) == "count":
                    return False
            elif step > 0 and text == ")" and kind == "one":
                if self._kind(at + 1) == "count":
                    return False
            else:
                return False

    def _left(self, at: int) -> str:
        kind = self._kind(at - 1)
        if kind == "count" and self._text(at - 1).startswith("+"):
            return self._letter(at - 2)
        return UNKNOWN if kind == "count" else self._letter(at - 1)

    def _right(self, at: int) -> str:
        counted = self._kind(at + 2) == "count" and not self._text(at + 2).startswith("+")
        return UNKNOWN if counted else self._letter(at + 1)

    def _letter(self, at: int) -> str:
        """What the token there matches: surely one of these."""
        kind, text = self._kind(at), self._text(at)
        if text in _BESIDE:
            return NONE
        if kind == "escape":
            return ASCII if text == r"\d" else NONE if _is_mark(text[1:]) or text == r"\W" else UNKNOWN
        if kind != "one" or text in ".()|":
            return UNKNOWN
        return NONE if _is_mark(text) else ASCII if text.isascii() else FAR

    def _kind(self, at: int) -> str:
        return self._tokens[at][0] if 0 <= at < len(self._tokens) else ""

    def _text(self, at: int) -> str:
        return self._tokens[at][1] if 0 <= at < len(self._tokens) else ""


def _is_mark(text: str) -> bool:
    """Whether this is one character, and no part of a word; an accent is."""
    return len(text) == 1 and not text.isalnum() and text != "_" and category(text)[0] != "M"
