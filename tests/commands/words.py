"""What a mention is in these tests."""

from __future__ import annotations


def is_claw(before: str) -> bool:
    """Whether that is claw, called by name."""
    return before.strip(" ,:@").lower() == "claw"
