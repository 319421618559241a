"""`models`: where models are asked, as OpenClaw's files have it.

Only `models.providers.<id>` counts here, and of that the keys below. Everything else in the block belongs to
OpenClaw, which adds to it often: it is read past without a word.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import BeforeValidator, ConfigDict, Field, SecretStr

from config.schema.base import Block, Host, Reach, Text


class SecretReference(Block):
    """A secret that stands elsewhere."""

    model_config = ConfigDict(extra="ignore")

    source: Annotated[Text, Reach.VARIABLES] = "env"
    """Where it stands; only `env`, an environment variable, is read here."""
    id: Annotated[Text, Reach.VARIABLES]
    """The variable's name."""


def _header(value: Any) -> Any:
    """OpenClaw may come to write headers in other ways: those cost the header, not the file."""
    return value if isinstance(value, str | SecretReference) or (isinstance(value, Mapping) and "id" in value) else None


Header = Annotated[
    SecretStr | SecretReference | None,
    BeforeValidator(_header, json_schema_input_type=SecretStr | SecretReference),
]


class ModelProvider(Block):
    """One provider of models."""

    model_config = ConfigDict(extra="ignore")

    base_url: Host | None = None
    """Where its models are asked; the provider's address when unset."""
    api_key: SecretStr | SecretReference | None = None
    """The key; best as a variable, `${NAME}`. The provider's usual variable when unset."""
    api: Annotated[Text, Reach.AGENT] | None = None
    """What is spoken there: `openai-completions`, `anthropic-messages` or `google-generative-ai`."""
    headers: Annotated[dict[str, Header], Reach.AGENT] = Field(default_factory=dict)
    """HTTP headers that are sent besides: texts, or variables."""


class Models(Block):
    """Where models are asked."""

    model_config = ConfigDict(extra="ignore")

    providers: dict[str, ModelProvider] = Field(default_factory=dict)
    """The providers by name, as it stands before the slash or colon of a model."""
