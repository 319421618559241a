"""A whole gateway in a folder: real processes, a real Messages database, people who write.

``House`` starts and kills the gateway as a process over the simulator (or any other program as ``cliPath``), lets
people write into chat.db as another process would, and reads what came of it from chat.db, the journal and the
command line. Every wait has a deadline.
"""

import json
import os
import shlex
import signal
import sqlite3
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import Any

from actors.simulator.messages_db import MessagesDb
from tests.support.waiting import wait_for

REPO = Path(__file__).resolve().parents[2]
DEADLINE = 30.0


def python(module: str, call: str) -> list[str]:
    """A command that runs ``module.call()`` in an isolated interpreter which finds this checkout."""
    code = f"import sys; sys.path.insert(0, {str(REPO)!r}); from {module} import {call}; sys.exit({call}())"
    return [sys.executable, "-I", "-c", code]


class House:
    """One state folder, one Messages database, at most one gateway process."""

    def __init__(self, folder: Path, cli: str | None = None, sim_flags: str = "") -> None:
        self.folder = folder
        self.state = folder / "state"
        self.state.mkdir(mode=0o700, exist_ok=True)
        self.db_path = folder / "chat.db"
        self.cli = folder / "imsg"
        if cli is None:
            command = shlex.join(python("actors.simulator.cli", "main"))
            cli = f'#!/bin/sh\nexec {command} "$@" {sim_flags}\n'
        self.cli.write_text(cli)
        self.cli.chmod(0o755)
        self.environment = {
            "PATH": os.environ["PATH"],
            "HOME": str(folder),
            "OPENCLAW_STATE_DIR": str(self.state),
            "XDG_RUNTIME_DIR": str(folder),
        }
        self.process: subprocess.Popen[bytes] | None = None
        self._db: MessagesDb | None = None

    @property
    def db(self) -> MessagesDb:
        """The Messages database, for people to write into."""
        if self._db is None:
            self._db = MessagesDb.open(self.db_path)
        return self._db

    def configure(self, channel: dict[str, Any] | None = None, agents: list[dict[str, Any]] | None = None) -> None:
        """Write the config: open to everyone with the echo agent unless told otherwise."""
        imessage: dict[str, Any] = {"cliPath": str(self.cli), "dbPath": str(self.db_path), "debounceMs": 0}
        imessage |= {"dmPolicy": "open", "allowFrom": ["*"]} if channel is None else channel
        entries = agents if agents is not None else [{"id": "main", "runtime": {"type": "echo"}}]
        config = {"channels": {"imessage": imessage}, "agents": {"list": entries}}
        (self.state / "openclaw.json").write_text(json.dumps(config, indent=2))

    def start(self, *arguments: str, ready: bool = True) -> subprocess.Popen[bytes]:
        """Start ``gateway run``; with ``ready`` wait until it watches."""
        with (self.folder / "stderr.txt").open("ab") as errors:
            self.process = subprocess.Popen(
                [*python("actors.control.cli.main", "main"), "run", *arguments],
                env=self.environment,
                stdin=subprocess.DEVNULL,
                stdout=errors,
                stderr=errors,
            )
        if ready:
            started = self.process
            wait_for("the gateway to watch", lambda: self.state_of(started) == "ok")
        return self.process

    def state_of(self, process: subprocess.Popen[bytes]) -> str:
        """The gateway's state; AssertionError with its words when it ended."""
        assert process.poll() is None, f"the gateway ended: {self.words()}"
        return str((self.status() or {}).get("state", ""))

    def status(self) -> dict[str, Any] | None:
        """``status --json``, None when none runs."""
        from actors.control.client import NotRunningError, request
        from config import Places

        try:
            return request(Places.from_env(self.environment), {"do": "status"})
        except NotRunningError:
            return None

    def kill(self) -> None:
        """kill -9."""
        assert self.process is not None
        self.process.kill()
        self.process.wait(DEADLINE)

    def stop(self) -> int:
        """SIGTERM; the exit code."""
        if self.process is None:
            return 0
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        return self.process.wait(DEADLINE)

    def close(self) -> None:
        """End everything."""
        if self.process is not None and self.process.poll() is None:
            self.process.kill()
            self.process.wait(DEADLINE)
        if self._db is not None:
            self._db.close()

    def command(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run a verb of the command line to its end."""
        return subprocess.run(
            [*python("actors.control.cli.main", "main"), *arguments],
            env=self.environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=DEADLINE,
            check=False,
        )

    def words(self) -> str:
        """What the gateway wrote on its terminal."""
        file = self.folder / "stderr.txt"
        return file.read_text() if file.exists() else ""

    def sent(self, chat_id: int | None = None) -> list[str]:
        """The texts of our own bubbles, oldest first."""
        query = (
            "SELECT m.text FROM message m JOIN chat_message_join j ON j.message_id = m.ROWID WHERE m.is_from_me = 1"
            + (" AND j.chat_id = ?" if chat_id is not None else "")
            + " ORDER BY m.ROWID"
        )
        with sqlite3.connect(self.db_path) as connection:
            found = connection.execute(query, (chat_id,) if chat_id is not None else ()).fetchall()
        connection.close()
        return [row[0] for row in found]

    def journal(self, query: str, *values: Any) -> list[tuple[Any, ...]]:
        """Rows of the journal, read beside the gateway."""
        connection = sqlite3.connect(f"file:{self.state}/gateway/journal.db?mode=ro", uri=True)
        try:
            return connection.execute(query, values).fetchall()
        finally:
            connection.close()

    def outcomes(self) -> Counter[str]:
        """Rows by outcome (``open`` while there is none)."""
        return Counter(dict(self.journal("SELECT coalesce(outcome, 'open'), count(*) FROM inbound GROUP BY 1")))

    def ends(self) -> Counter[str]:
        """The same without what was dropped: our own words come back, and are."""
        found = self.outcomes()
        del found["dropped"]
        return found

    def chunks(self, state: str) -> list[dict[str, Any]]:
        """``outbox list --state STATE --json``."""
        listed = self.command("outbox", "list", "--state", state, "--json")
        assert listed.returncode == 0, listed.stderr
        return list(json.loads(listed.stdout)["chunks"])
