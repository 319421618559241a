"""What every block of the config file shares: strict, closed, immutable.

A block takes exactly its own keys, in the file's camelCase, with exactly their types: `"5"` is not 5, 1 is not
true (`null` is refused before, see `config.values`). Python sees snake_case attributes and tuples. Models are
built on first use, so importing the schema stays cheap.
"""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field
from pydantic.alias_generators import to_camel

_MAX = 2**31 - 1

Count = Annotated[int, Field(ge=0, le=_MAX)]
"""A whole number from 0."""
Positive = Annotated[int, Field(gt=0, le=_MAX)]
"""A whole number from 1."""
Text = Annotated[str, Field(min_length=1)]
"""A string that is not empty."""


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
