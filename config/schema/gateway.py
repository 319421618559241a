"""`gateway` and `retention`: the process itself."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from config.schema.base import Block, Count, Positive


class Retention(Block):
    """After how many days settled messages are pruned."""

    bodies_days: Positive = 30
    """Days texts and files are kept."""
    tombstones_days: Positive = 365
    """Days message ids are kept, so that nothing is answered twice."""


class Reload(Block):
    """How changes of the file take effect."""

    mode: Literal["hybrid", "hot", "restart", "off"] = "hybrid"
    """While running where possible (hybrid, hot), by a restart, or not before the next start (off)."""
    debounce_ms: Count = 300
    """Milliseconds the file must be unchanged before it is read."""


class Gateway(Block):
    """The process itself; the keys of OpenClaw's own server were taken out before."""

    mode: Literal["local", "remote"] | None = None
    """`local`, or nothing: this gateway runs here."""
    reload: Reload = Field(default_factory=Reload)
    """How changes of this file take effect."""
    channel_health_check_minutes: Count | None = None
    """Minutes between checks of the channel's health; 0 is off."""
    retention: Retention | None = None
    """As `retention` at the top level."""
