"""`logging`: levels, file and redaction of the log."""

from __future__ import annotations

from typing import Literal, get_args

from config.schema.base import Block, Positive, Text

Level = Literal["silent", "fatal", "error", "warn", "info", "debug", "trace"]
LEVELS: tuple[str, ...] = get_args(Level)


class Logging(Block):
    """`logging`; without `file` the log stands in the gateway's own folder, the size limit is in bytes."""

    level: Level = "info"
    console_level: Level = "info"
    console_style: Literal["pretty", "compact", "json"] | None = None
    file: Text | None = None
    max_file_bytes: Positive | None = None
    redact_sensitive: Literal["off", "tools"] = "tools"
    redact_patterns: tuple[str, ...] = ()
