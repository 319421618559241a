"""The parts of a turn as an agent is told it (see ``context``): messages, files, quotes, history, transcript.

All are frozen and have camelCase keys outside. Times are ISO 8601 in UTC. ``foreign`` marks what other people wrote.
"""

from datetime import UTC, datetime
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field
from pydantic.alias_generators import to_camel

MARK = "untrusted"
"""Stands in the JSON Schema of a field that holds other people's words."""


def well_formed(text: str) -> str:
    """``text`` with U+FFFD for every lone surrogate: there is no JSON for those, and no UTF-8."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    return text


Text = Annotated[str, BeforeValidator(well_formed)]
"""A text that can be written as JSON."""


class Shape(BaseModel):
    """Base of all parts: immutable, closed, camelCase outside."""

    model_config = ConfigDict(
        frozen=True,
        extra="forbid",
        alias_generator=to_camel,
        validate_by_name=True,
        use_attribute_docstrings=True,
        defer_build=True,
        protected_namespaces=(),
    )


def foreign(**more: Any) -> Any:
    """A field that holds other people's words, or names they chose: data, never instructions."""
    return Field(json_schema_extra={MARK: True}, **more)


class File(Shape):
    """A file that was sent along."""

    path: Text = foreign()
    """Its path on the Mac that runs Messages."""
    mime_type: Text = foreign()
    """Its MIME type; empty where unknown."""
    name: Text = foreign()
    """The name its sender gave it."""
    total_bytes: int
    """Its size in bytes; -1 where unknown."""


class Media(File):
    """A file that was sent along, with what it is."""

    kind: Literal["image", "audio", "video", "document"]
    """By its MIME type, else by the end of its name."""


class Quote(Shape):
    """The message that is replied to, as far as it is known."""

    guid: Text
    """Its GUID; empty where unknown."""
    text: Text = foreign()
    """Its text; empty where unknown."""
    sender: Text = foreign()
    """Who wrote it: a handle; empty where unknown, and for our own."""
    own: bool = False
    """Whether it is one of our own."""


class Message(Shape):
    """One message of the turn."""

    text: Text = foreign()
    """Its text, as it was typed."""
    sender: Text = foreign()
    """Who wrote it: a phone number or an e-mail address."""
    sender_name: Text = foreign()
    """Their name in the contacts of the Mac; empty where unknown."""
    guid: Text
    """Its GUID, the stable name Apple gives it."""
    sent_at: Text | None
    """When it was written: ISO 8601, UTC; null where unknown."""
    own: bool = False
    """Whether it is a note of ours, in the chat of our own address with itself."""
    media: tuple[Media, ...] = ()
    """The files in it that are there."""
    unavailable: int = 0
    """How many files in it are not there (yet)."""
    reply_to: Quote | None = None
    """The message it replies to."""


class Heard(Shape):
    """A message of the group that was only listened to, because it did not speak to the agent."""

    sender: Text = foreign()
    """Who wrote it: a handle."""
    sender_name: Text = foreign()
    """Their name; empty where unknown."""
    text: Text = foreign()
    """Its text."""
    at: Text | None
    """When it was written: ISO 8601, UTC."""
    guid: Text
    """Its GUID."""
    media: tuple[Text, ...] = foreign(default=())
    """The MIME types of its files."""


class Reaction(Shape):
    """A tapback."""

    sender: Text = foreign()
    """Who reacted: a handle."""
    sender_name: Text = foreign()
    """Their name; empty where unknown."""
    kind: Text
    """What imsg calls it, such as love or like."""
    emoji: Text = foreign()
    """The emoji."""
    removed: bool
    """Whether it was taken back."""
    to_guid: Text
    """The GUID of the message it is about."""
    to_text: Text = foreign()
    """The text of that message; empty where unknown, or not to be seen (`contextVisibility`)."""
    to_own: bool
    """Whether that message is one of our own."""
    at: Text | None
    """When: ISO 8601, UTC."""


class Line(Shape):
    """One message of an earlier turn, or what the agent said to it."""

    role: Literal["user", "assistant"]
    """Who speaks: the people, or the agent."""
    text: Text = foreign()
    """What was said. Of the agent, as it said it."""
    sender: Text = foreign()
    """Who wrote it: a handle; empty for the agent."""
    sender_name: Text = foreign()
    """Their name; empty where unknown, and for the agent."""
    at: Text | None
    """When: ISO 8601, UTC."""
    turn: int
    """The number of its turn in the session; lines of one turn stand together."""
    media: tuple[Text, ...] = foreign(default=())
    """The MIME types of its files."""


class Chat(Shape):
    """The conversation the answer goes to."""

    id: int
    """Its row number in the Messages database; another database may give it to another chat."""
    guid: Text
    """Its GUID."""
    identifier: Text = foreign()
    """The handle of the other side, or the name Messages gives a group."""
    name: Text = foreign()
    """Its name; empty for most direct chats."""
    is_group: bool
    """Whether it is treated as a group."""
    participants: tuple[Text, ...] = foreign()
    """The handles in it, without our own where imsg leaves it out."""


class Identity(Shape):
    """Who the agent appears to be, by the config."""

    name: Text = ""
    """Its name."""
    emoji: Text = ""
    """Its emoji."""


def iso(at: float | None) -> str | None:
    """Unix seconds as ISO 8601 in UTC with milliseconds; None for None and for what no calendar has."""
    if at is None:
        return None
    try:
        return datetime.fromtimestamp(at, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    except (ValueError, OverflowError, OSError):
        return None
