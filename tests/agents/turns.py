"""Turns and briefings for the tests of what agents are told."""

from __future__ import annotations

import json
from datetime import UTC, tzinfo
from pathlib import Path
from typing import Any

from actors.agents.briefing.briefing import Briefing
from actors.agents.briefing.context import TurnContext
from actors.envelopes.inbound import Admitted
from actors.envelopes.outbound import Turn
from actors.envelopes.session import Heard, Past, Recalled, Tapback
from config.accounts import effective
from config.schema.root import Config
from tests.support.rows import ANN, START, address, inbound

MAIN = "agent:main:main"
GROUP = "agent:main:imessage:group:7"
AT = 1_800_000_000.0
"""2027-01-15 08:00 UTC, when the messages of ``tests.support.rows`` were written."""


def briefing(local: tzinfo | None = UTC, channel: dict[str, Any] | None = None, **blocks: Any) -> Briefing:
    """The briefing under a config with these blocks; ``channel`` is ``channels.imessage``."""
    text = json.dumps({"channels": {"imessage": channel or {}}, **blocks})
    config = Config.model_validate_json(text)
    accounts, _ = effective(config, {}, Path("/home/somebody"))
    return Briefing.of(config, accounts, local)


def message(
    seq: int = 1, text: str = "hello", *, authority: str = "known", mentioned: bool = True, **row: Any
) -> Admitted:
    """An admitted message; ``row`` are keys of ``tests.support.rows.inbound``."""
    chat, account = row.pop("chat", 7), row.get("account", "default")
    found = inbound(seq, chat, text, **row)
    return Admitted(seq, MAIN, "main", mentioned, address(chat, account=account), found, authority)


def turn(*messages: Admitted, session: str = MAIN, memory: Recalled | None = None) -> Turn:
    """A turn about these messages, or about one that says hello."""
    return Turn(session, 3, "main", messages or (message(),), memory)


def recalled(session: str = MAIN, **keys: Any) -> Recalled:
    """What the journal remembers."""
    return Recalled(session, 1, **keys)


def told(
    *messages: Admitted, session: str = MAIN, channel: dict[str, Any] | None = None, blocks: Any = None, **memory: Any
) -> TurnContext:
    """What is told of a turn; ``memory`` are fields of ``Recalled``, ``blocks`` of the config."""
    return briefing(channel=channel, **blocks or {}).context(
        turn(*messages, session=session, memory=recalled(session, **memory))
    )


def heard(seq: int, text: str = "words", sender: str = ANN, name: str = "", **keys: Any) -> Heard:
    """A message of the past."""
    return Heard(seq, f"G{seq}", sender, name, text, AT - 100 + seq, **keys)


def past(seq: int, text: str = "answer", *messages: Heard, outcome: str = "replied") -> Past:
    """An earlier turn."""
    return Past(seq, "main", messages or (heard(seq, f"question {seq}"),), text, outcome, AT - 50, AT - 40)


def tapback(
    sender: str = ANN,
    emoji: str = "\u2764",
    *,
    own: bool = True,
    removed: bool = False,
    about: str = "words",
    name: str = "",
) -> Tapback:
    """A reaction."""
    return Tapback(sender, name, "love", emoji, removed, "G1", about, own, AT - 10)


__all__ = [
    "ANN",
    "AT",
    "GROUP",
    "MAIN",
    "START",
    "briefing",
    "heard",
    "message",
    "past",
    "recalled",
    "tapback",
    "told",
    "turn",
]
