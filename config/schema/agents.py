"""`agents`: who answers, and with what.

Agents stand in `agents.list[]`, or in the newer `agents.entries{}` keyed by id; both read the same. `runtime`
says what runs for an agent: `embedded` and `acp` as OpenClaw means them, `echo`, `command` and `model` of this
gateway. Without a runtime the agent's `model` (else the one of the defaults) makes it a model agent.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, Field, SecretStr

from config.ids import normalize_id
from config.schema.base import Block, Count, Positive, Text

AgentId = Annotated[str, AfterValidator(lambda text: normalize_id(text, "main"))]


class ModelChoice(Block):
    """`provider/name`, with what to try when it fails."""

    primary: Text | None = None
    fallbacks: tuple[str, ...] = ()


def _choice(value: Any) -> Any:
    return {"primary": value} if isinstance(value, str) else value


Model = Annotated[ModelChoice, BeforeValidator(_choice)]


class _Runtime(Block):
    acknowledge_no_sandbox: bool = False


class EchoRuntime(_Runtime):
    """Answers `echo: <text>`."""

    type: Literal["echo"] = "echo"


class CommandRuntime(_Runtime):
    """A program: the turn as JSON on stdin, the reply on stdout. Without a timeout the agents' default holds."""

    type: Literal["command"] = "command"
    command: Annotated[tuple[Text, ...], Field(min_length=1)]
    timeout_seconds: Annotated[float, Field(gt=0, le=86_400)] | None = None


class ModelRuntime(_Runtime):
    """A model by `<provider>:<name>`."""

    type: Literal["model"] = "model"
    model: Text
    base_url: Text | None = None
    api_key: SecretStr | None = None
    system_prompt: str | None = None


class EmbeddedRuntime(_Runtime):
    """OpenClaw's own agent loop: the agent's model answers."""

    type: Literal["embedded"] = "embedded"


class AcpOptions(Block):
    """Which Agent Client Protocol program to talk to, and how."""

    agent: str | None = None
    backend: str | None = None
    mode: Literal["persistent", "oneshot"] | None = None
    cwd: str | None = None


class AcpRuntime(_Runtime):
    """A program that speaks the Agent Client Protocol."""

    type: Literal["acp"] = "acp"
    acp: AcpOptions = Field(default_factory=AcpOptions)


Runtime = EchoRuntime | CommandRuntime | ModelRuntime | EmbeddedRuntime | AcpRuntime


class Identity(Block):
    """Who the agent appears to be; name and emoji also serve as mention patterns."""

    name: str | None = None
    emoji: str | None = None


class AgentGroupChat(Block):
    """`mention_patterns` None means unset, an empty tuple switches patterns off for this agent."""

    mention_patterns: tuple[str, ...] | None = None
    history_limit: Count | None = None


class AgentEntry(Block):
    """One agent without its id."""

    default: bool = False
    name: str | None = None
    workspace: Text | None = None
    identity: Identity = Field(default_factory=Identity)
    group_chat: AgentGroupChat | None = None
    model: Model | None = None
    runtime: Annotated[Runtime, Field(discriminator="type")] | None = None


class Agent(AgentEntry):
    """One agent; the id is normalised (lower case, dashes)."""

    id: AgentId


class AgentDefaults(Block):
    """What agents share; the timeout of one turn in seconds."""

    max_concurrent: Positive = 4
    timeout_seconds: Positive = 600
    workspace: Text | None = None
    model: Model | None = None


class Agents(Block):
    """`agents`."""

    defaults: AgentDefaults = Field(default_factory=AgentDefaults)
    listed: tuple[Agent, ...] = Field(default=(), alias="list")
    entries: dict[str, AgentEntry] = Field(default_factory=dict)

    @property
    def list(self) -> tuple[Agent, ...]:
        """All agents, those of `entries` after those of `list`."""
        return self.listed + tuple(
            Agent.model_construct(entry.model_fields_set | {"id"}, id=normalize_id(key, "main"), **dict(entry))
            for key, entry in self.entries.items()
        )
