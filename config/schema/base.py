"""What every block of the config file shares: strict, closed, immutable.

A block takes exactly its own keys, in the file's camelCase, with exactly their types: `"5"` is not 5, 1 is not
true (`null` is refused before, see `config.values`). Python sees snake_case attributes and tuples. The text below a
field is what people read about it (`config.describe`). The type of a text says what it reaches (`Reach`), and so
whether a chat may change it. Models are built on first use, so importing the schema stays cheap.
"""

from __future__ import annotations

from enum import Enum
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, WithJsonSchema
from pydantic.alias_generators import to_camel

_MAX = 2**31 - 1


class Reach(Enum):
    """What a value has to do with what lies outside this gateway: in words, as the end of a sentence about its key."""

    NOTHING = "names nothing outside this gateway"
    PROGRAM = "names a program"
    AGENT = "says which program or model answers"
    FILE = "names a file or a folder"
    HOST = "names a host"
    VARIABLES = "sets environment variables"


Count = Annotated[int, Field(ge=0, le=_MAX)]
"""A whole number from 0."""
Positive = Annotated[int, Field(gt=0, le=_MAX)]
"""A whole number from 1."""
Text = Annotated[str, Field(min_length=1)]
"""A string that is not empty, whatever it reaches."""
Phrase = Annotated[str, Reach.NOTHING]
"""A text for people, a pattern, or a name inside this gateway; it may be empty."""
Word = Annotated[Text, Reach.NOTHING]
"""The same, and not empty."""
Program = Annotated[str, Reach.PROGRAM]
"""A program or a script."""
File = Annotated[str, Reach.FILE]
"""A file, a folder, or a pattern of them."""
Host = Annotated[str, Reach.HOST]
"""Another computer, or an address there."""
Sender = Annotated[str, Reach.NOTHING, WithJsonSchema({"type": ["string", "integer"]})]
"""A person or a conversation. The file may show a phone number as a number with a plus (see `config.values`)."""
Senders = tuple[Sender, ...]
"""A list of them."""


class Block(BaseModel):
    """Base of all blocks."""

    model_config = ConfigDict(
        frozen=True,
        extra="forbid",
        strict=True,
        alias_generator=to_camel,
        defer_build=True,
        protected_namespaces=(),
        hide_input_in_errors=True,
    )
