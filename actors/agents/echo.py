"""The echo agent: answers ``echo: <text>``. For trying things out, demos and benchmarks."""

from actors.agents.base import Cancelled, Said
from actors.envelopes.outbound import Turn


class EchoAgent:
    """Answers at once."""

    waits = False

    def answer(self, turn: Turn, _cancelled: Cancelled) -> Said:
        """``echo: <text>``."""
        return Said(f"echo: {turn.message.row.text}")
