"""What answers for an agent, and what is missing where nothing can. Pure.

In: an agent of the config, and its defaults. Out: whether it takes time, the model it asks, and why it cannot answer.
An agent without a runtime is a model agent where it, or the defaults, name a model; never an echo (OpenClaw's
``embedded`` is the same here). ``fault`` looks at the config alone; what is only not there yet (keys, packages) is told
by ``lacks``, and again when it is needed.
"""

from collections.abc import Iterator, Mapping

from actors.agents.acp import programs as acp_programs
from actors.agents.extras import ACP, MODEL
from actors.agents.model import names as model_names
from config.schema.agents import AcpRuntime, Agent, CommandRuntime, EchoRuntime, EmbeddedRuntime, ModelRuntime
from config.schema.root import Config

RUNTIME_KEY = "agents.list[].runtime"
"""Where a person says what answers."""
REMEDY = (
    f'set agents.defaults.model to "provider/name", or {RUNTIME_KEY} to {{type: "echo"}} or '
    '{type: "command", command: [..]}'
)


def waits(agent: Agent) -> bool:
    """Whether its answer takes time, so that others may be answered meanwhile."""
    return not isinstance(agent.runtime, EchoRuntime)


def asks_a_model(agent: Agent) -> bool:
    """Whether it is a model of ours that answers, which a session may choose (``/model``)."""
    return agent.runtime is None or isinstance(agent.runtime, ModelRuntime | EmbeddedRuntime)


def collects(agent: Agent) -> bool:
    """Whether several messages that wait are one turn for it, unless somebody says otherwise."""
    return asks_a_model(agent) or isinstance(agent.runtime, AcpRuntime)


def model_of(agent: Agent, config: Config) -> str:
    """The model it asks unless a session says otherwise; ``""`` for none, and for an agent that asks no model."""
    return next(iter(model_names.names(agent, config)), "")


def fault(agent: Agent, config: Config) -> str:
    """Why it cannot answer, as far as the config says, and what to do about it; ``""`` when it can."""
    match agent.runtime:
        case EchoRuntime() | CommandRuntime():
            return ""
        case AcpRuntime() as runtime:
            return acp_programs.fault(runtime)
        case None if not model_names.names(agent, config):
            return f"no runtime and no model: {REMEDY}"
    return model_names.fault(agent, config)


def lacks(agent: Agent, config: Config, environment: Mapping[str, str]) -> Iterator[str]:
    """What is not there that an agent without a ``fault`` needs: packages, keys; each with the remedy."""
    match agent.runtime:
        case EchoRuntime() | CommandRuntime():
            return
        case AcpRuntime():
            extra = ACP
        case _:
            extra = MODEL
            yield from model_names.lacks(agent, config, environment)
    if not extra.is_here:
        yield f"{extra.remedy}; until then its messages are held"
