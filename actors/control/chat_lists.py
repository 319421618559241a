"""The chats an imsg lists, or why it lists none: the answer to ``chats.list`` (imsg protocol 4, 12.5) judged. Pure.

In: what became of the question, asked over the child of a running gateway or from this terminal. Out: a ``Listed``.
"""

from collections.abc import Mapping
from typing import Any, NamedTuple

from actors.control import channels
from actors.control.view import AccountView
from actors.envelopes.link import Answer
from actors.rpc.baseline import objects
from actors.rpc.health import UPDATE, Problem, explain_refusal, explain_silence

METHOD = "chats.list"
MOST = 5000
"""Chats in one answer: it comes as one line, and a line over 16 MiB is passed over."""
UNSETTLED = Problem("starting", "nobody can ask its imsg just now", channels.LOOK_INSIDE)


class Listed(NamedTuple):
    """imsg's own chat objects, newest activity first; with a ``problem`` there are none."""

    chats: tuple[Mapping[str, Any], ...] = ()
    problem: Problem | None = None

    def json(self) -> dict[str, Any]:
        """``{chats, error?}``, the error as ``{code, reason, remedy}``."""
        error = {} if self.problem is None else {"error": channels.problem_json(self.problem)}
        return {"chats": list(self.chats), **error}


def failed(problem: Problem) -> Listed:
    """Nothing is listed, and why."""
    return Listed(problem=problem)


def found(cli: str, result: Mapping[str, Any] | None) -> Listed:
    """The chats of a result; one without a list comes from a program that is no imsg."""
    if result is None or not isinstance(result.get("chats"), list):
        return failed(Problem("no-rpc", f"{cli} answered {METHOD} without a list of chats", UPDATE.format(cli)))
    return Listed(tuple(objects(result, "chats")))


def answered(one: AccountView, answer: Answer | None, seconds: float, occupied: bool) -> Listed:
    """What became of the question to a live child; ``answer`` None: nothing within ``seconds``.

    ``occupied``: it served another request when it was asked, and serves one after the other.
    """
    if answer is not None and answer.error is not None:
        return failed(explain_refusal(one.cli, answer.error))
    if answer is not None and answer.result is not None:
        return found(one.cli, answer.result)
    if (problem := one.health.reading) is not None:
        return failed(problem)
    if answer is not None and answer.lost:
        return failed(Problem("exited", f"{one.cli} ended before it answered", "it is started again: try once more"))
    if occupied:
        return failed(Problem("hanging", channels.AT_A_SEND.format(seconds), channels.LOOK_AT_THE_MAC))
    return failed(explain_silence(one.cli, METHOD))
