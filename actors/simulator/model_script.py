"""What a simulated model server does with a request: answers as a model would, or goes wrong in a given way.

A ``Step`` is one reaction; a script is a list of them, one for each request. ``echo`` is what happens without a script.
"""

import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

Body = dict[str, Any]


@dataclass(frozen=True)
class Answer:
    """A good answer. ``pieces`` are its tokens; streamed one by one where that is asked for, else joined.

    ``reasoning`` is thought aloud before it, ``tool`` names a tool that is called beside it. ``gate`` is waited for
    before each piece but the first. ``finish`` is why it ended; None: it does not say.
    """

    pieces: tuple[str, ...]
    reasoning: str = ""
    tool: str = ""
    input_tokens: int = 11
    output_tokens: int = 7
    finish: str | None = "stop"
    gate: threading.Event | None = field(default=None, compare=False)

    @property
    def text(self) -> str:
        """All of it."""
        return "".join(self.pieces)


@dataclass(frozen=True)
class Refusal:
    """An HTTP error with OpenAI's error body."""

    status: int
    message: str = "no"
    code: str | None = None
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Half:
    """The connection is cut after these pieces, before the end of the answer; at once without any."""

    pieces: tuple[str, ...] = ()


@dataclass(frozen=True)
class Stall:
    """These pieces of a stream, then nothing more; nothing at all, not even a status, without any."""

    pieces: tuple[str, ...] = ()


@dataclass(frozen=True)
class Garbage:
    """Success, and this body."""

    body: bytes
    content_type: str = "application/json"


Step = Answer | Refusal | Half | Stall | Garbage


def say(text: str, **more: Any) -> Answer:
    """A good answer, word by word."""
    words = text.split(" ")
    return Answer(tuple([f"{word} " for word in words[:-1]] + words[-1:]), **more)


def echo(body: Body) -> Answer:
    """What a model of few words says to a request: what it was told last."""
    return say(f"You said: {last_words(body)}")


def last_words(body: Body) -> str:
    """The text of the last message of a request."""
    messages = body.get("messages") or [{}]
    return words_of(messages[-1])


def words_of(message: Body) -> str:
    """The text of one message, its files left out."""
    content = message.get("content") or ""
    if isinstance(content, str):
        return content
    return "\n".join(part["text"] for part in content if part.get("type") == "text")


def files_of(body: Body) -> list[Body]:
    """The parts of all messages of a request that are no text."""
    contents = [message.get("content") for message in body.get("messages") or ()]
    return [part for content in contents if isinstance(content, list) for part in content if part.get("type") != "text"]
