"""What an existing config lacks, and the edits that add just that. Pure.

A block that is there stays as it is, whatever was answered; nothing is ever replaced.
"""

from typing import NamedTuple

from actors.control.setup import render
from actors.control.setup.answers import Answers
from config import Config
from config.edit import Set
from config.overlay import CHANNEL
from config.paths import Path


class Lacks(NamedTuple):
    """Whether there is no channel, and where an agent is to be written (None: one answers already)."""

    channel: bool
    agent: Path | None


EVERYTHING = Lacks(True, ("agents", "list"))
"""What there is to add where no file is."""


def lacks(config: Config) -> Lacks:
    """What has to be added before the gateway can answer."""
    return Lacks(config.channels.imessage is None, _agent(config))


def edits(missing: Lacks, answers: Answers) -> list[Set]:
    """What adds it."""
    found: list[Set] = []
    if missing.channel:
        found.append(Set(CHANNEL, render.channel(answers)))
    if missing.agent is not None:
        whole = missing.agent[-1] == "list"
        found.append(Set(missing.agent, [render.agent(answers)] if whole else render.runtime(answers)))
    return found


def _agent(config: Config) -> Path | None:
    agents, chosen = config.agents, config.default_agent()
    if not agents.list:
        return None if agents.defaults.model is not None else ("agents", "list")
    if chosen.runtime is not None or chosen.model is not None or agents.defaults.model is not None:
        return None
    for index, one in enumerate(agents.listed):
        if one.id == chosen.id:
            return "agents", "list", index, "runtime"
    key = list(agents.entries)[[one.id for one in agents.list[len(agents.listed) :]].index(chosen.id)]
    return "agents", "entries", key, "runtime"
