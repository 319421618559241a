"""What the demo's language model says: a librarian with one tip, who can say what was asked before. Pure.

In: a request to the model server, as OpenAI's chat completions have it. Out: its words. What was asked before it knows
from the request alone, as any model does: whoever sends the request has to remind it.
"""

from collections.abc import Mapping
from typing import Any

from actors.simulator.model_script import Answer, say, words_of

TIP = "Try The Summer Book. It is short, and nothing in it is in a hurry."
WHAT_BEFORE = "what did i ask you before"
NOTHING_ASKED = "Nothing, in this chat."


def reply(body: Mapping[str, Any]) -> Answer:
    """Its answer to a request."""
    asked = [_question(message) for message in body.get("messages") or () if message.get("role") == "user"]
    if not asked or not asked[-1].lower().rstrip("?!. ").endswith(WHAT_BEFORE):
        return say(TIP)
    return say(f"You asked: {' / '.join(asked[:-1])}" if asked[:-1] else NOTHING_ASKED)


def _question(message: dict[str, Any]) -> str:
    """The last line of a message, without the name of whoever wrote it in a group."""
    lines = words_of(message).splitlines()
    name, colon, words = lines[-1].partition(": ") if lines else ("", "", "")
    return words if colon else name
