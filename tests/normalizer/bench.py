"""A normalizer between probes."""

from __future__ import annotations

from actors.envelopes.inbound import Inbound, Judged, Received, Verdict
from actors.normalizer.actor import Normalizer
from config.schema.channel import Recovery
from tests.support.actors import Probe
from tests.support.probes import KillableStage
from tests.support.rows import ACCOUNT, START


class Bench:
    """``recovery`` are its fences, none without; national numbers are American."""

    def __init__(self, stage: KillableStage, **recovery: int) -> None:
        self.stage = stage
        self.access, self.journal = Probe("access"), Probe("journal")
        self.senders = [Probe("one"), Probe("two")]
        self.ref = Normalizer.start(
            stage.place("normalizer"),
            self.access.ref,
            self.journal.ref,
            [one.ref for one in self.senders],
            {ACCOUNT: Recovery.model_validate(recovery)} if recovery else {},
            {ACCOUNT: "US"},
        )
        stage.settle()

    def receive(self, *bodies: bytes, at: float = START, era: int = 0) -> None:
        """Rows come."""
        self.stage.tell(self.ref, *(Received(ACCOUNT, 1, body, at, era) for body in bodies))

    @property
    def passed(self) -> list[Inbound]:
        """What is to be judged."""
        return self.access.all(Inbound)

    @property
    def verdicts(self) -> list[Verdict]:
        """What nothing was left to decide of."""
        return [judged.verdict for judged in self.access.all(Judged)]
