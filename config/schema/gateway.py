"""`gateway` and `retention`: the process itself."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from config.schema.base import Block, Count, Positive


class Retention(Block):
    """After how many days bodies and files of settled messages, and the traces of message ids, are pruned."""

    bodies_days: Positive = 30
    tombstones_days: Positive = 365


class Reload(Block):
    """How changes of the file take effect; the debounce is in milliseconds."""

    mode: Literal["hybrid", "hot", "restart", "off"] = "hybrid"
    debounce_ms: Count = 300


class Gateway(Block):
    """`gateway`; the keys of OpenClaw's own server were taken out before."""

    mode: Literal["local", "remote"] | None = None
    reload: Reload = Field(default_factory=Reload)
    channel_health_check_minutes: Count | None = None
    retention: Retention | None = None
