"""What answers for an agent, and what is missing where nothing can: never an echo nobody asked for."""

from __future__ import annotations

from typing import Any

import pytest

from actors.access import runtimes
from actors.access.allowed import Allowed
from actors.access.policy import decide, flip
from actors.access.question import Question
from actors.access.view import AccessView
from actors.envelopes.inbound import Admit, Held
from config.account import Account
from config.schema.root import Config
from tests.access.builders import ANN, config, row, view

MODEL = "openai/gpt-5"


def of(agent: dict[str, Any], **defaults: Any) -> Config:
    """A config of that agent."""
    return config(agents={"list": [{"id": "main", **agent}], "defaults": defaults})


ANSWERS: list[tuple[dict[str, Any], dict[str, Any], bool, bool, str]] = [
    ({"runtime": {"type": "echo"}}, {"model": MODEL}, False, False, ""),
    ({"runtime": {"type": "command", "command": ["cat"]}}, {"model": MODEL}, True, False, ""),
    ({"runtime": {"type": "model", "model": "openai:gpt-5"}}, {}, True, True, "openai:gpt-5"),
    ({"runtime": {"type": "embedded"}, "model": MODEL}, {}, True, True, MODEL),
    ({"runtime": {"type": "embedded"}}, {"model": MODEL}, True, True, MODEL),
    ({"model": {"primary": MODEL, "fallbacks": ["google/x"]}}, {"model": "google/y"}, True, True, MODEL),
    ({}, {"model": MODEL}, True, True, MODEL),
    ({"runtime": {"type": "acp", "acp": {"agent": "codex"}}}, {}, True, True, ""),
    ({"runtime": {"type": "acp", "acp": {"command": ["x"]}}}, {"model": MODEL}, True, True, ""),
]
NONE: list[tuple[dict[str, Any], str]] = [
    ({}, runtimes.REMEDY),
    ({"runtime": {"type": "embedded"}}, "agents.defaults.model"),
    ({"runtime": {"type": "acp"}}, "runtime.acp.command"),
    ({"runtime": {"type": "model", "model": "gpt-5"}}, "provider:name"),
    ({"model": "nobody/x"}, "models.providers.nobody.baseUrl"),
]


@pytest.mark.parametrize(("agent", "defaults", "waits", "collects", "model"), ANSWERS)
def test_what_answers(agent: Any, defaults: Any, waits: bool, collects: bool, model: str) -> None:
    conf = of(agent, **defaults)
    (entry,) = conf.agents.list
    assert runtimes.fault(entry, conf) == ""
    assert (runtimes.waits(entry), runtimes.collects(entry)) == (waits, collects)
    assert runtimes.model_of(entry, conf) == model
    assert runtimes.asks_a_model(entry) is (model != "")
    verdict = decide(row(), view(conf, allow_from=(ANN,)), Allowed())
    assert isinstance(verdict, Admit)
    assert verdict.waits is waits


@pytest.mark.parametrize(("agent", "remedy"), NONE)
def test_what_cannot_answer_says_why_and_what_to_do(agent: Any, remedy: str) -> None:
    conf = of(agent)
    (entry,) = conf.agents.list
    assert remedy in runtimes.fault(entry, conf)
    told = view(conf, allow_from=(ANN,))
    verdict = decide(row(), told, Allowed())
    assert verdict == Held("no agent", "agents.list[].runtime")
    assert flip(verdict, row(), told) == told.agents["main"].problem == f"agent 'main': {runtimes.fault(entry, conf)}"


def test_a_config_without_agents_has_one_by_its_defaults() -> None:
    conf = Config.model_validate({"agents": {"defaults": {"model": MODEL}}}, strict=False)
    told = AccessView.build(Account(id="default", allow_from=(ANN,)), conf)
    assert Question(row(), told, Allowed()).agent.usable
