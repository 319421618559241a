"""Ids of agents and accounts: what a person writes, and the one form it has everywhere else."""

from __future__ import annotations

import re

MAX_LENGTH = 64
_FORBIDDEN = re.compile(r"[^a-z0-9_-]+")
RESERVED = frozenset({"__proto__", "prototype", "constructor"})
"""Names refused as ids: other readers of the same file choke on them."""


def normalize_id(text: str, fallback: str) -> str:
    """Lower case, `[a-z0-9][a-z0-9_-]{0,63}`: other characters become a dash, outer dashes go.

    `fallback` stands for an id of which nothing is left.
    """
    cleaned = _FORBIDDEN.sub("-", text.strip().lower()).strip("-")[:MAX_LENGTH].strip("-")
    return cleaned.lstrip("_-") or fallback
