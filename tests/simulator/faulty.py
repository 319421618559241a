"""A simulator with a control file: what the tests of its faults share."""

import json
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from queue import Empty
from typing import Any

from actors.simulator.schema import open_database
from tests.simulator.harness import DEADLINE_S, Rpc
from tests.support.waiting import wait_for

OLD, NEW = "0.9", "0.15"
_SILENCE_S = 0.3


class FaultyRpc(Rpc):
    """A simulator of which it is expected that it says nothing, or dies."""

    def is_silent(self) -> bool:
        """Whether no line comes for a while."""
        try:
            self._lines.get(timeout=_SILENCE_S)
        except Empty:
            return True
        return False

    def dies(self) -> int:
        """Wait until it ends by itself; the exit code."""
        code = self.process.wait(DEADLINE_S)
        self.end()
        return code


class Sky:
    """The control file of one simulator, replaced in one go, and the database beside it."""

    def __init__(self, folder: Path) -> None:
        self.db = folder / "chat.db"
        self.file = folder / "faults.json"

    def turns(self, **faults: object) -> None:
        """From the next request on these are the faults."""
        draft = self.file.with_suffix(".draft")
        draft.write_text(json.dumps(faults))
        draft.replace(self.file)

    def rpc(self, version: str = OLD, *flags: str) -> FaultyRpc:
        """A simulator under this sky."""
        return FaultyRpc(self.db, "--faults", str(self.file), "--imsg-version", version, *flags)

    def own_texts(self) -> list[str | None]:
        """The texts of the account's own rows."""
        with closing(open_database(self.db, create=False)) as connection:
            found = connection.execute("SELECT text FROM message WHERE is_from_me = 1 ORDER BY ROWID")
            return [text for (text,) in found]


def eventually(wanted: Callable[[], object]) -> None:
    """Wait until `wanted` is true; fails after the deadline."""
    wait_for("it", wanted, DEADLINE_S)


def outcome(answer: dict[str, Any]) -> tuple[int, Any]:
    """Code and data of an error answer; of a typed one the disposition and whether to send again."""
    error = answer["error"]
    data = error["data"]
    return error["code"], (data["disposition"], data["retry_safe"]) if isinstance(data, dict) else data
