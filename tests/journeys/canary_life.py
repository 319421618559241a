"""A house where canaries stand in for the secrets of a config, and somebody who hears all that is said in it."""

from __future__ import annotations

import io
import json
import shlex
import sys
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path
from typing import Any

import psutil
import pytest

from actors.control.cli.main import main
from actors.control.client import ControlError, request
from config import Places
from tests.journeys import canaries
from tests.journeys.canaries import Aviary
from tests.journeys.house import House
from tests.support.waiting import wait_for

ANN = "+15550001111"
AGENT = """\
#!/bin/sh
read turn
turn=${{turn%%\\"transcript\\"*}}
env >> "{folder}/agent.txt"
case "$turn" in
  *crash*) env >&2; kill -9 $$ ;;
  *think*) touch "{folder}/thinks"; while [ -e "{folder}/thinks" ]; do sleep 0.02; done ;;
esac
echo "answered"
"""


class Life:
    """The house of the canaries. ``heard`` collects, by source, all that is shown to anybody."""

    def __init__(self, house: House, monkeypatch: pytest.MonkeyPatch) -> None:
        self.house, self.put, self.patch = house, Aviary(), monkeypatch
        self.heard: list[tuple[str, str]] = []
        self.file = house.state / "openclaw.json"
        house.state.chmod(0o755)
        house.environment |= canaries.variables(self.put) | {"OPENCLAW_LOG_LEVEL": "trace"}
        self.places = Places.from_env(house.environment)
        self.config = self._furnish()
        self.save(json.dumps(self.config, indent=2))
        self.chat = house.db.direct_chat(ANN)
        for name, value in house.environment.items():
            monkeypatch.setenv(name, value)
        monkeypatch.chdir(house.folder)

    def _furnish(self) -> dict[str, Any]:
        house, put = self.house, self.put
        program = house.folder / "agent"
        program.write_text(AGENT.format(folder=house.folder))
        program.chmod(0o755)
        (house.state / ".env").write_text(canaries.dotenv(put))
        (house.state / "part.json").write_text(json.dumps({"providers": {"four": {"apiKey": put("included file")}}}))
        (house.state / "gateway").mkdir(mode=0o700)
        (house.state / "gateway" / "gateway.json5").write_text(json.dumps({"talk": {"token": put("overlay")}}))
        blocks = canaries.secrets(put)
        rules = {"cliPath": str(house.cli), "dbPath": str(house.db_path), "debounceMs": 0, "allowFrom": [ANN]}
        blocks["channels"]["imessage"] = rules | {"textChunkLimit": 200_000}
        blocks["models"]["$include"] = "part.json"
        commands = {"config": True, "debug": True, "ownerAllowFrom": [ANN]}
        return blocks | {
            "agents": canaries.agents(put, program),
            "commands": commands | {"ownerDisplaySecret": put("commands.ownerDisplaySecret")},
            "messages": {"responsePrefix": ">"},
        }

    def save(self, text: str) -> None:
        """Save the config as an editor does."""
        draft = self.house.state / ".draft"
        draft.write_text(text)
        draft.chmod(0o644)
        draft.replace(self.file)

    def hear(self, where: str, what: object) -> None:
        """Keep what was shown to somebody."""
        self.heard.append((where, what if isinstance(what, str) else json.dumps(what, ensure_ascii=False)))

    def verb(self, *words: str, typed: str = "") -> int:
        """A command in the terminal; ``typed`` is its standard input."""
        self.patch.setattr(sys, "stdin", io.StringIO(typed))
        with io.StringIO() as said, redirect_stdout(said), redirect_stderr(said):
            code = main(words)
            self.hear(f"gateway {shlex.join(words)}", said.getvalue())
        return code

    def ask(self, text: str) -> str:
        """The answer to what Ann writes: one bubble."""
        before = len(self._said())
        self.house.db.incoming(self.chat, ANN, text)
        [said] = wait_for(f"an answer to {text}", lambda: self._said()[before:])
        return str(said)

    def _said(self) -> list[str]:
        """The answers in her chat; she is the owner, so notices come there too."""
        return [text for text in self.house.sent(self.chat) if not text.startswith("> Gateway: ")]

    def state(self) -> dict[str, Any]:
        """What the gateway says of its config."""
        return dict((self.house.status() or {})["config"])

    def wait_refused(self, problems: list[str]) -> None:
        """Wait until the gateway says this of its config."""
        wait_for(f"to hear {problems}", lambda: self.state()["problems"] == problems)

    def look(self) -> None:
        """Everything the control socket answers, and the words of all processes."""
        asked: list[dict[str, Any]] = [{"do": what} for what in ("status", "config", "channels", "ping", "nothing")]
        asked += [{"do": "inspect", "command": "actors"}, {"do": "chats", "account": None, "limit": 9}]
        for payload in asked:
            try:
                answer: object = request(self.places, payload)
            except ControlError as error:
                answer = str(error)
            self.hear(f"control socket: {payload}", answer)
        for actor in request(self.places, {"do": "inspect", "command": "actors"})["actors"]:
            one = {"do": "inspect", "command": f"actor {actor['name']}"}
            self.hear(f"control socket: {one}", request(self.places, one))
        assert self.house.process is not None
        gateway = psutil.Process(self.house.process.pid)
        for process in (gateway, *gateway.children(recursive=True)):
            self.hear("argv", process.cmdline())

    def copies(self) -> list[Path]:
        """What the gateway keeps of the config's files: backups, and the folder of the last good ones."""
        return [*self.house.state.glob(f"{self.file.name}.bak*"), self.places.gateway / "last-good"]

    def in_files(self) -> dict[str, set[str]]:
        """The places of the canaries in each file of the house, besides those of the config and their copies."""
        own = [self.file, self.house.state / ".env", self.house.state / "part.json", self.places.overlay]
        return self.put.found_below(self.house.folder, [*own, *self.copies()])
