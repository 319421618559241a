"""`accessGroups`: names for people, to be used in lists as `accessGroup:<name>`.

OpenClaw knows several types of group. The one of message senders is ours and strict; of any other type only the
type is kept, because what else stands in it belongs to other channels.
"""

from __future__ import annotations

from typing import Any

from pydantic import model_validator

from config.schema.base import Block, Text

SENDERS = "message.senders"
"""The type of a group that lists people by channel."""


class AccessGroup(Block):
    """One group; `members` maps a channel, or `*` for every channel, to its people. Other types have none."""

    type: Text
    members: dict[str, tuple[str, ...]]

    @model_validator(mode="before")
    @classmethod
    def _foreign(cls, value: Any) -> Any:
        kind = value.get("type") if isinstance(value, dict) else None
        is_foreign = isinstance(kind, str) and kind not in {"", SENDERS}
        return {"type": kind, "members": {}} if is_foreign else value
