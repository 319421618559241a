"""A house to explain messages in: a config, a journal with the life of some messages, the command line."""

from __future__ import annotations

import json
from contextlib import closing
from typing import Any

from actors.envelopes.facts import Fact
from actors.envelopes.outbound import Chunk, chunk_key
from actors.journal.offline import write_offline
from actors.journal.schema import connect
from config import Places
from tests.control.builders import JournalOnDisk
from tests.support.rows import ACCOUNT, ANN, START, address

ECHO = {"id": "main", "runtime": {"type": "echo"}}


class Desk:
    """``configure`` and ``live`` set the scene; what is written on disk is all that explain ever reads."""

    def __init__(self, places: Places) -> None:
        self.places = places

    def configure(self, *, blocks: dict[str, Any] | None = None, **channel: Any) -> None:
        """Write the config: Ann is on the list unless told otherwise, and the agent echoes."""
        imessage = {"dmPolicy": "allowlist", "allowFrom": [ANN], "dbPath": "/db", **channel}
        config = {"channels": {"imessage": imessage}, "agents": {"list": [ECHO]}, **(blocks or {})}
        self.places.state.mkdir(parents=True, exist_ok=True)
        self.places.config.write_text(json.dumps(config))

    def live(self, *facts: Fact, at: float = START) -> tuple[int, ...]:
        """What happened, as a gateway would have journaled it at ``at``; the numbers of the rows."""
        if not self.places.journal.exists():
            JournalOnDisk(self.places).run("UPDATE source SET identity = '/db'")
        return write_offline(self.places.journal, facts, lambda: at)

    def run(self, statement: str, *values: Any) -> None:
        """Change the journal by hand."""
        with closing(connect(self.places.journal)) as connection:
            connection.execute(statement, values)

    def approve(self, *handles: str, account: str = ACCOUNT) -> None:
        """These people were let in."""
        self.places.credentials.mkdir(parents=True, exist_ok=True)
        file = self.places.credentials / f"imessage-{account}-allowFrom.json"
        file.write_text(json.dumps({"version": 1, "allowFrom": list(handles)}))


def chunk(seq: int, position: int = 0, text: str = "echo: hello") -> Chunk:
    """A chunk of the answer to a row."""
    return Chunk(chunk_key(seq, position), address(), text)
