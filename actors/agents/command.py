"""The command agent: a program answers. The turn is one JSON object on its stdin, the reply is its stdout.

Plain text, or JSON lines ``{"text": ...}``. The program gets a clean environment (no secrets of the gateway), its
workspace as the working folder and a deadline; afterwards its whole process group is gone.
"""

import json
import os
import selectors
import time
from collections.abc import Mapping, Sequence

from actors.agents.base import AgentError, Cancelled, Said, turn_json
from actors.envelopes.outbound import Turn
from actors.runtime.process import Child, SpawnError, spawn

KEPT_VARIABLES = ("PATH", "HOME", "USER", "LOGNAME", "SHELL", "LANG", "TZ", "TMPDIR", "TERM")
MAX_OUTPUT = 4 * 1024 * 1024
MAX_ERRORS = 8 * 1024
LOOK_SECONDS = 0.1


class CommandAgent:
    """Runs ``command`` once per turn, for at most ``timeout`` seconds."""

    waits = True

    def __init__(
        self, name: str, command: Sequence[str], timeout: float, workspace: str | None, environment: Mapping[str, str]
    ) -> None:
        self._name = name
        self._command = tuple(command)
        self._timeout = timeout
        self._workspace = workspace
        self._environment = clean(environment)

    def answer(self, turn: Turn, cancelled: Cancelled) -> Said:
        """What the program writes. AgentError when it cannot start, fails, writes too much or takes too long."""
        try:
            child = spawn(self._command, env=self._environment, cwd=self._workspace)
        except SpawnError as error:
            raise AgentError(f"cannot start: {error}") from error
        data = json.dumps(turn_json(turn, self._name), ensure_ascii=False).encode("utf-8", "replace") + b"\n"
        output, errors = bytearray(), bytearray()
        ends = {child.stdin, child.stdout, child.stderr}
        try:
            self._talk(child, ends, data, output, errors, cancelled)
        finally:
            child.end()
            for descriptor in ends:
                os.close(descriptor)
        if child.exit_code != 0:
            raise AgentError(f"{ended(child.exit_code)}{last_line(errors)}")
        return Said(reply_text(output.decode("utf-8", "replace")))

    def _talk(
        self,
        child: Child,
        ends: set[int],
        data: bytes,
        output: bytearray,
        errors: bytearray,
        cancelled: Cancelled,
    ) -> None:
        """Feed and drain the child until it closed its output and ended. What is closed here leaves ``ends``."""
        deadline = time.monotonic() + self._timeout
        with selectors.DefaultSelector() as selector:
            os.set_blocking(child.stdin, False)
            selector.register(child.stdin, selectors.EVENT_WRITE)
            selector.register(child.stdout, selectors.EVENT_READ)
            selector.register(child.stderr, selectors.EVENT_READ)
            left = memoryview(data)
            while len(selector.get_map()) > (child.stdin in selector.get_map()):
                self._check(deadline, cancelled)
                for key, _ in selector.select(LOOK_SECONDS):
                    if key.fd == child.stdin:
                        left = feed(child.stdin, left)
                        if not left:
                            selector.unregister(child.stdin)
                            # Closed once and never again: the number may be another's in the next moment.
                            ends.remove(child.stdin)
                            os.close(child.stdin)
                    else:
                        self._drain(selector, key.fd, output if key.fd == child.stdout else errors, child)
        while not child.ended.wait(LOOK_SECONDS):
            self._check(deadline, cancelled)

    def _check(self, deadline: float, cancelled: Cancelled) -> None:
        if time.monotonic() > deadline:
            raise AgentError(f"timed out after {self._timeout:g} s")
        if cancelled.is_set():
            raise AgentError("cancelled")

    def _drain(self, selector: selectors.BaseSelector, descriptor: int, into: bytearray, child: Child) -> None:
        chunk = os.read(descriptor, 1 << 16)
        if not chunk:
            selector.unregister(descriptor)
        elif descriptor == child.stderr:
            into += chunk
            del into[:-MAX_ERRORS]
        else:
            into += chunk
            if len(into) > MAX_OUTPUT:
                raise AgentError(f"answered more than {MAX_OUTPUT // 1024 // 1024} MiB")


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


def reply_text(output: str) -> str:
    """The text of an answer: JSON lines with ``text`` if every line is one, else the output as it is."""
    # Lines end at LF and nothing else: U+2028 inside a string is text.
    lines = [line for line in output.split("\n") if line.strip()]
    if not lines or not lines[0].lstrip().startswith("{"):
        return output.strip("\n")
    texts = []
    for line in lines:
        try:
            value = json.loads(line)
        except ValueError:
            return output.strip("\n")
        if not isinstance(value, dict) or not isinstance(value.get("text"), str):
            return output.strip("\n")
        texts.append(value["text"])
    return "\n\n".join(texts)


def ended(code: int | None) -> str:
    """How a program ended, in words."""
    if code is None:
        return "did not end"
    return f"killed by signal {-code}" if code < 0 else f"exited with code {code}"


def last_line(errors: bytearray) -> str:
    """The last thing a program said on stderr, for the operator."""
    lines = [line for line in errors.decode("utf-8", "replace").splitlines() if line.strip()]
    return f": {lines[-1][:300]}" if lines else ""
