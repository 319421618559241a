"""One program that speaks the Agent Client Protocol, with one session in it: started, prompted, cancelled, ended.

In: a command line, an environment and a folder; then prompts, one at a time, from threads that may wait. Out: what it
says, as it says it, and why it stopped; AgentError in words where it fails. After a failure ``usable`` is False: it is
to be ended, and its session to go on in a new process. Its whole group ends with it.
"""

import concurrent.futures
import contextlib
import threading
from collections.abc import Callable, Coroutine, Mapping, Sequence
from importlib import metadata
from queue import Empty, SimpleQueue
from typing import TYPE_CHECKING, Any, TypeVar, cast

from pydantic import ValidationError

from actors.agents import loop
from actors.agents.acp.client import Refusing
from actors.agents.acp.frames import Pause, Words
from actors.agents.acp.pipes import FrameTransport, Inflow, LastWords, Outflow
from actors.agents.acp.prompt import Prompt
from actors.agents.base import AgentError
from actors.agents.command import ended
from actors.agents.watchman import WATCHMAN
from actors.runtime.process import SpawnError, is_zombie

if TYPE_CHECKING:
    from acp import RequestError
    from acp.client.connection import ClientSideConnection

T = TypeVar("T")
Task = concurrent.futures.Future[T]
Hear = Callable[[Words | Pause], None]
Check = Callable[[], None]

LOOK_SECONDS = 0.1
GRACE_SECONDS = 1.0
"""How long an agent may take to give up a prompt, and to say its last words."""
LEAVE_SECONDS = 0.5
"""How long it may take to end by itself when its input ends."""
SIGN_IN = -32000
"""The protocol's error for an agent that wants its user to sign in first."""


class AcpProcess:
    """``argv`` started in ``folder``; ``name`` is the agent's, for the log. Raises AgentError when that cannot be done.

    ``begin`` comes first, then prompts.
    """

    def __init__(self, name: str, argv: Sequence[str], environment: Mapping[str, str], folder: str) -> None:
        self._program = argv[0]
        self._folder = folder
        self._sink: SimpleQueue[Words | Pause | None] | None = None
        self._outflows: tuple[Outflow, ...] = ()
        self._session = ""
        self._connection: ClientSideConnection | None = None
        self.images = False
        """Whether a prompt may hold images."""
        self.usable = True
        """Whether another prompt may be tried."""
        try:
            self._child = WATCHMAN.spawn(argv, environment, folder, lambda _: loop.call(self._look))
        except SpawnError as error:
            raise AgentError(f"cannot start: {error}") from error
        output, errors = (Outflow(pipe, self._child.ended) for pipe in (self._child.stdout, self._child.stderr))
        self._outflows = (output, errors)
        self._last = LastWords(name, errors)
        self._transport = FrameTransport(name, output, Inflow(self._child.stdin), self._heard)
        self._listening = loop.run(self._last.listen())
        self._refusing = Refusing(name)

    @property
    def pid(self) -> int:
        """Its process, which leads its group."""
        return self._child.pid

    @property
    def lives(self) -> bool:
        """Whether it runs."""
        return not self._child.ended.is_set() and not is_zombie(self._child.pid)

    def begin(self, check: Check) -> None:
        """Make friends, and open the session. ``check`` is called again and again and may raise."""
        self._ask(self._greet(), _nobody, check)

    async def _greet(self) -> None:
        from acp import PROTOCOL_VERSION
        from acp.client.connection import ClientSideConnection
        from acp.schema import ClientCapabilities, Implementation

        connection = ClientSideConnection(cast(Any, self._refusing), self._transport)
        self._connection = connection
        us = Implementation(name="imessage-gateway", title="iMessage gateway", version=_version())
        hello = await connection.initialize(PROTOCOL_VERSION, ClientCapabilities(), us)
        if hello.protocol_version != PROTOCOL_VERSION:
            raise AgentError(f"speaks version {hello.protocol_version} of the protocol, not {PROTOCOL_VERSION}")
        capabilities = hello.agent_capabilities
        prompts = capabilities.prompt_capabilities if capabilities else None
        self.images = bool(prompts and prompts.image)
        self._session = (await connection.new_session(self._folder, mcp_servers=[])).session_id

    def prompt(self, blocks: Prompt, hear: Hear, check: Check) -> str:
        """Why it stopped, a stop reason of the protocol; ``hear`` is called on this thread.

        When ``check`` or ``hear`` raises, the agent has a second to give up; if it does not, it is not usable any more.
        """
        connection = self._connection
        if connection is None:
            raise AgentError("was not begun")
        response = self._ask(connection.prompt(self._session, list(blocks)), hear, check, self._give_up)
        return response.stop_reason

    def _ask(
        self,
        coroutine: Coroutine[Any, Any, T],
        hear: Hear,
        check: Check,
        give_up: Callable[[Task[T]], bool] = lambda _: False,
    ) -> T:
        """Run it on the loop and wait for it here."""
        events: SimpleQueue[Words | Pause | None] = SimpleQueue()
        self._sink = events
        task = loop.run(coroutine)
        task.add_done_callback(lambda _: events.put(None))
        try:
            while not task.done() or not events.empty():
                with contextlib.suppress(Empty):
                    heard = events.get(timeout=LOOK_SECONDS)
                    if heard is not None:
                        hear(heard)
                check()
        except BaseException:
            self.usable = give_up(task)
            task.cancel()
            raise
        finally:
            self._sink = None
        return self._result(task)

    def _give_up(self, task: Task[T]) -> bool:
        """Cancel the prompt; True when the agent did so in time."""
        if self._connection is None:
            return False
        loop.run(self._connection.cancel(self._session))
        done, _ = concurrent.futures.wait([task], GRACE_SECONDS)
        return bool(done) and task.exception() is None

    def _result(self, task: Task[T]) -> T:
        """What came of it; where it failed the process is not used any more."""
        from acp import RequestError

        self.usable = False
        try:
            value = task.result()
        except RequestError as error:
            raise AgentError(self._refusal(error)) from error
        except ConnectionError as error:
            raise AgentError(self._end_in_words()) from error
        except ValidationError as error:
            first = error.errors()[0]
            where = ".".join(map(str, first["loc"])) or "it"
            raise AgentError(f"answered what the protocol does not know: {where}: {first['msg']}") from error
        self.usable = True
        return value

    def _refusal(self, error: "RequestError") -> str:
        if error.code == SIGN_IN:
            return f"wants to be signed in: run {self._program} once in a terminal on this computer and sign in there"
        details = error.data.get("details") if isinstance(error.data, dict) else error.data
        more = f": {details}" if isinstance(details, str) and details else ""
        return f"answered with error {error.code}: {error}{more}"[:500]

    def _end_in_words(self) -> str:
        """How it ended and what it said last, when it has closed its pipes."""
        if self._transport.fault:
            return self._transport.fault
        if not self._child.ended.wait(GRACE_SECONDS):
            return "closed its output or its input"
        with contextlib.suppress(TimeoutError):
            self._listening.result(GRACE_SECONDS)
        said = f": {self._last.line[:300]}" if self._last.line else ""
        return f"{ended(self._child.exit_code)}{said}"

    def _heard(self, heard: Words | Pause) -> None:
        """On the loop. What nobody asked for is passed over."""
        if self._sink is not None:
            self._sink.put(heard)

    def _look(self) -> None:
        """On the loop, when the child has ended."""
        for outflow in self._outflows:
            outflow.look()

    def end(self) -> None:
        """End it, without waiting for that."""
        self.usable = False
        threading.Thread(target=self._end, name=f"end-{self.pid}", daemon=True).start()

    def _end(self) -> None:
        loop.run(self._hang_up()).result()
        if not self._child.ended.wait(LEAVE_SECONDS):
            self._child.end()
        loop.run(self._close()).result()

    async def _hang_up(self) -> None:
        self._transport.hang_up()

    async def _close(self) -> None:
        if self._connection is not None:
            await self._connection.close()
        await self._transport.close()
        for outflow in self._outflows:
            outflow.close()


def _nobody(_: Words | Pause) -> None:
    """Before there is a prompt nothing is part of an answer."""


def _version() -> str:
    """Ours, as far as it is installed."""
    try:
        return metadata.version("imessage-gateway")
    except metadata.PackageNotFoundError:
        return "unknown"
