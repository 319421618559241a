"""The answer of an ACP agent, gathered from what it streams. Pure.

In: words and pauses, in order. Out: finished blocks while it goes on, where they are wanted, and the rest at the end.
All of them together are what it said; each of its messages is a paragraph of its own.
"""

from collections.abc import Iterator

from actors.agents.acp.frames import Pause, Words
from actors.agents.blocks import Blocks
from actors.agents.briefing.context_parts import well_formed

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
        self._parts: list[str] = []
        self._message = ""
        self._apart = False
        self._size = 0
        self._said = False

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
        piece = f"\n\n{heard.text}" if self._apart and self._size else heard.text
        self._apart = False
        self._size += len(piece)
        if self._size > MOST:
            raise TooMuchError(f"answered more than {MOST // 1024 // 1024} MiB")
        self._said = self._said or not heard.text.isspace()
        if self._blocks is None:
            self._parts.append(piece)
        else:
            yield from map(well_formed, self._blocks.feed(piece))

    def idle(self) -> Iterator[str]:
        """What may be said after a silence."""
        if self._blocks is not None:
            yield from map(well_formed, self._blocks.idle())

    def rest(self) -> str:
        """What was not given yet, without blank lines around it; nothing afterwards."""
        text = "".join(self._parts) if self._blocks is None else self._blocks.rest()
        self._parts = []
        # Halves of a character that were streamed apart stand together again; a half alone becomes U+FFFD.
        return well_formed(text.strip("\n"))

    @property
    def is_blank(self) -> bool:
        """Whether nothing was said at all."""
        return not self._said
