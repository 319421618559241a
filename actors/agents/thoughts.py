"""Thoughts that stand in an answer, between tags such as ``<think>``: taken out, also while it is being written. Pure.

In: pieces of text as they come. Out: the text without thoughts. What stands between the tags never comes out, however
the pieces are cut; what stands behind them does. A closing tag without an opening one ends thoughts that began without
a sign: then all before it was thought. In a code fence, or right behind a backtick, such a tag is text.
"""

import re
from typing import Final, NamedTuple

_NAMES: Final = "think|thinking|reasoning|thought"
_TAG: Final = re.compile(rf"<\s{{0,4}}(/?)\s{{0,4}}(?:{_NAMES})(?:\s[^<>]{{0,200}})?/?>", re.IGNORECASE)
_BEGUN: Final = re.compile(
    rf"<\s{{0,4}}/?\s{{0,4}}(?:[a-z]{{0,9}}|(?:{_NAMES})(?:\s[^<>]{{0,200}})?/?)\Z", re.IGNORECASE
)
"""What may become a tag with the next piece."""
_FENCE: Final = re.compile(r" {0,3}(`{3,}(?=[^`\n]*\Z)|~{3,})")
_FENCE_BEGUN: Final = re.compile(r" {0,3}(?:`{0,2}|~{0,2})\Z")
_SPECIAL: Final = re.compile(r"[<\n]")
_LINE_END: Final = re.compile(r"\n")
_LONGEST_FENCE: Final = 200
"""Characters of a line that may be the first or last one of a fence."""


class Heard(NamedTuple):
    """What of the answer is there now. ``anew``: all before it was thought, too."""

    text: str = ""
    anew: bool = False


def spoken(text: str) -> str:
    """A whole answer without its thoughts."""
    if "<" not in text:
        return text
    thoughts = Thoughts()
    first, last = thoughts.feed(text), thoughts.rest()
    return last.text if last.anew else first.text + last.text


def without_first(text: str) -> str:
    """The same for a text that begins with such a tag; any other stays as it is."""
    if "<" not in text or not _TAG.match(begun := text.lstrip()):
        return text
    return spoken(begun)


class Thoughts:
    """One answer, in pieces. Where tags are nested, the thoughts end with the outermost."""

    def __init__(self) -> None:
        self._text = ""
        """What is not read yet: it may become a tag, or a fence."""
        self._at = 0
        self._out: list[str] = []
        self._anew = False
        self._end = ""
        """The last character that came out."""
        self._trims = False
        """Whether blanks do not come out: they stood around thoughts."""
        self._starts = True
        """Whether a line begins here."""
        self._fence = ""
        self._mentions = False
        """Whether an opening tag on this line was text."""
        self._depth = 0
        self._behind: list[str] = []
        """While thoughts go on: what came behind their last closing tag. It is the answer if no other closes them."""

    def feed(self, piece: str) -> Heard:
        """More of it."""
        return self._read(piece, last=False)

    def rest(self) -> Heard:
        """What was held back, when no more comes."""
        heard = self._read("", last=True)
        if self._depth and self._behind:
            self._depth, self._trims = 0, True
            self._put("".join(self._behind))
            return Heard(heard.text + "".join(self._take()), heard.anew)
        return heard

    def _read(self, piece: str, last: bool) -> Heard:
        self._text, self._at = self._text[self._at :] + piece, 0
        while self._at < len(self._text) and self._step(last):
            pass
        anew, self._anew = self._anew, False
        return Heard("".join(self._take()), anew)

    def _step(self, last: bool) -> bool:
        """Read on; False where the next piece decides."""
        if self._depth:
            return self._think(last)
        if self._starts:
            return self._line(last)
        found = (_LINE_END if self._fence else _SPECIAL).search(self._text, self._at)
        end = len(self._text) if found is None else found.start()
        self._put(self._text[self._at : end])
        self._at = end
        if found is None:
            return True
        if found[0] == "<":
            return self._tag(last)
        self._put("\n")
        self._at += 1
        self._starts, self._mentions = True, False
        return True

    def _line(self, last: bool) -> bool:
        """Where a line begins: is it the first or the last one of a fence?"""
        end = self._text.find("\n", self._at)
        line = self._text[self._at : end if end >= 0 else len(self._text)]
        found = _FENCE.match(line)
        if end < 0 and not last and (found or _FENCE_BEGUN.match(line)):
            if len(line) <= _LONGEST_FENCE:
                return False
            found = None
        self._starts = False
        mark = found[1] if found else ""
        if not self._fence:
            self._fence = mark
        elif mark and mark[0] == self._fence[0] and len(mark) >= len(self._fence) and line.strip() == mark:
            self._fence = ""
        else:
            return True
        if mark:
            self._put(line)
            self._at += len(line)
        return True

    def _tag(self, last: bool) -> bool:
        """At a ``<`` of the answer."""
        tag = _TAG.match(self._text, self._at)
        if tag is None:
            if not last and _BEGUN.match(self._text, self._at):
                return False
            self._put("<")
            self._at += 1
            return True
        closes, behind = bool(tag[1]), self._text[tag.end() : tag.end() + 1]
        quoted = self._end == "`"
        if closes and (quoted or self._mentions):
            if not behind and not last:
                return False
            quoted = behind == "`"
        if quoted:
            self._mentions = not closes
            self._put(tag[0])
        elif closes:
            self._take()
            self._end, self._anew = "", True
            self._resume()
        elif not tag[0].endswith("/>"):
            self._depth = 1
            self._behind = []
        self._at = tag.end()
        return True

    def _think(self, last: bool) -> bool:
        """In thoughts, to their next tag."""
        tag = _TAG.search(self._text, self._at)
        if tag is None:
            begun = self._text.rfind("<", self._at)
            end = begun if begun >= 0 and not last and _BEGUN.match(self._text, begun) else len(self._text)
            self._keep(self._text[self._at : end])
            self._at = end
            return end == len(self._text)
        quoted = tag.start() > self._at and self._text[tag.start() - 1] == "`"
        behind = self._text[tag.end() : tag.end() + 1]
        if tag[1] and quoted and not behind and not last:
            return False
        self._keep(self._text[self._at : tag.start()])
        self._at = tag.end()
        if tag[1] and not (quoted and behind == "`"):
            self._depth -= 1
            self._behind = [""]
            if not self._depth:
                self._resume()
        elif not tag[1] and not quoted and not tag[0].endswith("/>"):
            self._depth += 1
        return True

    def _keep(self, text: str) -> None:
        if self._behind:
            self._behind.append(text)

    def _resume(self) -> None:
        """Behind thoughts."""
        self._behind = []
        self._trims = not self._end or self._end.isspace()
        self._starts = self._end in ("", "\n")

    def _put(self, text: str) -> None:
        if self._trims:
            text = text.lstrip()
        if text:
            self._trims = False
            self._end = text[-1]
            self._out.append(text)

    def _take(self) -> list[str]:
        out, self._out = self._out, []
        return out
