"""The echo agent: answers ``echo: <text>``. For trying things out, demos and benchmarks."""

from actors.agents.base import Job, Said


class EchoAgent:
    """Answers at once. Several messages of one turn are several lines."""

    waits = False
    collects = False
    steerable = False

    def answer(self, job: Job) -> Said:
        """``echo: <text>``."""
        messages = job.turn.messages
        return Said("echo: " + (messages[0].words if len(messages) == 1 else "\n".join(one.words for one in messages)))

    def forget(self, session: str) -> None:
        """Nothing is kept."""

    def close(self) -> None:
        """Nothing is open."""
