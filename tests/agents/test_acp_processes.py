"""The processes of an ACP agent: one per session, ended when it rests, and none left whatever happens to us."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from actors.agents.base import AgentError
from actors.agents.briefing.briefing import Briefing
from actors.agents.factory import make_agents
from actors.agents.watchman import WATCHMAN
from config.account import Account
from config.schema.root import Config
from tests.support.acp_bench import SESSION, Asking, Bench, script
from tests.support.actors import wait_until
from tests.support.scripts import lives, open_descriptors

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    """A folder with a program, ended afterwards."""
    bench = Bench(tmp_path)
    yield bench
    bench.close()


def test_it_is_made_from_the_config(bench: Bench) -> None:
    program = [sys.executable, "-P", "-c", "raise SystemExit(9)"]
    entry = {"id": "code", "workspace": str(bench.work), "runtime": {"type": "acp", "acp": {"command": program}}}
    config = Config.model_validate({"agents": {"list": [entry]}}, strict=False)
    accounts = [Account(id="default", attachment_roots=())]
    made = make_agents(config, os.environ, Briefing.of(config, accounts), accounts).by_id["code"]
    with pytest.raises(AgentError, match="exited with code 9"):
        made.answer(bench.job("hello"))


def test_sessions_at_the_same_time_have_a_process_each_and_no_cross_talk(bench: Bench) -> None:
    agent = bench.agent()
    sessions = [f"agent:main:imessage:group:{number}" for number in range(4)]
    gates = [bench.folder / f"go{number}" for number in range(4)]
    asking = []
    for gate, session in zip(gates, sessions, strict=True):
        os.mkfifo(gate)
        asking.append(Asking(agent, bench.job(script({"wait": str(gate)}, {"say": session}), session)))
    bench.until("prompt", 4)
    for gate in reversed(gates):
        gate.write_text("")
    assert [one.answer().text for one in asking] == sessions
    assert len(set(bench.pids())) == 4


def test_a_session_that_rests_has_no_process_and_goes_on_with_another(bench: Bench) -> None:
    agent = bench.agent()
    bench.ask(agent, text="one")
    bench.ask(agent, text="other", session="agent:main:other")
    agent.forget(SESSION)
    agent.forget("agent:main:never-heard-of")
    bench.until_gone(bench.pids()[0])
    assert lives(bench.pids()[1])
    assert bench.ask(agent, text="two") == "heard: two"
    assert len(bench.pids()) == 3


def test_it_ends_by_itself_when_its_input_does(bench: Bench) -> None:
    agent = bench.agent()
    bench.ask(agent, text="one")
    agent.close()
    bench.until("ends")


def test_a_session_forgotten_in_the_middle_of_a_turn_ends_with_it(bench: Bench) -> None:
    agent, go = bench.agent(), bench.folder / "go"
    os.mkfifo(go)
    asking = Asking(agent, bench.job(script({"wait": str(go)}, {"say": "done"})))
    bench.until("prompt")
    agent.forget(SESSION)
    go.write_text("")
    assert asking.answer().text == "done"
    bench.until_gone()


def test_a_turn_of_an_agent_that_is_closed_still_has_it(bench: Bench) -> None:
    agent = bench.agent()
    bench.ask(agent, text="one")
    agent.close()
    bench.until_gone()
    assert bench.ask(agent, text="two") == "heard: two"
    bench.until_gone()


def test_whoever_ends_it_never_waits_for_it(bench: Bench) -> None:
    """An actor does it."""
    agent = bench.agent()
    asking = Asking(agent, bench.job(script({"say": "x"})))
    asking.answer()
    os.kill(bench.pids()[0], signal.SIGSTOP)  # it neither sees the end of its input nor obeys TERM
    started = time.monotonic()
    agent.forget(SESSION)
    assert time.monotonic() - started < 0.4
    bench.until_gone()


def test_nothing_stays_open_whatever_happens(bench: Bench) -> None:
    agent = bench.agent()
    bench.ask(agent, text="warm")
    agent.close()
    bench.until_gone()
    before = open_descriptors()
    agent = bench.agent()
    for number in range(3):
        bench.ask(agent, text="hello", session=f"s{number}")
    for steps in (({"exit": 1},), ({"mute": True},)):
        with pytest.raises(AgentError, match=r"exited|closed"):
            bench.ask(agent, *steps)
    agent.close()
    bench.until_gone()
    wait_until(lambda: open_descriptors() <= before, what="the closing of every descriptor")


# Our own end


def gateway(bench: Bench, *steps: str) -> subprocess.Popen[bytes]:
    """Another process of ours with an agent that does ``steps``."""
    program = f"""
import itertools, pathlib
from tests.support.acp_bench import Bench
bench = Bench.__new__(Bench)
bench.folder = pathlib.Path({str(bench.folder)!r})
bench.record, bench.work = bench.folder / "record.jsonl", bench.folder / "work"
bench.said, bench._agents, bench._numbers = [], [], itertools.count(1)
bench.ask(bench.agent(), text={script(*({step: True} for step in steps))!r})
"""
    return subprocess.Popen([sys.executable, "-c", program], cwd=ROOT, start_new_session=True)


@pytest.mark.parametrize("steps", [("leave", "deaf"), ("leave", "hang")])
def test_nothing_outlives_a_gateway_that_is_killed(bench: Bench, steps: tuple[str, ...]) -> None:
    with gateway(bench, *steps) as ours:
        bench.until("deaf" if "deaf" in steps else "hangs")
        child = bench.events("left")[0]["child"]
        assert lives(child)
        ours.kill()
        ours.wait()
    bench.until_gone(bench.pids()[0], child)


@pytest.mark.parametrize("steps", [("leave", "deaf"), ("leave", "hang")])
def test_an_orderly_end_leaves_nothing(bench: Bench, steps: tuple[str, ...]) -> None:
    """Neither of a turn that is under way, nor of a session that has nothing to do."""
    agent = bench.agent()
    bench.ask(agent, text="hello", session="agent:main:other")
    asking = Asking(agent, bench.job(script(*({step: True} for step in steps))))
    bench.until("deaf" if "deaf" in steps else "hangs")
    asking.cancel()
    agent.close()
    started = time.monotonic()
    WATCHMAN.end()
    assert time.monotonic() - started < 4.0
    pids = (*bench.pids(), bench.events("left")[0]["child"])
    wait_until(lambda: not any(map(lives, pids)), 1.0, "the end of all it ran")
    with pytest.raises(AgentError):
        asking.answer()
