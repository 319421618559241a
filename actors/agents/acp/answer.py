"""The answer of an ACP agent, gathered from what it streams. Pure.

In: words and pauses, in order. Out: finished blocks while it goes on, where they are wanted, and the rest at the end.
All of them together are what it said, without thoughts among the words; each of its messages is a paragraph of its own.
A message that goes out in blocks and begins with ``NO_REPLY`` alone is silent to its end.
"""

from collections.abc import Iterator

from actors.agents.acp.frames import Pause, Words
from actors.agents.blocks import Blocks
from actors.agents.briefing.context_parts import well_formed
from actors.agents.thoughts import Heard, Thoughts
from actors.outbound.reply_text import opens_silent

MOST = 4 * 1024 * 1024
"""Characters of one answer: far more than anybody reads, and little enough to keep."""

WHY = {
    "max_tokens": "stopped at its limit of tokens",
    "max_turn_requests": "stopped at its limit of requests in one turn",
    "refusal": "refused to go on",
    "cancelled": "cancelled the turn by itself",
}
"""What a stop reason of the protocol means, for the operator. ``end_turn`` is not among them."""


class TooMuchError(ValueError):
    """The answer is longer than anything a chat could take."""


class Answer:
    """What an agent says in one turn. ``blocks`` cut it while it comes; without them it is kept whole."""

    def __init__(self, blocks: Blocks | None = None) -> None:
        self._blocks = blocks
        self._thoughts = Thoughts()
        self._parts: list[str] = []
        self._message = ""
        self._apart = False
        self._size = 0
        self._said = False
        self._given = False
        self._silent = False

    def hear(self, heard: Words | Pause) -> Iterator[str]:
        """A piece of it, or that another message begins; gives the blocks finished with it. Raises TooMuchError."""
        if isinstance(heard, Pause):
            self._apart = True
            return
        if heard.message and self._message and heard.message != self._message:
            self._apart = True
        self._message = heard.message or self._message
        if not heard.text:
            return
        anew = self._apart
        piece = f"\n\n{heard.text}" if anew and self._size else heard.text
        self._apart = False
        self._size += len(piece)
        if self._size > MOST:
            raise TooMuchError(f"answered more than {MOST // 1024 // 1024} MiB")
        yield from self._take(self._thoughts.feed(piece), anew)

    def idle(self) -> Iterator[str]:
        """What may be said after a silence."""
        if self._blocks is not None:
            yield from self._give(self._blocks.idle(), anew=False)

    def rest(self) -> str:
        """What was not given yet, without blank lines around it; nothing afterwards."""
        last = self._thoughts.rest()
        if last.anew:
            self._drop()
        tail = "" if self._silent else last.text
        text = "".join((*self._parts, tail)) if self._blocks is None else self._blocks.rest(tail)
        self._parts = []
        # Halves of a character that were streamed apart stand together again; a half alone becomes U+FFFD.
        return well_formed(text.strip("\n"))

    def _take(self, heard: Heard, anew: bool) -> Iterator[str]:
        """Words of the answer; ``anew``: of another message than those before."""
        if heard.anew:
            self._drop()
        if anew:
            self._silent = False
        if not heard.text or self._silent:
            return
        self._said = self._said or not heard.text.isspace()
        if self._blocks is None:
            self._parts.append(heard.text)
        else:
            yield from self._give(self._blocks.feed(heard.text), anew)

    def _give(self, blocks: Iterator[str], anew: bool) -> Iterator[str]:
        for block in blocks:
            if not self._given and opens_silent(block):
                # Another message ends the block, and the silence with it.
                self._silent = not anew
            elif not self._silent:
                self._given = True
                yield well_formed(block)
        if self._silent and self._blocks is not None:
            self._blocks.rest()

    def _drop(self) -> None:
        """All that was not given yet was thought."""
        self._parts = []
        self._said = self._given
        if self._blocks is not None:
            self._blocks.rest()

    @property
    def is_blank(self) -> bool:
        """Whether nothing was said at all."""
        return not self._said
