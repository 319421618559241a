"""A house whose weather changes: the simulator as one version of imsg, its faults switched while it runs.

``Town`` is a ``House`` that writes the control file of the simulator (``weather``), keeps the pids of all children the
gateway ever started (``children``), lets people write, and waits for what the outside sees: bubbles, the state of the
account, held messages.
"""

import json
import os
import shlex
import signal
import subprocess
import time
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import psutil

from actors.control.client import ControlError, NotRunningError, request
from actors.simulator.messages_db import Stored
from config import Places
from tests.journeys.house import House, python
from tests.support import waiting

ANN, BEN = "+15550001111", "+15550002222"
VERSIONS = ("0.5", "0.9", "0.15")
"""One imsg of each kind: without regular polls, the last lenient one, a strict one."""
PLAIN = 'exec {imsg} "$@" {options}'
DEADLINE = 60.0
"""Seconds after which something counts as not happening: a dozen towns share one machine."""
QUICK_MS = 1500
"""Patience with an imsg that does not answer."""


def wait_for(what: str, condition: Callable[[], Any], seconds: float = DEADLINE) -> Any:
    """``waiting.wait_for`` that looks less often: a dozen towns share one machine."""
    return waiting.wait_for(what, condition, seconds, every=0.08, at_last=0.3)


class Town(House):
    """``version`` is the imsg that is played, ``flags`` more options of ``imsg-sim rpc``.

    ``program`` is what a shell script runs as ``cliPath``; in it ``{imsg}`` stands for the simulator's command,
    ``{options}`` for its options, ``{folder}`` for the town's folder.
    """

    def __init__(
        self, folder: Path, version: str = "0.9", bridge: bool = False, flags: str = "", program: str = PLAIN
    ) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.folder = folder
        self.faults = folder / "faults.json"
        self.births = folder / "births.txt"
        options = ["--imsg-version", version, "--faults", str(self.faults), "--bridge", str(bridge).lower()]
        self.imsg = shlex.join(python("actors.simulator.cli", "main"))
        self.options = f"{shlex.join(options)} {flags}".strip()
        super().__init__(folder, self.script(program))
        self.version = version

    def script(self, program: str) -> str:
        """A program for ``cliPath`` that notes its pid for each ``rpc``, then runs ``program``."""
        note = f'case "$1 $2" in "rpc --help") ;; "rpc "*) echo $$ >> {shlex.quote(str(self.births))} ;; esac'
        known = {"{imsg}": self.imsg, "{options}": self.options, "{folder}": shlex.quote(str(self.folder))}
        for name, text in known.items():
            program = program.replace(name, text)
        return f"#!/bin/sh\n{note}\n{program}\n"

    def close(self) -> None:
        """End everything, imsgs that hang included."""
        super().close()
        for pid in self.children():
            with suppress(psutil.Error, ProcessLookupError):
                if str(self.folder) in " ".join(psutil.Process(pid).cmdline()):
                    os.killpg(pid, signal.SIGKILL)

    def weather(self, **faults: Any) -> None:
        """What goes wrong from now on (the keys of ``imsg-sim rpc --help``); nothing given: nothing."""
        new = self.faults.with_suffix(".new")
        new.write_text(json.dumps(faults))
        new.replace(self.faults)

    def settle_in(self, ready: bool = True, agents: list[dict[str, Any]] | None = None, **channel: Any) -> "Town":
        """Open to everyone, little patience, ``channel`` on top; Ann has a chat; the gateway runs and watches."""
        everyone = {"dmPolicy": "open", "allowFrom": ["*"], "probeTimeoutMs": QUICK_MS}
        self.configure(everyone | channel, agents)
        self.chat(ANN)
        self.start(ready=ready)
        return self

    def start(self, *arguments: str, ready: bool = True) -> "subprocess.Popen[bytes]":
        """Start ``gateway run``; with ``ready`` wait until it is well."""
        process = super().start(*arguments, ready=False)
        if ready:
            self.wait_well()
        return process

    def chat(self, handle: str = ANN) -> int:
        """The direct chat with somebody."""
        return self.db.direct_chat(handle)

    def writes(self, text: str, handle: str = ANN) -> Stored:
        """Somebody writes, now."""
        return self.db.incoming(self.chat(handle), handle, text)

    def answers(self) -> Counter[str]:
        """How often each text was answered by the echo agent."""
        return Counter(text.removeprefix("echo: ") for text in self.sent() if text.startswith("echo: "))

    def wait_answers(self, *texts: str, seconds: float = DEADLINE) -> None:
        """Wait until all of ``texts`` are answered; then nothing was answered twice."""
        try:
            wait_for(f"answers to {texts}", lambda: set(texts) <= set(self.answers()), seconds)
        except AssertionError as error:
            raise AssertionError(f"{error}; sent {self.sent()}; {self.account()}; {self.words()[-2000:]}") from error
        assert max(self.answers().values()) == 1, self.sent()

    def write_and_wait(self, text: str, handle: str = ANN, seconds: float = DEADLINE) -> None:
        """Somebody writes and is answered, once."""
        self.writes(text, handle)
        self.wait_answers(text, seconds=seconds)

    def account(self, name: str = "default") -> dict[str, Any]:
        """The account as ``channels status --json`` shows it; empty while the gateway does not answer."""
        try:
            accounts = request(Places.from_env(self.environment), {"do": "channels"})["accounts"]
        except (ControlError, NotRunningError):
            return {}
        return next((one for one in accounts if one["id"] == name), {})

    def problem(self, name: str = "default") -> str:
        """The code of the account's problem, "" when it has none."""
        account = self.account(name)
        return str((account.get("problem") or {}).get("code", "")) if account else "unknown"

    def wait_problem(self, *codes: str, seconds: float = DEADLINE) -> dict[str, str]:
        """Wait for one of these problems; what is said of it."""
        seen: set[str] = set()

        def has() -> Any:
            account = self.account()
            problem = account.get("problem") or {}
            seen.add(problem.get("code", ""))
            return problem if problem.get("code") in codes else None

        try:
            return dict(wait_for(f"the problem {' or '.join(codes)}", has, seconds))
        except AssertionError as error:
            raise AssertionError(f"{error}; seen were {sorted(seen)}; {self.words()[-2000:]}") from error

    def wait_well(self, seconds: float = DEADLINE) -> None:
        """Wait until the account reads and nothing stands against it."""

        def is_well() -> bool:
            assert self.process is None or self.process.poll() is None, "the gateway ended"
            return self.account().get("state") == "ok"

        try:
            wait_for("the account to be well", is_well, seconds)
        except AssertionError as error:
            raise AssertionError(f"{error}; {self.account()}; {self.words()[-2000:]}") from error

    def wait_out(self, seconds: float) -> None:
        """Nothing can be seen while a process is stopped: let this much time pass."""
        moment = time.monotonic() + seconds
        wait_for("time to pass", lambda: time.monotonic() >= moment, seconds + 1.0)

    def children(self) -> list[int]:
        """The pids of all children the gateway started so far, oldest first."""
        return [int(line) for line in self.births.read_text().split()] if self.births.exists() else []

    def held(self) -> list[dict[str, Any]]:
        """``held list --json``."""
        listed = self.command("held", "list", "--json")
        assert listed.returncode == 0, listed.stderr
        return list(json.loads(listed.stdout)["held"])

    def channels(self, *flags: str) -> tuple[int, dict[str, Any]]:
        """``channels status --json`` with more flags: the exit code, and the only account."""
        told = self.command("channels", "status", "--json", *flags)
        [account] = json.loads(told.stdout)["accounts"]
        return told.returncode, account

    def probe(self) -> None:
        """Have the gateway ask its imsg now, and wait for what comes of it."""
        with suppress(ControlError):
            request(Places.from_env(self.environment), {"do": "probe", "account": "default"})

    def wait_reads(self, seconds: float = DEADLINE) -> None:
        """Wait until messages come in, whatever else is not well."""
        wait_for("messages to come in", lambda: self.account().get("state") in ("ok", "degraded"), seconds)

    def kill_child(self, number: int = signal.SIGKILL) -> int:
        """Signal the imsg that runs; its pid."""
        pid = self.children()[-1]
        os.kill(pid, number)
        if number == signal.SIGSTOP:
            wait_for("it to stop", lambda: psutil.Process(pid).status() == psutil.STATUS_STOPPED)
        return pid

    def all_answered(self) -> bool:
        """Whether no message is open and no chunk on its way."""
        busy = self.journal("SELECT count(*) FROM outbox WHERE state IN ('queued', 'attempted', 'deferred')")
        return self.outcomes()["open"] == 0 and busy == [(0,)]
