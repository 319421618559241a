"""What the methods take: names, kinds and other spellings of their parameters (imsg protocol 4, 12.5 to 12.8).

Pure data. `lenient` and `strict` read a request by it, each in the manner of its versions; either way a handler gets
the canonical names with values of exactly these kinds, and only those that were given. Earlier versions take fewer
parameters than stand here and ignore the others: their handlers do not look at them.
"""

from typing import Any, Literal, NamedTuple

Params = dict[str, Any]
Kind = Literal["string", "integer", "boolean", "strings", "objects"]


class Field(NamedTuple):
    """One parameter; `others` are its other spellings."""

    name: str
    kind: Kind
    others: tuple[str, ...] = ()


Shape = tuple[Field, ...]

_SELECTORS = (
    Field("chat_id", "integer"),
    Field("chat_identifier", "string"),
    Field("chat_guid", "string"),
)
_TO = Field("to", "string")
_SERVICE = Field("service", "string")
_LIMIT = Field("limit", "integer")
_REPLY_TO = Field("reply_to", "string", ("replyTo", "reply_to_guid", "message_guid"))
_FORMATTING = Field("text_formatting", "objects", ("textFormatting", "formatting"))
_FALLBACK = Field("allow_sms_fallback", "boolean", ("allowSMSFallback",))
_FILES = (Field("attachments", "boolean"), Field("convert_attachments", "boolean"))
_REACTIONS = Field("include_reactions", "boolean")
_WANTED = (Field("participants", "strings"), Field("start", "string"), Field("end", "string"))
_SEND = (
    *_SELECTORS, _TO, Field("text", "string"), _SERVICE, Field("region", "string"), Field("transport", "string"),
    _FALLBACK, _REPLY_TO, _FORMATTING,
)  # fmt: skip
_PRESENCE = (*_SELECTORS, _TO, _SERVICE)

SHAPES: dict[str, Shape] = {
    "initialize": (Field("protocol_version", "integer"),),
    "status": (),
    "chats.list": (_LIMIT, Field("unread_only", "boolean")),
    "chats.get": (Field("chat_id", "integer"),),
    "messages.history": (Field("chat_id", "integer"), _LIMIT, *_WANTED, *_FILES),
    "messages.after": (
        Field("since_rowid", "integer"), Field("chat_id", "integer"), _LIMIT, *_FILES, _REACTIONS,
    ),
    "messages.search": (Field("query", "string"), Field("match", "string"), _LIMIT),
    "message.send_status": (Field("guid", "string"),),
    "watch.subscribe": (
        Field("chat_id", "integer"), Field("since_rowid", "integer"), *_WANTED, *_FILES, _REACTIONS,
        Field("debounce_ms", "integer", ("debounceMs",)), Field("buffer_limit", "integer", ("bufferLimit",)),
    ),
    "watch.unsubscribe": (Field("subscription", "integer"),),
    "send": (*_SEND, Field("file", "string")),
    "send.tracked": (*_SEND, Field("attempt_id", "string")),
    "typing": (*_PRESENCE, Field("typing", "boolean")),
    "typing.start": _PRESENCE,
    "typing.stop": _PRESENCE,
    "read": (*_SELECTORS, _TO),
    "tapback": (
        *_SELECTORS, Field("message_id", "string", ("messageId", "message_guid", "messageGuid", "message")),
        Field("reaction", "string", ("kind",)), Field("emoji", "string"), Field("remove", "boolean"),
        Field("part_index", "integer"),
    ),
}  # fmt: skip
