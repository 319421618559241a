"""The envelope text: one turn as plain text, for agents that read nothing else (inbound 2.3, 6.6). Pure.

``[iMessage +15550001111 +2m Sun 2026-02-01 10:05 PST] hi``. In a group the chat stands in the brackets and the sender
before the words. What was only listened to, and reactions, stand in blocks of their own before the current message.
The words of people stay as they are, a typed backslash-n included; only what would pass for one of the marks of this
format loses its opening bracket, and in a group further lines are indented, so that nobody can put words into another's
mouth. Names lose line breaks, brackets and invisible characters; in paths those are percent-encoded.
"""

from collections.abc import Iterator, Sequence
from datetime import datetime

import regex

from actors.agents.briefing.context_parts import Chat, Heard, Media, Message, Quote, Reaction
from actors.agents.briefing.envelope_times import USUAL, Style, elapsed, stamp

HISTORY = "[Chat messages since your last reply - for context]"
REACTIONS = "[Reactions since your last reply - for context]"
CURRENT = "[Current message - respond to this]"
CHANNEL = "iMessage"
LONGEST_NAME = 200
INDENT = "  "
LONGEST_QUOTED = 80
"""Characters shown of a message that somebody reacted to."""

_BREAKS = regex.compile(r"[\s\p{Cc}\p{Zl}\p{Zp}]+")
_UNSEEN = regex.compile(r"[\p{Bidi_Control}\p{Cs}\u200b\u2060\ufeff\u00ad]|[\U000e0000-\U000e0fff]")
_NOT_IN_PATHS = regex.compile(rf"[\[\]\p{{Cc}}\p{{Zl}}\p{{Zp}}]|{_UNSEEN.pattern}")
_ROUND = str.maketrans("[]", "()")
_STARTS = (
    *("Replying", "/Replying", "Chat messages since", "Reactions since", "Current message"),
    *(CHANNEL, "media attached", "id:"),
)
"""How the marks of this format begin, behind their bracket."""


def _marks() -> str:
    """A pattern of the brackets before marks, though characters that nobody sees stand between or in the words."""
    unseen = r"[\p{Cf}\p{Default_Ignorable_Code_Point}]"
    blank = r"[\s\p{Cf}\p{Default_Ignorable_Code_Point}]"
    marks = [f"{blank}+".join(f"{unseen}*".join(word) for word in mark.split()) for mark in _STARTS]
    return rf"[\[\uff3b](?={blank}*(?:{'|'.join(marks)}))"


_MARKS = regex.compile(_marks(), regex.IGNORECASE)


def envelope_text(
    chat: Chat,
    messages: Sequence[Message],
    history: Sequence[Heard] = (),
    reactions: Sequence[Reaction] = (),
    style: Style = USUAL,
    since: float | None = None,
) -> str:
    """The text of a turn. ``since`` is when the session was last active, in unix seconds (None: unknown)."""
    current = []
    for message in messages:
        at = moment(message.sent_at)
        current.append(f"{_head(chat, message, style, at, elapsed(since, at))} {_body(chat, message)}")
        since = at if at is not None else since
    blocks = []
    if history:
        blocks.append("\n".join((HISTORY, *(_heard(chat, one, style) for one in history))))
    if reactions:
        blocks.append("\n".join((REACTIONS, *(_reacted(chat, one, style) for one in reactions))))
    text = "\n".join(current)
    return "\n\n".join((*blocks, f"{CURRENT}\n{text}")) if blocks else text


def label(sender: str, name: str) -> str:
    """Who somebody is, in one line: the name, the handle, or ``name (handle)``."""
    name, handle = one_line(name), one_line(sender)
    if not name or name == handle:
        return handle or "unknown sender"
    return f"{name} ({handle})" if handle else name


def one_line(text: str) -> str:
    """A name or a handle as part of a line: no line breaks, square brackets or invisible characters."""
    visible: str = _UNSEEN.sub("", _BREAKS.sub(" ", text[:LONGEST_NAME]))
    return visible.translate(_ROUND).strip()


def placeholder(kinds: Sequence[str]) -> str:
    """What stands for a message without words: ``<media:image>``, by the MIME type of its first file."""
    if not kinds:
        return ""
    kind = kinds[0].partition("/")[0]
    if not kind:
        return "<media:attachment>"
    return f"<media:{kind if kind in ('image', 'audio', 'video') else 'document'}>"


def unavailable(count: int) -> str:
    """What is said of files that are not there; empty for none."""
    if count == 1:
        return "[imessage attachment unavailable]"
    return f"[imessage {count} attachments unavailable]" if count else ""


def spoken(name: str, words: str) -> str:
    """``name: words``, further lines indented, so that no words can begin a line with another name."""
    return f"{name}: " + f"\n{INDENT}".join(words.splitlines())


def moment(text: str | None) -> float | None:
    """Unix seconds of an ISO 8601 time."""
    return None if text is None else datetime.fromisoformat(text).timestamp()


def defused(text: str) -> str:
    """Somebody's words without anything that passes for a mark of this format."""
    plain: str = _MARKS.sub("(", text)
    return plain


def _head(chat: Chat, said: Message | Heard | Reaction, style: Style, at: float | None, after: str = "") -> str:
    """``[iMessage <chat or sender> +<elapsed> <time>]``."""
    parts = [CHANNEL, _place(chat, said)]
    if after and style.elapsed:
        parts.append(f"+{after}")
    if at is not None and style.timestamp:
        parts.append(stamp(at, style.zone))
    return f"[{' '.join(part for part in parts if part)}]"


def _place(chat: Chat, said: Message | Heard | Reaction) -> str:
    if chat.is_group:
        return f"{one_line(chat.name) or 'Group'} id:{chat.id}"
    name, handle = one_line(said.sender_name), one_line(said.sender)
    return f"{name} id:{handle}" if name and handle and name != handle else name or handle


def _body(chat: Chat, message: Message) -> str:
    words = defused(message.text) if message.text.strip() else placeholder([one.kind + "/" for one in message.media])
    if chat.is_group:
        words = spoken(label(message.sender, message.sender_name), words)
    elif message.own:
        words = f"(self): {words}"
    notes = (*_media(message.media), unavailable(message.unavailable))
    return "\n".join(part for part in (words, *notes, _reply(chat, message.reply_to)) if part)


def _media(media: Sequence[Media]) -> Iterator[str]:
    for number, one in enumerate(media, 1):
        count = f" {number}/{len(media)}" if len(media) > 1 else ""
        kind = f" ({one_line(one.mime_type)})" if one.mime_type else ""
        yield f"[media attached{count}: {_NOT_IN_PATHS.sub(_percent, one.path)}{kind}]"


def _percent(found: regex.Match[str]) -> str:
    return "".join(f"%{byte:02X}" for byte in found[0].encode("utf-8", "surrogatepass"))


def _reply(chat: Chat, quote: Quote | None) -> str:
    if quote is None or not quote.text.strip():
        return ""
    sender = "you" if quote.own else one_line(quote.sender) or "unknown sender"
    ident = f" id:{one_line(quote.guid)}" if quote.guid else ""
    words = defused(quote.text)
    if chat.is_group:
        words = "\n".join(f"{INDENT}{line}" for line in words.splitlines())
    return f"\n[Replying to {sender}{ident}]\n{words}\n[/Replying]"


def _heard(chat: Chat, one: Heard, style: Style) -> str:
    words = defused(one.text) if one.text.strip() else placeholder(one.media)
    ident = f" [id:{one_line(one.guid)}]" if one.guid else ""
    said = spoken(label(one.sender, one.sender_name), words)
    return f"{_head(chat, one, style, moment(one.at))} {said}{ident}"


def _reacted(chat: Chat, one: Reaction, style: Style) -> str:
    sign = one_line(one.emoji) or one_line(one.kind) or "?"
    verb = f"took back {sign} from" if one.removed else f"reacted {sign} to"
    quoted = _BREAKS.sub(" ", defused(one.to_text)).strip()
    quoted = quoted if len(quoted) <= LONGEST_QUOTED else quoted[:LONGEST_QUOTED] + "\u2026"
    about = f"{'your message' if one.to_own else 'a message'}{f': {quoted}' if quoted else ''}"
    ident = f" [id:{one_line(one.to_guid)}]" if one.to_guid else ""
    return f"{_head(chat, one, style, moment(one.at))} {label(one.sender, one.sender_name)}: {verb} {about}{ident}"
