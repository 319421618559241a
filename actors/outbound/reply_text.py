"""What of an agent's answer goes on the wire.

In: the text of one payload, the configured `responsePrefix` and the name of the identity. Out: the text to
chunk and send, or None when nothing is to be said. Only this is changed: line ends become LF, characters that
cannot be shown go, thoughts at its beginning that no agent took out go, the silent word goes, the prefix comes.
Everything else stays as written, a typed backslash-n and inner spaces included. No input raises; time is linear in
the text.
"""

import re

from actors.agents.thoughts import without_first

SILENT = "NO_REPLY"

_LINE_END = re.compile(r"\r\n?")
_UNSHOWABLE = re.compile(r"[\x00-\x08\x0b-\x1f\x7f\ud800-\udfff]")
_SURROGATES = re.compile(r"[\ud800-\udfff]+")
_INVISIBLE = " \t\n\u200b\u200c\u200d\u2060\ufeff"
_OPENING = frozenset("*_~`\"'\u201c\u2018([{<-")
_TRIVIAL = _OPENING | frozenset(".!?,;:)]}>\u201d\u2019\u2026")
_PARAGRAPH = re.compile(r"\n[ \t]*\n")
_VARIABLE = re.compile(r"\{(identity\.name|identityname)\}", re.IGNORECASE)


def prepare_reply(text: str, prefix: str | None = None, identity_name: str | None = None) -> str | None:
    """The text to send for one payload, or None for silence.

    `prefix` is `responsePrefix` as configured (see `resolve_prefix`); it stands once in front of the payload,
    with a space between, unless the text already starts with it (mission page: `messages.responsePrefix`).
    """
    spoken = strip_silent(without_first(showable(text)))
    if not spoken.strip().strip(_INVISIBLE):
        return None
    resolved = resolve_prefix(prefix, identity_name)
    if not resolved or spoken.startswith(resolved):
        return spoken
    return resolved + spoken if resolved[-1].isspace() else f"{resolved} {spoken}"


def showable(text: str) -> str:
    """`text` with LF line ends and without control characters other than tab and newline.

    Two surrogates that make a character become that character; a lone one has no meaning and goes.
    """
    if text.isprintable():
        return text
    if "\r" in text:
        text = _LINE_END.sub("\n", text)
    text = _SURROGATES.sub(_paired, text)
    return _UNSHOWABLE.sub("", text)


def strip_silent(text: str) -> str:
    """`text` without the silent words at its end; empty when it holds nothing else.

    The word counts in any case, repeated, and wrapped in trivial punctuation, but only as a word of its own.
    """
    if "_" not in text:
        return text
    end = len(text)
    while True:
        after = _back(text, end, _TRIVIAL, spaces=True)
        start = after - len(SILENT)
        if start < 0 or text[start:after].upper() != SILENT:
            break
        start = _back(text, start, _OPENING, spaces=False)
        alone = start == 0 or text[start - 1].isspace() or _back(text, start, _TRIVIAL, spaces=True) == 0
        if not alone:
            break
        end = start
    if end == len(text):
        return text
    # Punctuation alone in front of the word was its wrapping.
    return "" if _back(text, end, _TRIVIAL, spaces=True) == 0 else text[:end].rstrip()


def opens_silent(text: str) -> bool:
    """Whether the first paragraph of `text` is the silent word alone: what stands behind it is for nobody."""
    first = _PARAGRAPH.split(text.lstrip(), maxsplit=1)[0]
    return bool(first) and not strip_silent(first)


def resolve_prefix(prefix: str | None, identity_name: str | None) -> str:
    """The prefix as it is shown: empty for none, `auto` as `[name]`, `{identity.name}` filled in.

    Unknown variables, and the name when there is none, stay as written.
    """
    if not prefix or not prefix.strip():
        return ""
    name = (identity_name or "").strip()
    if prefix == "auto":
        prefix = f"[{name}]" if name else ""
    elif name:
        prefix = _VARIABLE.sub(lambda _: name, prefix)
    return showable(prefix)


def _paired(surrogates: re.Match[str]) -> str:
    return surrogates[0].encode("utf-16-le", "surrogatepass").decode("utf-16-le", "ignore")


def _back(text: str, end: int, skipped: frozenset[str], *, spaces: bool) -> int:
    """Where the run of `skipped` characters (and spaces) that ends at `end` begins."""
    while end > 0 and (text[end - 1] in skipped or (spaces and text[end - 1].isspace())):
        end -= 1
    return end
