"""The demo's agent, a program like any command agent: the turn as JSON on its stdin, the answer on its stdout.

It remembers what it was told, in one file per session under the folder it is given, so that whether conversations
are kept apart can be heard. Run as ``agent FOLDER``.
"""

import json
import sys
from pathlib import Path
from urllib.parse import quote

from actors.control.demo.story import STORIES

QUESTION = "what have i told you so far"
NOTHING_TOLD = "Nothing, in this chat."


def answer(text: str, told: list[str]) -> str:
    """What it says to ``text`` after it was told ``told`` in the same session."""
    wish = text.lower().rstrip("?!. ")
    if wish.endswith(QUESTION):
        return f"You told me: {' / '.join(told)}" if told else NOTHING_TOLD
    return STORIES.get(wish, f"echo: {text}")


def main() -> int:
    """One turn."""
    turn = json.loads(sys.stdin.buffer.read())
    memory = Path(sys.argv[1]) / quote(turn["session"], safe="")
    told = memory.read_text(encoding="utf-8").splitlines() if memory.exists() else []
    with memory.open("a", encoding="utf-8") as file:
        file.write(turn["text"].replace("\n", " ") + "\n")
    sys.stdout.buffer.write(answer(turn["text"], told).encode())
    return 0


if __name__ == "__main__":
    sys.exit(main())
