"""The demo's agent, a program like any command agent: the turn as JSON on its stdin, the answer on its stdout.

It keeps nothing: what it was told before stands in the turn (``transcript``), so that whether conversations are kept
apart can be heard. Run as ``agent [VERB]``; a voice says something else than ``echo``.
"""

import json
import sys

from actors.control.demo.story import STORIES

QUESTION = "what have i told you so far"
NOTHING_TOLD = "Nothing, in this chat."


def answer(text: str, told: list[str], verb: str = "echo") -> str:
    """What it says to ``text`` after it was told ``told`` in the same session."""
    wish = text.lower().rstrip("?!. ")
    if wish.endswith(QUESTION):
        return f"You told me: {' / '.join(told)}" if told else NOTHING_TOLD
    return STORIES.get(wish, f"{verb}: {text}")


def main() -> int:
    """One turn."""
    turn = json.loads(sys.stdin.buffer.read())
    told = [line["text"].replace("\n", " ") for line in turn["transcript"] if line["role"] == "user"]
    sys.stdout.buffer.write(answer(turn["text"], told, *sys.argv[1:]).encode())
    return 0


if __name__ == "__main__":
    sys.exit(main())
