"""Every way an ACP agent can go wrong: what the operator reads, and that the next turn works."""

from __future__ import annotations

import os
import signal
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from loguru import logger

from actors.agents.base import AgentError
from actors.agents.extras import ACP
from actors.envelopes.session import Recalled
from tests.agents.test_acp import past
from tests.support.acp_bench import SESSION, Asking, Bench, script


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    """A folder with a program, ended afterwards."""
    bench = Bench(tmp_path)
    yield bench
    bench.close()


@pytest.fixture
def log() -> Iterator[list[str]]:
    """Lines of the log."""
    lines: list[str] = []
    number = logger.add(lambda message: lines.append(message.record["message"]), level="DEBUG")
    yield lines
    logger.remove(number)


# It cannot begin


@pytest.mark.parametrize(
    ("acp", "why"),
    [
        ({"command": ["/nowhere/agent", "--acp"]}, "cannot start: there is no program /nowhere/agent: install it, or"),
        ({"command": None, "agent": "no-such-agent"}, "cannot start: there is no program no-such-agent: install it"),
        ({"command": None, "agent": "codex"}, "cannot start: there is no program codex-acp: install it, or set"),
        ({"command": None}, r"says neither which agent \(runtime.acp.agent\) nor which command"),
        ({"cwd": "/nowhere/at/all"}, "its runtime.acp.cwd /nowhere/at/all is no folder: make it"),
    ],
)
def test_what_cannot_be_started_is_named_with_its_remedy(bench: Bench, acp: dict[str, Any], why: str) -> None:
    with pytest.raises(AgentError, match=why):
        bench.ask(bench.agent(acp=acp), text="hello")
    assert bench.events() == []


def test_a_program_that_is_no_program_is_named(bench: Bench) -> None:
    program = bench.folder / "agent"
    program.write_text("neither binary nor script")
    program.chmod(0o755)
    with pytest.raises(AgentError, match=f"cannot start: {program}: is neither a binary nor a script"):
        bench.ask(bench.agent(acp={"command": [str(program)]}), text="hello")


def test_without_a_workspace_it_says_what_to_set(bench: Bench) -> None:
    with pytest.raises(AgentError, match="no folder to work in: set its workspace"):
        bench.ask(bench.agent(workspace=None), text="hello")


def test_without_the_protocols_library_it_says_how_to_get_it(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, ACP.module, None)
    with pytest.raises(AgentError) as raised:
        bench.ask(bench.agent(), text="hello")
    assert str(raised.value) == ACP.remedy
    assert bench.events() == []


@pytest.mark.parametrize(
    ("hello", "why"),
    [
        ("exit", "^exited with code 7: no licence found$"),
        ("version", "^speaks version 99 of the protocol, not 1$"),
        ("sign-in", f"^wants to be signed in: run {sys.executable} once in a terminal on this computer"),
    ],
)
def test_one_that_does_not_want_to_begin_says_why(bench: Bench, hello: str, why: str) -> None:
    with pytest.raises(AgentError, match=why):
        bench.ask(bench.agent("--hello", hello), text="hello")
    bench.until_gone()


@pytest.mark.parametrize("program", ["cat", "true", "yes"])
def test_a_program_of_another_kind_is_no_agent(bench: Bench, program: str) -> None:
    with pytest.raises(AgentError):
        bench.ask(bench.agent(acp={"command": [program]}, timeout=1.0), text="hello")


def test_one_that_hangs_at_the_beginning_is_ended_at_the_deadline(bench: Bench) -> None:
    with pytest.raises(AgentError, match=r"^timed out after 1\.5 s$"):
        bench.ask(bench.agent("--hello", "hang", timeout=1.5), text="hello")
    bench.until("initialize")
    bench.until_gone()


def test_a_turn_nobody_wants_any_more_starts_nothing(bench: Bench) -> None:
    job = bench.job("hello")
    cancelled = threading.Event()
    cancelled.set()
    job.cancelled = cancelled
    with pytest.raises(AgentError, match="cancelled"):
        bench.agent().answer(job)
    assert bench.events() == []


# It fails in a turn, and the next one works


@pytest.mark.parametrize(
    ("steps", "why"),
    [
        (
            ({"stderr": "warning: x"}, {"stderr": "fatal: disk full"}, {"exit": 3}),
            "^exited with code 3: fatal: disk full$",
        ),
        (({"exit": 0},), "^exited with code 0$"),
        (({"exit": -signal.SIGSEGV},), "^killed by signal 11$"),
        (({"say": "well"}, {"exit": 1}), "^exited with code 1$"),
        (({"mute": True},), "^closed its output or its input$"),
        (({"fail": "no"},), "^answered with error -32603: no: the model is overloaded$"),
        (
            ({"raw": '{"id":2,"result":{"stopReason":"never heard of"}}'},),
            "^answered what the protocol does not know: stopR",
        ),
        (({"raw": '{"id":2,"result":7}'},), "^answered what the protocol does not know"),
        (({"raw": '{"id":2,"error":"no"}'},), "^answered with error -32603: no$"),
        (({"raw": '{"id":2,"result":"@17000000"}'},), "^wrote a line of more than 16 MiB$"),
        (({"babble": 70},), "^answered more than 4 MiB$"),
    ],
)
def test_the_failure_is_told_in_words_and_the_next_turn_has_another_process(
    bench: Bench, steps: tuple[dict[str, Any], ...], why: str
) -> None:
    agent = bench.agent()
    with pytest.raises(AgentError, match=why):
        bench.ask(agent, *steps)
    memory = Recalled(SESSION, 9, (past(1, "remember me", "Yes."),), 2, 1.0, 2.0)
    assert bench.ask(agent, text="again", memory=memory) == "heard: again"
    if len(bench.pids()) == 2:
        assert "remember me" in bench.events("prompt")[-1]["text"]
        bench.until_gone(bench.pids()[0])


def test_one_that_died_while_it_had_nothing_to_do_is_replaced(bench: Bench) -> None:
    agent = bench.agent()
    bench.ask(agent, text="one")
    os.kill(bench.pids()[0], signal.SIGKILL)
    bench.until_gone()
    assert bench.ask(agent, text="two") == "heard: two"


def test_what_it_leaves_behind_does_not_delay_its_end(bench: Bench) -> None:
    agent = bench.agent()
    started = time.monotonic()
    with pytest.raises(AgentError, match="exited with code 4"):
        bench.ask(agent, {"leave": True}, {"exit": 4})
    assert time.monotonic() - started < 10
    bench.until_gone(bench.until("left")["child"])


# Junk


def test_junk_on_stdout_is_passed_over_and_named_in_the_log(bench: Bench, log: list[str]) -> None:
    junk = ["Welcome!", "7", "[1]", "\xff\xfe", "null", '{"id": 99, "result": {}}', '{"method": "never/heard"}']
    update = '{"method":"session/update","params":{"update":{"sessionUpdate":"tool_call_update","title":"@17000000"}}}'
    newer = '{"jsonrpc":"2.0","method":"session/update","params":{"update":{"sessionUpdate":"newer","content":[1]}}}'
    steps = [{"raw": line} for line in (*junk, newer, update)]
    assert bench.ask(bench.agent(), *steps, {"say": "still here"}) == "still here"
    assert "a line of its stdout is not JSON: Welcome!" in log
    assert any("longer than 16 MiB" in line for line in log)
    assert not any("Traceback" in line or "Unhandled" in line for line in log)


def test_stderr_is_read_for_ever_and_logged_for_a_while(bench: Bench, log: list[str]) -> None:
    assert bench.ask(bench.agent(), {"flood": 20_000}, {"say": "done"}) == "done"
    assert sum(line.startswith("stderr: ") for line in log) == 200


def test_half_a_character_in_a_question_or_an_answer_breaks_nothing(bench: Bench) -> None:
    piece = '{"method":"session/update","params":{"update":{"sessionUpdate":"agent_message_chunk","content":%s}}}'
    halves = [piece % '{"type":"text","text":"\\\\ud83d"}', piece % '{"type":"text","text":"\\\\ude00"}']
    halves = [one.replace("\\\\", "\\") for one in halves]
    assert bench.ask(bench.agent(), *({"raw": half} for half in halves)) == "\U0001f600"
    assert bench.ask(bench.agent(), text="half \ud83d").startswith("heard: half")


# It is not wanted any more


def test_a_cancelled_turn_ends_at_once_and_a_program_that_obeys_goes_on(bench: Bench) -> None:
    agent = bench.agent()
    asking = Asking(agent, bench.job(script({"say": "I beg"}, {"hang": True})))
    bench.until("hangs")
    started = time.monotonic()
    asking.cancel()
    with pytest.raises(AgentError, match="cancelled"):
        asking.answer()
    assert time.monotonic() - started < 1.0
    assert len(bench.events("cancel")) == 1
    assert bench.ask(agent, text="next") == "heard: next"
    assert len(bench.pids()) == 1


def test_at_the_deadline_the_same(bench: Bench) -> None:
    with pytest.raises(AgentError, match=r"^timed out after 2 s$"):
        bench.ask(bench.agent(timeout=2.0), {"hang": True})
    bench.until("cancel")


def test_the_deadline_of_the_job_counts_too(bench: Bench) -> None:
    job = bench.job("hello")
    job.deadline = time.monotonic()
    with pytest.raises(AgentError, match="timed out after"):
        bench.agent().answer(job)


def test_one_that_ignores_it_is_ended_with_its_group_and_the_next_turn_has_another(bench: Bench) -> None:
    agent = bench.agent()
    asking = Asking(agent, bench.job(script({"leave": True}, {"deaf": True})))
    bench.until("deaf")
    started = time.monotonic()
    asking.cancel()
    with pytest.raises(AgentError, match="cancelled"):
        asking.answer()
    assert time.monotonic() - started < 3.0
    assert bench.ask(agent, text="next") == "heard: next"
    bench.until_gone(bench.pids()[0], bench.events("left")[0]["child"])
    assert len(bench.pids()) == 2


def test_while_it_is_steered_a_cancelled_turn_is_cancelled(bench: Bench) -> None:
    job = bench.job("hello")
    waiting = [(bench.job(script({"hang": True})).turn.message,)]
    job.steered = lambda: waiting.pop(0) if waiting else ()
    asking = Asking(bench.agent(), job)
    bench.until("hangs")
    asking.cancel()
    with pytest.raises(AgentError, match="cancelled"):
        asking.answer()
