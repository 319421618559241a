"""Assistant internals in a message: what no person writes, and another assistant, or ours, leaked (inbound 5.3). Pure.

In: a text. Out: the label of what was found, ``""`` for none. Code is passed over: people show each other such things
in it. Answering a leak is how two assistants talk to each other for a night.
"""

import re

_CODE = re.compile(r"```.*?(?:```|\Z)|`[^`\n]*`", re.DOTALL)
_TAG = r"<\s*+/?+\s*+(?:[a-z]\w*+:)?+(?:{})\b[^<>]*+>"
# Possessive or bounded throughout: the text is a stranger's, and none may take longer than its length.
_LABELS = tuple(
    (label, re.compile(pattern, re.IGNORECASE | re.ASCII))
    for label, pattern in (
        ("internal-separator", r"(?:#\+){2}"),
        ("assistant-role-marker", r"\bassistant\s++to\s*+=\s*+\w"),
        ("thinking-tag", _TAG.format("think|thinking|thought")),
        ("relevant-memories-tag", _TAG.format("relevant[-_]memories")),
        ("final-tag", _TAG.format("final")),
        ("acp-error", r"\bACP error \([A-Z_]++\):"),
        ("gateway-missing-api-key", r"\bmissing api key for [^\n]{1,80}? on the gateway\b"),
    )
)
LONGEST_TEXT = 65_536
"""Characters of a message that are looked at."""


def reflected(text: str) -> str:
    """The label of the first assistant internal outside code."""
    # Without one of these signs there is nothing to look for.
    if not ("<" in text or "=" in text or "#+" in text or "ACP" in text or "on the gateway" in text):
        return ""
    text = text[:LONGEST_TEXT]
    outside = _CODE.sub(" ", text) if "`" in text else text
    return next((label for label, pattern in _LABELS if pattern.search(outside)), "")
