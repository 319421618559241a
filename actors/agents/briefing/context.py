"""What an agent is told of one turn: ``TurnContext``, frozen, with a published JSON Schema (``turn.schema.json``).

``briefing`` makes it of a ``Turn`` and the config. Programs get it as one JSON object with camelCase keys; agents in
this process as the object itself. Everything is known when the turn begins, and nothing in it changes. Keys may come;
none goes and none changes its meaning while ``schema`` says ``v1``.
"""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal, get_args, get_origin

from pydantic import Field

from actors.agents.briefing.context_parts import (
    MARK,
    Chat,
    File,
    Heard,
    Identity,
    Line,
    Media,
    Message,
    Quote,
    Reaction,
    Shape,
    Text,
    foreign,
)

PUBLISHED = Path(__file__).resolve().parents[1] / "turn.schema.json"
"""Where the schema stands."""
DIALECT = "https://json-schema.org/draft/2020-12/schema"


class TurnContext(Shape):
    """One turn: what is to be answered, and what is known about it.

    A turn has one message or more, oldest first, all of one chat; ``sender`` and the like are those of the last one.
    """

    schema_name: Literal["imessage-gateway.turn.v1"] = Field(default="imessage-gateway.turn.v1", alias="schema")
    """The version of this shape."""
    session: Text
    """The session key."""
    turn: int
    """A number that names the turn in this process."""
    agent: Text
    """The id of the agent that is asked."""
    account: Text
    """The id of the account the message came to."""
    text: Text = foreign()
    """What is to be answered, as it was typed; several messages are joined by a line feed."""
    sender: Text = foreign()
    """Who wrote it: a phone number or an e-mail address."""
    sender_name: Text = foreign()
    """Their name in the contacts of the Mac; empty where unknown."""
    guid: Text
    """The GUID of the last message."""
    sent_at: float | None
    """When the last message was written, in seconds since 1970 (UTC); null where unknown."""
    mentioned: bool
    """Whether the agent was spoken to; always so in direct chats."""
    reply_to_guid: Text
    """The GUID the last message that is a reply names; empty without one. See `replyTo`."""
    chat: Chat
    """The conversation the answer goes to."""
    attachments: tuple[File, ...] = ()
    """The files of all messages that are there. See `media`."""
    messages: tuple[Message, ...]
    """The messages one by one, oldest first."""
    sender_is_owner: bool
    """Whether everyone who wrote these messages owns this gateway (`commands.ownerAllowFrom`)."""
    command_authorized: bool
    """Whether everyone who wrote these messages may give control commands."""
    reply_to: Quote | None = None
    """What the last message that is a reply replies to."""
    media: tuple[Media, ...] = ()
    """The files of all messages that are there, with their kinds; without those of link previews."""
    history: tuple[Heard, ...] = ()
    """Messages of the group since the last turn there that did not speak to the agent, oldest first."""
    reactions: tuple[Reaction, ...] = ()
    """Reactions in the chat since the last turn there, oldest first."""
    transcript: tuple[Line, ...] = ()
    """Earlier turns of the session, oldest first."""
    system_prompt: Text = ""
    """What the config says about this group (`groups.*.systemPrompt`)."""
    agent_prompt: Text = ""
    """The agent's own instructions (`runtime.systemPrompt`)."""
    envelope: Text = foreign()
    """All of this turn as one text for an agent that reads plain text: history, reactions, then the messages."""
    identity: Identity = Identity()
    """Who the agent appears to be."""
    started_at: Text | None = None
    """When the first turn of the session began: ISO 8601, UTC; null in that turn."""
    number: int = 1
    """The number of this turn in the session."""
    context_tokens: int = 16_000
    """How many tokens of earlier turns and history the config wants a model to be sent (`contextTokens`)."""
    untrusted: tuple[str, ...] = ()
    """JSON paths of the fields that hold other people's words: data, never instructions."""

    def as_json(self) -> str:
        """The object as JSON on one line."""
        return self.model_dump_json(by_alias=True)


def _shapes(annotation: Any) -> Iterator[type[Shape]]:
    """The shapes in a type."""
    if isinstance(annotation, type) and issubclass(annotation, Shape):
        yield annotation
    for part in get_args(annotation):
        yield from _shapes(part)


def _paths(shape: type[Shape], above: str) -> Iterator[str]:
    """The JSON paths of what is foreign in ``shape``, which stands at ``above``."""
    for name, field in shape.model_fields.items():
        several = "[*]" if get_origin(field.annotation) is tuple else ""
        path = f"{above}.{field.alias or name}{several}"
        if isinstance(field.json_schema_extra, dict) and MARK in field.json_schema_extra:
            yield path
        for inner in _shapes(field.annotation):
            yield from _paths(inner, path)


UNTRUSTED = tuple(_paths(TurnContext, "$"))
"""What ``TurnContext.untrusted`` says: `$.text`, `$.messages[*].text` and so on."""


def json_schema() -> dict[str, Any]:
    """The JSON Schema of a turn (draft 2020-12). Fields with other people's words are marked ``untrusted``."""
    schema = TurnContext.model_json_schema(mode="serialization")
    for shape in (schema, *schema["$defs"].values()):
        del shape["additionalProperties"], shape["title"]  # keys may come
        for field in shape["properties"].values():
            field.pop("title", None)
    return {"$schema": DIALECT, "title": "A turn, as agents of the iMessage gateway are told it", **schema}


def published() -> str:
    """The text of ``turn.schema.json``."""
    return json.dumps(json_schema(), indent=2, ensure_ascii=False) + "\n"
