"""`accessGroups`: names for people, to be used in lists as `accessGroup:<name>`.

OpenClaw knows several types of group. The one of message senders is ours and strict; of any other type only the
type is kept, because what else stands in it belongs to other channels.
"""

from __future__ import annotations

from typing import Any

from pydantic import ConfigDict, model_validator

from config.schema.base import Block, Senders, Word

SENDERS = "message.senders"
"""The type of a group that lists people by channel."""


def _any_of_another_type(schema: dict[str, Any]) -> None:
    """For editors: a group of another type may hold anything."""
    ours = {"required": schema.pop("required"), "additionalProperties": schema.pop("additionalProperties")}
    schema["if"] = {"properties": {"type": {"const": SENDERS}}}
    schema["then"] = {"type": "object", "properties": {"type": {}, "members": {}}, **ours}


class AccessGroup(Block):
    """People by channel."""

    model_config = ConfigDict(json_schema_extra=_any_of_another_type)

    type: Word
    """`message.senders`; groups of other types are OpenClaw's and never match here."""
    members: dict[str, Senders]
    """Who belongs to it, by channel; "*" are members on every channel."""

    @model_validator(mode="before")
    @classmethod
    def _foreign(cls, value: Any) -> Any:
        kind = value.get("type") if isinstance(value, dict) else None
        is_foreign = isinstance(kind, str) and kind not in {"", SENDERS}
        return {"type": kind, "members": {}} if is_foreign else value
