"""Cautions about agents that could not answer as things are: each is told at the start, with the remedy."""

from __future__ import annotations

from typing import Any

import pytest

from actors.access.cautions import of_agents
from actors.agents import extras
from tests.access.builders import config


def wanting(environment: dict[str, str], *agents: dict[str, Any], **defaults: Any) -> list[str]:
    """The cautions about what these agents need."""
    return list(of_agents(config(agents={"list": list(agents), "defaults": defaults}), environment))


def test_a_model_agent_without_a_key_is_told_of() -> None:
    remedy = "set the environment variable OPENAI_API_KEY, or models.providers.openai.apiKey"
    line = f"model openai:gpt-5 needs a key: {remedy}; until then its messages are held"
    assert wanting({}, {"id": "a", "model": "openai/gpt-5"}) == [f"agents.list.0: {line}"]
    assert wanting({}, model="openai/gpt-5") == [f"agents: {line}"]
    assert wanting({"OPENAI_API_KEY": "k"}, {"id": "a", "model": "openai/gpt-5"}) == []
    assert wanting({}, {"id": "a", "runtime": {"type": "echo"}}, {"id": "b", "model": "ollama/x"}) == []
    # What the config alone says is told already.
    assert wanting({}, {"id": "a", "model": "nowhere/x"}) == []


def test_agents_whose_packages_are_missing_are_told_of(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(extras, "find_spec", lambda _: None)
    agents: list[dict[str, Any]] = [
        {"id": "a", "model": "ollama/x"},
        {"id": "b", "runtime": {"type": "acp", "acp": {"command": ["x"]}}},
        {"id": "c", "runtime": {"type": "command", "command": ["cat"]}},
    ]
    model, acp = wanting({}, *agents)
    assert model.startswith("agents.list.0: model agents need more packages: run `bin/gateway extras`, or pip install")
    assert acp.startswith("agents.list.1: ACP agents need more packages")
    assert model.endswith(held := "; until then its messages are held") and acp.endswith(held)
