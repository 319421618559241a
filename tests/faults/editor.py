"""Somebody who edits the config of a running town, and looks at what the gateway makes of it.

Every good text has a number, which the gateway's answers begin with: so each answer tells by which config it was
given. The good texts let Ann in and nobody else; the bad ones would let everybody in.
"""

import ctypes
import hashlib
import json
import os
import re
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, TypeVar

from tests.faults.cases import Build
from tests.faults.town import ANN, BEN, wait_for

T = TypeVar("T")

EVERYBODY = ('"allowlist"', '"open"'), (f'"{ANN}"', '"*"')
"""What the bad texts say of those who may write."""
PATIENCE = 40.0
"""Seconds for a change to be looked at."""
_DROP_FROM_BOUNDING_SET = 24
_OVERRIDE_MODES, _READ_ANYTHING = 1, 2
"""See prctl(2) and capabilities(7)."""

TEXT = """\
// Ann may write, nobody else
{
  channels: {
    imessage: {
      cliPath: %(cli)s,
      dbPath: %(db)s,
      debounceMs: 0,
      probeTimeoutMs: 10000,
      dmPolicy: "allowlist",
      allowFrom: ["+15550001111"],
      historyLimit: 10,
    },
  },
  agents: { list: [{ id: "main", runtime: { type: "echo" } }] },
  messages: { responsePrefix: "(%(number)d)" },
  commands: { config: true, ownerAllowFrom: ["+15550001111"] },
  gateway: { reload: { debounceMs: 50 } },
}
"""


class Editor:
    """``town`` runs with good text 0 once this is made; not ``as_root``: run by somebody whom modes stop."""

    def __init__(self, build: Build, as_root: bool = True) -> None:
        self.town = build()
        self.file = self.town.state / "openclaw.json"
        self.number = self._asked = 0
        self.file.write_text(self.good())
        self.town.chat(ANN)
        self.town.chat(BEN)
        if as_root:
            self.town.start()
        else:
            bound_by_modes(self.town.start)

    def good(self, number: int = 0) -> str:
        """Good text ``number``."""
        places = {"cli": json.dumps(str(self.town.cli)), "db": json.dumps(str(self.town.db_path))}
        return TEXT % (places | {"number": number})

    def bad(self, *changes: tuple[str, str]) -> str:
        """A good text with another number that lets everybody in, with these replacements."""
        text = self.good(self.number + 100)
        for old, new in (*EVERYBODY, *changes):
            assert old in text
            text = text.replace(old, new, 1)
        return text

    def save(self, text: str, path: Path | None = None) -> None:
        """As an editor does: another file in its place."""
        path = path or self.file
        draft = path.with_name("draft")
        draft.write_text(text)
        draft.replace(path)

    def state(self) -> dict[str, Any]:
        """What the gateway says of its config."""
        return dict((self.town.status() or {}).get("config") or {})

    def refused(self, what: str, place: str = "") -> None:
        """Wait until the gateway says of the files as they are ``what`` (a regular expression), and at which ``place``.

        ``place`` is a line and a column, or the beginning of that. Meanwhile the rules from before are in force.
        """
        pattern = re.compile(f".*{what}.*" + re.escape(f"(line {place}" if place else ""))
        self._wait(f"{what} at {place}", lambda state: any(map(pattern.match, state["problems"])))
        status = self.town.status() or {}
        assert status["state"] == "degraded"
        assert f"{self.file} was changed and cannot be used, the config from before stays: - " in status["reason"]
        assert "gateway config validate" in status["remedy"]
        assert pattern.match(status["reason"].replace("\n", " "))
        self.unchanged()

    def _wait(self, what: str, holds: Callable[[dict[str, Any]], object]) -> None:
        try:
            wait_for(what, lambda: holds(self.state()), PATIENCE)
        except AssertionError as error:
            raise AssertionError(f"{error}; {self.state()}") from error

    def unchanged(self) -> None:
        """Ann is answered by the config from before, and Ben is not."""
        self._asked += 1
        self.town.writes(f"{self._asked}", BEN)
        assert self.says(f"{self._asked}") == f"({self.number}) echo: {self._asked}"
        assert self.town.sent(self.town.chat(BEN)) == []

    def says(self, text: str) -> str:
        """What Ann is answered to ``text``: one bubble."""
        chat = self.town.chat(ANN)
        before = len(self.town.sent(chat))
        self.town.writes(text, ANN)
        [said] = wait_for(f"an answer to {text}", lambda: self.town.sent(chat)[before:])
        return str(said)

    def mend(self, put: Callable[[str], None] | None = None) -> None:
        """Save the next good text, or have ``put`` do it: it is taken, and nothing stands against it."""
        self.number += 1
        text = self.good(self.number)
        (put or self.save)(text)
        self.taken(text)

    def taken(self, text: str) -> None:
        """Wait until ``text`` is in use."""
        digest = hashlib.sha256(text.encode()).hexdigest()
        self._wait("the config to be taken", lambda state: state["digest"] == digest and not state["problems"])
        assert (self.town.status() or {})["state"] == "ok"
        self.unchanged()


def bound_by_modes(call: Callable[[], T]) -> T:
    """Do something, processes that it starts too, as somebody whom the modes of files and folders stop: not as root."""

    def run() -> T:
        if sys.platform == "linux" and os.geteuid() == 0:
            system = ctypes.CDLL(None)
            for right in (_OVERRIDE_MODES, _READ_ANYTHING):
                assert system.prctl(_DROP_FROM_BOUNDING_SET, right, 0, 0, 0) == 0
        return call()

    # The rights are the thread's own; what it starts inherits them.
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(run).result()
