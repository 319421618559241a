"""A pairing registry on real files, between probes."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from actors.access.view import AccessView
from actors.envelopes.control import Record
from actors.envelopes.facts import Settled
from actors.envelopes.inbound import Challenged
from actors.envelopes.outbound import Reply
from actors.pairing.guard_file import PairingGuard
from actors.pairing.registry import PairingRegistry
from actors.pairing.store import PairingStore
from tests.support.actors import Probe
from tests.support.probes import KillableStage
from tests.support.rows import ACCOUNT, ANN, address, inbound

KEY = "channels.imessage.dmPolicy"


class Office:
    """A registry on real files, between probes."""

    def __init__(
        self,
        stage: KillableStage,
        folder: Path,
        sleep: Callable[[float], None] = time.sleep,
        views: Mapping[str, AccessView] | None = None,
    ) -> None:
        self.stage = stage
        self.views = views
        self.store = PairingStore(folder / "credentials", sleep=sleep)
        self.guard = PairingGuard(folder / "gateway" / "pairing-guard.json", sleep=sleep)
        self.open()

    def open(self) -> None:
        """The process starts (again)."""
        self.journal, self.chunker = Probe("journal"), Probe("chunker")
        self.ref = PairingRegistry.start(
            self.stage.place("pairing"),
            self.store,
            self.journal.ref,
            self.chunker.ref,
            {ACCOUNT: KEY},
            self.guard,
            self.views,
        )
        self.stage.settle()

    def challenge(
        self, seq: int, handle: str = ANN, replayed: bool = False, received_at: float | None = None, **keys: Any
    ) -> None:
        """A stranger's row is on disk; ``keys`` are more of its message object."""
        at = self.stage.clock.wall() if received_at is None else received_at
        row = inbound(seq, chat=seq, sender=handle, received_at=at, **keys)
        self.stage.tell(self.ref, Challenged(seq, handle, address(seq), row, replayed))

    @property
    def replies(self) -> list[Reply]:
        """What it says."""
        return self.chunker.all(Reply)

    @property
    def settled(self) -> list[tuple[int, object]]:
        """What ends without an answer."""
        facts = [record.fact for record in self.journal.all(Record)]
        return [(fact.seq, fact.outcome) for fact in facts if type(fact) is Settled]

    def code(self) -> str:
        """The code of the only request."""
        (request,) = self.store.requests(ACCOUNT, now=self.stage.clock.wall())
        return request.code

    def break_files(self, name: str = "imessage-pairing.json") -> Path:
        """A file cannot be read any more."""
        self.store.folder.mkdir(exist_ok=True)
        path = self.store.folder / name
        path.write_text("{ this is no json", encoding="utf-8")
        return path
