"""An agent that speaks the Agent Client Protocol, as a program: it does what the last message tells it to.

Run as ``acp_agent.py RECORD [OPTIONS]``. A prompt whose last line of the form ``do [...]`` holds a JSON list is played
step by step (``STEPS`` below); any other is answered ``heard: <its last line>``. What happens to it is appended to the
file ``RECORD``, one JSON object a line with ``what`` and ``pid``.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any, cast

from acp import PROTOCOL_VERSION, Agent, Client, RequestError, helpers, run_agent
from acp.schema import (
    AgentCapabilities,
    InitializeResponse,
    NewSessionResponse,
    PermissionOption,
    PromptCapabilities,
    PromptResponse,
    ToolCallUpdate,
)

SCRIPT = re.compile(r"\bdo (\[.*\])$", re.MULTILINE)


class ScriptedAgent:
    """The agent. ``options`` say how it begins."""

    def __init__(self, options: argparse.Namespace) -> None:
        self._options = options
        self._cancelled = asyncio.Event()
        self._client: Client | None = None
        self._stop = "end_turn"
        self._steps: dict[str, Callable[[Any], Awaitable[None]]] = {
            "say": self._say,
            "think": self._think,
            "tool": self._tool,
            "ask": self._ask,
            "request": self._request,
            "raw": self._raw,
            "stderr": self._stderr,
            "stop": self._stopping,
            "fail": self._fail,
            "exit": self._exit,
            "wait": self._wait,
            "hang": self._hang,
            "deaf": self._deaf,
            "leave": self._leave,
            "mute": self._mute,
            "flood": self._flood,
            "babble": self._babble,
        }

    def record(self, what: str, **more: Any) -> None:
        """A line of the record."""
        line = json.dumps({"what": what, "pid": os.getpid(), **more}) + "\n"
        with open(self._options.record, "ab", buffering=0) as file:
            file.write(line.encode())

    # What the protocol asks of an agent.

    def on_connect(self, connection: Client) -> None:
        """The other side."""
        self._client = connection

    async def initialize(self, **told: Any) -> InitializeResponse:
        """Greet, in the way the options say."""
        capabilities = told["client_capabilities"].model_dump(mode="json", by_alias=True)
        self.record("initialize", capabilities=capabilities, cwd=str(Path.cwd()), environment=dict(os.environ))
        if self._options.hello == "hang":
            await asyncio.Event().wait()
        if self._options.hello == "exit":
            sys.stderr.write("no licence found\n")
            sys.stderr.flush()
            os._exit(7)
        version = 99 if self._options.hello == "version" else PROTOCOL_VERSION
        prompts = PromptCapabilities(image=self._options.images)
        return InitializeResponse(
            protocol_version=version, agent_capabilities=AgentCapabilities(prompt_capabilities=prompts)
        )

    async def new_session(self, **told: Any) -> NewSessionResponse:
        """Open the session."""
        self.record("new_session", cwd=told["cwd"], servers=len(told["mcp_servers"] or ()))
        if self._options.hello == "sign-in":
            raise RequestError.auth_required()
        return NewSessionResponse(session_id=f"session-{os.getpid()}")

    async def prompt(self, prompt: list[Any], session_id: str, **_: Any) -> PromptResponse:
        """Do what the last message says."""
        text = "\n".join(block.text for block in prompt if block.type == "text")
        kinds = [block.type for block in prompt]
        self.record("prompt", text=text, kinds=kinds, sizes=[len(getattr(block, "data", "")) for block in prompt])
        self._cancelled.clear()
        self._stop = "end_turn"
        found = SCRIPT.findall(text)
        steps = json.loads(found[-1]) if found else [{"say": f"heard: {text.splitlines()[-1]}"}]
        for step in steps:
            for name, value in step.items():
                await self._steps[name](value)
        return PromptResponse(stop_reason=cast(Any, "cancelled" if self._cancelled.is_set() else self._stop))

    async def cancel(self, session_id: str, **_: Any) -> None:
        """The prompt is not wanted any more."""
        self.record("cancel")
        self._cancelled.set()

    # Steps.

    async def _update(self, update: Any) -> None:
        assert self._client is not None
        await self._client.session_update(session_id=f"session-{os.getpid()}", update=update)

    async def _say(self, text: str) -> None:
        await self._update(helpers.update_agent_message_text(text))

    async def _think(self, text: str) -> None:
        await self._update(helpers.update_agent_thought_text(text))

    async def _tool(self, title: str) -> None:
        await self._update(helpers.start_tool_call("call-1", title))

    async def _ask(self, kinds: list[str]) -> None:
        assert self._client is not None
        options = [PermissionOption(option_id=f"id-{kind}", name=kind, kind=cast(Any, kind)) for kind in kinds]
        call = ToolCallUpdate(tool_call_id="call-1", title="remove everything")
        answer = await self._client.request_permission(
            options=options, session_id=f"session-{os.getpid()}", tool_call=call
        )
        self.record("permission", outcome=answer.outcome.model_dump(mode="json", by_alias=True))

    async def _request(self, method: str) -> None:
        connection = cast(Any, self._client)._conn
        params = {"sessionId": "s", "path": "/etc/passwd", "content": "x", "command": "id", "terminalId": "t"}
        try:
            result = await connection.send_request(method, params)
        except RequestError as error:
            self.record("refused", method=method, code=error.code)
        else:
            self.record("allowed", method=method, result=result)

    async def _raw(self, line: str) -> None:
        """A line on stdout; ``@1000`` stands for so many letters."""
        line = re.sub(r"@(\d+)", lambda found: "x" * int(found[1]), line)
        os.set_blocking(1, True)
        sys.stdout.buffer.write(line.encode("latin-1") + b"\n")
        sys.stdout.buffer.flush()
        os.set_blocking(1, False)

    async def _stderr(self, line: str) -> None:
        sys.stderr.write(f"{line}\n")
        sys.stderr.flush()

    async def _stopping(self, reason: str) -> None:
        self._stop = reason

    async def _fail(self, text: str) -> None:
        raise RequestError(-32603, text, {"details": "the model is overloaded"})

    async def _exit(self, code: int) -> None:
        if code < 0:
            os.kill(os.getpid(), -code)
        os._exit(code)

    async def _wait(self, path: str) -> None:
        """Until somebody opens the FIFO for writing and closes it."""
        await asyncio.to_thread(Path(path).read_bytes)

    async def _hang(self, _: Any) -> None:
        self.record("hangs")
        await self._cancelled.wait()

    async def _deaf(self, _: Any) -> None:
        """Nothing but KILL ends it."""
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        self.record("deaf")
        while True:
            signal.pause()

    async def _leave(self, _: Any) -> None:
        """Something that holds the pipes open."""
        left = subprocess.Popen(["sleep", "300"])
        self.record("left", child=left.pid)

    async def _mute(self, _: Any) -> None:
        """Close the output and stay."""
        os.close(1)
        await asyncio.Event().wait()

    async def _flood(self, lines: int) -> None:
        """Lines on stderr."""
        for number in range(lines):
            sys.stderr.write(f"{number} {'x' * 100}\n")
        sys.stderr.flush()

    async def _babble(self, pieces: int) -> None:
        """Pieces of 64 KiB."""
        for _ in range(pieces):
            await self._say("x" * 65536)


def arguments(words: list[str]) -> argparse.Namespace:
    """How it is to begin."""
    parser = argparse.ArgumentParser()
    parser.add_argument("record")
    parser.add_argument("--hello", choices=["hang", "exit", "version", "sign-in"])
    parser.add_argument("--images", action="store_true")
    return parser.parse_args(words)


async def main() -> None:
    """Serve until the input ends."""
    agent = ScriptedAgent(arguments(sys.argv[1:]))
    agent.record("begins")
    await run_agent(cast(Agent, agent))
    agent.record("ends")


if __name__ == "__main__":
    asyncio.run(main())
