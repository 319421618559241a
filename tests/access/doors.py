"""A controller between probes, and a pairing book made of paper."""

from __future__ import annotations

from typing import Any

import pytest

from actors.access import controller as room
from actors.access.controller import AccessController
from actors.access.policy import Allowed
from actors.access.view import AccessView
from actors.envelopes.control import Record, Replay
from tests.access.builders import view
from tests.support.actors import Probe
from tests.support.probes import KillableStage


class Paper:
    """A pairing book that shows what ``refresh`` last looked at."""

    trouble = "the file is damaged"

    def __init__(self, *handles: str) -> None:
        self.now = Allowed(frozenset(handles))
        self.looks = 0
        self._shown: Allowed | None = None

    def allowed(self, account: str) -> Allowed:
        """As of the last look."""
        assert self._shown is not None, "shown before it was looked at"
        return self._shown

    def refresh(self, account: str) -> bool:
        """Look."""
        self.looks += 1
        changed, self._shown = self._shown != self.now, self.now
        return changed


class Door:
    """A controller between probes; ``logged`` holds level, message and fields of its own lines."""

    def __init__(
        self,
        stage: KillableStage,
        monkeypatch: pytest.MonkeyPatch,
        book: Any,
        views: dict[str, AccessView] | None = None,
    ) -> None:
        self.stage = stage
        self.journal, self.sessions, self.pairing = Probe("journal"), Probe("sessions"), Probe("pairing")
        self.sender, self.desk = Probe("sender"), Probe("desk")
        self.logged: list[tuple[str, str, dict[str, Any]]] = []
        monkeypatch.setattr(
            room, "event", lambda level, _actor, text, **fields: self.logged.append((level, text, fields))
        )
        self.ref = AccessController.start(
            stage.place("access"),
            views or {"default": view()},
            book,
            self.journal.ref,
            self.sessions.ref,
            self.pairing.ref,
            {"default": self.sender.ref},
            self.desk.ref,
        )
        stage.settle()

    def hear(self, *messages: Any) -> None:
        """Rows come."""
        self.stage.tell(self.ref, *messages)

    @property
    def records(self) -> list[Record]:
        """What the journal was told to store."""
        return self.journal.all(Record)

    @property
    def verdicts(self) -> list[type]:
        """The kinds of verdicts, in order."""
        return [type(record.fact.verdict) for record in self.records]

    @property
    def replays(self) -> list[tuple[str, str]]:
        """Account and reason of the held rows it asked for."""
        return [(one.account, one.reason) for one in self.journal.all(Replay) if one.what == "held"]
