"""`logging`: levels, file and redaction of the log."""

from __future__ import annotations

from typing import Annotated, Literal, get_args

from config.schema.base import Block, Phrase, Positive, Reach, Text

Level = Literal["silent", "fatal", "error", "warn", "info", "debug", "trace"]
LEVELS: tuple[str, ...] = get_args(Level)


class Logging(Block):
    """Levels, file and redaction of the log."""

    level: Level = "info"
    """What is written to the file."""
    console_level: Level = "info"
    """What is shown in the terminal."""
    console_style: Literal["pretty", "compact", "json"] | None = None
    """How it looks there; pretty in a terminal and compact elsewhere when unset."""
    file: Annotated[Text, Reach.FILE] | None = None
    """The log file; in the gateway's own folder when unset."""
    max_file_bytes: Positive | None = None
    """Bytes after which a new file is begun."""
    redact_sensitive: Literal["off", "tools"] = "tools"
    """Whether secrets in the output of tools are masked."""
    redact_patterns: tuple[Phrase, ...] = ()
    """Regular expressions of further texts to mask."""
