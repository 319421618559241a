"""The command agent: a program answers. The turn is one JSON object on its stdin, the reply is its stdout.

What it is told is ``context.TurnContext``, what it may write ``command_output``. It gets a clean environment (no
secrets of the gateway), its workspace as the working folder and a deadline; afterwards its whole process group is gone,
and soon after the gateway too, however that ends. What it writes to stderr stands in the log and never in a chat; of a
failure the operator is told how it ended and the last such line.
"""

import os
import selectors
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

from actors.agents.base import AgentError, Job, Said
from actors.agents.briefing.briefing import Briefing
from actors.agents.command_output import NOTHING, Output, OutputError, Part
from actors.agents.watchman import WATCHMAN
from actors.runtime import logs
from actors.runtime.process import Child, SpawnError
from config.redaction import redact

KEPT_VARIABLES = ("PATH", "HOME", "USER", "LOGNAME", "SHELL", "LANG", "TZ", "TMPDIR", "TERM")
MAX_ERRORS = 8 * 1024
"""Bytes kept of a line on stderr, and of what stands at its end."""
LOGGED_LINES = 200
"""Lines of stderr one turn may bring into the log."""
LOOK_SECONDS = 0.1
PROMPT_SECONDS = 0.2
"""How long a complete answer waits for its program to end, before it goes out by itself."""
GRACE_SECONDS = 2.0
"""How long a program may go on after it said that its answer is complete."""


class CommandAgent:
    """Runs ``command`` once per turn, for at most ``timeout`` seconds."""

    waits = True
    collects = False
    steerable = False

    def __init__(
        self,
        name: str,
        command: Sequence[str],
        timeout: float,
        workspace: str | None,
        environment: Mapping[str, str],
        briefing: Briefing,
    ) -> None:
        self._name = name
        self._command = tuple(command)
        self._timeout = timeout
        self._workspace = None if workspace is None else str(Path(workspace).expanduser())
        self._environment = clean(environment)
        self._briefing = briefing

    def answer(self, job: Job) -> Said:
        """What the program writes. AgentError when it cannot start, fails, writes too much or takes too long."""
        data = self._briefing.context(job.turn).as_json().encode() + b"\n"
        if self._workspace is not None and not Path(self._workspace).is_dir():
            remedy = f"create it, or change the workspace of agent {self._name}"
            raise AgentError(f"cannot start: its workspace {self._workspace} is no folder: {remedy}")
        if job.cancelled.is_set():
            raise AgentError("cancelled")
        try:
            child = WATCHMAN.spawn(self._command, self._environment, self._workspace)
        except SpawnError as error:
            raise AgentError(f"cannot start: {error}") from error
        run = _Run(child, job, self._timeout, self._workspace or ".", f"agent:{self._name}")
        try:
            run.talk(data)
            if not run.complete and child.exit_code != 0:
                raise AgentError(f"{ended(child.exit_code)}{run.errors.last_line}")
            return run.rest()
        except OutputError as error:
            raise AgentError(str(error)) from error
        finally:
            run.close()

    def forget(self, _session: str) -> None:
        """Nothing is kept: every turn has a program of its own."""

    def close(self) -> None:
        """The same."""


class _Run:
    """One program, talked to until it ended, or nobody waits for it any more."""

    def __init__(self, child: Child, job: Job, timeout: float, folder: str, source: str) -> None:
        self._child = child
        self._job = job
        begun = time.monotonic()
        self._deadline = min(begun + timeout, job.deadline)
        self._patience = self._deadline - begun
        self._folder = folder
        self._output = Output()
        self._completed: float | None = None
        """Since when the answer is complete (monotonic seconds)."""
        self._left: Part | None = None
        """What of the complete answer is not said yet."""
        self._ends = {child.stdin, child.stdout, child.stderr}
        """Our ends of the pipes that are open."""
        self.errors = Errors(source, job.turn.session)

    @property
    def complete(self) -> bool:
        """Whether the program said that its answer is; then it does not matter how it ends."""
        return self._output.complete

    def rest(self) -> Said:
        """What is left to say. Raises OutputError."""
        part = self._output.finish() if self._left is None else self._left
        return Said(part.text, self._files(part))

    def close(self) -> None:
        """End the program with its group, and close the pipes."""
        self._child.end()
        for descriptor in self._ends:
            os.close(descriptor)
        self.errors.finish()

    def talk(self, data: bytes) -> None:
        """Feed and drain the program until it closed its output and ended. Raises AgentError, OutputError."""
        child, left = self._child, memoryview(data)
        with selectors.DefaultSelector() as selector:
            os.set_blocking(child.stdin, False)
            selector.register(child.stdin, selectors.EVENT_WRITE)
            selector.register(child.stdout, selectors.EVENT_READ)
            selector.register(child.stderr, selectors.EVENT_READ)
            while len(selector.get_map()) > (child.stdin in selector.get_map()):
                if self._is_over():
                    return
                for key, _ in selector.select(LOOK_SECONDS):
                    if key.fd != child.stdin:
                        self._drain(selector, key.fd)
                        continue
                    left = feed(child.stdin, left)
                    if not left:
                        selector.unregister(child.stdin)
                        # Closed once and never again: the number may be another's in the next moment.
                        self._ends.remove(child.stdin)
                        os.close(child.stdin)
        while not child.ended.wait(LOOK_SECONDS):
            if self._is_over():
                return

    def _is_over(self) -> bool:
        """Whether there is no need to wait any longer. AgentError when the answer is not wanted, or too late."""
        now = time.monotonic()
        if self._output.complete:
            return self._is_over_soon(now)
        if now >= self._deadline:
            raise AgentError(f"timed out after {round(self._patience, 3):g} s")
        if self._job.cancelled.is_set():
            raise AgentError("cancelled")
        return False

    def _is_over_soon(self, now: float) -> bool:
        """The same when the answer is complete: it goes out soon, and the program may go on for a while."""
        if self._completed is None:
            self._completed, self._left = now, self._output.finish()
        if self._left != NOTHING and now >= self._completed + PROMPT_SECONDS:
            self._say(self._left or NOTHING)
            self._left = NOTHING
        over = min(self._completed + GRACE_SECONDS, self._deadline)
        return now >= over or self._job.cancelled.is_set()

    def _drain(self, selector: selectors.BaseSelector, descriptor: int) -> None:
        data = os.read(descriptor, 1 << 16)
        if not data:
            selector.unregister(descriptor)
        elif descriptor == self._child.stderr:
            self.errors.feed(data)
        else:
            for part in self._output.feed(data):
                self._say(part)

    def _say(self, part: Part) -> None:
        if part.text.strip() or part.media:
            self._job.say(part.text, self._files(part))

    def _files(self, part: Part) -> tuple[str, ...]:
        """Paths of files as seen from the folder the program runs in."""
        return tuple(str(Path(self._folder, path).absolute()) for path in part.media)


class Errors:
    """What a program writes to stderr: into the log, line by line, without what looks like a credential."""

    def __init__(self, source: str, session: str) -> None:
        self._source = source
        self._session = session
        self._line = bytearray()
        self._logged = 0
        self._tail = bytearray()

    def feed(self, data: bytes) -> None:
        """Take what was read."""
        self._tail += data
        del self._tail[:-MAX_ERRORS]
        first, *more = data.split(b"\n")
        self._line += first[: MAX_ERRORS - len(self._line)]
        for line in more:
            self._log()
            self._line += line[:MAX_ERRORS]

    def finish(self) -> None:
        """The last line may lack its LF."""
        self._log()

    def _log(self) -> None:
        text = self._line.decode("utf-8", "replace").rstrip()
        self._line.clear()
        if not text or self._logged > LOGGED_LINES:
            return
        self._logged += 1
        shown = redact(text) if self._logged <= LOGGED_LINES else "(further lines are left out)"
        logs.event("info", self._source, f"stderr: {shown}", session=self._session)

    @property
    def last_line(self) -> str:
        """The last thing the program said, for the operator, behind a colon."""
        return last_line(self._tail)


def feed(descriptor: int, left: memoryview) -> memoryview:
    """Write what fits; what is left, empty too when nobody reads: that is the program's business."""
    try:
        return left[os.write(descriptor, left) :]
    except BlockingIOError:
        return left
    except OSError:
        return left[:0]


def clean(environment: Mapping[str, str]) -> dict[str, str]:
    """The variables an agent gets: where things are, language and time zone; nothing that could be a secret."""
    return {name: value for name, value in environment.items() if name in KEPT_VARIABLES or name.startswith("LC_")}


def ended(code: int | None) -> str:
    """How a program ended, in words."""
    if code is None:
        return "did not end"
    return f"killed by signal {-code}" if code < 0 else f"exited with code {code}"


def last_line(errors: bytearray) -> str:
    """The last thing a program said on stderr, for the operator."""
    lines = [line for line in errors.decode("utf-8", "replace").splitlines() if line.strip()]
    return f": {redact(lines[-1][:300])}" if lines else ""
