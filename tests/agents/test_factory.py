"""Agents come from the config, and one that a newer config leaves as it is goes on with what it keeps."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from actors.agents.acp.agent import AcpAgent
from actors.agents.briefing.briefing import Briefing
from actors.agents.command import CommandAgent
from actors.agents.echo import EchoAgent
from actors.agents.factory import Agents, make_agents
from actors.agents.model.agent import ModelAgent
from config import Config, Places, load

ECHO = {"id": "e", "runtime": {"type": "echo"}}
COMMAND = {"id": "c", "runtime": {"type": "command", "command": ["true"]}}
ACP = {"id": "a", "runtime": {"type": "acp", "acp": {"command": ["true"]}}}
MODEL = {"id": "m", "runtime": {"type": "model", "model": "openai:little"}}


def made(*agents: dict[str, Any], before: Agents | None = None, **defaults: Any) -> Agents:
    """The agents of a config."""
    conf = Config.model_validate({"agents": {"list": list(agents), "defaults": defaults}}, strict=False)
    return make_agents(conf, {"PATH": "/bin"}, Briefing.of(conf, ()), (), before)


def test_each_runtime_has_its_agent() -> None:
    kinds = {name: type(agent) for name, agent in made(ECHO, COMMAND, ACP, MODEL).by_id.items()}
    assert kinds == {"e": EchoAgent, "c": CommandAgent, "a": AcpAgent, "m": ModelAgent}


def test_a_model_in_the_defaults_makes_a_model_agent_and_nothing_makes_none() -> None:
    assert made({"id": "bare"}).by_id == {}
    assert made({"id": "bad", "runtime": {"type": "model", "model": "nobody:knows"}}).by_id == {}
    assert isinstance(made({"id": "bare"}, model="openai/little").by_id["bare"], ModelAgent)
    assert isinstance(made(model="openai/little").by_id["main"], ModelAgent)


def test_what_a_newer_config_leaves_as_it_is_goes_on() -> None:
    first = made(ECHO, ACP, MODEL)
    other = {**MODEL, "runtime": {"type": "model", "model": "openai:large"}}
    second = made(ECHO, ACP, other, before=first)
    assert second.by_id["a"] is first.by_id["a"]
    assert second.by_id["m"] is not first.by_id["m"]
    assert made(ECHO, ACP, before=first, timeoutSeconds=7).by_id["a"] is not first.by_id["a"]


def test_a_key_may_stand_in_an_env_file(tmp_path: Path) -> None:
    (tmp_path / "openclaw.json").write_text("{}")
    (tmp_path / ".env").write_text("OPENAI_API_KEY=from-the-file\nOTHER=x\n")
    environment = {"HOME": str(tmp_path), "OPENCLAW_STATE_DIR": str(tmp_path), "OTHER": "mine"}
    loaded = load(Places.from_env(environment), environment)
    assert loaded.variables["OPENAI_API_KEY"] == "from-the-file"
    assert loaded.variables["OTHER"] == "mine"
    assert "from-the-file" not in repr(loaded)
