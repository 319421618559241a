"""The ACP agent: any program that speaks the Agent Client Protocol over stdio. For coding agents.

In: turns. Out: what the program answers; its thoughts, plans and tool calls stay with it. Each session has a process of
its own, which keeps what it worked out; the first prompt of a process tells it what was said before. A process ends
when its session rests or begins anew, when a turn fails, and with the gateway. It gets a clean environment and its
working folder, and nobody allows it anything it asks permission for.
"""

import threading
import time
from collections.abc import Callable, Iterable, Mapping
from importlib import import_module
from shutil import which
from types import MappingProxyType

from loguru import logger
from msgspec.structs import replace

from actors.agents.acp.answer import WHY, Answer, TooMuchError
from actors.agents.acp.frames import Pause, Words
from actors.agents.acp.process import AcpProcess
from actors.agents.acp.programs import command_of, folder_of
from actors.agents.acp.prompt import Prompt, blocks_of
from actors.agents.base import AgentError, Job, Said
from actors.agents.blocks import Blocks, Coalesce
from actors.agents.briefing.briefing import Briefing
from actors.agents.command import clean
from actors.agents.extras import ACP
from actors.conversation.keys import is_group
from actors.envelopes.outbound import Turn
from config.schema.agents import AcpRuntime

Check = Callable[[], None]

MOST_STEERED = 3
"""How often in a turn it is told what came in meanwhile."""


class AcpAgent:
    """Runs ``runtime`` for at most ``timeout`` seconds a turn, in its ``cwd``, else in ``workspace``.

    ``streams`` says for which accounts finished blocks of an answer go out at once, and how they are cut; ``tokens``
    how much of the earlier turns a new process is told.
    """

    waits = True
    collects = True
    steerable = True

    def __init__(
        self,
        name: str,
        runtime: AcpRuntime,
        timeout: float,
        workspace: str | None,
        environment: Mapping[str, str],
        briefing: Briefing,
        streams: Mapping[str, Coalesce] = MappingProxyType({}),
        tokens: int = 16_000,
    ) -> None:
        self._name = name
        self._runtime = runtime
        self._timeout = timeout
        self._workspace = workspace
        self._environment = clean(environment)
        self._briefing = briefing
        self._streams = streams
        self._tokens = tokens
        self._log = logger.bind(actor=f"agent-{name}")
        self._lock = threading.Lock()
        self._idle: dict[str, AcpProcess] = {}
        self._busy: dict[str, AcpProcess] = {}
        """Those in a turn that are kept after it: by session."""
        self._places: dict[str, tuple[int, int]] = {}
        """Which Messages database the process of a group has heard of."""
        self._closed = False

    def answer(self, job: Job) -> Said:
        """What the program says. AgentError when it cannot start, fails, says nothing or takes too long."""
        try:
            import_module(ACP.module)
        except ImportError as error:
            raise AgentError(ACP.remedy) from error
        check = self._check(job)
        check()
        session = job.turn.session
        self._part(job.turn)
        process, fresh = self._take(session)
        try:
            if fresh:
                process.begin(check)
            return self._talk(process, fresh, job, check)
        finally:
            self._give_back(session, process)

    def forget(self, session: str) -> None:
        """End its process, now or after the turn it is in."""
        with self._lock:
            self._places.pop(session, None)
            self._busy.pop(session, None)
            process = self._idle.pop(session, None)
        if process is not None:
            process.end()

    def close(self) -> None:
        """The same for all of them. A turn that begins afterwards has a process for itself."""
        with self._lock:
            self._closed = True
            self._busy.clear()
            processes, self._idle = list(self._idle.values()), {}
        for process in processes:
            process.end()

    def _check(self, job: Job) -> Check:
        deadline = min(job.deadline, time.monotonic() + self._timeout)

        def check() -> None:
            if time.monotonic() >= deadline:
                raise AgentError(f"timed out after {self._timeout:g} s")
            if job.cancelled.is_set():
                raise AgentError("cancelled")

        return check

    def _part(self, turn: Turn) -> None:
        """A group of another Messages database may have the same key: its process knows nothing of the other's."""
        if is_group(turn.session):
            to = turn.message.address
            place = (to.source, to.era)
            if self._places.setdefault(turn.session, place) != place:
                self.forget(turn.session)
                self._places[turn.session] = place

    def _take(self, session: str) -> tuple[AcpProcess, bool]:
        """The session's process, and whether it is a new one."""
        with self._lock:
            process = self._idle.pop(session, None)
            fresh = process is None or not process.lives
            if process is not None and not fresh:
                self._busy[session] = process
                return process, False
        if process is not None:
            self._log.info("the process of {} ended while it had nothing to do: it gets another one", session)
            process.end()
        process = self._start()
        with self._lock:
            if not self._closed and self._runtime.acp.mode != "oneshot":
                self._busy[session] = process
        return process, True

    def _start(self) -> AcpProcess:
        try:
            argv = command_of(self._runtime, lambda program: which(program) is not None)
            folder = folder_of(self._runtime, self._workspace)
        except ValueError as error:
            raise AgentError(str(error)) from error
        if which(argv[0]) is None:
            raise AgentError(f"cannot start: there is no program {argv[0]}: install it, or set runtime.acp.command")
        return AcpProcess(f"agent-{self._name}", argv, self._environment, folder)

    def _give_back(self, session: str, process: AcpProcess) -> None:
        with self._lock:
            kept = self._busy.get(session) is process
            if kept:
                del self._busy[session]
            kept = kept and process.usable and process.lives
            if kept:
                self._idle[session] = process
        if not kept:
            process.end()

    def _talk(self, process: AcpProcess, fresh: bool, job: Job, check: Check) -> Said:
        coalesce = self._streams.get(job.turn.message.row.account)
        talk = Talk(job, check, coalesce)
        stop = process.prompt(self._blocks(process, job.turn, fresh), talk.hear, talk.check)
        if stop in WHY:
            self._log.warning("{} in {}", WHY[stop], job.turn.session)
            if stop == "cancelled" or talk.answer.is_blank:
                raise AgentError(WHY[stop])
        taken = self._steer(process, job, talk)
        return Said(talk.answer.rest(), taken=taken)

    def _steer(self, process: AcpProcess, job: Job, talk: "Talk") -> tuple[int, ...]:
        """Tell it what came in meanwhile; the seqs of what it took in."""
        taken: list[int] = []
        for _ in range(MOST_STEERED):
            messages = job.steered()
            if not messages:
                break
            talk.hear(Pause())
            memory = job.turn.memory and replace(job.turn.memory, heard=(), tapbacks=())  # it was told that already
            blocks = self._blocks(process, replace(job.turn, messages=messages, memory=memory), fresh=False)
            try:
                process.prompt(blocks, talk.hear, talk.check)
            except AgentError as error:
                talk.check()
                self._log.warning("{} in {} when told what came in meanwhile", error, job.turn.session)
                break
            taken += [message.seq for message in messages]
        return tuple(taken)

    def _blocks(self, process: AcpProcess, turn: Turn, fresh: bool) -> Prompt:
        roots = self._briefing.roots(turn.message.row.account) if process.images else None
        blocks, refused = blocks_of(self._briefing.context(turn), fresh, self._tokens, roots)
        for why in refused:
            self._log.info("an image is not shown to it: {}", why)
        return blocks


class Talk:
    """One turn from the side that listens: what was said so far, and whether it is still wanted."""

    def __init__(self, job: Job, check: Check, coalesce: Coalesce | None) -> None:
        self._job = job
        self._wanted = check
        self._idle = coalesce.idle if coalesce else float("inf")
        self._heard_at = time.monotonic()
        self.answer = Answer(Blocks(coalesce) if coalesce else None)

    def hear(self, heard: Words | Pause) -> None:
        """A piece of the answer. Raises AgentError when there is no end to it."""
        self._heard_at = time.monotonic()
        try:
            self._say(self.answer.hear(heard))
        except TooMuchError as error:
            raise AgentError(str(error)) from error

    def check(self) -> None:
        """Raises AgentError when the turn is not wanted any more."""
        self._wanted()
        if time.monotonic() - self._heard_at > self._idle:
            self._heard_at = time.monotonic()
            self._say(self.answer.idle())

    def _say(self, blocks: Iterable[str]) -> None:
        for block in blocks:
            self._job.say(block, ())
