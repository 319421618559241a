"""Asking an imsg whether it works, from this process, where no gateway runs that could ask over its own child.

A child of its own is started (``imsg rpc``), asked ``initialize`` and ``chats.list``, and ended. What does not answer
is asked for ``rpc --help``: a program without that subcommand is told apart from one that hangs. Nothing is sent. macOS
gives permissions to whoever starts a program: what is true here may not be true for the service.
"""

import time
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from actors.control.talk import GoneError, SilentError, Talk
from actors.envelopes.link import Response
from actors.rpc import frames
from actors.rpc.capabilities import UNKNOWN, Capabilities, before_strict, from_initialize
from actors.rpc.health import (
    UPDATE,
    Problem,
    explain_database,
    explain_exit,
    explain_missing,
    explain_refusal,
    explain_silence,
)
from actors.rpc.program import inspect, speaks_rpc, version_of
from actors.runtime.process import SpawnError

ASIDE_SECONDS = 2.0
"""How long ``--version`` and ``rpc --help`` may take, beside the probe itself."""
NO_SUCH_METHOD = -32601
IN_DOUBT = frozenset({"hanging", "exited", "no-rpc"})


class Found(NamedTuple):
    """What a probe found out: ``problem`` is None when all is well; ``elapsed`` in seconds.

    ``result`` is that of ``chats.list``, None where it was not answered.
    """

    problem: Problem | None
    capabilities: Capabilities
    elapsed: float
    result: Mapping[str, Any] | None = None


def probe(cli: str, arguments: Sequence[str], seconds: float, limit: int = 1) -> Found:
    """Ask the program ``cli``, started with ``arguments``, for at most ``seconds`` (``ASIDE_SECONDS`` more for its
    help), and for at most ``limit`` chats.

    Never raises: whatever is wrong is the result (inbound 1.2).
    """
    begun = time.monotonic()
    path, problem = inspect(cli)
    if problem is not None:
        return Found(problem, UNKNOWN, 0.0)
    problem, capabilities, result = _ask(cli, (path, *arguments), begun + seconds, limit)
    if problem is not None and problem.code in IN_DOUBT and speaks_rpc(path, ASIDE_SECONDS) is False:
        problem = Problem("no-rpc", f"{cli} has no rpc subcommand", UPDATE.format(cli))
    if problem is None and not capabilities.strict:
        capabilities = before_strict(version_of(path, ASIDE_SECONDS))
    if problem is None and capabilities.advice:
        problem = Problem("old-imsg", capabilities.advice)
    return Found(problem, capabilities, time.monotonic() - begun, result)


def _ask(
    cli: str, argv: Sequence[str], deadline: float, limit: int
) -> tuple[Problem | None, Capabilities, Mapping[str, Any] | None]:
    capabilities, method = UNKNOWN, "initialize"
    try:
        with Talk(argv, deadline) as talk:
            try:
                capabilities = _capabilities(talk.ask(method, {}))
                if not capabilities.database.ready:
                    return explain_database(cli, capabilities.database.error or "no reason given"), capabilities, None
                method = "chats.list"
                answer = talk.ask(method, {"limit": limit})
            except SilentError:
                return explain_silence(cli, method), capabilities, None
            except GoneError:
                return explain_exit(cli, talk.exit_code(), talk.words, answered=talk.answered), capabilities, None
    except SpawnError as error:
        return explain_missing(cli, str(error)), capabilities, None
    refused = frames.value_of(answer.error)
    problem = None if refused is None else explain_refusal(cli, refused)
    return problem, capabilities, frames.value_of(answer.result)


def _capabilities(greeting: Response) -> Capabilities:
    """Of the answer to ``initialize``; what another error means, the next question shows."""
    result, error = frames.value_of(greeting.result), frames.value_of(greeting.error)
    if result is not None and "version" in result:
        return from_initialize(result)
    return before_strict() if error is None or error.get("code") == NO_SUCH_METHOD else UNKNOWN
